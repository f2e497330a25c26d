"""Browsers that may show alerts: allow one, take it back, and the script that shows them."""

import hashlib
import json
from functools import cache
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import Request
from notifications import addresses, pushing
from notifications.models import Browser

#: A subscription has an address and two short keys; nothing larger is read.
MOST_BYTES = 4096


@require_POST
@login_required
def add(request: Request) -> HttpResponse:
    """Remember the subscription that the browser's script sends as JSON: ``endpoint`` and ``keys`` with
    ``p256dh`` and ``auth``. The same browser again changes nothing; one that somebody else used before is
    theirs no more. 422 names the field that is wrong."""
    user = request.user
    try:
        browser = _read(request)
    except _Wrong as wrong:
        return JsonResponse({"field": wrong.field, "error": str(wrong)}, status=422)
    with transaction.atomic():
        Browser.objects.filter(digest=browser.digest).exclude(user=user).delete()
        if not Browser.objects.filter(digest=browser.digest).exists():
            browser.user = user
            Browser.objects.bulk_create([browser], ignore_conflicts=True)
        kept = Browser.objects.filter(user=user).order_by("-id").values("pk")[: pushing.MOST_BROWSERS]
        Browser.objects.filter(user=user).exclude(pk__in=kept).delete()
    return HttpResponse(status=204)


@require_POST
@login_required
def deletion(request: Request, browser_id: UUID) -> HttpResponse:
    user = request.user
    get_object_or_404(Browser.objects.filter(user=user), public_id=browser_id).delete()
    messages.success(request, "That browser shows no alerts any more.")
    return redirect("notifications:wishes")


@require_GET
def worker(request: Request) -> HttpResponse:
    """The service worker. It has an address of its own, since a browser lets a script rule only what lies
    below it, and asks for it anew instead of keeping an old one."""
    response = HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@cache
def _worker() -> str:
    return (settings.BASE_DIR / "static" / "js" / "push-worker.js").read_text(encoding="utf-8")


class _Wrong(ValueError):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def _read(request: Request) -> Browser:
    if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
        raise _Wrong("endpoint", "Too long.")
    try:
        sent = json.loads(request.body)
        url, keys = sent["endpoint"], sent["keys"]
        p256dh, auth = keys["p256dh"], keys["auth"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _Wrong("endpoint", "This is no subscription of a browser.") from None
    if not all(isinstance(value, str) for value in (url, p256dh, auth)):
        raise _Wrong("endpoint", "This is no subscription of a browser.")
    try:
        addresses.read(url)
    except addresses.AddressRefused as refusal:
        raise _Wrong("endpoint", str(refusal)) from None
    for field, text, size in (("p256dh", p256dh, 65), ("auth", auth, 16)):
        if not pushing.is_key(text, size=size):
            raise _Wrong(field, f"Expected {size} bytes in base64url.")
    digest = hashlib.sha256(url.encode()).hexdigest()
    label = _label(request.headers.get("User-Agent", ""))
    return Browser(label=label, digest=digest, url=url, p256dh=p256dh, auth=auth)


def _label(agent: str) -> str:
    """ "Firefox on Linux", as far as the browser says."""
    names = (
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrom", "Chrome"),
        ("Safari", "Safari"),
    )
    systems = (
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
        ("Mac OS", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
    )  # fmt: skip
    name = next((said for mark, said in names if mark in agent), "A browser")
    system = next((said for mark, said in systems if mark in agent), "")
    return f"{name} on {system}" if system else name
