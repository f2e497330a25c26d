"""Middleware: a method that an address of the API does not take is told like every other error."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.deprecation import MiddlewareMixin


class ApiMethods(MiddlewareMixin):
    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """ninja answers in plain text, in no order; ``Allow`` stays."""
        if not isinstance(response, HttpResponseNotAllowed) or not request.path.startswith("/api/"):
            return response
        allowed = ", ".join(sorted(response.headers["Allow"].split(", ")))
        detail = f"This address does not take {request.method}, but {allowed}."
        return JsonResponse({"detail": detail, "errors": []}, status=405, headers={"Allow": allowed})
