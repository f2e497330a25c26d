"""A clock stands still for a reason: the customer asked to be called in June. The due time moves at once, by
the business time until the end of the pause, so that nothing has to happen at its end."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from leads.models import Lead
from leads.retrying import begins_again

from . import alerts, clocks, ladders, messages, sla
from .models import Handoff, Pause, Work
from .permissions import NotYours, may_pause

if TYPE_CHECKING:
    from accounts.models import User

#: How long a clock stands still when nobody names a day.
OPEN_ENDED = timedelta(days=14)
#: How far ahead the end of a pause may lie: what is later is a return date, for marketing to wait for.
LONGEST = timedelta(days=180)
#: How long one may take one's own pause back.
UNDO_WINDOW = timedelta(minutes=10)


class PauseRefused(Exception):
    """The clock runs on; the message says why."""


@begins_again
def pause(*, handoff: Handoff, by: "User", reason: str, at: datetime, until: datetime | None = None) -> Pause:
    """Let the clock of ``handoff`` stand still from ``at`` ``until`` then (None: for ``OPEN_ENDED``): that of
    the answer, or of what is owed on an accepted lead. Raises NotYours, and PauseRefused for a clock that is
    over, paused or stopped, for no reason and for an end that cannot be."""
    handoff, work = _hold(handoff)
    if not may_pause(by, handoff):
        raise NotYours("Whoever has the lead, or leads the team, pauses its clock.")
    clock = _running(handoff, work)
    reason = reason.strip()
    if not reason:
        raise PauseRefused("Say why: it stands beside the clock.")
    if clock.due_at <= at:
        due = messages.moment(clock.due_at, by.time_zone)
        raise PauseRefused(f"It is overdue since {due}. A pause does not undo that.")
    if _current(handoff, at):
        raise PauseRefused("Its clock stands still already.")
    end = until or at + OPEN_ENDED
    if end <= at:
        raise PauseRefused("Choose a moment to come.")
    if end - at > LONGEST:
        raise PauseRefused(
            f"The longest pause is {LONGEST.days} days. Send the lead back with a return date."
        )
    made = Pause.objects.create(
        handoff=handoff,
        work=work,
        by=by,
        at=at,
        until=end,
        is_open_ended=until is None,
        reason=reason[:300],
        due_before=clock.due_at,
    )
    _move(handoff, work, start=at, end=end)
    alerts.lists_changed(handoff=handoff)
    return made


@begins_again
def resume(*, handoff: Handoff, by: "User", at: datetime) -> Pause:
    """Let the clock run again before the end of its pause: what was left when it began is left now. Raises
    NotYours, and PauseRefused when it does not stand still."""
    handoff, work = _hold(handoff)
    if not may_pause(by, handoff):
        raise NotYours("Whoever has the lead, or leads the team, lets its clock run.")
    _running(handoff, work)
    current = _current(handoff, at)
    if current is None:
        raise PauseRefused("Its clock runs already.")
    _end(current, by, at)
    _move(handoff, work, start=current.until, end=at)
    alerts.lists_changed(handoff=handoff)
    return current


@begins_again
def undo(*, handoff: Handoff, by: "User", at: datetime) -> Pause:
    """As if the pause had never been: the due time is what it was, and passed if it has passed meanwhile.
    One's own, within ten minutes. Raises PauseRefused."""
    handoff, work = _hold(handoff)
    current = _current(handoff, at)
    if current is None:
        raise PauseRefused("Its clock runs already.")
    if current.by_id != by.pk:
        raise PauseRefused(f"{current.by} paused it; let the clock run again instead.")
    if at - current.at > UNDO_WINDOW:
        raise PauseRefused("A pause can be taken back for 10 minutes; let the clock run again instead.")
    _running(handoff, work)
    _end(current, by, at, undone=True)
    _move(handoff, work, start=current.until, end=current.at, due=current.due_before)
    alerts.lists_changed(handoff=handoff)
    return current


def _hold(handoff: Handoff) -> tuple[Handoff, Work | None]:
    """The handoff as it is now with what is owed on it; its lead is held, as for every change of one."""
    Lead.objects.select_for_update(no_key=True).get(pk=handoff.lead_id)
    held = Handoff.objects.select_related("rep", "lead", "pool__team__calendar").get(pk=handoff.pk)
    return held, Work.objects.running().filter(handoff=held).first()


def _running(handoff: Handoff, work: Work | None) -> Handoff | Work:
    """The clock that runs now: whichever it is, it has a due time."""
    if handoff.is_open:
        return handoff
    if work is None:
        raise PauseRefused("No clock runs for this lead.")
    return work


def _current(handoff: Handoff, at: datetime) -> Pause | None:
    return clocks.running_pauses([handoff.pk], at).get(handoff.pk)


def _end(current: Pause, by: "User", at: datetime, *, undone: bool = False) -> None:
    current.ended_at, current.ended_by, current.is_undone = at, by, undone
    current.save(update_fields=["ended_at", "ended_by", "is_undone"])


def _move(
    handoff: Handoff, work: Work | None, *, start: datetime, end: datetime, due: datetime | None = None
) -> None:
    """Due time and steps, as if the clock stood still from ``start`` to ``end``; ``due``: to that moment."""
    calendar = clocks.calendar_of(handoff.pool)
    clock = _running(handoff, work)
    clock.due_at = due or sla.moved(moment=clock.due_at, start=start, end=end, calendar=calendar)
    clock.save(update_fields=["due_at"])
    owed = None if handoff.is_open else work
    ladders.shift(handoff=handoff, work=owed, start=start, end=end, calendar=calendar)
