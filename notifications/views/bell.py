"""The bell: one's messages as a page, as a count, and as a live stream."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from notifications import stream
from notifications.models import Notification
from notifications.stream import Seat

PAGE = 50


class Request(HttpRequest):
    """A request of somebody who has signed in."""

    user: User


@require_GET
@login_required
def messages(request: Request) -> HttpResponse:
    """What one was told, newest first. Reading the page changes nothing."""
    told = Notification.objects.visible_to(request.user)
    before = request.GET.get("before", "")
    rows = told.filter(id__lt=int(before)) if before.isdecimal() and len(before) < 19 else told
    page = list(rows.order_by("-id")[: PAGE + 1])
    context: dict[str, Any] = {
        "now": timezone.now(),
        "rows": page[:PAGE],
        "unread": told.unread().count(),
        "older": page[PAGE - 1].pk if len(page) > PAGE else "",
    }
    return render(request, "notifications/messages.html", context)


@require_POST
@login_required
def reading(request: Request) -> HttpResponse:
    """Mark everything one was told as read."""
    Notification.objects.visible_to(request.user).unread().update(read_at=timezone.now())
    return redirect("notifications:messages")


@require_GET
@login_required
def unread(request: Request) -> JsonResponse:
    """How many messages wait, and the id of the newest: what a page asks while the stream is off."""
    told = Notification.objects.visible_to(request.user)
    newest = told.order_by("-id").values_list("public_id", flat=True).first()
    return JsonResponse({"unread": told.unread().count(), "newest": newest})


@require_GET
async def live(request: HttpRequest) -> HttpResponseBase:
    """The stream of server-sent events. A browser that reconnects says what it saw last."""
    user = await request.auser()
    if not user.is_authenticated or not request.session.session_key:
        # No redirect to the sign-in page: an event source gives up on anything but a stream.
        return HttpResponse("Sign in first.", status=401, content_type="text/plain")
    seen = request.headers.get("Last-Event-ID", "")
    response = StreamingHttpResponse(
        stream.events(
            seat=Seat(user.pk, request.session.session_key),
            cursor=int(seen) if seen.isdecimal() and len(seen) < 19 else None,
        ),
        content_type="text/event-stream",
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response
