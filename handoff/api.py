"""Handoffs for other systems: read them, answer them, and make opportunities of what was accepted."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from accounts.api_auth import DECIDE, READ, user_of
from accounts.api_people import PersonOut, person
from accounts.api_problems import ERRORS, Error, Problem, overtaken, wrong
from leads.models import Lead
from leads.paging import page

from . import claiming, clocks, decisions, frameworks, opportunities, qualification
from .models import Handoff, RejectReason, Verdict
from .opportunity_api import OpportunityOut, shown

MOST_ROWS = 200

router = Router(tags=["Handoffs"])


class HandedLeadOut(Schema):
    id: UUID
    name: str
    email: str | None
    title: str
    company: str
    stage: str
    is_sql: bool


class ClockOut(Schema):
    """Business minutes in the team's calendar."""

    allowed: int
    remaining: int = Field(description="Negative: over by so many.")


class HandoffOut(Schema):
    id: UUID
    lead: HandedLeadOut
    cycle: int = Field(description="1 for the lead's first handoff.")
    status: str
    rep: PersonOut | None = Field(description="null: nobody was available.")
    pool: str | None
    offered_at: datetime
    due_at: datetime
    decided_at: datetime | None
    first_touch_at: datetime | None
    clock: ClockOut | None = Field(description="null once it is decided.")
    evidence: dict[str, Any] = Field(description="Scores, reasons and latest activities as they were.")


class HandoffsOut(Schema):
    items: list[HandoffOut]
    next: str = Field(description="Send as `after` for the next page; empty on the last one.")


class HandoffsQuery(Schema):
    status: Literal["", "open", "accepted", "rejected", "withdrawn"] = ""
    mine: bool = Field(False, description="Only those offered to the token's user.")
    after: str = Field("", max_length=2_000, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


class Told(Schema):
    """What the lead told about one question."""

    model_config = ConfigDict(extra="forbid")

    level: str = Field(
        max_length=20, pattern=r"^[a-z0-9_-]+$", description="The key of a level, such as weak or confirmed."
    )
    note: str = Field("", max_length=300, pattern=r"^[^\x00]*$")


class Acceptance(Schema):
    """May be left out, and so may the whole body, unless the company asks before acceptance."""

    model_config = ConfigDict(extra="forbid")

    interest: Told | None = Field(None, description="In what is offered.")
    motivation: Told | None = Field(None, description="To buy.")
    answers: dict[str, Told] = Field(
        default={}, max_length=50, description="Any question of the lead's framework, by its key."
    )


class Rejection(Schema):
    model_config = ConfigDict(extra="forbid")  # a misspelt key is named, not ignored

    reason: str = Field(
        max_length=40, pattern=r"^[^\x00]*$", description="The code of a reason in use, such as timing."
    )
    note: str = Field("", max_length=2_000, pattern=r"^[^\x00]*$")
    return_on: date | None = Field(None, description="Default: as many days from today as the reason says.")


class VerdictOut(Schema):
    handoff: UUID
    kind: str
    at: datetime
    reason: str | None
    return_on: date | None
    stage: str = Field(description="Where the lead stands now.")


class Conflict(Error):
    """Somebody was faster: who, when, and what they said; or is looking at it (kind "held") and until when
    nobody else can answer it."""

    by: str = ""
    at: datetime | None = None
    kind: str = ""
    until: datetime | None = None


class NewOpportunity(Schema):
    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=200, pattern=r"^[^\x00]*$")
    amount: Decimal | None = Field(None, ge=0, max_digits=14, decimal_places=2)
    close_on: date | None = Field(None, description="Today or later, where the token's user is.")
    override: str = Field(
        "",
        max_length=500,
        pattern=r"^[^\x00]*$",
        description="Why a manager goes on although something is missing; kept in the history.",
    )


_DECIDED = {200: VerdictOut, 409: Conflict, **ERRORS}


@router.get(
    "/handoffs",
    auth=READ,
    response={200: HandoffsOut, 401: Error, 403: Error, 422: Error, 503: Error},
    operation_id="list_handoffs",
    summary="List handoffs, newest first",
)
def list_handoffs(request: HttpRequest, query: Query[HandoffsQuery]) -> Any:
    """Those of leads that the token's user may see. The same number of queries however many rows."""
    handoffs = Handoff.objects.visible_to(user_of(request)).select_related("lead__company", "rep", "pool")
    if query.status:
        handoffs = handoffs.filter(status=query.status)
    if query.mine:
        handoffs = handoffs.filter(rep=user_of(request))
    found = page(handoffs, order=["-offered_at", "-id"], after=query.after, size=query.limit, strict=True)
    ticking = clocks.read_clocks(handoffs=[row for row in found.rows if row.is_open], at=timezone.now())
    return {"items": [_shown(row, ticking.get(row.pk)) for row in found.rows], "next": found.next}


@router.post(
    "/handoffs/{handoff_id}/acceptance",
    auth=DECIDE,
    response=_DECIDED,
    operation_id="accept_handoff",
    summary="Accept: the lead is an SQL",
)
def accept(request: HttpRequest, handoff_id: UUID, body: Acceptance | None = None) -> Any:
    """409 when it was decided before, saying by whom and when. Where the company asks for interest and
    motivation first, 422 names those that are not known yet; send them along."""
    handoff = _visible(request, handoff_id)
    given = dict(body.answers) if body else {}
    given |= {name: told for name in ("interest", "motivation") if (told := getattr(body, name, None))}
    asked = frameworks.asked_of(handoff.lead)
    answers: dict[str, tuple[int, str]] = {}
    for name, told in given.items():
        level = asked.level(told.level)
        if asked.question(name) is None:
            return wrong(name, f"Send one of: {', '.join(each.key for each in asked.questions)}.")
        if level is None:
            return wrong(f"{name}.level", f"Send one of: {', '.join(each.key for each in asked.levels)}.")
        answers[name] = (level.value, told.note)
    try:
        verdict = decisions.accept(handoff=handoff, by=user_of(request), at=timezone.now(), answers=answers)
    except decisions.NotAskedYet as first:
        problems = [Problem(field=question, message="Is missing.") for question in first.missing]
        return Status(422, {"detail": str(first), "errors": problems})
    except decisions.AlreadyDecided as faster:
        return _conflict(faster)
    except claiming.HeldByAnother as other:
        return _held(other)
    return _told(verdict)


@router.post(
    "/handoffs/{handoff_id}/rejection",
    auth=DECIDE,
    response=_DECIDED,
    operation_id="reject_handoff",
    summary="Send back, with a reason",
)
def reject(request: HttpRequest, handoff_id: UUID, body: Rejection) -> Any:
    """409 when it was decided before, saying by whom and when."""
    handoff = _visible(request, handoff_id)
    reason = RejectReason.objects.filter(code=body.reason, is_active=True).first()
    if reason is None:
        return wrong("reason", f"Send one of: {', '.join(_reasons())}.")
    try:
        verdict = decisions.reject(
            handoff=handoff,
            by=user_of(request),
            reason=reason,
            at=timezone.now(),
            note=body.note,
            return_on=body.return_on,
        )
    except decisions.ReturnDateRefused as problem:
        return wrong("return_on", str(problem))
    except decisions.AlreadyDecided as faster:
        return _conflict(faster)
    except claiming.HeldByAnother as other:
        return _held(other)
    return _told(verdict)


@router.post(
    "/handoffs/{handoff_id}/undo",
    auth=DECIDE,
    response=_DECIDED,
    operation_id="undo_verdict",
    summary="Take back one's own last verdict, within ten minutes",
)
def undo(request: HttpRequest, handoff_id: UUID) -> Any:
    """409 when the verdict stands, saying why."""
    handoff = _visible(request, handoff_id)
    try:
        verdict = decisions.undo(handoff=handoff, by=user_of(request), at=timezone.now())
    except decisions.UndoRefused as refusal:
        return overtaken(refusal)
    return _told(verdict)


@router.post(
    "/leads/{lead_id}/opportunity",
    auth=DECIDE,
    response={200: OpportunityOut, 409: Error, **ERRORS},
    operation_id="make_opportunity",
    summary="Make an SQL an opportunity",
)
def make_opportunity(request: HttpRequest, lead_id: UUID, body: NewOpportunity) -> Any:
    """Once per lead: asked again, it answers with the one that is there. 409 says what is missing."""
    lead = get_object_or_404(Lead.objects.visible_to(user_of(request)), public_id=lead_id)
    try:
        made = qualification.convert(
            lead=lead,
            by=user_of(request),
            at=timezone.now(),
            name=body.name,
            amount=body.amount,
            close_on=body.close_on,
            override=body.override,
        )
    except opportunities.CloseRefused as refusal:
        return wrong("close_on", str(refusal))
    except qualification.NotAccepted as refusal:
        problem = Problem(field="stage", message="The lead is no SQL.")
        return Status(409, {"detail": str(refusal), "errors": [problem]})
    except qualification.NotQualified as refusal:
        problems = [Problem(field=words, message="Is missing.") for words in refusal.missing]
        return Status(409, {"detail": str(refusal), "errors": problems})
    return shown(made)


def _visible(request: HttpRequest, handoff_id: UUID) -> Handoff:
    return get_object_or_404(Handoff.objects.visible_to(user_of(request)), public_id=handoff_id)


def _shown(handoff: Handoff, clock: clocks.Clock | None) -> dict[str, Any]:
    lead = handoff.lead
    return {
        "id": handoff.public_id,
        "lead": {
            "id": lead.public_id,
            "name": str(lead),
            "email": lead.email,
            "title": lead.title,
            "company": str(lead.company or ""),
            "stage": lead.stage,
            "is_sql": lead.is_sql,
        },
        "rep": person(handoff.rep),
        "pool": handoff.pool and str(handoff.pool),
        "clock": clock and {"allowed": clock.allowed, "remaining": clock.remaining},
        **{name: getattr(handoff, name) for name in _PLAIN},
    }


_PLAIN = ("cycle", "status", "offered_at", "due_at", "decided_at", "first_touch_at", "evidence")


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "handoff": verdict.handoff.public_id,
        "kind": verdict.kind,
        "at": verdict.at,
        "reason": verdict.reason and verdict.reason.code,
        "return_on": verdict.return_on,
        "stage": verdict.stage_change.to_stage,
    }


def _conflict(faster: decisions.AlreadyDecided) -> Status[Any]:
    said = {"by": str(faster.by), "at": faster.at, "kind": faster.kind}
    return Status(409, {"detail": str(faster), "errors": [], **said})


def _held(other: claiming.HeldByAnother) -> Status[Any]:
    said = {"by": str(other.by), "kind": "held", "until": other.until}
    return Status(409, {"detail": str(other), "errors": [], **said})


def _reasons() -> list[str]:
    return list(RejectReason.objects.in_use().values_list("code", flat=True))
