"""Leads that sales sent back: when they may come again, and when not."""

from datetime import datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import connection

from leads import marking
from leads.models import Lead
from leads.stages import Stage
from leads.ticks import tick
from scoring.dimensions import Dimension
from scoring.models import Adjustment, Crossing, LineState

from .models import RecyclingRule, RejectReason, Verdict

if TYPE_CHECKING:
    from accounts.models import User

#: What begins anew after a rejection, by the company's rule.
RESETS = {
    RecyclingRule.Resets.BOTH: [Dimension.ENGAGEMENT, Dimension.INTENT],
    RecyclingRule.Resets.ENGAGEMENT: [Dimension.ENGAGEMENT],
}


def rule() -> RecyclingRule:
    """What the company agreed; as the product comes until somebody says otherwise. One query."""
    return RecyclingRule.objects.first() or RecyclingRule()


def begin_anew(*, lead: Lead, reason: RejectReason, by: "User", at: datetime) -> Adjustment | None:
    """Let begin anew what the company's rule says, and close the line with its cycle in any case: who still
    stands over it comes again when the return date does. Returns the restart, None when everything stays."""
    dimensions = RESETS.get(RecyclingRule.Resets(rule().resets))
    restart = None
    if dimensions is None:
        # In the order in which rescoring locks them.
        states = LineState.objects.filter(lead=lead, inside=True).order_by("stage", "pk")
        held = list(states.select_for_update(no_key=True).values_list("pk", flat=True))
        LineState.objects.filter(pk__in=held).update(inside=False, since=at)
        marking.mark(lead_ids=[lead.pk])
    else:
        restart = Adjustment.objects.create(
            lead=lead,
            kind=Adjustment.Kind.RESTART,
            dimensions=dimensions,
            at=at,
            reason=f"Sent back: {reason.label}"[:200],
            author=by,
        )
    tick("leads_changed")
    return restart


def last_rejection(lead: Lead) -> Verdict | None:
    """The newest rejection that stands, with its reason and handoff. One query."""
    rejections = Verdict.objects.filter(
        handoff__lead=lead, handoff__status="rejected", kind=Verdict.Kind.REJECT, undone_by=None
    )
    return rejections.select_related("reason", "handoff__pool__team__calendar").order_by("-at", "-id").first()


def refuser(rejection: Verdict | None) -> int | None:
    """The rep who does not get the lead straight back: the one it was with, whoever gave the verdict."""
    return (rejection.handoff.rep_id or rejection.by_id) if rejection else None


def is_closed_for_good(lead: Lead) -> bool:
    """Whether sales closed the lead: not a buyer, a duplicate. One that was lost as a deal may come again."""
    if lead.stage != Stage.CLOSED:
        return False
    rejection = last_rejection(lead)
    return rejection is not None and rejection.stage_change.to_stage == Stage.CLOSED


def is_still_over(crossing: Crossing) -> bool:
    """Whether the lead is still over the line since this crossing. One query."""
    states = LineState.objects.filter(lead=crossing.lead_id, model=crossing.model_id, stage=crossing.stage)
    return states.filter(inside=True, cycle=crossing.cycle).exists()


def held_until(*, lead: Lead, rejection: Verdict, at: datetime) -> datetime | None:
    """The start of the return date that ``lead`` has to wait for after ``rejection``; None when sales may
    have it at ``at``: the day has come, there is a newer sign of intent, or what the reason waits for has
    happened. Up to 1 query."""
    if rejection.return_on is None:
        return None
    returns = datetime.combine(rejection.return_on, time(), ZoneInfo(rejection.handoff.time_zone))
    if at >= returns or _asks_again(lead, rejection) or _has_grown(lead, rejection):
        return None
    return returns


def wake(*, at: datetime) -> int:
    """Let crossings that wait for a return date go at once when the lead has shown intent since the
    rejection, or has grown. Returns how many. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, {"at": at})
        return int(cursor.rowcount)


_WAKE = """
UPDATE scoring_crossing c
SET not_before = NULL
WHERE c.handled_at IS NULL AND c.not_before > %(at)s
  AND EXISTS (
    SELECT 1
    FROM handoff_handoff h
    JOIN handoff_verdict v ON v.handoff_id = h.id AND v.kind = 'reject' AND h.decided_at = v.at
    JOIN handoff_rejectreason r ON r.id = v.reason_id
    JOIN leads_lead l ON l.id = h.lead_id
    LEFT JOIN leads_company company ON company.id = l.company_id
    WHERE h.lead_id = c.lead_id AND h.status = 'rejected'
      AND h.cycle = (SELECT max(cycle) FROM handoff_handoff WHERE lead_id = c.lead_id)
      AND (
        (r.ends_with_growth AND company.employees > (h.evidence -> 'lead' ->> 'employees')::bigint)
        OR EXISTS (
          SELECT 1
          FROM leads_activity a
          JOIN leads_activitytype t ON t.id = a.type_id AND t.is_intent
          WHERE a.lead_id = c.lead_id AND a.occurred_at > v.at AND a.occurred_at <= %(at)s
            AND a.voided_at IS NULL
        )
      )
  )
"""


def _asks_again(lead: Lead, rejection: Verdict) -> bool:
    activities = lead.activities.counted().since(rejection.at)
    return bool(activities.filter(type__is_intent=True).exists())


def _has_grown(lead: Lead, rejection: Verdict) -> bool:
    if rejection.reason is None or not rejection.reason.ends_with_growth or lead.company is None:
        return False
    then = rejection.handoff.evidence["lead"]["employees"]
    return then is not None and (lead.company.employees or 0) > then
