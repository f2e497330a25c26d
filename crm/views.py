"""Pages that belong to no app: the start page, health, and errors."""

import sys
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import unsent
from accounts.models import Role
from accounts.requests import way_back
from crm import health
from leads import ticks

RETRY_SECONDS = 5
#: The first page of each role; a rep's is their own queue.
STARTS: dict[str, str] = {
    Role.MARKETER: "reports:dashboard",
    Role.MANAGER: "handoff:team",
    Role.ADMIN: "handoff:team",
}


@require_safe
@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Everybody's day starts on the list that is theirs to work: who leads teams begins with the team's."""
    role = str(getattr(request.user, "role", ""))
    return redirect(STARTS.get(role, "handoff:queue"))


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this address wherever a page names no icon: the administration, plain JSON."""
    return redirect(static("icons/favicon.svg"))


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks nobody else, so that a broken database does not get it restarted."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether all that a request or its consequences need is up: 200, or 503 naming what is not. Ticks that
    the broker did not take are counted beside it: each cost a few seconds, and nothing else."""
    down = health.down()
    lost = None if "database" in down else cache.get(ticks.LOST_TICKS, 0)
    return JsonResponse({"ready": not down, "down": down, "lost_ticks": lost}, status=503 if down else 200)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem(request, 400, "This request cannot be read.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Says what the refusing verb said: "This lead is Nora New’s."."""
    return _problem(request, 403, str(exception) or "Your role does not allow this.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What was typed is shown once more, to be copied: there is no session to keep it in. Only that of our
    own pages is: what another site sent in is not repeated in our name."""
    is_ours = request.headers.get("Sec-Fetch-Site") == "same-origin"
    fields = [(name, str(value)) for name, value in request.POST.items()] if is_ours else []
    context = {"typed": unsent.typed_in(fields), "back": way_back(request, "") if is_ours else ""}
    detail = "The form's token is missing or out of date."
    return _problem(request, 403, detail, template="403_csrf.html", context=context)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem(request, 404, "There is nothing here.")


def method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    return _problem(request, 405, f"This address does not take {request.method}, but {allowed}.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or 503 with the time to come back when it is only that the database is away."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        response = _problem(request, 503, "The database is away for a moment. Try again shortly.")
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
    return _problem(request, 500, "Something went wrong on our side.")


def _problem(
    request: HttpRequest,
    status: int,
    detail: str,
    *,
    template: str = "",
    context: dict[str, Any] | None = None,
) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": detail, "errors": []}, status=status)
    context = {"detail": detail, **(context or {})}
    return render(request, template or f"{status}.html", context, status=status)
