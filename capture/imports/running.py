"""Import one file, from its first row to the figures at the end."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import DataError, connection, transaction
from django.utils import timezone

from capture import mapping
from capture.cleaning import Refused
from capture.intake import retried
from capture.journal import Journal
from capture.models import Import
from capture.values import Columns
from leads.models import ActivityType

from .applying import Applied, Job, apply
from .reading import Joined, Row, Table, join, look_at, rows
from .rows import Prepared, Reader, Rejected

#: Rows written in one transaction; fewer when they tell of many activities.
WINDOW = 1_000
MOST_ACTIVITIES = 20_000


@dataclass(slots=True)
class Counts:
    """rows = created + updated + skipped + rejected, always."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    skipped: int = 0
    rejected: int = 0
    activities: int = 0
    activities_known: int = 0

    def __str__(self) -> str:
        told = (
            f"{self.rows} rows in = {self.created} created + {self.updated} updated"
            f" + {self.skipped} skipped + {self.rejected} rejected"
        )
        if self.activities or self.activities_known:
            told += f"; {self.activities} activities new, {self.activities_known} known"
        return told

    @property
    def balanced(self) -> bool:
        return self.rows == self.created + self.updated + self.skipped + self.rejected


@dataclass(frozen=True, slots=True)
class Order:
    """What to import and how. ``live``: crossings hand over at once instead of waiting for a person.
    ``rejects``: where rejected rows go; the file is made only when there are any."""

    path: Path
    mapping: Mapping[str, Any]
    rejects: Path
    live: bool = False
    dry_run: bool = False
    encoding: str | None = None
    join: Path | None = None


def run(*, order: Order, at: datetime, progress: Callable[[Counts], None] | None = None) -> Counts:
    """Import the file. A dry run does everything, counts, and takes it back. Killed and run again, or run
    twice, it ends the same. Raises FileError and MappingError before anything is written."""
    data = order.mapping
    table, joined = _tables(order)
    where = mapping.columns(data, [*table.header, *(joined.header if joined else [])])
    reader = Reader(data, where, name=stem(order.path))
    job = job_of(data, at=at)
    beside = _beside(joined, data, where)
    journal = None if order.dry_run else Import.objects.create(
        file=order.path.name[:200], kind=job.kind, source=job.source, live=order.live, started_at=at,
        created_at=at, state=Import.State.CANCELLED,  # until it is finished
    )  # fmt: skip
    counts = Counts()
    whole: AbstractContextManager[None] = taken_back() if order.dry_run else nullcontext()
    with whole, Rejects(order.rejects, table.header, keep=not order.dry_run) as rejects:
        for window in windows(read(table, reader, beside=beside)):
            for rejected in take(window, job, live=order.live, counts=counts):
                rejects.write(rejected)
            if progress:
                progress(counts)
    if journal:
        journal.finish(counts=counts, at=timezone.now())
        if counts.rows >= WINDOW:
            tell_planner()
    return counts


def job_of(data: Mapping[str, Any], *, at: datetime, journal: Journal | None = None) -> Job:
    """What a checked mapping imports."""
    types = dict(ActivityType.objects.values_list("key", "id"))
    return Job(kind=data["kind"], source=data["source"], at=at, types=types, journal=journal)


def tell_planner() -> None:
    """Many new rows: the next statements should know, before autovacuum comes by."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE leads_lead, leads_company, leads_leadexternalid, leads_activity, leads_changedlead"
        )


def stem(path: Path) -> str:
    """The file's name without its endings: packed or not, it is the same file."""
    return path.name.removesuffix(".gz").removesuffix(".csv")[:60]


def _tables(order: Order) -> tuple[Table, Joined | None]:
    data = order.mapping
    wanted = list(mapping.columns_of(data))
    table = look_at(
        order.path,
        wanted=wanted,
        encoding=order.encoding or data.get("encoding"),
        delimiter=data.get("delimiter"),
    )
    if "join" not in data:
        return table, None
    spec = data["join"]
    path = order.join or order.path.with_name(spec["file"])
    return table, join(path, key=spec["key"], prefix=spec.get("as", ""), wanted=wanted)


def _beside(
    joined: Joined | None, data: Mapping[str, Any], where: Columns
) -> Callable[[list[str]], list[str]]:
    if joined is None:
        return _alone
    place, found = where.place(data["join"]["column"]), joined
    return lambda cells: [*cells, *found.beside(cells[place].strip())]


def _alone(cells: list[str]) -> list[str]:
    return cells


def read(
    table: Table, reader: Reader, *, after: int = 0, beside: Callable[[list[str]], list[str]] = _alone
) -> Iterator[Prepared | Rejected]:
    """The rows of ``table`` as the mapping reads them, without the first ``after``."""
    width = len(table.header)
    for number, row in enumerate(islice(rows(table), after, None), start=after + 1):
        yield _prepared(row, reader, beside, number, width)


def _prepared(
    row: Row, reader: Reader, beside: Callable[[list[str]], list[str]], number: int, width: int
) -> Prepared | Rejected:
    if row.problem:
        return Rejected(row.line, row.cells, row.problem)
    read = reader.read(row.line, beside(row.cells[:width]), number=number)
    read.cells = row.cells  # what goes to the rejected rows, should the database refuse it
    return read


def windows(read: Iterator[Prepared | Rejected]) -> Iterator[list[Prepared | Rejected]]:
    """``read`` in pieces that are written in one transaction each."""
    window: list[Prepared | Rejected] = []
    activities = 0
    for row in read:
        window.append(row)
        activities += len(row.activities) if isinstance(row, Prepared) else 0
        if len(window) >= WINDOW or activities >= MOST_ACTIVITIES:
            yield window
            window, activities = [], 0
    if window:
        yield window


def take(
    window: Sequence[Prepared | Rejected],
    job: Job,
    *,
    live: bool,
    counts: Counts,
    made: set[str] | None = None,
) -> list[Rejected]:
    """Write ``window``, add what became of its rows to ``counts``, and return those turned away, by line.
    ``made`` holds the keys of leads that windows made which were taken back: they count as made once."""
    good = [row for row in window if isinstance(row, Prepared)]
    turned_away = [row for row in window if isinstance(row, Rejected)]
    for rows_taken, applied in _apply(good, job, live):
        counts.activities += applied.new
        counts.activities_known += applied.known
        for row, answer in zip(rows_taken, applied.answers, strict=True):
            if isinstance(answer, Refused):
                reason = f"{answer.field}: {answer.reason}" if answer.field else answer.reason
                turned_away.append(Rejected(row.line, row.cells, reason))
                continue
            if answer == "created" and made is not None:
                if row.key in made:
                    answer = "updated"
                made.add(row.key)
            setattr(counts, answer, getattr(counts, answer) + 1)
    counts.rows += len(window)
    counts.rejected += len(turned_away)
    return sorted(turned_away, key=lambda rejected: rejected.line)


def _apply(window: Sequence[Prepared], job: Job, live: bool) -> Iterator[tuple[Sequence[Prepared], Applied]]:
    """Write ``window`` in one transaction; when the database refuses a value in it, halve it until that row
    stands alone, and turn it away."""
    if not window:
        return

    def work() -> Applied:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL handoff.quiet = {'off' if live else 'on'}")
        return apply(window, job)

    try:
        yield window, retried(work)
    except DataError as error:
        if len(window) == 1:
            said = str(error).splitlines()[0]
            yield window, Applied(answers=[Refused("", f"The database does not take this row: {said}.")])
            return
        half = len(window) // 2
        yield from _apply(window[:half], job, live)
        yield from _apply(window[half:], job, live)


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Rejects:
    """The file of rejected rows: the line each began on, why, and its cells as they were. Put right, the file
    can be imported as it is."""

    def __init__(self, path: Path, header: Sequence[str], *, keep: bool) -> None:
        self.path, self.header, self.keep = path, header, keep
        self._stream: Any = None
        self._writer: Any = None

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(self, *error: object) -> None:
        if self._stream:
            self._stream.close()

    def write(self, rejected: Rejected) -> None:
        if not self.keep:
            return
        if self._stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
            self._writer = csv.writer(self._stream, quoting=csv.QUOTE_ALL)
            self._writer.writerow(["line", "reason", *self.header])
        self._writer.writerow([rejected.line, rejected.reason, *rejected.cells])
