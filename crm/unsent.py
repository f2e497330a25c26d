"""The page for what was typed when the session had ended."""

from urllib.parse import urlsplit

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import unsent
from accounts.models import User
from accounts.requests import Request, for_everybody
from leads.models import Lead


class SendOn(HttpResponseRedirect):
    """To another address, with the same form: the browser posts it there."""

    status_code = 307


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_everybody
def show_unsent(request: Request) -> HttpResponse:
    """What was typed, to be sent again or left."""
    found = unsent.kept(request, user=request.user)
    if found is None:
        return redirect("start")
    if request.method != "POST":
        return render(request, "unsent.html", {"unsent": found, "about": _about(found.path, request.user)})
    unsent.forget(request)
    if "leave" in request.POST:
        return redirect(found.back)
    return SendOn(found.path)


def _about(path: str, user: User) -> Lead | None:
    """The lead that a form at ``path`` is about, where ``user`` may see it; None for the others."""
    try:
        named = resolve(urlsplit(path).path).kwargs
    except Resolver404:
        return None
    leads = Lead.objects.visible_to(user)
    if "lead_id" in named:
        return leads.filter(public_id=named["lead_id"]).first()
    if "handoff_id" in named:
        return leads.filter(handoffs__public_id=named["handoff_id"]).first()
    if "opportunity_id" in named:
        return leads.filter(opportunities__public_id=named["opportunity_id"]).first()
    return None
