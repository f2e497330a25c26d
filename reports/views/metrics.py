"""What the figures mean."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import may_see_reports
from accounts.requests import Request, page_for
from reports.metrics import METRICS


@require_safe
@page_for(may_see_reports, "Reports are for marketing and for who leads sales.")
def show_metrics(request: Request) -> HttpResponse:
    """One definition for each figure."""
    return render(request, "reports/metrics.html", {"metrics": METRICS})
