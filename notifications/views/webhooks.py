"""Other systems that hear of facts: the list, one endpoint with what went there, what one does with it."""

from copy import copy
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Max, Q
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.requests import Request, page_for, way_back
from notifications import emptying, fresh_secrets, switching
from notifications import endpoints as verbs
from notifications.event_types import EVENT_TYPES
from notifications.forms import EndpointForm
from notifications.models import Dispatch, Endpoint

#: So many of the latest dispatches are shown at once.
PAGE = 25
#: Where a fresh secret waits for the one page that shows it.
_FRESH = "endpoint_secret"


def may_run_webhooks(user: User) -> bool:
    return user.is_admin


for_admins = page_for(may_run_webhooks, "Webhooks are set up by administrators.")


@require_GET
@for_admins
def endpoints(request: Request) -> HttpResponse:
    """Every endpoint with its state, by name."""
    waiting = Q(dispatches__state__in=[Dispatch.State.WAITING, Dispatch.State.SENDING])
    to_replay = Q(dispatches__state=Dispatch.State.PARKED, dispatches__announcement__emptied_at=None)
    found = (
        Endpoint.objects.visible_to(request.user)
        .annotate(
            last_sent_at=Max("dispatches__sent_at"),
            on_its_way=Count("dispatches", filter=waiting),
            parked=Count("dispatches", filter=to_replay),
        )
        .order_by(Lower("name"), "id")
    )
    context = {
        "now": timezone.now(),
        "rows": found,
        "parked": Dispatch.objects.visible_to(request.user).to_replay().count(),
    }
    return render(request, "notifications/endpoints.html", context)


@require_http_methods(["GET", "POST"])
@for_admins
def new(request: Request) -> HttpResponse:
    form = EndpointForm(request.POST or None, initial={"events": ["lead.handed_over"]})
    if request.method == "POST" and form.is_valid():
        made = form.save(commit=False)
        made.created_by = request.user
        shown = verbs.equip(made)
        made.save()
        fresh_secrets.keep(request.session, _FRESH, shown, of=str(made.public_id))
        messages.success(request, format_html("<b>{}</b> hears of it from now on.", made))
        return redirect("notifications:endpoint", made.public_id)
    context = {"form": form, "events": _chosen(form)}
    return render(request, "notifications/endpoint_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@for_admins
def endpoint(request: Request, endpoint_id: UUID) -> HttpResponse:
    """One endpoint: its settings, its secret once, and what went there. ``?state=parked`` narrows the list,
    ``?before=`` goes back in it."""
    shown = _visible(request, endpoint_id)
    as_it_was = copy(shown)  # what was typed and refused must not stand in the page's heading
    form = EndpointForm(request.POST or None, instance=shown, initial={"url": shown.url})
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("notifications:endpoint", shown.public_id)
    context: dict[str, Any] = {
        "now": timezone.now(),
        "endpoint": as_it_was,
        "form": form,
        "events": _chosen(form),
        "secret": fresh_secrets.take(request.session, _FRESH, of=str(shown.public_id)),
        **_latest(request, shown),
    }
    return render(request, "notifications/endpoint.html", context, status=422 if form.errors else 200)


@require_POST
@for_admins
def test(request: Request, endpoint_id: UUID) -> HttpResponse:
    """Send a test and wait for the answer."""
    shown = _visible(request, endpoint_id)
    sent = verbs.send_test(endpoint=shown, at=timezone.now())
    if sent.state == Dispatch.State.SENT:
        messages.success(request, f"The test arrived: {sent.status} after {sent.took_ms} ms.")
    else:
        messages.error(request, f"The test did not arrive. {sent.error}")
    return redirect("notifications:endpoint", shown.public_id)


@require_POST
@for_admins
def secret(request: Request, endpoint_id: UUID) -> HttpResponse:
    """A new secret, shown once; the old one signs beside it for a day."""
    shown = _visible(request, endpoint_id)
    fresh_secrets.keep(
        request.session, _FRESH, verbs.rotate(endpoint=shown, at=timezone.now()), of=str(shown.public_id)
    )
    messages.success(request, "There is a new secret. The old one signs, too, for 24 hours.")
    return redirect("notifications:endpoint", shown.public_id)


@require_POST
@for_admins
def switch(request: Request, endpoint_id: UUID) -> HttpResponse:
    """``on`` present: switch on, else off."""
    shown = _visible(request, endpoint_id)
    if "on" in request.POST:
        switching.switch_on(endpoint=shown)
        messages.success(request, format_html("<b>{}</b> is on again; what waited goes out.", shown))
    else:
        switching.switch_off(endpoint=shown, why=Endpoint.Off.PERSON, at=timezone.now())
        messages.success(request, format_html("<b>{}</b> is off. What waits is kept.", shown))
    return redirect("notifications:endpoint", shown.public_id)


@require_POST
@for_admins
def replay(request: Request, endpoint_id: UUID) -> HttpResponse:
    """Everything parked for one endpoint."""
    shown = _visible(request, endpoint_id)
    _replayed(request, Dispatch.objects.visible_to(request.user).filter(endpoint=shown))
    return redirect("notifications:endpoint", shown.public_id)


@require_POST
@for_admins
def replay_one(request: Request, dispatch_id: UUID) -> HttpResponse:
    """One that failed; with ``arrived_at``, as the page showed it, one that its receiver took."""
    dispatches = Dispatch.objects.visible_to(request.user).select_related("endpoint", "announcement")
    dispatch = get_object_or_404(dispatches, public_id=dispatch_id)
    arrived_at = parse_datetime(request.POST.get("arrived_at", "").strip()[:40])
    if arrived_at is not None and timezone.is_naive(arrived_at):
        arrived_at = None
    if verbs.send_again(dispatch=dispatch, at=timezone.now(), arrived_at=arrived_at):
        waits = "" if dispatch.endpoint.is_on else " once the endpoint is on again"
        messages.success(request, f"It will be sent again{waits}, with the same webhook-id.")
    elif dispatch.announcement.emptied_at is not None:
        said = emptying.after(settings.WEBHOOK_RETENTION_DAYS)
        messages.warning(request, f"Not sent again: its body was {said}, so nothing is left to send.")
    else:
        messages.warning(request, "Not sent again: it is on its way, or somebody has sent it meanwhile.")
    return redirect(way_back(request, reverse("notifications:endpoint", args=[dispatch.endpoint.public_id])))


@require_POST
@for_admins
def replay_all(request: Request) -> HttpResponse:
    """Everything parked anywhere."""
    _replayed(request, Dispatch.objects.visible_to(request.user))
    return redirect("notifications:endpoints")


@require_POST
@for_admins
@transaction.atomic
def deletion(request: Request, endpoint_id: UUID) -> HttpResponse:
    shown = _visible(request, endpoint_id)
    shown.delete()
    messages.success(request, format_html("<b>{}</b> is gone, with what waited for it.", shown))
    return redirect("notifications:endpoints")


def _visible(request: Request, endpoint_id: UUID) -> Endpoint:
    rows = Endpoint.objects.visible_to(request.user).select_related("created_by")
    return get_object_or_404(rows, public_id=endpoint_id)


def _latest(request: Request, shown: Endpoint) -> dict[str, Any]:
    rows = Dispatch.objects.visible_to(request.user).filter(endpoint=shown).select_related("announcement")
    state, before = request.GET.get("state", ""), request.GET.get("before", "")
    if state in Dispatch.State.values:
        rows = rows.filter(state=state)
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(id__lt=int(before))
    page = list(rows.order_by("-id")[: PAGE + 1])
    return {
        "rows": page[:PAGE],
        "older": page[PAGE - 1].pk if len(page) > PAGE else "",
        "state": state if state in Dispatch.State.values else "",
        "parked": Dispatch.objects.filter(endpoint=shown).to_replay().count(),
        "emptied": emptying.after(settings.WEBHOOK_RETENTION_DAYS),
    }


def _replayed(request: Request, dispatches: Any) -> None:
    count = verbs.replay(dispatches=dispatches, at=timezone.now())
    if count:
        messages.success(request, f"{count} will be sent again, with the same webhook-id.")
    elif dispatches.parked().exists():
        said = emptying.after(settings.WEBHOOK_RETENTION_DAYS)
        messages.warning(request, f"Not sent again: its body was {said}, so nothing is left to send.")
    else:
        messages.warning(request, "Nothing is parked any more.")


def _chosen(form: EndpointForm) -> list[dict[str, Any]]:
    """The events with their words, and whether each is ticked."""
    chosen = set(form["events"].value() or [])
    return [{"key": key, "words": words, "on": key in chosen} for key, words in EVENT_TYPES.items()]
