"""Middleware: who asks for a lead that was merged gets the one that was kept."""

from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseRedirectBase
from django.urls import resolve
from django.utils.deprecation import MiddlewareMixin

from accounts.models import User
from leads.aliases import survivor
from leads.models import Lead

API = "/api/"


class _AgainThere(HttpResponseRedirectBase):
    """What was posted to the old address is posted to the new one."""

    status_code = 307


class MergedLeads(MiddlewareMixin):
    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Only what was not found is looked at, so every other request costs nothing. A page leads on to the
        address of the kept lead, if the reader may open it; the API answers as if that had been asked for,
        since programs seldom follow, and looks itself at who asks. A merge can be undone, so neither is for
        ever."""
        match = request.resolver_match
        lead_id = match.kwargs.get("lead_id") if match is not None and response.status_code == 404 else None
        kept = _kept(str(lead_id)) if lead_id else None
        if kept is None:
            return response
        path = request.get_full_path().replace(str(lead_id), str(kept), 1)
        if request.path.startswith(API):
            match = request.resolver_match = resolve(path.partition("?")[0])
            return cast("HttpResponse", match.func(request, *match.args, **match.kwargs))
        if not _may_open(request, kept):
            return response
        return HttpResponseRedirect(path) if request.method in ("GET", "HEAD") else _AgainThere(path)


def _may_open(request: HttpRequest, lead_id: UUID) -> bool:
    user = getattr(request, "user", None)
    return isinstance(user, User) and Lead.objects.visible_to(user).filter(public_id=lead_id).exists()


def _kept(lead_id: str) -> UUID | None:
    try:
        return survivor(UUID(lead_id))
    except ValueError:
        return None
