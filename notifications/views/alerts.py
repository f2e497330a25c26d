"""What was sent, when, and why not: one's own alerts for everybody, all of them for admins."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.requests import Request, page_for, way_back
from notifications import emptying, log
from notifications.delivery import send_again
from notifications.filters import AlertFilter
from notifications.models import Delivery, Notification


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, and the address without it."""

    label: str
    value: str
    remove_url: str


def may_replay(user: User) -> bool:
    return user.is_admin


@require_GET
@login_required
def alerts(request: Request) -> HttpResponse:
    """Newest first; ``?before=`` goes back. Every filter is in the URL."""
    user = request.user
    told = Notification.objects.overseen_by(user)
    filters = AlertFilter(request.GET, told, user=user)
    page = log.page_of(filters.qs if filters.form.is_valid() else told, before=request.GET.get("before", ""))
    context: dict[str, Any] = {
        "now": timezone.now(),
        "rows": page.rows,
        "older": page.older,
        "filters": filters,
        "chips": _chips(filters, request),
        "is_admin": user.is_admin,
        "emptied": emptying.after(settings.ALERT_RETENTION_DAYS),
    }
    return render(request, "notifications/alerts.html", context)


@require_POST
@page_for(may_replay, "Only administrators send an alert again.")
def replay(request: Request, notification_id: UUID) -> HttpResponse:
    """Begin the tries of what is parked of one alert anew."""
    told = get_object_or_404(Notification.objects.overseen_by(request.user), public_id=notification_id)
    count = send_again(deliveries=Delivery.objects.filter(notification=told), at=timezone.now())
    if count:
        messages.success(request, "It will be sent again.")
    elif told.emptied_at is not None:
        said = emptying.after(settings.ALERT_RETENTION_DAYS)
        messages.warning(request, f"Not sent again: it was {said}, so nothing is left to send.")
    else:
        messages.warning(request, "Nothing of it is parked any more.")
    return redirect(way_back(request, "/alerts/"))


def _chips(filters: AlertFilter, request: Request) -> list[Chip]:
    chips = []
    for name, field in filters.form.fields.items():
        value = request.GET.get(name, "").strip()
        if value and name not in filters.form.errors:
            rest = request.GET.copy()
            for gone in (name, "before"):
                rest.pop(gone, None)
            words = str(dict(getattr(field, "choices", ())).get(value, value))
            chips.append(Chip(str(field.label), words, f"?{rest.urlencode()}"))
    return chips
