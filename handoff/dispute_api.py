"""Disputed rejections for other systems: read them, put one on the list, and say one side's word."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field, StringConstraints

from accounts.api_auth import DECIDE, READ, user_of
from accounts.api_people import PersonOut, person
from accounts.api_problems import ERRORS, Error, overtaken
from accounts.models import User
from leads.paging import page

from . import disputes
from .models import Dispute, DisputeWord, Handoff
from .models.dispute import DisputeQuerySet
from .permissions import NotYours, may_dispute

MOST_ROWS = 200

router = Router(tags=["Disputes"])

Side = Literal["marketing", "sales"]


class WordOut(Schema):
    """What one side said last."""

    side: Side
    was_sql: bool
    by: PersonOut
    at: datetime


class DisputeOut(Schema):
    id: UUID
    handoff: UUID
    lead: UUID
    reason: str | None = Field(description="Why sales sent the lead back: a code.")
    rejected_by: PersonOut
    rejected_at: datetime
    by: PersonOut
    at: datetime
    note: str = Field(description="Why it was an SQL.")
    words: list[WordOut]
    speaks_for: list[Side] = Field(description="For which sides the token's user may speak now.")
    settled_at: datetime | None
    was_sql: bool | None = Field(description="What both sides agree on; null until they do.")


class DisputesOut(Schema):
    items: list[DisputeOut]
    next: str = Field(description="Send as `after` for the next page; empty on the last one.")


class DisputesQuery(Schema):
    status: Literal["open", "settled"] = "open"
    after: str = Field("", max_length=2_000, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


class DisputeIn(Schema):
    model_config = ConfigDict(extra="forbid")  # a misspelt key is named, not ignored

    note: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000, pattern=r"^[^\x00]*$"),
    ] = Field(description="Why it was an SQL, in one sentence: both sides will read it.")


class WordIn(Schema):
    model_config = ConfigDict(extra="forbid")

    side: Side
    was_sql: bool


_CHANGED = {200: DisputeOut, 409: Error, **ERRORS}


@router.get(
    "/disputes",
    auth=READ,
    response={200: DisputesOut, 401: Error, 403: Error, 422: Error, 503: Error},
    operation_id="list_disputes",
    summary="List disputed rejections, newest first",
)
def list_disputes(request: HttpRequest, query: Query[DisputesQuery]) -> Any:
    """Of leads that the token's user may see; 403 for reps. The same number of queries however many rows."""
    rows = _readable(request)
    rows = rows.open() if query.status == "open" else rows.filter(settled_at__isnull=False)
    found = page(rows, order=["-at", "-id"], after=query.after, size=query.limit, strict=True)
    reader = user_of(request)
    return {"items": [_shown(row, reader) for row in found.rows], "next": found.next}


@router.post(
    "/handoffs/{handoff_id}/dispute",
    auth=DECIDE,
    response=_CHANGED,
    operation_id="open_dispute",
    summary="Hold that a lead which was sent back was an SQL",
)
def open_dispute(request: HttpRequest, handoff_id: UUID, body: DisputeIn) -> Any:
    """Disputed before, by whomever, it answers with the dispute that is there. 409 when the lead was not sent
    back, or the verdict was taken back since."""
    by = user_of(request)
    handoff = get_object_or_404(Handoff.objects.visible_to(by), public_id=handoff_id)
    _refuse_reps(by)
    try:
        made = disputes.dispute(
            verdict=disputes.rejection_of(handoff), by=by, note=body.note, at=timezone.now()
        )
    except disputes.NothingToDispute as refusal:
        return overtaken(refusal)
    return _shown(_readable(request).get(pk=made.pk), by)


@router.post(
    "/disputes/{dispute_id}/words",
    auth=DECIDE,
    response=_CHANGED,
    operation_id="settle_dispute",
    summary="Say for one side whether it was an SQL",
)
def say(request: HttpRequest, dispute_id: UUID, body: WordIn) -> Any:
    """Settled when both sides have said the same; the same word again changes nothing. 409 once settled."""
    by = user_of(request)
    dispute = get_object_or_404(_readable(request), public_id=dispute_id)
    try:
        disputes.say(dispute=dispute, by=by, side=body.side, was_sql=body.was_sql, at=timezone.now())
    except disputes.AlreadySettled as settled:
        if not disputes.has_said(dispute, by=by, side=body.side, was_sql=body.was_sql):
            return overtaken(settled)
    return _shown(_readable(request).get(pk=dispute.pk), by)


def _readable(request: HttpRequest) -> DisputeQuerySet:
    _refuse_reps(user_of(request))
    return (
        Dispute.objects.visible_to(user_of(request))
        .select_related("by", "verdict__by", "verdict__reason", "verdict__handoff__lead")
        .prefetch_related(Prefetch("words", DisputeWord.objects.select_related("by")))
    )


def _refuse_reps(user: User) -> None:
    if not may_dispute(user):
        raise NotYours("Disputed leads are for marketing and who leads sales.")


def _shown(dispute: Dispute, reader: User) -> dict[str, Any]:
    """``dispute`` as ``DisputeOut``. Reads its verdict, words and people."""
    verdict = dispute.verdict
    said = disputes.latest_words(dispute)
    return {
        "id": dispute.public_id,
        "handoff": verdict.handoff.public_id,
        "lead": verdict.handoff.lead.public_id,
        "reason": verdict.reason and verdict.reason.code,
        "rejected_by": person(verdict.by),
        "rejected_at": verdict.at,
        "by": person(dispute.by),
        "words": [
            {"side": side, "was_sql": word.was_sql, "by": person(word.by), "at": word.at}
            for side, word in sorted(said.items())
        ],
        "speaks_for": [side.value for side in disputes.sides_of(reader, dispute)],
        **{name: getattr(dispute, name) for name in ("at", "note", "settled_at", "was_sql")},
    }
