"""The address that other systems post to. No session, no cookie, no form token: what counts is the address
and the signature."""

from http import HTTPStatus

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.clock import database_now
from capture.hooks import receiving
from capture.hooks.receiving import MOST_BYTES, Turned, Unreadable
from capture.hooks.signatures import Post

RETRY_SECONDS = 5


@csrf_exempt
@require_POST
def receive(request: HttpRequest, hook_key: str) -> HttpResponse:
    """Answers Meta, which asks by GET whether the address is ours; all others are answered 405.

    Stores the post before it answers 200. 401 without the right signature, 403 when closed, 404 when there
    is no such address, 413 over a megabyte, 400 or 415 when it cannot be unpacked, 429 for more than a source
    may send, 503 while the database is away."""
    try:
        turned = _receive(request, hook_key)
    except (OperationalError, InterfaceError):
        response = _told(HTTPStatus.SERVICE_UNAVAILABLE, "The database is away; try again.")
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
    if turned is None:
        return JsonResponse({"ok": True})
    response = _told(turned.status, turned.reason)
    if turned.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Basic realm="Handoff"'
    return response


def _told(status: int, detail: str) -> JsonResponse:
    return JsonResponse({"ok": False, "detail": detail}, status=status)


@transaction.atomic
def _receive(request: HttpRequest, hook_key: str) -> Turned | None:
    hook = receiving.hook_of(hook_key)
    if hook is None:
        return Turned(404, "There is no such address.")
    at = database_now()
    try:
        body = receiving.unpacked(request, most=MOST_BYTES)
    if turned.seconds:
        response["Retry-After"] = str(turned.seconds)
    except Unreadable as problem:
        return receiving.turn_away(hook, problem.status, str(problem), at=at)
    headers = {name.lower(): value for name, value in request.headers.items()}
    # HubSpot signs the address as it called it, parameters included.
    url = f"{settings.PUBLIC_URL}{request.get_full_path()}"
    post = Post(body=body, headers=headers, url=url, at=at)
    return receiving.receive(hook=hook, post=post, content_type=request.content_type or "")
