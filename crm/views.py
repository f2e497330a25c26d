"""Pages that belong to no app: the start page, health, and errors."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


def start(request: HttpRequest) -> HttpResponse:
    return redirect("account_login")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return HttpResponse(status=403)
