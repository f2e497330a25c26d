"""Middleware: a method that an address does not take is told like every other error."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.deprecation import MiddlewareMixin

from crm import views


class RefusedMethods(MiddlewareMixin):
    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Django answers with an empty page, ninja in plain text and in no order; ``Allow`` stays."""
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        allowed = ", ".join(sorted(response.headers["Allow"].split(", ")))
        told = views.method_not_allowed(request, allowed)
        told.headers["Allow"] = allowed
        return told
