"""What clocks did, as a lead's page shows it: the line beside the clock, and entries of the timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.models import User
from handoff import clocks, pausing, sla
from handoff.clocks import Clock
from handoff.messages import moment
from handoff.models import Handoff, Pause, Promise, Rung, Snooze, Step, Work
from handoff.permissions import may_pause
from leads.timeline import Entry


@dataclass(frozen=True, slots=True)
class ClockPanel:
    """The clock that runs on a lead, and what one may do to it. ``steps`` are what comes by itself: when,
    and what in words."""

    handoff: Handoff
    owes: str
    due: str
    is_over: bool
    clock: Clock
    pause: Pause | None
    paused_until: str
    steps: list[tuple[str, str]]
    may_pause: bool
    may_undo: bool


def clock_panel(*, handoff: Handoff | None, user: User, at: datetime) -> ClockPanel | None:
    """What runs on ``handoff`` now; None when nothing does. Up to 6 queries."""
    if handoff is None:
        return None
    work = None
    if not handoff.is_open:
        if handoff.status != Handoff.Status.ACCEPTED:
            return None
        work = Work.objects.running().filter(handoff=handoff).first()
        if work is None:
            return None
    running: Handoff | Work = work or handoff
    pause = clocks.running_pauses([handoff.pk], at).get(handoff.pk)
    left = sla.minutes_left(at=at, due=running.due_at, calendar=clocks.calendar_of(handoff.pool))
    zone = user.time_zone
    ahead = Step.objects.ahead().filter(handoff=handoff, work=work, at__gt=at).order_by("at", "id")
    theirs = may_pause(user, handoff)
    return ClockPanel(
        handoff=handoff,
        owes=_OWED[work.promise] if work else "An answer",
        due=moment(running.due_at, zone),
        is_over=running.due_at <= at,
        clock=Clock(running.allowed_minutes, left, pause),
        pause=pause,
        paused_until=moment(pause.until, zone) if pause else "",
        steps=[(moment(step.at, zone), _COMES[step.does]) for step in ahead],
        may_pause=theirs,
        may_undo=pause is not None and pause.by_id == user.pk and at - pause.at <= pausing.UNDO_WINDOW,
    )


_OWED: dict[str, str] = {Promise.CONTACT: "A first contact", Promise.ACTIVITY: "The next activity"}
_COMES: dict[str, str] = {
    Rung.REMIND: "the rep is reminded",
    Rung.BACKUP: "a backup is asked",
    Rung.MANAGER: "the manager is told",
    Rung.REASSIGN: "it goes to another rep",
}


def entries(handoffs: Sequence[Handoff]) -> list[Entry]:
    """Pauses, steps and snoozes of these handoffs. 3 queries."""
    ids = [handoff.pk for handoff in handoffs]
    if not ids:
        return []
    pauses = Pause.objects.filter(handoff__in=ids).select_related("by", "ended_by").order_by("at", "id")
    steps = Step.objects.filter(handoff__in=ids, outcome__in=[Step.Outcome.DONE, Step.Outcome.NOBODY])
    steps = steps.exclude(does=Rung.REMIND).select_related("rep", "to").order_by("done_at", "id")
    found = [entry for pause in pauses for entry in _of_pause(pause)]
    snoozes = Snooze.objects.filter(handoff__in=ids).select_related("by", "ended_by").order_by("at", "id")
    found += [entry for snooze in snoozes for entry in _of_snooze(snooze)]
    return [*found, *(_of_step(step) for step in steps)]


def _of_snooze(snooze: Snooze) -> list[Entry]:
    """That it was put off, and how that ended; nothing of an end that the next entry tells."""
    told = [_begun(snooze, "alarm-clock-plus", "snoozed it")]
    if snooze.ended_at is not None and snooze.ending == Snooze.Ending.TAKEN_BACK:
        told.append(
            Entry(
                at=snooze.ended_at,
                icon="corner-up-left",
                lead_in=f"{snooze.ended_by} ",
                title="took the snooze back",
            )
        )
    elif snooze.ended_at is not None and snooze.ending in _BACK:
        told.append(
            Entry(
                at=snooze.ended_at,
                icon="alarm-clock-check",
                title="Back from the snooze",
                text=_BACK[snooze.ending],
            )
        )
    return told


_BACK: dict[str, str] = {Snooze.Ending.TIME: "", Snooze.Ending.INTENT: ": a new sign of intent"}


def _of_pause(pause: Pause) -> list[Entry]:
    told = [_begun(pause, "hourglass", "paused the clock")]
    if pause.ended_at is not None:
        did = "took the pause back" if pause.is_undone else "let the clock run again"
        told.append(Entry(at=pause.ended_at, icon="alarm-clock", lead_in=f"{pause.ended_by} ", title=did))
    return told


def _begun(rest: Pause | Snooze, icon: str, did: str) -> Entry:
    """Who let it rest, until when, and why."""
    return Entry(
        at=rest.at,
        icon=icon,
        lead_in=f"{rest.by} ",
        title=did,
        text=f" until {moment(rest.until, timezone.get_current_timezone_name())}",
        quote=rest.reason,
    )


def _of_step(step: Step) -> Entry:
    whose = f" by {step.rep}" if step.rep else ""
    if step.does == Rung.REASSIGN:
        title = f"Went on to {step.to}" if step.to else "Went to nobody"
        text = f": {step.rep} had not answered"
    elif step.does == Rung.BACKUP:
        title, text = (f"{step.to} was asked to step in" if step.to else "No backup was there"), ""
    else:
        title, text = "The manager was told", f": no answer yet{whose}"
    return Entry(at=step.done_at or step.at, icon="alarm-clock", title=title, text=text)
