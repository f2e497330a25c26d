"""Merging for other systems: a clean-up tool says that two leads are one person, in somebody's name."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from accounts.api_auth import DECIDE, user_of
from accounts.api_problems import ERRORS, Error, overtaken, wrong
from accounts.permissions import may_merge
from leads.merging import ATTRIBUTE, FIELDS, MergeRefused
from leads.models import Lead, Merge

from . import merging
from .permissions import NotYours

router = Router(tags=["Leads"])


class MergeIn(Schema):
    model_config = ConfigDict(extra="forbid")  # a misspelt key is named, not ignored

    duplicate: UUID = Field(description="The lead that goes.")
    take: list[str] | None = Field(
        None,
        max_length=200,
        description="The facts of which the duplicate's value stays, such as phone or attributes.seats. "
        "Left out: those that the other lead lacks.",
    )


class MergeOut(Schema):
    id: UUID = Field(description="Of the merge.")
    lead: UUID = Field(description="The lead that stays. The id of the duplicate means it from now on.")
    at: datetime
    by: str


@router.post(
    "/leads/{lead_id}/merge",
    auth=DECIDE,
    response={200: MergeOut, 409: Error, **ERRORS},
    operation_id="merge_leads",
    summary="Merge a duplicate into a lead",
)
def merge(request: HttpRequest, lead_id: UUID, body: MergeIn) -> Any:
    """For marketing, and for managers as far as they see both leads. Sent again, it answers with the merge
    there is. 409 says what stands in the way, such as an open deal on both sides. It can be undone on the
    page of the lead for 30 days."""
    if not may_merge(user_of(request)):
        raise NotYours("Marketing and those who lead sales merge leads.")
    visible = Lead.objects.visible_to(user_of(request))
    keep = get_object_or_404(visible, public_id=lead_id)
    for name in body.take or ():
        if name not in FIELDS and not name.startswith(ATTRIBUTE):
            return wrong("take", f"Send some of: {', '.join(FIELDS)}, {ATTRIBUTE}….")
    drop = visible.filter(public_id=body.duplicate).first()
    if drop is None:
        known = keep.aliases.filter(public_id=body.duplicate).select_related("merge__by").first()
        return _shown(known.merge, keep) if known else wrong("duplicate", "There is no such lead.")
    try:
        made = merging.merge(keep=keep, drop=drop, by=user_of(request), at=timezone.now(), chosen=body.take)
    except MergeRefused as refusal:
        return overtaken(refusal)
    return _shown(made, keep)


def _shown(made: Merge, keep: Lead) -> dict[str, Any]:
    return {"id": made.public_id, "lead": keep.public_id, "at": made.at, "by": str(made.by)}
