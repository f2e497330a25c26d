"""The rows of the marketing queue: MQLs with what is missing, and leads that came back from sales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from accounts.company_days import company_day
from accounts.models import User
from handoff import answering, returns, shortfalls
from handoff.models import Handoff, ReturnAnswer, Shortfall, Verdict
from handoff.strength import STRONG, with_strength
from leads import paging
from leads.models import Lead, StageChange
from leads.signals import newest
from scoring.dimensions import Dimension

from .rows import AgreedLine, Why, about, why_now

#: How long marketing keeps a lead warm where sales named no day.
WARM_DAYS = 60


@dataclass(frozen=True, slots=True)
class MqlRow:
    """One MQL: score against the line, newest signal, how long in its phase, what it falls short of."""

    lead: Lead
    url: str
    about: str
    score: dict[str, Any]
    why: Why
    strong: bool
    returned: bool
    days_in_phase: int
    shortfall: Shortfall | None
    judged: StageChange | None


@dataclass(frozen=True, slots=True)
class BackRow:
    """One lead that sales sent back, with the verdict that said so and marketing's answer."""

    lead: Lead
    url: str
    about: str
    strong: bool
    verdict: Verdict
    intent_was: int | None
    answer: ReturnAnswer | None
    undo_url: str
    answer_url: str
    due_at: datetime
    overdue: bool
    suggested: date
    shortfall: Shortfall | None


def mql_rows(leads: Sequence[Any], line: AgreedLine, at: datetime) -> list[MqlRow]:
    """Rows for ``leads``, measured. 6 queries, none for none."""
    ids = [lead.pk for lead in leads]
    if not ids:
        return []
    signals = newest(lead_ids=ids, at=at)
    again = set(Handoff.objects.filter(lead__in=ids).values_list("lead_id", flat=True))
    strengths = strength_of(ids)
    short = shortfalls.of_leads(ids)
    judged = _judged(ids)
    return [
        MqlRow(
            lead=lead,
            url=reverse("handoff:lead", args=[lead.public_id]),
            about=about(lead),
            score=_score(lead, line),
            why=why_now(lead=lead, signals=signals.get(lead.pk, [])),
            strong=strengths[lead.pk] == STRONG,
            returned=lead.pk in again,
            days_in_phase=lead.days_in_phase(at),
            shortfall=short.get(lead.pk),
            judged=judged.get(lead.pk),
        )
        for lead in leads
    ]


def strength_of(lead_ids: Sequence[int]) -> dict[int, str]:
    """Lead → strong or weak. One query."""
    leads = with_strength(Lead.objects.filter(pk__in=lead_ids))
    return {lead.pk: lead.strength for lead in leads.only("pk")}


def _judged(lead_ids: Sequence[int]) -> dict[int, StageChange]:
    """The step of those that are MQLs by a person's judgement. One query."""
    steps = StageChange.objects.filter(lead__in=lead_ids, to_stage="mql").order_by("lead", "-at", "-id")
    # What only put it back says nothing of why it is one.
    steps = steps.exclude(cause=StageChange.Cause.UNDO).exclude(reason=StageChange.TAKEN_BACK)
    last = steps.distinct("lead").select_related("by")
    return {step.lead_id: step for step in last if step.cause == StageChange.Cause.PERSON and step.by}


def _score(lead: Any, line: AgreedLine) -> dict[str, Any]:
    figures = {key: getattr(lead, key) for key in Dimension.values}
    return {
        **figures,
        "total": lead.best,
        "lines": line.lines,
        "ceilings": line.ceilings,
        "graded": line.graded,
    }


def back_rows(
    returned: QuerySet[Handoff], *, user: User, after: str, size: int, at: datetime
) -> tuple[list[BackRow], str]:
    """Those without an answer first, each time the latest first. 5 queries and up to 2 for the holidays."""
    handoffs = returned.select_related("lead__company", "crossing")
    page = paging.page(handoffs, order=("answered", "-decided_at", "-id"), after=after, size=size)
    if not page.rows:
        return [], ""
    verdicts = returns.rejections().filter(handoff__in=page.rows)
    last = {
        verdict.handoff_id: verdict
        for verdict in verdicts.select_related("by", "reason").order_by("at", "id")
    }
    answers = {
        answer.verdict_id: answer
        for answer in ReturnAnswer.objects.holding().filter(verdict__in=last.values()).select_related("by")
    }
    ids = [handoff.lead_id for handoff in page.rows]
    strengths, short = strength_of(ids), shortfalls.of_leads(ids)
    moments = [verdict.at for verdict in last.values()]
    days = returns.WorkingDays.around(min(moments), max(moments))
    rows = [
        _back_row(handoff, last[handoff.pk], answers, strengths, short, days, user, at)
        for handoff in page.rows
    ]
    return rows, page.next


def _back_row(
    handoff: Handoff,
    verdict: Verdict,
    answers: Mapping[int, ReturnAnswer],
    strengths: Mapping[int, str],
    short: Mapping[int, Shortfall],
    days: returns.WorkingDays,
    user: User,
    at: datetime,
) -> BackRow:
    answer = answers.get(verdict.pk)
    due_at = days.due_at(verdict.at)
    tomorrow = company_day(at) + timedelta(days=1)
    warm_until = verdict.return_on or company_day(at) + timedelta(days=WARM_DAYS)
    undoes = answer is not None and answering.may_undo(answer, user, at)
    return BackRow(
        lead=handoff.lead,
        url=reverse("handoff:lead", args=[handoff.lead.public_id]),
        about=about(handoff.lead),
        strong=strengths[handoff.lead_id] == STRONG,
        verdict=verdict,
        intent_was=handoff.crossing.intent if handoff.crossing else None,
        answer=answer,
        undo_url=reverse("handoff:answer-undo", args=[answer.public_id]) if answer and undoes else "",
        answer_url=reverse("handoff:answer", args=[handoff.public_id]),
        due_at=due_at,
        overdue=answer is None and at >= due_at,
        suggested=max(warm_until, tomorrow),
        shortfall=short.get(handoff.lead_id),
    )
