"""The marketing queue: MQLs by buying phase, and what sales sent back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import may_hand_over
from handoff import phasing, pipeline
from handoff.forms import HandOverForm, PhaseForm
from handoff.models import ReturnAnswer
from leads import lifecycle
from leads.models import Lead
from leads.stages import Phase

from .last_move import named
from .mql_lists import mql_page
from .requests import Request, page_for, wants, way_back
from .saved import ways_to_share

for_marketing = page_for(may_hand_over, "The marketing queue is for marketing. Your leads are in your queue.")


@require_GET
@for_marketing
def mqls(request: Request) -> HttpResponse:
    """Leads by buying phase, those sales sent back first."""
    at = timezone.now()
    context: dict[str, Any] = {
        "now": at,
        "page": mql_page(parameters=request.GET, user=request.user, at=at),
        "answers": ReturnAnswer.Kind.choices,
        "ways": ways_to_share(request.user),
    }
    if wants(request, "worklist"):
        return render(request, "handoff/mqls.html#worklist", context)
    return render(request, "handoff/mqls.html", context)


@require_POST
@for_marketing
def handover(request: Request, lead_id: UUID) -> HttpResponse:
    """Marketing's own judgement: hand the lead over now, whatever the rules say."""
    lead = _visible(request, lead_id)
    form = HandOverForm(request.POST)
    if not form.is_valid():
        return render(
            request,
            "handoff/handover.html",
            {"lead": lead, "form": form, "next": way_back(request, "")},
            status=422,
        )
    at = timezone.now()
    try:
        handoff = pipeline.hand_over(lead=lead, by=request.user, note=form.cleaned_data["note"], at=at)
    except lifecycle.StageConflict as conflict:
        notice = {
            "kind": "warn",
            "icon_name": "git-pull-request-arrow",
            "strong": "Not handed over.",
            "text": str(conflict),
            "url": reverse("handoff:lead", args=[lead.public_id]),
            "action": "Open lead",
        }
        context = {"notice": notice, "back_url": way_back(request, reverse("handoff:mqls"))}
        return render(request, "handoff/conflict.html", context, status=409)
    who = handoff.rep or "the unassigned queue: nobody is free"
    undo_url = named(reverse("handoff:mqls-undo"), at)
    messages.success(request, format_html("Handed <b>{}</b> to {}.", lead, who), extra_tags=undo_url)
    return redirect(way_back(request, reverse("handoff:mqls")))


@require_POST
@for_marketing
def phase(request: Request, lead_id: UUID) -> HttpResponse:
    """Another buying phase by a marketer's judgement, forward or back."""
    lead = _visible(request, lead_id)
    form = PhaseForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the three phases.")
        return redirect(way_back(request, reverse("handoff:mqls")))
    wanted = Phase(form.cleaned_data["phase"])
    at = timezone.now()
    try:
        moved = phasing.place(lead=lead, phase=wanted, by=request.user, at=at)
    except lifecycle.StageConflict as conflict:
        messages.error(request, str(conflict))
        return redirect(way_back(request, reverse("handoff:mqls")))
    undo_url = named(reverse("handoff:mqls-undo"), at) if moved else ""
    messages.success(request, format_html("<b>{}</b> is in {} now.", lead, wanted.label), extra_tags=undo_url)
    return redirect(way_back(request, reverse("handoff:mqls")))


def _visible(request: Request, lead_id: UUID) -> Lead:
    return get_object_or_404(
        Lead.objects.visible_to(request.user).select_related("company"), public_id=lead_id
    )
