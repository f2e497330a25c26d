"""What was posted to a hook: what waits and why, what became of the rest, and once more from the start."""

import json
import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import Request
from capture.hooks import inbox as verbs
from capture.models import Hook, InboxItem, RefusedItem

from .hooks import for_marketing

PAGE = 25
#: Only Amazon is followed to confirm a subscription, and only by a person's click.
_AMAZON = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")


@require_GET
@for_marketing
def inbox(request: Request, hook_id: UUID) -> HttpResponse:
    """What arrived, the newest first. ``?state=waiting``, ``mapped`` or ``refused`` narrows the list,
    ``?before=`` goes back in it. What was refused is counted; nothing of it was kept."""
    shown = _hook(request, hook_id)
    state, before = request.GET.get("state", ""), request.GET.get("before", "")
    last = int(before) if before.isdecimal() and len(before) < 19 else None
    rows: list[Any]
    if state == "refused":
        refused = RefusedItem.objects.visible_to(request.user).filter(source=shown.source_id)
        rows = list((refused.filter(id__lt=last) if last else refused).order_by("-id")[: PAGE + 1])
    else:
        items = InboxItem.objects.visible_to(request.user).filter(hook=shown).defer("body", "headers")
        if state == "waiting":
            items = items.filter(state__in=[InboxItem.State.WAITING, InboxItem.State.PARKED])
        elif state == "mapped":
            items = items.filter(state=InboxItem.State.MAPPED)
        rows = list((items.filter(id__lt=last) if last else items).order_by("-id")[: PAGE + 1])
    context = {
        "hook": shown,
        "now": timezone.now(),
        "rows": rows[:PAGE],
        "older": rows[PAGE - 1].pk if len(rows) > PAGE else "",
        "state": state if state in ("waiting", "mapped", "refused") else "",
        "waiting": verbs.waiting_by_hook([shown]).get(shown.pk, 0),
        "days": settings.INBOX_RETENTION_DAYS,
    }
    return render(request, "capture/hook_inbox.html", context)


@require_GET
@for_marketing
def item(request: Request, hook_id: UUID, inboxitem_id: UUID) -> HttpResponse:
    """One post, as text, with what became of each of its events."""
    found = _item(request, hook_id, inboxitem_id)
    context = {
        "item": found,
        "hook": found.hook,
        "now": timezone.now(),
        "confirm": _confirmation(found),
        "days": settings.INBOX_RETENTION_DAYS,
    }
    return render(request, "capture/hook_item.html", context)


@require_POST
@for_marketing
def replay_one(request: Request, hook_id: UUID, inboxitem_id: UUID) -> HttpResponse:
    """Work through one post again, at once."""
    found = _item(request, hook_id, inboxitem_id)
    if not verbs.replay(items=InboxItem.objects.filter(pk=found.pk)):
        messages.warning(request, "Nothing of it waits any more.")
    else:
        verbs.work_on(found, at=timezone.now())
        found.refresh_from_db()
        if found.state == InboxItem.State.MAPPED:
            messages.success(request, "All of it is taken now.")
        else:
            messages.warning(request, f"It still waits. {found.reason}")
    return redirect("capture:hook-item", hook_id, inboxitem_id)


@require_POST
@for_marketing
def replay(request: Request, hook_id: UUID) -> HttpResponse:
    """Work through everything that waits again, in the background."""
    shown = _hook(request, hook_id)
    count = verbs.replay(items=InboxItem.objects.visible_to(request.user).filter(hook=shown))
    if count:
        messages.success(
            request, f"{count} worked through again; in a moment the list says what became of them."
        )
    else:
        messages.warning(request, "Nothing waits.")
    return redirect("capture:hook-inbox", shown.public_id)


def _hook(request: Request, hook_id: UUID) -> Hook:
    rows = Hook.objects.visible_to(request.user).select_related("source")
    return get_object_or_404(rows, public_id=hook_id)


def _item(request: Request, hook_id: UUID, item_id: UUID) -> InboxItem:
    rows = InboxItem.objects.visible_to(request.user).select_related("hook__source")
    return get_object_or_404(rows, hook__public_id=hook_id, public_id=item_id)


def _confirmation(found: InboxItem) -> str:
    """Where Amazon asks a person to confirm that it may post here; "" for all else."""
    if "SubscribeURL" not in found.body:
        return ""
    try:
        url = json.loads(found.body)["SubscribeURL"]
        parts = urlsplit(url)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    is_amazon = parts.scheme == "https" and _AMAZON.fullmatch(parts.netloc)
    return str(url) if is_amazon else ""
