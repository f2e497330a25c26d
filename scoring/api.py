"""Leads as other systems read them: who, where they stand, and their scores with the reasons."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, Field

from accounts.api_auth import READ, user_of
from accounts.api_problems import Error, Problem
from leads.mail_keys import mail_key
from leads.matching import holders
from leads.models import Lead
from leads.paging import page

from . import explanation
from .explanation import AHEAD, EARLIEST
from .models import ModelVersion, Score
from .next_steps import next_steps

MOST_ROWS = 200


class ScoreOut(Schema):
    """A score of one model; points, to hundredths."""

    model: str
    version: int
    fit: float
    engagement: float
    intent: float
    total: float
    grade: str = Field(description="Fit as a letter, F to A+, where the version grades it; else empty.")
    computed_at: datetime


class CompanyOut(Schema):
    id: UUID
    name: str
    domain: str | None
    employees: int | None
    revenue: float | None
    industry: str
    country: str
    city: str


class LeadOut(Schema):
    id: UUID
    email: str | None
    name: str
    title: str
    phone: str
    country: str
    city: str
    source: str
    campaign: str
    stage: str
    is_sql: bool = Field(description="Whether it counts as an SQL: from the acceptance on, or as set up.")
    stage_at: datetime
    phase: str
    phase_at: datetime
    created_at: datetime
    attributes: dict[str, Any]
    mail_key: str = Field(
        description="Links in mails to the lead carry it, as in ?handoff_mail=KEY; empty without an address."
    )
    company: CompanyOut | None
    scores: list[ScoreOut]


class EarnedOut(Schema):
    """An activity that earns points for a rule."""

    id: int
    type: str
    label: str
    occurred_at: str
    undated: bool
    points: float = Field(description="0 where it earns them only together with others.")
    counts_until: str | None


class ReasonOut(Schema):
    rule: str = Field(description="The rule's key, or what a cap, a ceiling or a person made of the rules.")
    label: str
    points: float
    raw_points: float = Field(description="Before the rule's own cap.")
    evidence: str = Field(description="What the rule saw, in words.")
    count: int
    counts_until: str | None = Field(
        description="When time alone leaves nothing of it: what it counts has faded, or too little of it is"
        " left in the rule's windows. Null for never."
    )
    fading: str
    fades_at: str | None = Field(description="When the first of the activities listed ends or drops.")
    activities: list[EarnedOut]


class DimensionOut(Schema):
    """Its points are exactly the sum of its reasons' points."""

    key: str
    points: float
    ceiling: int | None
    line: int | None = Field(description="The SQL minimum; null where the line asks for none.")
    over: bool
    short: float = Field(description="What is missing to the minimum.")
    reasons: list[ReasonOut]
    grade: str
    line_grade: str


class TestedOut(Schema):
    """A trigger or a blocker, and whether it holds."""

    key: str
    label: str
    stage: str
    true: bool


class ExplanationOut(Schema):
    """Why a lead scores what it scores under one version at one moment."""

    model: str
    version: int
    at: str
    total: float
    over: list[str] = Field(description="Stages whose line or trigger holds.")
    restarted_at: str | None
    dimensions: list[DimensionOut]
    triggers: list[TestedOut]
    blockers: list[TestedOut]
    applies: bool = Field(description="Whether the version scores such leads at all.")


class StepOut(Schema):
    """One thing to happen, or a fact to learn."""

    kind: Literal["activity", "fact"]
    words: str
    points: dict[str, float] = Field(description="What it adds to each dimension, after the steps before it.")
    types: list[str]
    times: int
    properties: dict[str, Any]
    field: str
    value: Any


class WayOut(Schema):
    """Steps that together take the lead over the line: by its minimums, or by the trigger named."""

    steps: list[StepOut]
    trigger: str


class FallOut(Schema):
    at: str
    leaves_at: str | None = Field(description="When it is below the leave-margin as well.")
    because: list[str]


class NextStepsOut(Schema):
    state: Literal["under", "over", "blocked", "no_line", "not_for_it"]
    ways: list[WayOut] = Field(
        description="Up to three, the cheapest first; of a lead that is over, what would keep it over."
    )
    falls: FallOut | None = Field(description="When time alone takes a lead that is over under the line.")
    blocked_by: list[str]


_STEPS = "What would make it an SQL: the cheapest ways; of a lead over the line, until when it is."


class ExplainedLeadOut(LeadOut):
    explanation: ExplanationOut | None = Field(description="Why the score is what it is, rule by rule.")
    next_steps: NextStepsOut | None = Field(description=_STEPS)


class ExplainedOut(ExplanationOut):
    next_steps: NextStepsOut | None = Field(
        description=f"{_STEPS} Null for a moment that is past: nothing can be done about it."
    )


class ExplanationQuery(Schema):
    at: AwareDatetime | None = Field(None, description="The moment, with its zone; left out for now.")
    version: int | None = Field(
        None, ge=1, le=2**31 - 1, description="The version's number; left out for the live one."
    )
    model: str = Field(
        "", max_length=64, pattern=r"^[a-z0-9_-]*$", description="The model's key; left out for the leading."
    )


class LeadsOut(Schema):
    items: list[LeadOut]
    next: str = Field(description="Send as `after` for the next page; empty on the last one.")


class LeadsQuery(Schema):
    email: str = Field(
        "",
        max_length=254,
        pattern=r"^[^\x00]*$",
        description="Only the lead with this address, whatever its case.",
    )
    after: str = Field("", max_length=2_000, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


def mount_leads(leads: Router) -> None:
    """Add what scoring shows to the router of ``/leads``, which other apps share."""
    leads.get(
        "/leads",
        auth=READ,
        response={200: LeadsOut, 401: Error, 403: Error, 422: Error, 503: Error},
        operation_id="list_leads",
        summary="List leads, newest first, or find one by e-mail",
    )(list_leads)
    leads.get(
        "/leads/{lead_id}",
        auth=READ,
        response={200: ExplainedLeadOut, 401: Error, 403: Error, 404: Error, 422: Error, 503: Error},
        operation_id="show_lead",
        summary="Show one lead with its scores and their reasons",
    )(show_lead)
    leads.get(
        "/leads/{lead_id}/explanation",
        auth=READ,
        response={200: ExplainedOut, 401: Error, 403: Error, 404: Error, 422: Error, 503: Error},
        operation_id="explain_lead",
        summary="Explain a lead's score at any moment under any version, and what would make it an SQL",
    )(explain_lead)


def list_leads(request: HttpRequest, query: Query[LeadsQuery]) -> Any:
    """Only leads that the token's user may see. The same number of queries however many rows."""
    leads = _leads(request)
    if query.email:
        leads = leads.filter(pk__in=holders(emails=[query.email.strip().lower()]).of.values())
    found = page(leads, order=["-created_at", "-id"], after=query.after, size=query.limit, strict=True)
    return {"items": [shown_lead(lead) for lead in found.rows], "next": found.next}


def show_lead(request: HttpRequest, lead_id: UUID) -> Any:
    """404 for a lead that does not exist or that the token's user may not see. The explanation is that of
    the leading score, computed now; null before any model is published."""
    lead = get_object_or_404(_leads(request), public_id=lead_id)
    version, at = _leading_version(lead), timezone.now()
    if version is None:
        return {**shown_lead(lead), "explanation": None, "next_steps": None}
    return {
        **shown_lead(lead),
        "explanation": explanation.explain(lead=lead, at=at, version=version).as_json(),
        "next_steps": next_steps(lead=lead, at=at, version=version).as_json(),
    }


def explain_lead(request: HttpRequest, lead_id: UUID, query: Query[ExplanationQuery]) -> Any:
    """The exact answer to "what was the score then, and why", with the facts of then; and, where ``at`` is
    not past, what would make the lead an SQL under that version. 404 as for the lead, and for a version that
    does not exist or is not the reader's to see."""
    lead = get_object_or_404(_leads(request), public_id=lead_id)
    now = timezone.now()
    at = query.at or now
    if not EARLIEST <= at <= now + AHEAD:
        problem = Problem(field="at", message="Send a moment between 2000 and a year from now.")
        return Status(422, {"detail": "Some fields are not right.", "errors": [problem]})
    version = _version(request, lead, query)
    if version is None:
        return Status(404, {"detail": "There is no such version.", "errors": []})
    facts: Literal["history", "current"] = "history" if query.at and at < now else "current"
    is_past = facts == "history"
    return {
        **explanation.explain(lead=lead, at=at, version=version, facts=facts).as_json(),
        "next_steps": None if is_past else next_steps(lead=lead, at=at, version=version).as_json(),
    }


def _leading_version(lead: Lead) -> ModelVersion | None:
    """The version of the leading score, or the live one; None before any is published."""
    leading = next(iter(lead.scores.all()), None)
    if leading is not None:
        return leading.version
    return ModelVersion.objects.published().filter(model__key="default").select_related("model").first()


def _version(request: HttpRequest, lead: Lead, query: ExplanationQuery) -> ModelVersion | None:
    leading = _leading_version(lead)
    if query.version is None and not query.model:
        return leading
    key = query.model or (leading.model.key if leading else "default")
    versions = ModelVersion.objects.visible_to(user_of(request)).filter(model__key=key)
    versions = versions.filter(number=query.version) if query.version else versions.published()
    return versions.select_related("model").first()


def _leads(request: HttpRequest) -> Any:
    return with_scores(Lead.objects.visible_to(user_of(request)))


def with_scores(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """``leads`` with all that ``shown_lead`` reads, in one query more."""
    scores = Score.objects.select_related("model", "version__model").leading_first()
    return leads.select_related("company").prefetch_related(Prefetch("scores", queryset=scores))


def shown_lead(lead: Lead) -> dict[str, Any]:
    """One of ``with_scores`` as ``LeadOut``."""
    names = [name for name in LeadOut.model_fields if name not in ("id", "mail_key", "company", "scores")]
    company = lead.company
    return {
        "id": lead.public_id,
        **{name: getattr(lead, name) for name in names},
        "mail_key": mail_key(lead),
        "company": company
        and {
            "id": company.public_id,
            **{name: getattr(company, name) for name in CompanyOut.model_fields if name != "id"},
        },
        "scores": [_score(score) for score in lead.scores.all()],
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "model": score.model.key,
        "version": score.version.number,
        **{name: getattr(score, name) / 100 for name in ("fit", "engagement", "intent", "total")},
        "grade": score.version.grade_of(score.fit),
        "computed_at": score.computed_at,
    }
