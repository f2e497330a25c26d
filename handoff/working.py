"""What sales owes a lead it has accepted: a first contact, and then the next one, each in its time."""

from datetime import datetime
from typing import TYPE_CHECKING

from . import clocks, ladders, policies, sla
from .models import Handoff, Promise, Work
from .models.clock import WORKED

if TYPE_CHECKING:
    from leads.models import Lead


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
