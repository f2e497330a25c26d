"""Whether handoffs still stand once evidence that they rest on was voided as a bot's, a test or a mistake.

A lead that nobody has answered for or talked to, and that would not have crossed the line without what is
void, goes back to where it came from. What sales has answered stays: managers and marketing see it on a list
and talk. When the evidence is restored the lead crosses again, as if the voiding had not been.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from accounts.clock import database_now
from leads import lifecycle, marking
from leads.merging import RECORDED_TWICE
from leads.models import Activity, EvidenceChange, Lead, StageChange
from leads.retrying import begins_again
from leads.stages import Stage
from leads.ticks import tick
from scoring.dimensions import HUNDREDTHS, SALES_STAGE
from scoring.models import Crossing, LineState, ModelVersion
from scoring.statement import compiled, scores

from . import alerts, stuck
from .holding import NOT_THE_LEADS_FAULT, held
from .models import EvidenceCheck, Handoff

log = logging.getLogger(__name__)

NOTE = "What it was handed over for was voided."


def look_again(*, at: datetime | None = None, limit: int = 100) -> int:
    """Look at up to ``limit`` leads of which evidence was voided or restored; returns how many. Each in a
    transaction of its own that holds the lead; what goes wrong with one is logged, tried three times and
    parked, and stops no other (F10). A database that is away and a worker whose time is up end it and are no
    lead's fault: they are raised and not counted. Safe to repeat and to run beside itself."""
    looked, now = 0, at or database_now()
    for change in stuck.evidence_to_look_at(at=now).order_by("lead_id")[:limit]:
        if not stuck.begin_look(lead_id=change.lead_id, version=change.version, at=now):
            continue
        try:
            had_it = _look_at(change.lead_id, change.version, at)
        except NOT_THE_LEADS_FAULT:
            stuck.was_no_look(lead_id=change.lead_id, version=change.version, at=now)
            raise
        except Exception as error:
            log.exception("lead %d: what its handoffs rest on could not be looked at", change.lead_id)
            stuck.look_failed(lead_id=change.lead_id, error=error)
            continue
        if had_it:
            stuck.looked(lead_id=change.lead_id)
            looked += 1
        else:
            stuck.did_not_look(lead_id=change.lead_id, version=change.version, at=now)
    return looked


@begins_again
def _look_at(lead_id: int, version: int, at: datetime | None) -> bool:
    lead = held(skip_locked=True).filter(pk=lead_id).first()
    if lead is None:
        return False
    at = at or database_now()
    _close_lines(lead, at)
    handoffs = list(lead.handoffs.select_related("version__model", "crossing", "rep", "pool", "stage_change"))
    for handoff in handoffs:
        _check(handoff, lead, at)
    _unmake_mql(lead, at)
    # Changed again meanwhile: somebody looks again.
    EvidenceChange.objects.filter(lead=lead_id, version=version).delete()
    return True


def _close_lines(lead: Lead, at: datetime) -> None:
    """A line that the lead came over by voided evidence alone is open again, also where hysteresis would keep
    it inside: so a held crossing is overtaken, and restored evidence crosses anew."""
    states = LineState.objects.filter(lead=lead, inside=True).order_by("stage", "pk")
    unfounded = []
    for state in states.select_for_update(no_key=True):
        crossing = Crossing.objects.filter(
            lead=lead, model=state.model_id, stage=state.stage, cycle=state.cycle
        ).first()
        if crossing is not None and not _holds(crossing, lead, at):
            unfounded.append(state.pk)
    if unfounded:
        LineState.objects.filter(pk__in=unfounded).update(inside=False, since=at)
        marking.mark(lead_ids=[lead.pk])
        tick("leads_changed")


def _holds(crossing: Crossing, lead: Lead, at: datetime) -> bool:
    """Whether the lead was over the line at its crossing by what counts today, or is over it now. One or two
    statements."""
    version = ModelVersion.objects.select_related("model").get(pk=crossing.version_id)
    if _over(version, lead, crossing.at, crossing.stage):
        return True
    live = ModelVersion.objects.published().filter(model=crossing.model_id).select_related("model").first()
    return live is not None and _over(live, lead, at, crossing.stage)


def _over(version: ModelVersion, lead: Lead, at: datetime, stage: str) -> bool:
    [row] = scores(compiled(version), ids=[lead.pk], as_of=at)
    return bool(row[f"{stage}_over"])


def _check(handoff: Handoff, lead: Lead, at: datetime) -> None:
    """Write down what is left of the handoff's reasons, and take the lead back where nothing carries it."""
    explanation = handoff.evidence.get("explanation")
    if explanation is None or handoff.version is None:
        return  # handed over by a marketer's own judgement, or before any model was published
    earned: dict[int, float] = {}
    for dimension in explanation["dimensions"]:
        for reason in dimension["reasons"]:
            for activity in reason["activities"]:
                earned[activity["id"]] = earned.get(activity["id"], 0.0) + max(activity["points"], 0)
    void = _void_among(earned, lead)
    before = EvidenceCheck.objects.filter(handoff=handoff).first()
    if not void and before is None:
        return
    then = datetime.fromisoformat(handoff.evidence["at"])
    [row] = scores(compiled(handoff.version), ids=[lead.pk], as_of=then)
    whole = sum(earned.values())
    share = sum(earned[pk] for pk in void) / whole if whole else len(void) / max(len(earned), 1)
    stands = not void or bool(row[f"{SALES_STAGE}_over"])
    takes = not stands and _may_take(handoff, lead, at)
    EvidenceCheck.objects.update_or_create(
        handoff=handoff,
        defaults={
            "at": at,
            "activities": len(earned),
            "voided": len(void),
            "share": round(100 * share),
            "total_then": round(explanation["total"] * HUNDREDTHS),
            "total_without": row["total"],
            "stands": stands,
            "taken_back": takes or (before is not None and before.taken_back),
        },
    )
    if takes:
        _take_back(handoff, lead, at)


def _void_among(ids: Iterable[int], lead: Lead) -> set[int]:
    """Those of these activities that count no more. What a merge found recorded twice counts by its other
    record, as long as that one does."""
    out = Activity.objects.filter(pk__in=ids, voided_at__isnull=False)
    alike = Q(
        occurred_at=OuterRef("occurred_at"), undated=OuterRef("undated"), properties=OuterRef("properties")
    )
    other = Activity.objects.counted().filter(
        alike | Q(event_id=OuterRef("event_id")), lead=lead, type=OuterRef("type")
    )
    return set(out.exclude(Exists(other), void_reason=RECORDED_TWICE).values_list("id", flat=True))


def _may_take(handoff: Handoff, lead: Lead, at: datetime) -> bool:
    """Nobody has answered or talked to the lead, a rule handed it over, and nothing newer carries it."""
    if not handoff.is_open or handoff.first_touch_at is not None or lead.stage != Stage.HANDED_OVER:
        return False
    return handoff.crossing is not None and not _holds(handoff.crossing, lead, at)


def _take_back(handoff: Handoff, lead: Lead, at: datetime) -> None:
    lifecycle.move(
        lead=lead,
        to=Stage(handoff.stage_change.from_stage),
        at=at,
        cause=StageChange.Cause.VOIDED,
        reason=StageChange.TAKEN_BACK,
        note=NOTE,
    )
    Handoff.objects.filter(pk=handoff.pk).update(status=Handoff.Status.WITHDRAWN, decided_at=at)
    handoff.lead = lead
    alerts.evidence_voided(handoff=handoff, at=at)


def _unmake_mql(lead: Lead, at: datetime) -> None:
    """A lead that became an MQL by voided evidence alone is a lead again."""
    if lead.stage != Stage.MQL:
        return
    # Of a merged lead there are the other one's changes as well: this is the one by which it stands here.
    made = lead.stage_changes.filter(to_stage=Stage.MQL).order_by("-at", "-id")
    last = made.filter(at=lead.stage_at).first()
    if last is None:
        return
    if last.reason == StageChange.TAKEN_BACK:  # back from sales: why it was an MQL before
        earlier = made.filter(at__lte=last.at).exclude(pk=last.pk)
        if lead.merges.exists() and earlier.exclude(cause=StageChange.Cause.CROSSING).exists():
            return  # nobody can tell which of the two was made one by hand
        last = earlier.first()
    if last is None or last.from_stage != Stage.LEAD:
        return
    crossings: Iterable[Crossing] = Crossing.objects.filter(stage_change=last)
    for crossing in crossings:
        if not _holds(crossing, lead, at):
            lifecycle.move(
                lead=lead,
                to=Stage.LEAD,
                at=at,
                cause=StageChange.Cause.VOIDED,
                reason=StageChange.TAKEN_BACK,
                note="What made it an MQL was voided.",
            )
            return
