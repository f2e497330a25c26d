"""Holding a lead that nobody has while one looks at it, so that no two people call it."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q

from . import alerts
from .models import Handoff
from .permissions import NotYours, refuse_verdict

if TYPE_CHECKING:
    from accounts.models import User


class HeldByAnother(NotYours):
    """A colleague is looking at it: ``by`` whom, ``until`` when."""

    def __init__(self, handoff: Handoff) -> None:
        super().__init__(f"{handoff.lead} is held for {handoff.claimed_by}.")
        self.by = handoff.claimed_by
        self.until = handoff.claimed_until


def lease() -> timedelta:
    """How long a lead is held without a sign of life."""
    return timedelta(minutes=settings.CLAIM_MINUTES)


def claim(*, handoff: Handoff, by: "User", at: datetime) -> datetime | None:
    """Hold ``handoff`` for ``by`` from ``at`` on; returns until when, UTC. None when there is nothing to
    hold: it is somebody's already, or answered. Held by ``by`` already, it is held for longer. One
    compare-and-set, so of two at once one gets it; the other hears HeldByAnother. Raises NotYours for a lead
    that is not theirs to take."""
    refuse_verdict(by, handoff)
    until = at + lease()
    free = Q(claimed_by=None) | Q(claimed_until__lte=at)
    open_now = Handoff.objects.unassigned().filter(pk=handoff.pk)
    if open_now.filter(free).update(claimed_by=by, claimed_until=until):
        handoff.claimed_by, handoff.claimed_until = by, until
        alerts.lists_changed(handoff=handoff)
        return until
    if open_now.filter(claimed_by=by).update(claimed_until=until):
        handoff.claimed_by, handoff.claimed_until = by, until
        return until
    now = open_now.select_related("claimed_by", "lead").first()
    if now is None:
        return None
    raise HeldByAnother(now)


def release(*, handoff: Handoff, by: "User") -> bool:
    """Let go of what ``by`` holds. Safe to repeat; returns whether there was anything to let go of."""
    mine = Handoff.objects.filter(pk=handoff.pk, claimed_by=by)
    if not mine.update(claimed_by=None, claimed_until=None):
        return False
    alerts.lists_changed(handoff=handoff)
    return True


def refuse_if_held(*, handoff: Handoff, by: "User", at: datetime) -> None:
    """Raise HeldByAnother while a colleague of ``by`` holds it. The caller holds the lead."""
    holder = handoff.holder(at)
    if handoff.rep_id is None and holder is not None and holder.pk != by.pk:
        raise HeldByAnother(handoff)
