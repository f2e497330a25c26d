"""The address that other systems post to. No session, no cookie, no form token: what counts is the address
and the signature."""

from http import HTTPStatus

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.clock import database_now
from capture.hooks import receiving
from capture.hooks.receiving import MOST_BYTES, Turned, Unreadable
from capture.hooks.signatures import Post
from capture.models import Hook

RETRY_SECONDS = 5


@csrf_exempt
@require_http_methods(["GET", "POST"])
def receive(request: HttpRequest, hook_key: str) -> HttpResponse:
    """Answers Meta, which asks by GET whether the address is ours; all others are answered 405.

    Stores the post before it answers 200. 401 without the right signature, 403 when closed, 404 when there
    is no such address, 413 over a megabyte, 400 or 415 when it cannot be unpacked, 429 for more than a source
    may send, 503 while the database is away."""
    try:
        if request.method == "GET":
            return _verified(request, hook_key)
        turned = _receive(request, hook_key)
    except (OperationalError, InterfaceError):
        response = _told(HTTPStatus.SERVICE_UNAVAILABLE, "The database is away; try again.")
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
    return JsonResponse({"ok": True}) if turned is None else _turned(turned)


def _verified(request: HttpRequest, hook_key: str) -> HttpResponse:
    hook = receiving.hook_of(hook_key)
    if hook is None or hook.signing != Hook.Signing.META:
        return HttpResponseNotAllowed(["POST"])
    answer = receiving.verified(hook, request.GET)
    if isinstance(answer, Turned):
        return _turned(answer)
    return HttpResponse(answer, content_type="text/plain; charset=utf-8")


def _turned(turned: Turned) -> HttpResponse:
    response = _told(turned.status, turned.reason)
    if turned.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Basic realm="Handoff"'
    if turned.seconds:
        response["Retry-After"] = str(turned.seconds)
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
    except Unreadable as problem:
        return receiving.turn_away(hook, problem.status, str(problem), at=at)
    headers = {name.lower(): value for name, value in request.headers.items()}
    # HubSpot signs the address as it called it, parameters included.
    url = f"{settings.PUBLIC_URL}{request.get_full_path()}"
    post = Post(body=body, headers=headers, url=url, at=at)
    return receiving.receive(hook=hook, post=post, content_type=request.content_type or "")
