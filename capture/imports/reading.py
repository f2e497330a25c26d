"""Rows out of a CSV file, whatever wrote it: encoding, delimiter, line ends, quotes, notes above the header.

The file is read twice: once to see that it can be read to its end, before anything is written, and once to
work. Memory stays flat.
"""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from charset_normalizer import from_bytes

from leads.cells import plain_cell

MOST_ROWS = 500_000
#: Of one cell, in characters.
LONGEST_CELL = 131_072
#: The header is looked for in so many records from the top; some tools write notes above it.
HEADER_WITHIN = 20
DELIMITERS = ",;\t|"
SAMPLE = 256 * 1024

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What an encoding is guessed among when a file is not UTF-8; the first wins a tie.
_GUESSES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "koi8_r", "mac_roman",
    "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr",
]  # fmt: skip
_FOREIGN_RUN = re.compile(rb"[\x80-\xff]{3}")
_WESTERN_SIGNS = frozenset("€–—‘’“”„…•«»°§®©™£¥´¨·¿¡ªº\u00a0")


class FileError(ValueError):
    """The file cannot be imported at all; the message says why, with a line number where there is one."""


@dataclass(slots=True)
class Row:
    """One record: its first line in the file, its cells, and why it cannot be used, if so."""

    line: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file that can be read: where, how, its header, and the line its rows start after. Of a spreadsheet
    rows are counted ``by_record``: a line break in a cell makes no row."""

    path: Path
    encoding: str
    delimiter: str
    header: list[str]
    header_record: int
    rows: int = field(compare=False)
    by_record: bool = False


def look_at(
    path: Path, *, wanted: Sequence[str], encoding: str | None = None, delimiter: str | None = None
) -> Table:
    """Find out how ``path`` is written, reading it to the end. ``wanted`` are the columns that tell the
    header from notes above it and the delimiter from other characters. Raises FileError."""
    encoding = encoding or find_encoding(path)
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise FileError(f"There is no encoding “{encoding}”.") from None
    with _text(path, encoding) as stream:
        head = stream.read(SAMPLE)
    if not head.strip():
        raise FileError(f"{path.name} is empty.")
    found = [_header(head, candidate, wanted) for candidate in ([delimiter] if delimiter else DELIMITERS)]
    hits, width, candidate, position, header = max(found, key=lambda one: (one[0], one[1]))
    if not hits and not delimiter and width < 2:
        candidate, position, header = found[0][2:]
    table = Table(path, encoding, candidate, header, position, 0)
    count = 0
    for row in rows(table):
        count += 1
        if count > MOST_ROWS:
            raise FileError(f"Line {row.line}: a file may have {MOST_ROWS:,} rows at most.")
    return Table(path, encoding, candidate, header, position, count)


def find_encoding(path: Path) -> str:
    """The encoding of ``path``: by its byte order mark, UTF-8 when all of it is, else a guess."""
    with _bytes(path) as stream:
        head = stream.read(SAMPLE)
        for mark, name in _BOMS:
            if head.startswith(mark):
                return name
        if wide := _wide(head):
            return wide
        decoder = codecs.getincrementaldecoder("utf-8")()
        chunk, sample = head, head
        while chunk:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return _guess(chunk if chunk is not head else sample)
            chunk = stream.read(SAMPLE)
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return _guess(sample)
    return "utf-8"


def _wide(head: bytes) -> str:
    """UTF-16 without a byte order mark shows by a NUL in every other byte of mostly Latin text."""
    half = max(len(head[:4096]) // 2, 1)
    even, odd = head[:4096:2].count(0), head[1:4096:2].count(0)
    if odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.1 * half:
        return "utf-16-be"
    return ""


def _guess(sample: bytes) -> str:
    """Western letters stand alone or in pairs among plain ones; in other scripts whole words are foreign.
    A few letters are too little for statistics, so this comes before them."""
    if not _FOREIGN_RUN.search(sample):
        letters = [char for char in sample.decode("cp1252", errors="replace") if ord(char) > 127]
        if all(char.isalpha() or char in _WESTERN_SIGNS for char in letters):
            return "cp1252"
    best = from_bytes(sample, cp_isolation=_GUESSES).best()
    return best.encoding if best else "cp1252"


@contextmanager
def _bytes(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            if packed:
                with gzip.open(plain) as stream:
                    yield stream  # type: ignore[misc]  # a GzipFile reads like any other
            elif path.suffix == ".gz":
                raise FileError(
                    f"{path.name} is no gzip file, as its name says. If it is plain CSV, rename it."
                )
            else:
                yield plain
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}.") from None
    except EOFError:
        raise FileError(f"{path} cannot be read: it ends before its time.") from None
    except zlib.error:
        raise FileError(f"{path} cannot be unpacked: it is damaged.") from None
    except UnicodeError as error:  # only of encodings with two bytes and more
        why = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
        raise FileError(f"{path} is no text in its encoding: {why}.") from None


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[IO[str]]:
    """Bytes that are no text in ``encoding`` become lone surrogates, and their row is refused."""
    with _bytes(path) as stream:
        yield io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")


def _header(head: str, delimiter: str, wanted: Sequence[str]) -> tuple[int, int, str, int, list[str]]:
    """The record that has the most of the wanted columns, for one delimiter: how many, how wide, which."""
    names = {name.strip().lower() for name in wanted}
    best: tuple[int, int, str, int, list[str]] = (0, 0, delimiter, 0, [])
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        filled = 0
        for position, cells in enumerate(reader):
            filled += bool(cells)
            if filled > HEADER_WITHIN:
                break
            cells = [plain_cell(cell.strip().lstrip("\ufeff")) for cell in cells]
            hits = len(names & {cell.lower() for cell in cells})
            if hits > best[0] or not best[4]:
                best = (hits, len(cells), delimiter, position, cells)
    except csv.Error:
        pass
    return best


class _Lines:
    """The lines of a stream, remembering those of the record being read, for the message about it."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.number = 0
        self.started = 1
        self.first = ""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self.stream)
        self.number += 1
        if self.number == self.started:
            self.first = line
        return line

    def next_record(self) -> None:
        self.started = self.number + 1


def rows(table: Table) -> Iterator[Row]:
    """The records below the header, without the blank ones. A broken record comes with its problem and its
    first line as its only cell. Raises FileError when a quote is never closed, naming its line."""
    csv.field_size_limit(LONGEST_CELL)
    width = len(table.header)
    with _text(table.path, table.encoding) as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, delimiter=table.delimiter, strict=True)
        position = -1
        while True:
            lines.next_record()
            position += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if lines.number > lines.started or "unexpected end" in str(error):
                    raise FileError(
                        f"Line {lines.started}: a quote is opened and not closed again."
                    ) from None
                if position > table.header_record:
                    shown = lines.first.rstrip("\r\n")[:2_000]
                    yield Row(lines.started, [shown], _said(str(error)))
                continue
            if position <= table.header_record or not any(cell.strip() for cell in cells):
                continue
            number = position + 1 if table.by_record else lines.started
            yield _fitted(Row(number, cells), width)


def _said(error: str) -> str:
    if "field larger" in error:
        return f"A cell has more than {LONGEST_CELL:,} characters."
    if "expected after" in error:
        return "A quoted cell goes on after its closing quote."
    return f"The row cannot be read: {error}."


def _fitted(row: Row, width: int) -> Row:
    """Cells that some tools leave away at the end are empty; what stands beyond the header must be."""
    cells = row.cells
    for place, cell in enumerate(cells):
        if cell[:1] == "'":  # we wrote the file ourselves, or another careful one did (B7)
            cells[place] = plain_cell(cell)
    if len(cells) < width:
        cells.extend([""] * (width - len(cells)))
    elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
        row.problem = f"Has {len(cells)} cells, the header has {width}."
        return row
    for cell in cells:
        if "\0" in cell:
            row.problem = "Holds a NUL character."
        elif not cell.isascii() and not _is_text(cell):
            row.problem = "Holds bytes that are no text in the file's encoding."
    return row


def _is_text(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Joined:
    """Another file's rows by their key, to be put beside each row of the first."""

    header: list[str]
    by_key: Mapping[str, list[str]]

    def beside(self, key: str) -> list[str]:
        return self.by_key.get(key) or [""] * len(self.header)


def join(path: Path, *, key: str, prefix: str, wanted: Sequence[str]) -> Joined:
    """Read ``path``, keeping the columns that ``wanted`` names (with ``prefix`` before). In memory."""
    table = look_at(path, wanted=[key, *(name.removeprefix(prefix) for name in wanted)])
    if key not in table.header:
        raise FileError(f"{path.name} has no column “{key}”.")
    kept = [place for place, name in enumerate(table.header) if prefix + name in wanted]
    at = table.header.index(key)
    by_key: dict[str, list[str]] = {}
    for row in rows(table):
        if not row.problem:
            by_key[row.cells[at].strip()] = [row.cells[place] for place in kept]
    return Joined([prefix + table.header[place] for place in kept], by_key)
