"""A person's word on the score of one lead: set a dimension or add to it, with a reason, and take it back."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.permissions import may_adjust_scores
from leads.models import Lead
from leads.retrying import begins_again
from leads.ticks import tick

from .dimensions import Dimension
from .models import Adjustment
from .rescoring import rescore_now

if TYPE_CHECKING:
    from accounts.models import User

#: What a person may say. A restart belongs to a rejection, and goes when that is undone.
BY_HAND = (Adjustment.Kind.SET, Adjustment.Kind.ADD)


class NotYours(PermissionDenied):
    """Marketers and admins adjust scores."""


class TakenBack(LookupError):
    """It does not count any more: somebody was faster, or its time is over."""


@begins_again
def adjust(
    *,
    lead: Lead,
    by: "User",
    kind: str,
    dimensions: Collection[str],
    points: int,
    reason: str,
    at: datetime,
    until: datetime | None = None,
    since: datetime | None = None,
) -> Adjustment:
    """Set ``dimensions`` of ``lead`` to ``points``, or add so many, before ``until`` (None for good). The
    score counts it at once. The same word by the same person again since ``since``, when they began to write
    it, is that word: a form sent twice says one thing. Raises NotYours."""
    _must_be_allowed(by)
    lead = Lead.objects.select_for_update(no_key=True, of=("self",)).get(pk=lead.pk)
    said = {
        "kind": Adjustment.Kind(kind),
        "dimensions": [name for name in Dimension.values if name in dimensions],
        "points": points,
        "reason": reason,
        "expires_at": until,
    }
    if since is not None:
        own = Adjustment.objects.filter(lead=lead, author=by, at__gte=since, voided_at=None)
        if there := own.filter(**said).first():
            return there
    made = Adjustment.objects.create(lead=lead, author=by, at=at, **said)
    _score_now(lead)
    return made


@begins_again
def take_back(*, lead: Lead, by: "User", said_at: datetime, at: datetime) -> Adjustment:
    """What was said of ``lead`` at that moment counts no more, nor did it ever; the row stays. Raises
    NotYours, TakenBack."""
    _must_be_allowed(by)
    words = Adjustment.objects.in_force(at).filter(lead=lead, at=said_at, kind__in=BY_HAND)
    word = words.select_for_update(of=("self",)).first()
    if word is None:
        raise TakenBack("It does not count any more: somebody took it back, or its time is over.")
    word.voided_at = at
    word.save(update_fields=["voided_at"])
    _score_now(lead)
    return word


def _must_be_allowed(by: "User") -> None:
    if not may_adjust_scores(by):
        raise NotYours("A marketer or an admin adjusts scores.")


def _score_now(lead: Lead) -> None:
    """Before the page is drawn, so that it shows the new score. The tick is for the case that this fails."""
    transaction.on_commit(partial(rescore_now, lead_id=lead.pk), robust=True)
    tick("leads_changed")
