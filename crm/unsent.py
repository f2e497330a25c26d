"""The page for what was typed when the session had ended."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import unsent
from accounts.requests import Request, for_everybody


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
        return render(request, "unsent.html", {"unsent": found})
    unsent.forget(request)
    if "leave" in request.POST:
        return redirect(found.back)
    return SendOn(found.path)
