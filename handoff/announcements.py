"""What other systems are told about leads and handoffs. Each fact once, in the transaction that makes it
true; what nobody listens to costs one query."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse

from leads import signals
from leads.models import LossReason
from leads.stages import Stage
from leads.ticks import tick
from notifications.announcing import Told, announce, is_heard
from notifications.notify import one_line

from . import evidence, messages
from .models import Handoff, Step, Verdict

if TYPE_CHECKING:
    from accounts.models import User
    from leads.models import Lead, Opportunity, StageChange
    from scoring.models import Crossing

#: A note may be long; a webhook is a message, not a document.
MOST_NOTE = 2000


def became_mql(*, crossing: "Crossing", lead: "Lead", change: "StageChange") -> None:
    """Of a lead that crossed the MQL line. ``stage.strength`` is "strong" or "weak"."""
    if not is_heard("lead.mql"):
        return
    frozen = evidence.freeze(lead=lead, at=crossing.at, version=crossing.version, triggers=crossing.triggers)
    told = _about(lead, f"{lead} is an MQL", at=change.at, explanation=frozen["explanation"])
    told["stage"] = {"from": change.from_stage, "to": change.to_stage, "strength": change.reason}
    _tell("lead.mql", f"change:{change.pk}:mql", lead, told, change.at)


def handed_over(*, handoff: Handoff, at: datetime) -> None:
    """Of a lead that sales gets; ``rep`` is null while nobody is available. When one is found later, that is
    another fact: ``handoff.assigned``. Safe to repeat."""
    late = handoff.assigned_at is not None and handoff.assigned_at != handoff.offered_at
    event = "handoff.assigned" if late else "lead.handed_over"
    if not is_heard(event):
        return
    whose = f"is with {handoff.rep}" if handoff.rep else "waits for a rep"
    told = _about_handoff(handoff, f"{handoff.lead} {whose}", at=at, reasons=True)
    key = f"handoff:{handoff.pk}:assigned:{handoff.rep_id}" if late else f"handoff:{handoff.pk}:handed_over"
    _tell(event, key, handoff.lead, told, at)


def unassigned(*, handoff: Handoff, at: datetime) -> None:
    if is_heard("handoff.unassigned"):
        title = messages.unassigned_title(lead=handoff.lead)
        told = _about_handoff(handoff, title, at=at)
        _tell("handoff.unassigned", f"handoff:{handoff.pk}:unassigned", handoff.lead, told, at)


def escalated(*, handoff: Handoff, step: Step, at: datetime) -> None:
    """Of a step that was taken because nobody had answered: "backup", "manager" or "reassign", with who was
    asked or got it. Reminders are between the product and the rep."""
    if not is_heard("handoff.escalated"):
        return
    said = {"backup": "a backup was asked", "manager": "the manager was told", "reassign": "it went on"}
    told = _about_handoff(handoff, f"{handoff.lead} has no answer: {said[step.does]}", at=at)
    told["escalation"] = {"step": step.does, "round": step.round, "to": _person(step.to)}
    _tell("handoff.escalated", f"step:{step.pk}:escalated", handoff.lead, told, at)


def overdue(*, handoff: Handoff, at: datetime) -> None:
    if is_heard("handoff.overdue"):
        title = messages.overdue_title(lead=handoff.lead, rep=handoff.rep)
        told = _about_handoff(handoff, title, at=at)
        _tell("handoff.overdue", f"handoff:{handoff.pk}:overdue", handoff.lead, told, at)


_VERDICTS = {
    Verdict.Kind.ACCEPT: ("lead.accepted", "accepted"),
    Verdict.Kind.REJECT: ("lead.sent_back", "sent back"),
    Verdict.Kind.UNDO: ("verdict.undone", "took back the verdict on"),
}


def decided(*, verdict: Verdict) -> None:
    """Of a verdict: accepted, sent back with its reason, or one of these taken back."""
    event, did = _VERDICTS[Verdict.Kind(verdict.kind)]
    if not is_heard(event):
        return
    handoff, lead = verdict.handoff, verdict.handoff.lead
    reason = f": {messages.lower(str(verdict.reason))}" if verdict.reason else ""
    told = _about_handoff(handoff, f"{verdict.by} {did} {lead}{reason}", at=verdict.at)
    told["verdict"] = _verdict(verdict)
    _tell(event, f"verdict:{verdict.pk}", lead, told, verdict.at)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "kind": verdict.kind,
        "by": _person(verdict.by),
        "at": verdict.at.isoformat(),
        "reason": {"code": verdict.reason.code, "label": verdict.reason.label} if verdict.reason else None,
        "note": verdict.note[:MOST_NOTE],
        "return_on": verdict.return_on.isoformat() if verdict.return_on else None,
    }


def recycled(*, verdict: Verdict) -> None:
    """Of a lead that sales sent back to marketing, with its verdict; one that was closed is not recycled."""
    change = verdict.stage_change
    if change.to_stage == Stage.CLOSED or not is_heard("lead.recycled"):
        return
    lead = verdict.handoff.lead
    told = _about(lead, f"{lead} is with marketing again", at=verdict.at, explanation=None)
    told["verdict"] = _verdict(verdict)
    told["stage"] = {"from": change.from_stage, "to": change.to_stage}
    _tell("lead.recycled", f"verdict:{verdict.pk}:recycled", lead, told, verdict.at)


def opportunity_created(*, opportunity: "Opportunity", by: "User", at: datetime) -> None:
    if not is_heard("opportunity.created"):
        return
    summary = f"{opportunity.lead} is an opportunity: {opportunity}"
    told = _about_deal(opportunity, summary, by=by, at=at)
    _tell("opportunity.created", f"opportunity:{opportunity.pk}:created", opportunity.lead, told, at)


def opportunity_closed(*, opportunity: "Opportunity", by: "User", at: datetime, note: str = "") -> None:
    """Of a deal that was won or lost: once per end, and a deal that was reopened has another one."""
    event = f"opportunity.{opportunity.outcome}"
    if not is_heard(event):
        return
    told = _about_deal(opportunity, f"{by} {opportunity.outcome} {opportunity}", by=by, at=at)
    told["opportunity"]["note"] = note[:MOST_NOTE]
    if opportunity.outcome == opportunity.Outcome.LOST:
        code = opportunity.lost_reason
        label = LossReason.objects.filter(code=code).values_list("label", flat=True).first()
        told["opportunity"]["reason"] = {"code": code, "label": label or code}
        told["opportunity"]["lost_to"] = str(opportunity.lost_to) if opportunity.lost_to else None
    key = f"opportunity:{opportunity.pk}:{opportunity.outcome}:{at.isoformat()}"
    _tell(event, key, opportunity.lead, told, at)


def opportunity_reopened(*, opportunity: "Opportunity", by: "User", at: datetime) -> None:
    if not is_heard("opportunity.reopened"):
        return
    told = _about_deal(opportunity, f"{by} reopened {opportunity}", by=by, at=at)
    key = f"opportunity:{opportunity.pk}:reopened:{at.isoformat()}"
    _tell("opportunity.reopened", key, opportunity.lead, told, at)


def _about_deal(deal: "Opportunity", summary: str, *, by: "User", at: datetime) -> Told:
    told = _about(deal.lead, summary, at=at, explanation=None)
    told["rep"] = _person(deal.owner)
    told["opportunity"] = {
        "id": str(deal.public_id),
        "name": deal.name,
        "amount": str(deal.amount) if deal.amount is not None else None,
        "currency": deal.currency,
        "close_on": deal.close_on.isoformat() if deal.close_on else None,
        "stage": deal.stage.key if deal.stage else None,
        "probability": deal.probability,
        "outcome": deal.outcome or None,
        "by": _person(by),
    }
    return told


def _tell(event: str, key: str, lead: "Lead", told: Told, at: datetime) -> None:
    if announce(event=event, key=key, at=at, data=told, about=lead.public_id):
        tick("calls")


def _about_handoff(handoff: Handoff, summary: str, *, at: datetime, reasons: bool = False) -> Told:
    explanation = handoff.evidence["explanation"] if reasons else None
    told = _about(handoff.lead, summary, at=at, explanation=explanation)
    told["rep"] = _person(handoff.rep)
    told["handoff"] = {
        "id": str(handoff.public_id),
        "cycle": handoff.cycle,
        "pool": handoff.pool.name if handoff.pool else None,
        "offered_at": handoff.offered_at.isoformat(),
        "due_at": handoff.due_at.isoformat(),
        "by": _person(handoff.offered_by),
    }
    return told


def _about(lead: "Lead", summary: str, *, at: datetime, explanation: Mapping[str, Any] | None) -> Told:
    newest = signals.newest(lead_ids=[lead.pk], at=at).get(lead.pk, [])
    told = Told(
        summary=one_line(summary),
        url=f"{settings.PUBLIC_URL}{reverse('handoff:lead', args=[lead.public_id])}",
        why_now=newest[0].label if newest else "",
        lead=_lead(lead),
    )
    if explanation is not None:
        told["score"] = {
            "total": explanation["total"],
            **{dimension["key"]: dimension["points"] for dimension in explanation["dimensions"]},
        }
        told["reasons"] = [
            {
                "dimension": dimension["key"],
                "label": reason["label"],
                "points": reason["points"],
                "evidence": reason["evidence"],
            }
            for dimension in explanation["dimensions"]
            for reason in dimension["reasons"]
        ]
    return told


def _lead(lead: "Lead") -> dict[str, Any]:
    company = lead.company
    return {
        "id": str(lead.public_id),
        "name": lead.name,
        "title": lead.title,
        "email": lead.email,
        "stage": lead.stage,
        "source": lead.source,
        "company": {"name": company.name, "domain": company.domain} if company else None,
    }


def _person(user: "User | None") -> dict[str, Any] | None:
    return {"id": str(user.public_id), "name": user.name} if user else None
