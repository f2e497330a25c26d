"""Leads as other systems read them: who, where they stand, and their scores with the reasons."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from accounts.api_auth import READ, user_of
from accounts.api_problems import Error
from leads.models import Lead
from leads.paging import page

from . import explanation
from .models import ModelVersion, Score

MOST_ROWS = 200


class ScoreOut(Schema):
    """A score of one model; points, to hundredths."""

    model: str
    version: int
    fit: float
    engagement: float
    intent: float
    total: float
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
    company: CompanyOut | None
    scores: list[ScoreOut]


class ExplainedLeadOut(LeadOut):
    explanation: dict[str, Any] | None = Field(description="Why the score is what it is, rule by rule.")


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


def list_leads(request: HttpRequest, query: Query[LeadsQuery]) -> Any:
    """Only leads that the token's user may see. The same number of queries however many rows."""
    leads = _leads(request)
    if query.email:
        leads = leads.annotate(address=Lower("email")).filter(address=query.email.strip().lower())
    found = page(leads, order=["-created_at", "-id"], after=query.after, size=query.limit, strict=True)
    return {"items": [_shown(lead) for lead in found.rows], "next": found.next}


def show_lead(request: HttpRequest, lead_id: UUID) -> Any:
    """404 for a lead that does not exist or that the token's user may not see. The explanation is that of
    the leading score, computed now; null before any model is published."""
    lead = get_object_or_404(_leads(request), public_id=lead_id)
    leading = next(iter(lead.scores.all()), None)
    try:
        version = leading.version if leading else ModelVersion.objects.live()
    except ModelVersion.DoesNotExist:
        return {**_shown(lead), "explanation": None}
    explained = explanation.explain(lead=lead, at=timezone.now(), version=version)
    return {**_shown(lead), "explanation": explained.as_json()}


def _leads(request: HttpRequest) -> Any:
    scores = Score.objects.select_related("model", "version").order_by("-total", "model_id")
    return (
        Lead.objects.visible_to(user_of(request))
        .select_related("company")
        .prefetch_related(Prefetch("scores", queryset=scores))
    )


def _shown(lead: Lead) -> dict[str, Any]:
    names = [name for name in LeadOut.model_fields if name not in ("id", "company", "scores")]
    company = lead.company
    return {
        "id": lead.public_id,
        **{name: getattr(lead, name) for name in names},
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
        "computed_at": score.computed_at,
    }
