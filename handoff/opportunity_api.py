"""Deals for other systems: read them, move them, close them and open them again; and rate handoffs."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from accounts.api_auth import DECIDE, READ, user_of
from accounts.api_problems import ERRORS, Error, overtaken, wrong
from leads.models import LossReason, Opportunity, OpportunityStage, Supplier
from leads.paging import page

from . import opportunities, quality
from .models import Handoff
from .permissions import NotYours, may_rate

MOST_ROWS = 200

router = Router(tags=["Opportunities"])


class OpportunityOut(Schema):
    id: UUID
    lead: UUID
    name: str
    amount: Decimal | None
    currency: str
    close_on: date | None
    stage: str | None = Field(description="Its key; null: another system knows.")
    probability: int | None = Field(description="Per cent: of the stage, 100 when won, 0 when lost.")
    outcome: str | None = Field(description="won, lost, or null while it is open.")
    lost_reason: str | None = Field(description="The code of a loss reason, or the words of an import.")
    lost_to: str | None
    created_at: datetime
    closed_at: datetime | None


class OpportunitiesOut(Schema):
    items: list[OpportunityOut]
    next: str = Field(description="Send as `after` for the next page; empty on the last one.")


class OpportunitiesQuery(Schema):
    outcome: Literal["", "open", "won", "lost"] = ""
    after: str = Field("", max_length=2_000, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


class StepIn(Schema):
    model_config = ConfigDict(extra="forbid")

    stage: str = Field(max_length=40, pattern=r"^[^\x00]*$", description="The key of a stage in use.")
    note: str = Field("", max_length=2_000, pattern=r"^[^\x00]*$")


class EndIn(Schema):
    model_config = ConfigDict(extra="forbid")

    outcome: Literal["won", "lost"]
    reason: str = Field(
        "", max_length=40, pattern=r"^[^\x00]*$", description="Of a lost one: the code of a loss reason."
    )
    lost_to: str = Field(
        "", max_length=120, pattern=r"^[^\x00]*$", description="Of a lost one: the supplier, by name."
    )
    note: str = Field("", max_length=2_000, pattern=r"^[^\x00]*$")


class RatingIn(Schema):
    model_config = ConfigDict(extra="forbid")

    score: int = Field(ge=1, le=5)
    note: str = Field("", max_length=300, pattern=r"^[^\x00]*$")


class RatingOut(Schema):
    handoff: UUID
    score: int
    note: str
    at: datetime


_CHANGED = {200: OpportunityOut, 409: Error, **ERRORS}


@router.get(
    "/opportunities",
    auth=READ,
    response={200: OpportunitiesOut, 401: Error, 403: Error, 422: Error, 503: Error},
    operation_id="list_opportunities",
    summary="List opportunities, newest first",
)
def list_opportunities(request: HttpRequest, query: Query[OpportunitiesQuery]) -> Any:
    """Those of leads that the token's user may see. The same number of queries however many rows."""
    rows = _readable(request)
    if query.outcome:
        rows = rows.filter(outcome="" if query.outcome == "open" else query.outcome)
    found = page(rows, order=["-created_at", "-id"], after=query.after, size=query.limit, strict=True)
    return {"items": [shown(row) for row in found.rows], "next": found.next}


@router.get(
    "/opportunities/{opportunity_id}",
    auth=READ,
    response={200: OpportunityOut, 401: Error, 403: Error, 404: Error, 422: Error, 503: Error},
    operation_id="get_opportunity",
    summary="Read one opportunity",
)
def get_opportunity(request: HttpRequest, opportunity_id: UUID) -> Any:
    """404 when the token's user may not see its lead."""
    return shown(get_object_or_404(_readable(request), public_id=opportunity_id))


@router.post(
    "/opportunities/{opportunity_id}/stage",
    auth=DECIDE,
    response=_CHANGED,
    operation_id="move_opportunity",
    summary="Put an opportunity into another stage",
)
def move(request: HttpRequest, opportunity_id: UUID, body: StepIn) -> Any:
    """Forward or back; where it is already, nothing changes. 409 when it is won or lost."""
    deal = get_object_or_404(_readable(request), public_id=opportunity_id)
    to = OpportunityStage.objects.filter(key=body.stage, is_active=True).first()
    if to is None:
        return wrong("stage", f"Send one of: {', '.join(each.key for each in opportunities.stages())}.")
    try:
        return shown(
            opportunities.move(
                opportunity=deal, to=to, by=user_of(request), at=timezone.now(), note=body.note
            )
        )
    except opportunities.AlreadyClosed as closed:
        return overtaken(closed)


@router.post(
    "/opportunities/{opportunity_id}/outcome",
    auth=DECIDE,
    response=_CHANGED,
    operation_id="close_opportunity",
    summary="Say that an opportunity was won or lost",
)
def close(request: HttpRequest, opportunity_id: UUID, body: EndIn) -> Any:
    """The lead follows: a customer, or closed. The same end again changes nothing; the other one is 409."""
    deal = get_object_or_404(_readable(request), public_id=opportunity_id)
    by, at = user_of(request), timezone.now()
    reason = LossReason.objects.filter(code=body.reason, is_active=True).first()
    if body.outcome == "lost" and reason is None:
        codes = ", ".join(each.code for each in opportunities.loss_reasons())
        return wrong("reason", f"Send one of: {codes}.")
    try:
        if reason is None or body.outcome == "won":
            return shown(opportunities.win(opportunity=deal, by=by, at=at, note=body.note))
        to = _supplier(body.lost_to)
        if body.lost_to and to is None:
            return wrong("lost_to", "Note the supplier on the lead first.")
        return shown(opportunities.lose(opportunity=deal, reason=reason, by=by, at=at, note=body.note, to=to))
    except opportunities.AlreadyClosed as closed:
        return overtaken(closed)


@router.post(
    "/opportunities/{opportunity_id}/reopening",
    auth=DECIDE,
    response=_CHANGED,
    operation_id="reopen_opportunity",
    summary="Take the end of an opportunity back",
)
def reopen(request: HttpRequest, opportunity_id: UUID) -> Any:
    """Open already: nothing changes. 409 when its lead has gone on since, saying where to."""
    deal = get_object_or_404(_readable(request), public_id=opportunity_id)
    try:
        return shown(opportunities.reopen(opportunity=deal, by=user_of(request), at=timezone.now()))
    except opportunities.NotReopened as refusal:
        return overtaken(refusal)


@router.post(
    "/handoffs/{handoff_id}/rating",
    auth=DECIDE,
    response={200: RatingOut, 409: Error, **ERRORS},
    operation_id="rate_handoff",
    summary="Say how good a handoff was, 1 to 5",
)
def rate(request: HttpRequest, handoff_id: UUID, body: RatingIn) -> Any:
    """Said again, the newest word holds. 409 before the verdict."""
    by = user_of(request)
    handoff = get_object_or_404(Handoff.objects.visible_to(by), public_id=handoff_id)
    if handoff.is_open:
        return overtaken("It is not decided yet.")
    if not may_rate(by, handoff):
        raise NotYours("Whoever had the lead says how good the handoff was.")
    said = quality.rate(handoff=handoff, by=by, score=body.score, note=body.note, at=timezone.now())
    return {"handoff": handoff.public_id, "score": said.score, "note": said.note, "at": said.at}


def _readable(request: HttpRequest) -> QuerySet[Opportunity]:
    return Opportunity.objects.visible_to(user_of(request)).select_related("lead", "stage", "lost_to")


def _supplier(name: str) -> Supplier | None:
    return Supplier.objects.filter(name__iexact=name).first() if name else None


def shown(deal: Opportunity) -> dict[str, Any]:
    """``deal`` as ``OpportunityOut``. Reads its lead, stage and supplier."""
    plain = ("name", "amount", "currency", "close_on", "probability", "created_at", "closed_at")
    return {
        "id": deal.public_id,
        "lead": deal.lead.public_id,
        "stage": deal.stage.key if deal.stage else None,
        "outcome": deal.outcome or None,
        "lost_reason": deal.lost_reason or None,
        "lost_to": str(deal.lost_to) if deal.lost_to else None,
        **{name: getattr(deal, name) for name in plain},
    }
