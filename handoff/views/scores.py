"""The score of one lead on its own page, and what people set of it by hand."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import may_adjust_scores
from handoff.forms import AdjustmentForm
from leads.models import Lead
from scoring import correcting

from .requests import Request, for_everybody, page_for
from .rows import leading_line
from .score_page import score_page

adjuster = page_for(may_adjust_scores, "Marketing adjusts scores; sales gives its verdict.")


@require_GET
@for_everybody
def score(request: Request, lead_id: UUID) -> HttpResponse:
    """Its score at a moment, under a version, and why."""
    return _page(request, _visible(request, lead_id))


@require_POST
@adjuster
def adjustments(request: Request, lead_id: UUID) -> HttpResponse:
    """Set a part of the score by hand, or add to it."""
    lead, at = _visible(request, lead_id), timezone.now()
    form = AdjustmentForm(request.POST, at=at)
    if not form.is_valid():
        return _page(request, lead, form=form, status=422)
    correcting.adjust(lead=lead, by=request.user, at=at, **form.said())
    messages.success(request, format_html("Adjusted. The score of <b>{}</b> counts it from now on.", lead))
    return redirect(_url(lead))


@require_POST
@adjuster
def adjustment_removal(request: Request, lead_id: UUID) -> HttpResponse:
    """Take a word back: ``said_at`` is the moment at which it was said."""
    lead = _visible(request, lead_id)
    try:
        correcting.take_back(lead=lead, by=request.user, said_at=_said_at(request), at=timezone.now())
    except correcting.TakenBack as gone:
        messages.warning(request, str(gone))
        return redirect(_url(lead))
    messages.success(request, format_html("Taken back. The score of <b>{}</b> is without it again.", lead))
    return redirect(_url(lead))


def _said_at(request: Request) -> datetime:
    try:
        moment = parse_datetime(request.POST.get("said_at", ""))
    except ValueError:
        moment = None
    if moment is None or timezone.is_naive(moment):
        raise Http404
    return moment


def _visible(request: Request, lead_id: UUID) -> Lead:
    leads = Lead.objects.visible_to(request.user).select_related("company", "owner")
    return get_object_or_404(leads, public_id=lead_id)


def _url(lead: Lead) -> str:
    return reverse("handoff:score", args=[lead.public_id])


def _page(
    request: Request, lead: Lead, *, form: AdjustmentForm | None = None, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    live = leading_line(lead).version
    if live is None:
        raise Http404("Nothing is published yet.")
    page = score_page(user=request.user, lead=lead, parameters=request.GET, now=now, live=live)
    may_adjust = may_adjust_scores(request.user)
    context = {
        "now": now,
        "page": page,
        "lead": lead,
        "may_adjust": may_adjust,
        "form": form or (AdjustmentForm(at=now) if may_adjust else None),
        "rail_path": reverse("handoff:leads"),
    }
    return render(request, "handoff/score.html", context, status=422 if page.form.errors else status)
