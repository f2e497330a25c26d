"""A clock stands still, runs again, or was never paused."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from accounts.permissions import may_give_verdicts
from handoff import pausing
from handoff.lead_forms import PauseForm
from handoff.messages import moment
from handoff.models import Handoff, Pause

from .leads import lead_again, visible_lead
from .requests import Request, page_for, way_back

for_sales = page_for(may_give_verdicts, "Sales pauses its own clocks.")


@require_POST
@for_sales
def pause(request: Request, handoff_id: UUID) -> HttpResponse:
    """Let the clock stand still."""
    handoff, form = _handoff(request, handoff_id), PauseForm(request.POST)
    if not form.is_valid():
        return lead_again(request, visible_lead(request, handoff.lead.public_id), status=422, pause_form=form)
    until: datetime | None = form.cleaned_data["until"]
    if until is not None:
        until = until.replace(tzinfo=ZoneInfo(request.user.time_zone))
    given = {"reason": form.cleaned_data["reason"], "until": until}
    return _do(request, handoff, pausing.pause, "The clock of <b>{}</b> stands still until {}.", **given)


@require_POST
@for_sales
def resumption(request: Request, handoff_id: UUID) -> HttpResponse:
    """Let it run again."""
    return _do(request, _handoff(request, handoff_id), pausing.resume, "The clock of <b>{}</b> runs again.")


@require_POST
@for_sales
def undo(request: Request, handoff_id: UUID) -> HttpResponse:
    """As if it had not been paused."""
    return _do(
        request, _handoff(request, handoff_id), pausing.undo, "The clock of <b>{}</b> was never paused."
    )


def _do(
    request: Request, handoff: Handoff, verb: Callable[..., Pause], said: str, **given: Any
) -> HttpResponse:
    try:
        made = verb(handoff=handoff, by=request.user, at=timezone.now(), **given)
    except pausing.PauseRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, format_html(said, handoff.lead, moment(made.until, request.user.time_zone)))
    return redirect(_back(request, handoff))


def _back(request: Request, handoff: Handoff) -> str:
    return way_back(request, reverse("handoff:lead", args=[handoff.lead.public_id]))


def _handoff(request: Request, handoff_id: UUID) -> Handoff:
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead")
    return get_object_or_404(handoffs, public_id=handoff_id)
