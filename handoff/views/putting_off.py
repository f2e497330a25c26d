"""Holding a lead while one looks at it, and putting one off until later."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import may_give_verdicts
from handoff import claiming, snoozing
from handoff.models import Handoff

from .answers import done, held, list_again, next_page, refused
from .requests import Request, page_for
from .snooze_form import SnoozeForm
from .work_rows import moment, row_id

for_sales = page_for(may_give_verdicts, "Leads are for sales to work on.")


@require_POST
@for_sales
def hold(request: Request, handoff_id: UUID) -> HttpResponse:
    """Hold it for oneself, or for longer. A script renews it and needs no page: 204; 409 says who has it."""
    handoff = _visible(request, handoff_id)
    try:
        until = claiming.claim(handoff=handoff, by=request.user, at=timezone.now())
    except claiming.HeldByAnother as other:
        return held(request, handoff, other)
    if request.POST.get("quietly"):
        return HttpResponse(status=204)
    if until is None:
        return refused(request, handoff, f"{handoff.lead} is nobody’s to hold", "It has a rep or an answer.")
    said = format_html("Held <b>{}</b> for you until {}.", handoff.lead, moment(until, timezone.now()))
    undo_url = reverse("handoff:hold-removal", args=[handoff.public_id])
    return done(request, handoff, said, undo_url=undo_url)


@require_POST
@for_sales
def hold_removal(request: Request, handoff_id: UUID) -> HttpResponse:
    """Let go of it. Safe to repeat; a page that is left says it in passing."""
    handoff = _visible(request, handoff_id)
    claiming.release(handoff=handoff, by=request.user)
    if request.POST.get("quietly"):
        return HttpResponse(status=204)
    return done(request, handoff, format_html("<b>{}</b> is free for whoever is first.", handoff.lead))


@require_http_methods(["GET", "HEAD", "POST"])
@for_sales
def snooze(request: Request, handoff_id: UUID) -> HttpResponse:
    """Put it off: a page with the moments to choose from, and what they are sent to."""
    handoff, at = _visible(request, handoff_id), timezone.now()
    form = SnoozeForm(request.POST or None, handoff=handoff, zone=request.user.time_zone, at=at)
    if request.method != "POST":
        back = request.GET.get("next", "")
        return render(request, "handoff/snooze.html", _form(request, handoff, form, at, back=back))
    if not form.is_valid():
        return _unclear(request, handoff, form, at)
    until = form.chosen
    try:
        snoozed = snoozing.snooze(
            handoff=handoff, by=request.user, until=until, at=at, reason=form.cleaned_data["reason"]
        )
    except snoozing.SnoozeRefused as refusal:
        form.add_error("until", str(refusal))
        return _unclear(request, handoff, form, at)
    except snoozing.NothingToSnooze as answered:
        return refused(request, handoff, "Not snoozed.", str(answered))
    except claiming.HeldByAnother as other:
        return held(request, handoff, other)
    said = format_html("Snoozed <b>{}</b> until {}.", handoff.lead, moment(until, at))
    if snoozed.due_at < at:
        said = format_html("{} It is overdue, and the clock goes on.", said)
    elif until > snoozed.due_at:
        said = format_html(
            "{} It is due before that, {}: the clock goes on.", said, moment(snoozed.due_at, at)
        )
    else:
        said = format_html("{} The clock goes on.", said)
    return done(request, handoff, said, undo_url=reverse("handoff:snooze-removal", args=[handoff.public_id]))


@require_POST
@for_sales
def snooze_removal(request: Request, handoff_id: UUID) -> HttpResponse:
    """Back on the list at once."""
    handoff = _visible(request, handoff_id)
    try:
        snoozing.unsnooze(handoff=handoff, by=request.user, at=timezone.now())
    except (snoozing.NothingToSnooze, claiming.HeldByAnother) as refusal:
        return refused(request, handoff, "Not undone.", str(refusal))
    return done(request, handoff, format_html("Undone: <b>{}</b> is back on the list.", handoff.lead))


def _unclear(request: Request, handoff: Handoff, form: SnoozeForm, at: datetime) -> HttpResponse:
    """The form again, with what is wrong and what was typed."""
    context = _form(request, handoff, form, at)
    if (answer := list_again(request)) is not None:
        template, listed = answer
        return render(request, template, {**listed, **context, "snooze_form": True}, status=422)
    return render(request, "handoff/snooze.html", context, status=422)


def _form(
    request: Request, handoff: Handoff, form: SnoozeForm, at: datetime, back: str = ""
) -> dict[str, Any]:
    return {
        "now": at,
        "handoff": handoff,
        "form": form,
        "back_url": back
        if back.startswith("/") and not back.startswith("//")
        else next_page(request, handoff),
        "row": row_id(handoff),
    }


def _visible(request: Request, handoff_id: UUID) -> Handoff:
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead__company", "rep", "pool")
    return get_object_or_404(handoffs, public_id=handoff_id)
