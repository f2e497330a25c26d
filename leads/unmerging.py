"""A merge was wrong: two leads again, each as it was."""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.permissions import may_merge

from . import folding, marking, phases
from .models import UNDO_FOR, Activity, Alias, AliasUse, ConsentEvent, Lead, Merge, Opportunity, Visitor
from .retrying import begins_again
from .ticks import tick

if TYPE_CHECKING:
    from accounts.models import User

log = logging.getLogger(__name__)


class UndoRefused(Exception):
    """The merge cannot be undone; the message says why."""


@begins_again
def undo(merged: Merge, *, by: "User", at: datetime | None = None) -> Merge:
    """Two leads again, each as it was: facts, histories, scores. What came since stays with the kept lead,
    unless it came under the dropped one's old id or address or from one of its browsers; what somebody
    changed since stays changed, and what is gone since stays gone. A no that was said since holds for both.
    Raises UndoRefused. Locks as ``merge`` does."""
    at = at or timezone.now()
    if not may_merge(by):
        raise UndoRefused("Marketing and those who lead sales undo a merge.")
    kept = Lead.objects.select_for_update().filter(pk=merged.kept_id).first()
    merged = Merge.objects.select_for_update().get(pk=merged.pk)
    if kept is None or kept.pk != merged.kept_id:
        raise UndoRefused("The lead was merged into another one a moment ago. Undo that first.")
    if why := why_not_undo(merged, at=at):
        raise UndoRefused(why)
    late = _came_since(merged)
    refusals = _refused_since(merged)
    try:
        with transaction.atomic():
            with phases.as_told():
                folding.walk_back(steps=merged.steps, keep=kept.pk, drop=merged.dropped_key)
            _give_back(merged, late)
            ConsentEvent.objects.bulk_create(refusals, ignore_conflicts=True)
            connection.check_constraints()  # else what is missing would be told at the commit, to nobody
    except IntegrityError as error:
        raise UndoRefused(_in_the_way(merged, error)) from error
    merged.aliases.all().delete()
    merged.undone_at, merged.undone_by = at, by
    merged.save(update_fields=["undone_at", "undone_by"])
    marking.mark(lead_ids=[kept.pk, merged.dropped_key])
    tick("leads_changed")
    return merged


def why_not_undo(merged: Merge, *, at: datetime) -> str:
    """Why ``merged`` can be undone no more; "" when it can."""
    if merged.undone_at is not None:
        return "This merge was undone."
    if at > merged.at + UNDO_FOR:
        return f"A merge can be undone for {UNDO_FOR.days} days."
    since = Merge.objects.standing().filter(kept=merged.kept_id, pk__gt=merged.pk).order_by("-pk")
    later = since.values_list("dropped_name", flat=True).first()
    if later is not None:
        return f"Undo the merge with {later} first: it came later."
    return next((why for objection in folding.objections if (why := objection(merged))), "")


def forget_ways_back(*, at: datetime) -> int:
    """What a merge wrote down is personal data: once it can be undone no more, the words go and only that it
    happened stays. Returns how many merges. One query; safe to repeat."""
    over = Merge.objects.filter(Q(at__lt=at - UNDO_FOR) | Q(undone_at__isnull=False)).exclude(steps=[])
    return over.update(steps=[])


@folding.objects
def _deals_moved_on(merged: Merge) -> str:
    deals = folding.moved_ids(merged.steps, Opportunity)
    if Opportunity.objects.filter(pk__in=deals, steps__at__gt=merged.at).exists():
        return f"A deal that was {merged.dropped_name}’s has moved on since."
    return ""


def _came_since(merged: Merge) -> list[int]:
    """Activities of the kept lead that are clearly the dropped one's: they came since from a browser that was
    its own, or under its old names, also those that it had from merges before."""
    since = Activity.objects.filter(lead=merged.kept_id, received_at__gte=merged.at)
    visitors = folding.moved_ids(merged.steps, Visitor)
    found = set(since.filter(visitor__in=visitors).values_list("pk", flat=True)) if visitors else set()
    # An alias without an id is an address that the kept lead itself lost: what came under it is its own.
    theirs = Q(alias__merge=merged, alias__public_id__isnull=False)
    theirs |= Q(alias__in=folding.moved_ids(merged.steps, Alias))
    for source, event_id in AliasUse.objects.filter(theirs).values_list("source", "event_id"):
        found |= set(since.filter(source=source, event_id=event_id).values_list("pk", flat=True))
    return sorted(found)


def _refused_since(merged: Merge) -> list[ConsentEvent]:
    """Each no that was said to the merged lead, for the lead that comes back: whoever said it was either of
    the two. By when it was written down, since a list of withdrawals names days long ago."""
    last = folding.last_before(merged.steps, ConsentEvent)
    ours = folding.added_ids(merged.steps, ConsentEvent)
    said = ConsentEvent.objects.filter(lead=merged.kept_id, granted=False, pk__gt=last).exclude(pk__in=ours)
    return [
        ConsentEvent(
            lead_id=merged.dropped_key,
            channel=event.channel,
            granted=False,
            at=event.at,
            source=event.source,
            text=event.text,
        )
        for event in said
    ]


def _give_back(merged: Merge, late: Collection[int]) -> None:
    for step in folding.returning:
        step(merged, late)
    Activity.objects.filter(pk__in=late).update(lead=merged.dropped_key)


def _in_the_way(merged: Merge, error: IntegrityError) -> str:
    """What refused the old rows, in words."""
    refused = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
    if refused == "leads_lead_email_once":
        return "Another lead has the old address by now. Change that one first."
    log.warning("merge %d cannot be undone: %s", merged.pk, error)
    return "What changed since stands in the way of undoing this merge."
