"""What sales owes a lead it has accepted: a first contact, and then the next one, each in its time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from . import clocks, ladders, policies, sla
from .clocks import Clock
from .models import Handoff, Promise, Work
from .models.clock import WORKED
from .sla import ALWAYS_OPEN

if TYPE_CHECKING:
    from leads.models import Lead


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed an accepted lead, and the clock of it."""

    promise: Promise
    due_at: datetime
    clock: Clock


def owed(*, handoffs: Iterable[Handoff], at: datetime) -> dict[int, Owed]:
    """What is owed on each of ``handoffs`` at ``at``, by primary key; nothing for those with no clock that
    runs. Handoffs come with their ``pool``. 5 queries, however many."""
    held = {handoff.pk: handoff for handoff in handoffs}
    works = list(Work.objects.running().filter(handoff__in=held)) if held else []
    pools = {work.handoff_id: held[work.handoff_id].pool for work in works}
    calendars = clocks.read_calendars({pool.team_id for pool in pools.values() if pool})
    pauses = clocks.running_pauses(list(pools), at)
    found = {}
    for work in works:
        pool = pools[work.handoff_id]
        calendar = calendars[pool.team_id] if pool else ALWAYS_OPEN
        left = sla.minutes_left(at=at, due=work.due_at, calendar=calendar)
        clock = Clock(work.allowed_minutes, left, pauses.get(work.handoff_id))
        found[work.handoff_id] = Owed(Promise(work.promise), work.due_at, clock)
    return found


def begin(*, handoff: Handoff, at: datetime) -> None:
    """``handoff`` was accepted ``at``: a first contact is owed, or the next activity where there was one
    before. The caller holds the lead. Safe to repeat."""
    promise = Promise.ACTIVITY if handoff.first_touch_at else Promise.CONTACT
    _owe(handoff, promise, at)


def touched(*, lead: "Lead", at: datetime) -> None:
    """Whoever has ``lead`` was in touch with it ``at``: what was owed is kept, and the next activity is owed
    while the lead is worked. The caller holds the lead."""
    handoff = Handoff.objects.filter(lead=lead).select_related("pool").order_by("-cycle").first()
    if handoff is None or handoff.status != Handoff.Status.ACCEPTED:
        return
    Work.objects.running().filter(handoff=handoff).update(ended_at=at, was_kept=True)
    if lead.stage in WORKED:
        _owe(handoff, Promise.ACTIVITY, at)


def drop(*, handoff: Handoff, at: datetime) -> None:
    """Nothing is owed any more: the acceptance was taken back, or the lead is worked no longer."""
    Work.objects.running().filter(handoff=handoff).update(ended_at=at, was_kept=False)


def _owe(handoff: Handoff, promise: Promise, at: datetime) -> None:
    policy = policies.choose(promise=promise, lead=handoff.lead, at=at)
    if policy is None:
        return
    calendar = clocks.calendar_of(handoff.pool)
    work, is_new = Work.objects.get_or_create(
        handoff=handoff,
        ended_at=None,
        defaults={
            "promise": promise,
            "policy": policy,
            "started_at": at,
            "due_at": sla.due_at(start=at, minutes=policy.minutes, calendar=calendar),
            "allowed_minutes": policy.minutes,
        },
    )
    if is_new:
        ladders.begin(handoff=handoff, work=work, at=at)
