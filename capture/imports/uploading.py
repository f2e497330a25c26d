"""Keep an uploaded file, find out how it is written, and say what its columns hold."""

import gzip
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.db import transaction

from accounts.models import User
from capture import mapping
from capture.models import Import, SavedMapping
from capture.models.imports import FOLDER
from leads.ticks import tick

from . import recognising
from .reading import FileError, Table, look_at, rows
from .spreadsheets import convert, is_spreadsheet

#: Of an uploaded file, as it comes; and of what is packed in it.
MOST_BYTES = 200 * 1024 * 1024
MOST_UNPACKED = 1024 * 1024 * 1024
MOST_COLUMNS = 500
#: What is kept of each column: some filled cells as they are, and its different values when they are few.
SAMPLES, VALUES, SHOWN = 3, 40, 200
#: So many different cells of a column are looked at to tell 3 April from 4 March.
DATES = 300


class Limit(FileUploadHandler):
    """Stops reading an upload that is larger than any file may be; the form then says so."""

    def new_file(self, *args: Any, **options: Any) -> None:
        super().new_file(*args, **options)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > MOST_BYTES:
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def keep(*, upload: "UploadedFile[Any]", kind: str, source: str, live: bool, by: User) -> Import:
    """Store ``upload`` in the private folder and let a worker read it. Looks at its first bytes only."""
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = Path(upload.name or "file.csv").name
    made = Import(
        file=name[:200],
        kind=kind,
        source=source,
        live=live,
        created_by=by,
        state=Import.State.READING,
        stored=f"{uuid.uuid4().hex}{_ending(name)}",
        size=upload.size or 0,
    )
    try:
        with made.path.open("xb") as stream:
            made.path.chmod(0o600)
            for chunk in upload.chunks():
                stream.write(chunk)
        if is_spreadsheet(made.path, name):
            made.looked = {"sheet": ""}
        with transaction.atomic():
            made.save()
            tick("imports")
    except BaseException:  # also a worker that is told to stop: nobody would find the file again
        remove(made)
        raise
    return made


def _ending(name: str) -> str:
    return ".csv.gz" if name.lower().endswith(".gz") else ".csv"


def look(
    one: Import,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    sheet_into: Path | None = None,
) -> None:
    """Find out how the file of ``one`` is written and what its columns are; ``encoding`` and ``delimiter``
    when the guess was wrong, ``sheet`` of a spreadsheet for another than the first, which becomes the CSV
    ``sheet_into``, else ``one.path``. Reads it to the end; does not save. Raises FileError, and leaves
    ``one`` as it was."""
    path = (sheet_into or one.path) if one.is_spreadsheet else one.path
    try:
        _look(one, path, encoding, delimiter, sheet)
    except FileError as error:
        said = str(error)
        for ours in (str(path), path.name, one.stored):
            said = said.replace(ours, one.file)
        raise FileError(said) from None


def _look(one: Import, path: Path, encoding: str | None, delimiter: str | None, sheet: str | None) -> None:
    of_sheet: dict[str, Any] = {}
    if one.is_spreadsheet:
        sheets = convert(one.upload, path, sheet=sheet or "")
        of_sheet = {"sheet": sheet if sheet in sheets else sheets[0], "sheets": sheets}
        encoding, delimiter = "utf-8", ","
    _check_unpacked(path)
    table = look_at(path, wanted=recognising.wanted(one.kind), encoding=encoding, delimiter=delimiter)
    if len(table.header) > MOST_COLUMNS:
        raise FileError(f"{one.file} has {len(table.header):,} columns; a file may have {MOST_COLUMNS}.")
    held = _held(table)
    names = mapping.distinct(table.header)
    one.looked = {
        **of_sheet,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "notes": table.header_record,
        "rows": table.rows,
        "columns": [
            {"name": name, "heading": heading, "samples": each.samples, "values": each.few}
            for name, heading, each in zip(names, table.header, held, strict=True)
        ],
        "day_first": day_first(date for column in held for date in column.dates),
    }
    one.choices = choose(one)


def _check_unpacked(path: Path) -> None:
    """A packed file may not unpack to more than we would read."""
    with path.open("rb") as stream:
        if stream.read(2) != b"\x1f\x8b":
            return
    size = 0
    try:
        with gzip.open(path) as unpacked:
            while chunk := unpacked.read(1024 * 1024):
                size += len(chunk)
                if size > MOST_UNPACKED:
                    raise FileError(f"{path.name} unpacks to more than {MOST_UNPACKED // 1024**3} GB.")
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(f"{path.name} cannot be unpacked: {error}.") from None


@dataclass(slots=True)
class _Column:
    """What one column holds, as far as it is kept while the file is read once."""

    samples: list[str] = field(default_factory=list)
    seen: dict[str, int] | None = field(default_factory=dict)
    dates: set[str] = field(default_factory=set)

    def take(self, cell: str) -> None:
        if len(self.samples) < SAMPLES and cell[:SHOWN] not in self.samples:
            self.samples.append(cell[:SHOWN])
        if self.seen is not None:
            if cell in self.seen or (len(self.seen) < VALUES and len(cell) <= SHOWN):
                self.seen[cell] = self.seen.get(cell, 0) + 1
            else:
                self.seen = None  # too many to be asked about one by one
        if len(self.dates) < DATES and cell[:1].isdigit() and "/" in cell[:6]:
            self.dates.add(cell)

    @property
    def few(self) -> list[list[Any]] | None:
        """Each value with how often it stands there, or None when they are many."""
        return None if self.seen is None else [[value, count] for value, count in self.seen.items()]


def _held(table: Table) -> list[_Column]:
    columns = [_Column() for _ in table.header]
    for row in rows(table):
        if row.problem:
            continue
        for column, cell in zip(columns, row.cells, strict=False):
            if cell := cell.strip():
                column.take(cell)
    return columns


def day_first(dates: Iterable[str]) -> bool | None:
    """Whether dates with slashes begin with the day: True, False, or None when they do not tell."""
    for date in dates:
        first, second, *_ = [*date.split("/"), ""]
        if first.isdigit() and int(first) > 12:
            return True
        if second.isdigit() and int(second) > 12:
            return False
    return None


def choose(one: Import) -> list[dict[str, Any]]:
    """What the columns are, as far as we know: as saved for the same headings, else recognised."""
    columns = one.looked["columns"]
    named = digest(one)
    saved = SavedMapping.objects.filter(kind=one.kind, headings=named).order_by("-created_at").first()
    if saved is not None:
        return chosen_as(one, saved)
    guesses = recognising.recognise(one.kind, [(each["heading"], each["samples"]) for each in columns])
    return [
        {**_choice(guess), "column": column["name"]} for guess, column in zip(guesses, columns, strict=True)
    ]


def chosen_as(one: Import, saved: SavedMapping) -> list[dict[str, Any]]:
    """The columns as ``saved`` says it, wherever the headings are the same; others are left out."""
    known = {choice["fold"]: choice for choice in saved.choices}
    return [
        {
            **known.get(recognising.fold(column["name"]), _left_out()),
            "column": column["name"],
            "saved": saved.name,
        }
        for column in one.looked["columns"]
    ]


def _left_out() -> dict[str, Any]:
    return {"as": "skip", "key": "", "sure": True, "why": "", "values": {}}


def _choice(guess: recognising.Guess) -> dict[str, Any]:
    return {"as": guess.target, "key": "", "sure": guess.sure, "why": guess.why, "values": {}}


def digest(one: Import) -> str:
    """What files with the same headings have in common."""
    return recognising.digest([each["heading"] for each in one.looked["columns"]])


def remove(one: Import) -> None:
    """Forget the uploaded file, which nothing needs any more; the record stays."""
    if one.stored:
        one.path.unlink(missing_ok=True)
        one.upload.unlink(missing_ok=True)
