"""What a person tells an import to do: match, check, start, pause, resume, cancel, try again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from capture.models import Import
from leads.ticks import tick

from . import columns, uploading


class TooLate(Exception):
    """The import stands elsewhere by now; the message says where."""


def insist(one: Import) -> None:
    """Raises TooLate unless columns may still be matched otherwise."""
    if not one.may_change:
        raise _late(one)


def take(*, one: Import, was: dict[str, Any] | None = None) -> None:
    """Keep the choices of the page, and how it says the file is read; ``was`` is how it was read before,
    where the page changed that. Raises TooLate."""
    _put(one, was=was, fields=("choices", "looked"))


def match(*, one: Import) -> None:
    """Make the mapping of the choices. Raises MappingError and TooLate."""
    one.mapping, one.forecast = columns.mapping_of(one, one.choices), {}
    with transaction.atomic():
        _put(one, to=Import.State.CHECKED, fields=("mapping", "forecast"))
        one.rejected_rows.filter(of_check=True).delete()


def read_anew(*, one: Import, **how: str) -> None:
    """Let a worker read the file otherwise: in another encoding, with another delimiter, another sheet. What
    cannot be read so is read as before. Raises TooLate."""
    one.reading = {"how": how, "before": one.state}
    one.attempts, one.lease, one.leased_until = 0, None, None
    with transaction.atomic():
        _put(one, to=Import.State.READING, fields=("reading", "attempts", "lease", "leased_until"))
        tick("imports")


def _put(
    one: Import,
    *,
    fields: tuple[str, ...],
    was: dict[str, Any] | None = None,
    to: Import.State = Import.State.COLUMNS,
) -> None:
    """Save ``fields`` and go ``to`` a state, if nothing was begun and the file is read as it ``was`` when
    this page looked. Minutes may lie between the two."""
    with transaction.atomic():
        [now] = Import.objects.select_for_update().filter(pk=one.pk)
        insist(now)
        if now.looked != (one.looked if was is None else was):
            raise TooLate("Nothing was changed: somebody had the file read otherwise meanwhile.")
        one.state, one.trouble = to, ""
        one.save(update_fields=[*fields, "state", "trouble"])


def check(*, one: Import, at: datetime) -> None:
    """Let a worker count what the whole file would do."""
    _go(one, Import.State.CHECKED, to=Import.State.CHECKING)
    one.forecast = {}
    one.save()
    tick("imports")


def start(*, one: Import, at: datetime) -> None:
    """Let a worker write the rows."""
    _go(one, Import.State.CHECKED, Import.State.CHECKING, to=Import.State.RUNNING)
    one.started_at = at
    one.save()
    tick("imports")


def pause(*, one: Import, at: datetime) -> None:
    """Stop after the window that is being written."""
    _go(one, Import.State.RUNNING, to=Import.State.PAUSED)
    one.save()


def resume(*, one: Import, at: datetime) -> None:
    """Go on where it stopped; also after trouble, with as many tries as at first."""
    if one.state == Import.State.PARKED and not one.has_columns:
        _go(one, Import.State.PARKED, to=Import.State.READING)
        one.save()
        tick("imports")
        return
    if one.state == Import.State.PARKED and not one.started_at:
        check_again(one)
        return
    if _is_being_undone(one):
        _go(one, Import.State.PARKED, to=Import.State.UNDOING)
        one.save()
        tick("imports")
        return
    _go(one, Import.State.PAUSED, Import.State.PARKED, to=Import.State.RUNNING)
    one.save()
    tick("imports")


def check_again(one: Import) -> None:
    _go(one, Import.State.PARKED, to=Import.State.CHECKED)
    one.save()


def cancel(*, one: Import, at: datetime) -> None:
    """Write no more; what was written stays. A check is just left."""
    if one.state == Import.State.CHECKING:
        _go(one, Import.State.CHECKING, to=Import.State.CHECKED)
        one.forecast = {}
        one.save()
        return
    if one.state == Import.State.PARKED and _is_being_undone(one):
        raise TooLate("This import is being undone: try again, or leave it as it is.")
    states = Import.State
    unfinished = (states.RUNNING, states.PAUSED, states.PARKED)
    _go(one, *unfinished, states.READING, states.COLUMNS, states.CHECKED, to=states.CANCELLED)
    one.finished_at = at
    one.save()
    uploading.remove(one)


def undo(*, one: Import, at: datetime) -> None:
    """Let a worker take back what the import wrote."""
    _go(one, Import.State.DONE, Import.State.CANCELLED, Import.State.UNDONE, to=Import.State.UNDOING)
    one.save()
    tick("imports")


def _is_being_undone(one: Import) -> bool:
    """Whether a parked import was parked while it was undone, be it at the first window: an import that was
    finished once is worked on again for that only."""
    return one.finished_at is not None


VERBS: dict[str, Callable[..., None]] = {
    "check": check,
    "start": start,
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
    "undo": undo,
}


def _late(one: Import) -> TooLate:
    return TooLate(f"Nothing was changed: this import is “{one.get_state_display().lower()}” by now.")


def _go(one: Import, *states: Import.State, to: Import.State) -> None:
    """Another state, free of any lease: a worker that has it finds out with its next window."""
    if one.state not in states:
        raise _late(one)
    one.state, one.lease, one.leased_until, one.attempts, one.trouble = to, None, None, 0, ""
