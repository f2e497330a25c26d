"""Middleware: who asks for a lead that was merged gets the one that was kept."""

from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseRedirectBase
from django.utils.deprecation import MiddlewareMixin

from leads.aliases import survivor

API = "/api/"


class _AgainThere(HttpResponseRedirectBase):
    """What was posted to the old address is posted to the new one."""

    status_code = 307


class MergedLeads(MiddlewareMixin):
    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Only what was not found is looked at, so every other request costs nothing. A page leads on to the
        address of the kept lead; the API answers as if that had been asked for, since programs seldom follow.
        A merge can be undone, so neither is for ever."""
        match = request.resolver_match
        lead_id = match.kwargs.get("lead_id") if match is not None else None
        if response.status_code != 404 or not lead_id or hasattr(request, "led_on"):
            return response
        try:
            kept = survivor(lead_id if isinstance(lead_id, UUID) else UUID(str(lead_id)))
        except ValueError:
            return response
        if kept is None:
            return response
        path = request.get_full_path().replace(str(lead_id), str(kept), 1)
        if request.path.startswith(API):
            request.led_on = True  # type: ignore[attr-defined]
            request.path_info = request.path_info.replace(str(lead_id), str(kept), 1)
            request.path = request.path.replace(str(lead_id), str(kept), 1)
            return cast("HttpResponse", self.get_response(request))
        if request.method in ("GET", "HEAD"):
            return HttpResponseRedirect(path)
        return _AgainThere(path)
