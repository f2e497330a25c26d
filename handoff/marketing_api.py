"""What marketing decides about its leads, for other systems: answers, shortfalls, judgements."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema
from pydantic import ConfigDict, Field, StringConstraints

from accounts.api_auth import DECIDE, user_of
from accounts.api_people import PersonOut, person
from accounts.api_problems import ERRORS, Error, overtaken, wrong
from accounts.permissions import may_hand_over
from leads.lifecycle import StageConflict
from leads.models import Lead
from leads.stages import Stage

from . import answering, judging, returns, shortfalls
from .disputes import NothingToDispute
from .models import Handoff, ReturnAnswer
from .permissions import NotYours

router = Router(tags=["Marketing"])

Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000, pattern=r"^[^\x00]*$")]
_CHANGED = {409: Error, **ERRORS}


class AnswerIn(Schema):
    model_config = ConfigDict(extra="forbid")  # a misspelt key is named, not ignored

    kind: Literal["keep_warm", "hand_over", "close", "dispute", "other"]
    note: Note = Field("", description="Needed but for keep_warm: sales reads it.")
    warm_until: date | None = Field(None, description="Needed for keep_warm: a day after today.")
    instead_of: UUID | None = Field(None, description="The answer that this one takes the place of.")


class AnswerOut(Schema):
    id: UUID
    handoff: UUID
    lead: UUID
    kind: str
    note: str
    warm_until: date | None
    by: PersonOut
    at: datetime
    undone_at: datetime | None


class ShortfallIn(Schema):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["long_cycle", "no_money", "budget", "not_willing", "none"]
    note: Note = ""


class ShortfallOut(Schema):
    lead: UUID
    kind: str
    note: str
    by: PersonOut
    at: datetime


class JudgementIn(Schema):
    model_config = ConfigDict(extra="forbid")

    to: Literal["mql", "lead", "closed"]
    note: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000, pattern=r"^[^\x00]*$"),
    ] = Field(description="Why: it stands in the lead's history.")


class StandingOut(Schema):
    lead: UUID
    stage: str
    stage_at: datetime


@router.post(
    "/handoffs/{handoff_id}/answer",
    auth=DECIDE,
    response={200: AnswerOut, **_CHANGED},
    operation_id="answer_return",
    summary="Answer a lead that sales sent back",
)
def answer(request: HttpRequest, handoff_id: UUID, body: AnswerIn) -> Any:
    """The same again gives the answer that is there. 409 when a colleague was faster, or the lead went on."""
    by = _marketer(request)
    handoff = get_object_or_404(Handoff.objects.visible_to(by), public_id=handoff_id)
    verdict = returns.rejections().filter(handoff=handoff).order_by("-at", "-id").first()
    if verdict is None:
        return overtaken(answering.NothingToAnswer("Sales did not send this handoff back to marketing."))
    answers = ReturnAnswer.objects.filter(verdict=verdict)
    seen = answers.filter(public_id=body.instead_of).first() if body.instead_of else None
    try:
        made = answering.answer(
            verdict=verdict,
            by=by,
            kind=body.kind,
            note=body.note,
            warm_until=body.warm_until if body.kind == "keep_warm" else None,
            instead_of=seen,
            at=timezone.now(),
        )
    except answering.AnswerRefused as refusal:
        return wrong(refusal.field, str(refusal))
    except (answering.AlreadyAnswered, answering.NothingToAnswer, NothingToDispute, StageConflict) as refusal:
        return overtaken(refusal)
    return _shown(made)


@router.post(
    "/answers/{returnanswer_id}/undo",
    auth=DECIDE,
    response={200: AnswerOut, **_CHANGED},
    operation_id="undo_answer",
    summary="Take one's own answer back, within ten minutes",
)
def undo(request: HttpRequest, returnanswer_id: UUID) -> Any:
    """409 when the answer stands, saying why."""
    by = _marketer(request)
    found = get_object_or_404(_readable(by), public_id=returnanswer_id)
    try:
        answering.undo(answer=found, by=by, at=timezone.now())
    except answering.AnswerStands as stands:
        return overtaken(stands)
    return _shown(_readable(by).get(pk=found.pk))


@router.post(
    "/leads/{lead_id}/shortfall",
    auth=DECIDE,
    response={200: ShortfallOut, **_CHANGED},
    operation_id="record_shortfall",
    summary="Record what an MQL falls short of",
)
def shortfall(request: HttpRequest, lead_id: UUID, body: ShortfallIn) -> Any:
    """The newest holds. 409 when marketing has the lead no more."""
    by = _marketer(request)
    lead = get_object_or_404(Lead.objects.visible_to(by), public_id=lead_id)
    try:
        made = shortfalls.record(lead=lead, kind=body.kind, note=body.note, by=by, at=timezone.now())
    except StageConflict as conflict:
        return overtaken(conflict)
    return {
        "lead": lead.public_id,
        "by": person(made.by),
        **{name: getattr(made, name) for name in ("kind", "note", "at")},
    }


@router.post(
    "/leads/{lead_id}/judgement",
    auth=DECIDE,
    response={200: StandingOut, **_CHANGED},
    operation_id="judge_lead",
    summary="Make a lead an MQL, an MQL a lead again, or close it, with the reason",
)
def judgement(request: HttpRequest, lead_id: UUID, body: JudgementIn) -> Any:
    """Standing there already, it stays. 409 when marketing has the lead no more."""
    by = _marketer(request)
    lead = get_object_or_404(Lead.objects.visible_to(by), public_id=lead_id)
    try:
        judging.judge(lead=lead, to=Stage(body.to), by=by, note=body.note, at=timezone.now())
    except StageConflict as conflict:
        return overtaken(conflict)
    lead.refresh_from_db()
    return {"lead": lead.public_id, "stage": lead.stage, "stage_at": lead.stage_at}


def _marketer(request: HttpRequest) -> Any:
    user = user_of(request)
    if not may_hand_over(user):
        raise NotYours("This is marketing's to decide.")
    return user


def _readable(user: Any) -> Any:
    return ReturnAnswer.objects.visible_to(user).select_related("by", "verdict__handoff__lead")


def _shown(made: ReturnAnswer) -> dict[str, Any]:
    handoff = made.verdict.handoff
    return {
        "id": made.public_id,
        "handoff": handoff.public_id,
        "lead": handoff.lead.public_id,
        "by": person(made.by),
        **{name: getattr(made, name) for name in ("kind", "note", "warm_until", "at", "undone_at")},
    }
