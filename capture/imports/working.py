"""Go on with the imports of the page: each is a row that a worker leases. After every window of rows it
stands where it goes on, so a worker may die at any moment, and the counts are those of what was written."""

import logging
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Case, When
from django.utils import timezone

from accounts.clock import database_now
from capture import arrivals, mapping
from capture.arrivals import Became, TurnedAway
from capture.intake import retried
from capture.journal import Journal
from capture.mapping import MappingError
from capture.models import Import, ImportWindow, RejectedRow, Source
from capture.models.imports import COUNTED, ImportQuerySet

from . import undoing, uploading
from .applying import Job
from .reading import FileError, Table
from .rows import Prepared, Reader, Rejected
from .running import WINDOW, Counts, job_of, read, stem, take, taken_back, tell_planner, windows

log = logging.getLogger(__name__)

#: Renewed with every window, so one that is over belongs to a worker that died. A file is read in one go, for
#: as long as a task may last.
LEASE, LEASE_TO_READ = timedelta(minutes=3), timedelta(minutes=5)
#: So often a worker begins on an import without getting on, before a person is asked (F10).
TRIES = 3
#: A piece of work takes no longer, so that others get their turn.
SECONDS = 60
#: So many rejected rows of a check are kept to be shown.
KEPT_OF_CHECK = 1_000


class Interrupted(Exception):
    """The import is another worker's by now, or somebody paused or cancelled it."""


def work(*, seconds: float = SECONDS) -> bool:
    """Go on with the import that has waited longest, for about ``seconds``. Returns whether there was one.
    Safe to run many at once and to kill."""
    one = lease()
    if one is None:
        return False
    steps = {
        Import.State.READING: _look,
        Import.State.CHECKING: _check,
        Import.State.RUNNING: _run,
        Import.State.UNDOING: undoing.go_on,
    }
    try:
        steps[Import.State(one.state)](one, time.monotonic() + seconds)
    except Interrupted:
        log.info("import %s was interrupted", one.public_id)
    except (FileError, MappingError) as error:
        _park(one, str(error))
    except Exception as error:
        log.exception("import %s failed", one.public_id)
        _mine(one).update(leased_until=None, trouble=f"{type(error).__name__}: {error}"[:300])
    else:
        _mine(one).update(leased_until=None, lease=None)
    return True


def lease() -> Import | None:
    """The next import that is ours to go on with; those that never get on are parked."""
    while True:
        with transaction.atomic():
            at = database_now()
            one = (
                Import.objects.due(at)
                .select_for_update(skip_locked=True)
                .order_by(_SOMEBODY_WAITS, "attempts", "created_at", "id")
                .first()
            )
            if one is None:
                return None
            if one.attempts >= TRIES and one.state == Import.State.READING:
                said = one.trouble or "The worker died each time."
                _give_up_reading(one, f"Tried {TRIES} times to read it. {said}")
                continue
            if one.attempts >= TRIES:
                reached = one.rows if one.state == Import.State.RUNNING else one.forecast.get("rows", 0)
                said = one.trouble or "The worker died each time"
                one.state, one.lease, one.leased_until = Import.State.PARKED, None, None
                one.trouble = f"Tried {TRIES} times after row {reached:,} without getting on. {said}"[:300]
                one.save(update_fields=["state", "lease", "leased_until", "trouble"])
                continue
            one.attempts += 1
            reads = one.state == Import.State.READING
            one.lease, one.leased_until = uuid.uuid4(), at + (LEASE_TO_READ if reads else LEASE)
            one.save(update_fields=["attempts", "lease", "leased_until"])
            return one


#: A file that is uploaded goes before those that are imported.
_SOMEBODY_WAITS = Case(When(state=Import.State.READING, then=0), default=1)


def _give_up_reading(one: Import, why: str) -> None:
    """It is read as before, where it was; else it waits for a person."""
    one.state = Import.State(one.reading.get("before", Import.State.PARKED))
    one.reading, one.trouble, one.attempts, one.lease, one.leased_until = {}, why[:300], 0, None, None
    one.save(update_fields=["state", "reading", "trouble", "attempts", "lease", "leased_until"])


def _mine(one: Import) -> ImportQuerySet:
    return Import.objects.filter(pk=one.pk, lease=one.lease)


def _park(one: Import, why: str) -> None:
    _mine(one).update(state=Import.State.PARKED, trouble=why[:300], lease=None, leased_until=None)


def _look(one: Import, until: float) -> None:
    """Find out how the file is written and what its columns hold. What cannot be read at all is refused, and
    nothing of it kept; what cannot be read as somebody said is read as before. A spreadsheet is written
    beside the one that is read so far, and takes its place once all is well."""
    beside = one.path.with_name(f"{uuid.uuid4().hex}.csv")
    try:
        uploading.look(one, sheet_into=beside, **one.reading.get("how", {}))
        found = {"looked": one.looked, "choices": one.choices, "mapping": {}, "forecast": {}}
        with transaction.atomic():
            _leave_reading(one, to=Import.State.COLUMNS, **found)
            one.rejected_rows.filter(of_check=True).delete()
            if one.is_spreadsheet:
                beside.replace(one.path)
    except FileError as error:
        before = one.reading.get("before")
        if before:
            _leave_reading(one, to=Import.State(before), trouble=str(error)[:300])
        else:
            at = database_now()
            _leave_reading(one, to=Import.State.REFUSED, trouble=str(error)[:300], finished_at=at)
            uploading.remove(one)
    finally:
        beside.unlink(missing_ok=True)


def _leave_reading(one: Import, *, to: Import.State, trouble: str = "", **fields: Any) -> None:
    rows = _mine(one).filter(state=Import.State.READING)
    if not rows.update(state=to, reading={}, attempts=0, trouble=trouble, **fields):
        raise Interrupted


def table_of(one: Import) -> Table:
    """The uploaded file as it was found to be written."""
    looked = one.looked
    return Table(
        one.path,
        looked["encoding"],
        looked["delimiter"],
        [column["heading"] for column in looked["columns"]],
        looked["notes"],
        looked["rows"],
        by_record=one.is_spreadsheet,
    )


def reader_of(one: Import) -> Reader:
    table = table_of(one)
    return Reader(one.mapping, mapping.columns(one.mapping, table.header), name=stem(Path(one.file)))


def _rest(one: Import, after: int) -> Iterator[list[Prepared | Rejected]]:
    return windows(read(table_of(one), reader_of(one), after=after))


def _check(one: Import, until: float) -> None:
    """Do everything window by window, count, and take each back. A new lead that a later window names again
    is told from the keys of those before."""
    counts = Counts(**one.forecast)
    job = job_of(one.mapping, at=timezone.now())
    made: set[str] = set()
    if not counts.rows:
        one.rejected_rows.filter(of_check=True).delete()
    for window in _rest(one, counts.rows):
        before = replace(counts)
        with taken_back():
            rejected = take(window, job, live=False, counts=counts, made=made)
        with transaction.atomic():
            renewed = {"leased_until": database_now() + LEASE, "attempts": 0, "trouble": ""}
            if not _mine(one).filter(state=Import.State.CHECKING).update(forecast=asdict(counts), **renewed):
                raise Interrupted
            room = max(0, KEPT_OF_CHECK - before.rejected)
            RejectedRow.objects.bulk_create(_rejected(one, rejected[:room], of_check=True))
        if time.monotonic() > until:
            return
    _mine(one).filter(state=Import.State.CHECKING).update(
        state=Import.State.CHECKED, attempts=0, forecast=asdict(counts)
    )


def _run(one: Import, until: float) -> None:
    job = job_of(one.mapping, at=one.started_at or timezone.now())
    for window in _rest(one, one.rows):
        retried(partial(_write, one, window, job))
        if time.monotonic() > until:
            return
    done = {"state": Import.State.DONE, "finished_at": database_now(), "attempts": 0, "trouble": ""}
    if not _mine(one).filter(state=Import.State.RUNNING).update(**done):
        raise Interrupted
    uploading.remove(one)
    if one.total >= WINDOW:
        tell_planner()


def _write(one: Import, window: list[Prepared | Rejected], job: Job) -> None:
    """One window, what became of its rows and where the import stands: all or nothing."""
    row = Import.objects.select_for_update().get(pk=one.pk)
    if row.lease != one.lease or row.state != Import.State.RUNNING:
        raise Interrupted
    counts = Counts(**{name: getattr(row, name) for name in COUNTED})
    before, journal = replace(counts), Journal()
    rejected = take(window, replace(job, journal=journal), live=row.live, counts=counts)
    RejectedRow.objects.bulk_create(_rejected(one, rejected))
    ImportWindow.objects.create(of=row, first_row=row.rows + 1, wrote=journal.as_json())
    at = database_now()
    header = [column["name"] for column in row.looked["columns"]]
    arrivals.note(
        source=row.source,
        kind=Source.Kind.IMPORT,
        became=Became(
            accepted=counts.created + counts.updated - before.created - before.updated,
            duplicates=counts.skipped - before.skipped,
            refused=[_turned_away(each, header) for each in rejected],
        ),
        at=at,
    )
    row.take_over(counts)
    row.leased_until, row.attempts, row.trouble = at + LEASE, 0, ""
    row.save(update_fields=[*COUNTED, "leased_until", "attempts", "trouble"])


def _turned_away(row: Rejected, header: list[str]) -> TurnedAway:
    """The column is named once: as the field where it is one, else in the reason, with the others."""
    field, reason = row.problems[0] if len(row.problems) == 1 else ("", row.reason)
    return TurnedAway(field, f"Line {row.line}: {reason}", dict(zip(header, row.cells, strict=False)))


def _rejected(one: Import, rows: list[Rejected], *, of_check: bool = False) -> list[RejectedRow]:
    return [
        RejectedRow(
            of=one,
            line=row.line,
            reason=_storable(row.reason),
            cells=[_storable(cell) for cell in row.cells],
            of_check=of_check,
        )
        for row in rows
    ]


def _storable(text: str) -> str:
    """As text that the database keeps: what is none shows as an escape."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
