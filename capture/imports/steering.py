"""What a person tells an import to do: match, check, start, pause, resume, cancel, try again."""

from collections.abc import Callable
from datetime import datetime

from capture.models import Import
from leads.ticks import tick

from . import columns, uploading


class TooLate(Exception):
    """The import stands elsewhere by now; the message says where."""


def match(*, one: Import) -> None:
    """Make the mapping of the choices. Raises MappingError."""
    one.mapping = columns.mapping_of(one, one.choices)
    one.state = Import.State.CHECKED
    one.forecast = {}
    one.rejected_rows.filter(of_check=True).delete()
    one.save(update_fields=["mapping", "state", "forecast"])


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
    _go(
        one, states.RUNNING, states.PAUSED, states.PARKED, states.COLUMNS, states.CHECKED, to=states.CANCELLED
    )
    one.finished_at = at
    one.save()
    uploading.remove(one)


def undo(*, one: Import, at: datetime) -> None:
    """Let a worker take back what the import wrote."""
    _go(one, Import.State.DONE, Import.State.CANCELLED, Import.State.UNDONE, to=Import.State.UNDOING)
    one.save()
    tick("imports")


def _is_being_undone(one: Import) -> bool:
    return one.windows.filter(undone__isnull=False).exists()


VERBS: dict[str, Callable[..., None]] = {
    "check": check,
    "start": start,
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
    "undo": undo,
}


def _go(one: Import, *states: Import.State, to: Import.State) -> None:
    """Another state, free of any lease: a worker that has it finds out with its next window."""
    if one.state not in states:
        raise TooLate(f"Nothing was changed: this import is “{one.get_state_display().lower()}” by now.")
    one.state, one.lease, one.leased_until, one.attempts, one.trouble = to, None, None, 0, ""
