"""The readiness checklist."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import Request
from reports import readiness

from .asking import for_both_sides


@require_safe
@for_both_sides
def checklist(request: Request) -> HttpResponse:
    """Five items, each with what speaks for it and what is missing."""
    at = timezone.now()
    items = readiness.checklist(at=at)
    ready = sum(item.state == readiness.State.READY for item in items)
    return render(request, "reports/readiness.html", {"items": items, "ready": ready, "now": at})
