"""What merging two leads does to the work of sales: at most one handoff stays open, and sales keeps whatever
it had."""

from datetime import datetime
from typing import TYPE_CHECKING

from accounts.models import User
from leads import merging as of_leads
from leads import unmerging
from leads.folding import FAR, Folding, moved_ids, objects, settles
from leads.models import Lead, Merge
from leads.retrying import begins_again
from scoring.rescoring import rescore_now

from . import alerts
from .models import Handoff, Qualification, RoutingDecision, Shortfall, StuckEvidence, Task, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection


def merge(
    *, keep: Lead, drop: Lead, by: User, at: datetime, chosen: "Collection[str] | None" = None
) -> Merge:
    """Merge as ``leads.merging.merge`` does, tell the rep whose handoff was taken back since the other one
    goes on, and score the kept lead at once. Raises MergeRefused."""
    made = _merge(keep, drop, by, at, chosen)
    rescore_now(lead_id=made.kept_id)
    return made


@begins_again
def _merge(keep: Lead, drop: Lead, by: User, at: datetime, chosen: "Collection[str] | None") -> Merge:
    made = of_leads.merge(keep, drop, by=by, at=at, chosen=chosen)
    handoffs = Handoff.objects.filter(lead=made.kept_id).select_related("lead", "rep", "pool")
    for handoff in handoffs.filter(status=Handoff.Status.WITHDRAWN, decided_at=at):
        alerts.merged_away(handoff=handoff, merge=made, by=by, at=at)
    for handoff in handoffs.open():
        alerts.lists_changed(handoff=handoff)
    return made


def undo(*, merge: Merge, by: User, at: datetime) -> Lead:
    """Undo as ``leads.unmerging.undo`` does, score both leads at once and return the one that is back. Raises
    UndoRefused."""
    _undo(merge, by, at)
    for lead_id in (merge.kept_id, merge.dropped_key):
        rescore_now(lead_id=lead_id)
    return Lead.objects.get(pk=merge.dropped_key)


@begins_again
def _undo(merge: Merge, by: User, at: datetime) -> None:
    unmerging.undo(merge, by=by, at=at)
    both = Handoff.objects.open().filter(lead__in=[merge.kept_id, merge.dropped_key])
    for handoff in both.select_related("pool"):
        alerts.lists_changed(handoff=handoff)


def doubled(keep: Lead, drop: Lead) -> Handoff | None:
    """The open handoff that merging would take back, since the other one goes on. One query."""
    behind = drop if of_leads.further(keep, drop) is keep else keep
    return Handoff.objects.open().filter(lead=behind).select_related("rep", "lead").first()


@settles("handoff.Handoff.lead")
def _handoffs(one: Folding) -> None:
    """Of two that are open, that of the lead which is ahead goes on, with its rep and its clock; nobody gains
    time. The other is taken back. What the lead that is ahead has had counts as the latest."""
    behind = one.drop if one.ahead is one.keep else one.keep
    doubled = Handoff.objects.open().filter(lead=behind)
    one.change(doubled, status=Handoff.Status.WITHDRAWN, decided_at=one.at)
    handoffs = Handoff.objects.filter(lead__in=[one.keep, one.drop])
    ordered = sorted(
        handoffs.values_list("lead_id", "cycle", "pk"), key=lambda row: (row[0] == one.ahead.pk, row[1])
    )
    one.move(Handoff, counted_on=("cycle", 2 * FAR))
    rows = Handoff.objects.filter(lead=one.keep)
    one.number(rows, "cycle", [pk for _, _, pk in ordered])


@settles("handoff.RoutingDecision.lead", "handoff.Task.lead", "handoff.Qualification.lead")
def _work(one: Folding) -> None:
    """Of one question that both answered, the kept lead's answer holds."""
    one.move(RoutingDecision)
    one.move(Task)
    one.move(Qualification, unless_there=("question",))


@settles("handoff.Shortfall.lead")
def _shortfalls(one: Folding) -> None:
    """The newer one holds."""
    holding = Shortfall.objects.filter(lead__in=[one.keep, one.drop], holds=True).order_by("-at", "-id")
    one.change(Shortfall.objects.filter(pk__in=[each.pk for each in holding[1:]]), holds=False)
    one.move(Shortfall)


@settles("handoff.StuckEvidence.lead")
def _stuck(one: Folding) -> None:
    """What went wrong with two may go well with one: the kept lead is looked at anew."""
    StuckEvidence.objects.filter(lead=one.keep).delete()
    one.forget(StuckEvidence)


@objects
def _sales_answered(merge: Merge) -> str:
    """A verdict on what was the dropped lead's moved the kept one: it cannot be given back without it."""
    handoffs = moved_ids(merge.steps, Handoff)
    verdict = (
        Verdict.objects.filter(handoff__in=handoffs, at__gt=merge.at)
        .select_related("by")
        .order_by("-id")
        .first()
    )
    return f"{verdict.by} has answered {merge.dropped_name}’s handoff since." if verdict else ""


@objects
def _sales_let_go(merge: Merge) -> str:
    """One that ended without a verdict did so for the kept lead: the other would come back with sales and
    nobody working it."""
    handoffs = moved_ids(merge.steps, Handoff)
    if Handoff.objects.filter(pk__in=handoffs, decided_at__gt=merge.at).exists():
        return f"{merge.dropped_name}’s handoff was taken back since."
    return ""
