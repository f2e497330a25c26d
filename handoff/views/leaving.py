"""Somebody leaves: what they have, and to whom it goes."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from accounts.models import User
from handoff import leaving
from handoff.forms import LeavingForm
from handoff.permissions import NotYours

from .requests import Request
from .routing import for_arrangers


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def person_leaving(request: Request, user_id: UUID) -> HttpResponse:
    """Hand everything open of one person to a colleague, or through a pool in turn: the effect is named
    first, and done once somebody is ``sure``."""
    person = get_object_or_404(leaving.people_visible_to(request.user), public_id=user_id)
    form = LeavingForm(request.POST or None, of=person, by=request.user)
    status, asks = 200, False
    if request.method == "POST" and "change" not in request.POST:
        if form.is_valid() and "sure" not in request.POST:
            asks = True
        elif form.is_valid():
            given = form.cleaned_data
            try:
                moved = leaving.hand_on(
                    of=person,
                    by=request.user,
                    reason=given["reason"],
                    at=timezone.now(),
                    to=given["to"],
                    pool=given["pool"],
                    pause=given["pause"],
                    rest=given["rest"],
                    only_waiting=form.only_waiting,
                )
            except (leaving.NobodyToTakeIt, NotYours) as refusal:
                form.add_error("to" if given["to"] else "pool", str(refusal))
            else:
                messages.success(request, _said(person, moved))
                return redirect("handoff:person-leaving", person.public_id)
        status = 200 if asks else 422
    context = {
        "person": person,
        "work": leaving.work_of(person),
        "form": form,
        "asks": asks,
        "rail_path": reverse("handoff:pools"),
    }
    return render(request, "handoff/leaving.html", context, status=status)


def _said(person: User, moved: leaving.Moved) -> SafeString:
    """ "12 leads of Sol went to Sofia (7) and Ben (5)."; what stays, and that there is more."""
    if not moved.leads and moved.rest:
        said = format_html("<b>{}</b> had no open leads.", person)
    elif not moved.leads and not moved.stay:
        said = format_html("Nothing of <b>{}</b> waits.", person)
    elif not moved.leads:
        said = format_html("Nothing of <b>{}</b> was moved.", person)
    else:
        to = format_html_join(", ", "{} ({})", ((each, count) for each, count in moved.to.items()))
        said = format_html("Leads of <b>{}</b> went to {}.", person, to)
    if moved.rest:
        said = format_html("{} Handed on as well: {}.", said, moved.rest)
    if moved.stay:
        said = format_html("{} {} stay: nobody there can take them.", said, moved.stay)
    if moved.more:
        said = format_html("{} There are more: hand over again.", said)
    return said
