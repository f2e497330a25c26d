"""Segments for other systems: views kept of the marketing queue and of all leads, and their leads."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from accounts.api_auth import READ, user_of
from accounts.api_people import PersonOut, person
from accounts.api_problems import Error
from leads.paging import page
from scoring.api import MOST_ROWS, LeadsOut, shown_lead, with_scores

from . import saved_views, segments
from .models import SavedView
from .models.saved_view import SavedViewQuerySet

router = Router(tags=["Segments"])
_READ = {401: Error, 403: Error, 422: Error, 503: Error}


class SegmentOut(Schema):
    id: UUID
    name: str
    list: str = Field(description="The list it narrows: mqls or leads.")
    query: str = Field(description="Its filters, as in the address of the list.")
    owner: PersonOut


class SegmentsOut(Schema):
    items: list[SegmentOut]
    next: str = Field(description="Send as `after` for the next page; empty on the last one.")


class PageQuery(Schema):
    after: str = Field("", max_length=2_000, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


@router.get(
    "/segments",
    auth=READ,
    response={200: SegmentsOut, **_READ},
    operation_id="list_segments",
    summary="List segments: one's own and the shared ones",
)
def list_segments(request: HttpRequest, query: Query[PageQuery]) -> Any:
    """Of the lists that the token's user has."""
    found = page(_segments(request), order=["id"], after=query.after, size=query.limit, strict=True)
    return {"items": [_shown(segment) for segment in found.rows], "next": found.next}


@router.get(
    "/segments/{savedview_id}/leads",
    auth=READ,
    response={200: LeadsOut, 404: Error, **_READ},
    operation_id="list_segment_leads",
    summary="List the leads that are in a segment now, newest first",
)
def list_segment_leads(request: HttpRequest, savedview_id: UUID, query: Query[PageQuery]) -> Any:
    """Those that the token's user may see. The same number of queries however many rows."""
    segment = get_object_or_404(_segments(request), public_id=savedview_id)
    leads = with_scores(segments.leads_of(segment, user=user_of(request), at=timezone.now()))
    found = page(leads, order=segments.ORDER, after=query.after, size=query.limit, strict=True)
    return {"items": [shown_lead(lead) for lead in found.rows], "next": found.next}


def _segments(request: HttpRequest) -> SavedViewQuerySet:
    user = user_of(request)
    pages = saved_views.pages_for(user)
    views = SavedView.objects.visible_to(user).segments().filter(page__in=pages)
    return views.select_related("owner")


def _shown(segment: SavedView) -> dict[str, Any]:
    return {
        "id": segment.public_id,
        "name": segment.name,
        "list": segment.page,
        "query": segment.query,
        "owner": person(segment.owner),
    }
