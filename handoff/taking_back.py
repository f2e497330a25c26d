"""Leads that sales has because of a version that was rolled back: named, and taken back by who leads sales.

Rolling back never takes a lead from a rep by itself: they may be on the phone with it. A person decides.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import User
from accounts.permissions import may_arrange_routing
from leads import lifecycle
from leads.models import Lead, StageChange
from leads.retrying import begins_again
from leads.stages import Stage
from scoring.models import Crossing

from . import alerts
from .models import Handoff
from .permissions import NotYours

#: Leads taken back at once; whoever has more does it again.
MOST_AT_ONCE = 500


def left_over(user: User) -> QuerySet[Handoff]:
    """Handoffs that ``user`` may see, that wait for a verdict, and that only a version which was rolled back
    asked for: by the rules that are live the lead is not over the line."""
    crossings = Crossing.objects.left_by_rollback()
    return Handoff.objects.visible_to(user).open().filter(crossing__in=crossings)


@begins_again
def take_back(*, handoffs: Iterable[Handoff], by: User, at: datetime) -> int:
    """Withdraw those of ``handoffs`` that are left over of a rollback and put their leads where they came
    from; each rep is told once, with the count. What was answered a moment ago stays as it is. Returns how
    many; safe to repeat. Holds the leads in the order of their ids. Raises NotYours."""
    if not may_arrange_routing(by):
        raise NotYours("A manager or an admin takes leads back.")
    chosen = [handoff.pk for handoff in handoffs][:MOST_AT_ONCE]
    asked = left_over(by).filter(pk__in=chosen)
    of = Lead.objects.filter(pk__in=asked.values("lead_id"))
    held = {lead.pk: lead for lead in of.select_for_update(no_key=True).order_by("pk")}
    # Again, now that nobody else moves them.
    found = list(
        asked.filter(lead__in=held).select_related("rep", "pool", "stage_change").order_by("lead_id")
    )
    reasons = _reasons_before(found)
    for handoff in found:
        lifecycle.move(
            lead=held[handoff.lead_id],
            to=Stage(handoff.stage_change.from_stage),
            at=at,
            cause=StageChange.Cause.PERSON,
            by=by,
            reason=StageChange.TAKEN_BACK,
            note="The version that handed it over was rolled back.",
            expect=Stage.HANDED_OVER,
        )
        Lead.objects.filter(pk=handoff.lead_id).update(stage_reason=reasons.get(handoff.pk, ""))
    taken = Handoff.objects.filter(pk__in=[handoff.pk for handoff in found])
    taken.update(status=Handoff.Status.WITHDRAWN, decided_at=at)
    reps = Counter(handoff.rep for handoff in found if handoff.rep is not None)
    alerts.taken_back(of=reps, by=by, at=at)
    for handoff in {handoff.pool_id: handoff for handoff in found}.values():
        alerts.lists_changed(handoff=handoff)
    return len(found)


def _reasons_before(handoffs: Iterable[Handoff]) -> dict[int, str]:
    """Handoff → why its lead stood where it was before: "lost" of one that was closed. One query."""
    before = (
        StageChange.objects.filter(lead=OuterRef("lead"), id__lt=OuterRef("stage_change"))
        .order_by("-id")
        .values("reason")[:1]
    )
    some = Handoff.objects.filter(pk__in=[handoff.pk for handoff in handoffs])
    return {pk: reason or "" for pk, reason in some.values_list("pk", Subquery(before))}
