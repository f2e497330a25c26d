"""A saved view as a segment: how many leads it holds now, its file, and where other tools read it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff import saved_views, segments
from handoff.models import SavedView

from . import exports
from .requests import Request, for_everybody


@require_safe
@for_everybody
def segment(request: Request, savedview_id: UUID) -> HttpResponse:
    """One segment. Its count is that of the leads that the reader may see."""
    found = _visible(request, savedview_id)
    leads = segments.leads_of(found, user=request.user, at=timezone.now())
    address = reverse("api:list_segment_leads", args=[found.public_id])
    context = {
        "segment": found,
        "count": leads.order_by().count(),
        "address": request.build_absolute_uri(address),
        "rail_path": reverse(f"handoff:{found.page}"),
    }
    return render(request, "handoff/segment.html", context)


@require_safe
@for_everybody
def segment_file(request: Request, savedview_id: UUID) -> HttpResponse:
    """Its leads as a download."""
    found = _visible(request, savedview_id)
    leads = segments.leads_of(found, user=request.user, at=timezone.now())
    return exports.leads_file(request, "segment", leads.select_related("company", "owner"), segments.ORDER)


def _visible(request: Request, savedview_id: UUID) -> SavedView:
    pages = saved_views.pages_for(request.user)
    views = SavedView.objects.visible_to(request.user).segments().filter(page__in=pages)
    return get_object_or_404(views.select_related("owner", "team"), public_id=savedview_id)
