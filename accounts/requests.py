"""What every view needs of a request: who asks, whether they may, and the way back."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from accounts import unsent
from accounts.models import User


class Request(HttpRequest):
    """A request of somebody who has signed in; ``htmx`` is true when it asks for a piece of a page."""

    user: User
    htmx: HtmxDetails


P = ParamSpec("P")
View = Callable[Concatenate[Request, P], HttpResponse]


def page_for(may: Callable[[User], bool], refusal: str) -> Callable[[View[P]], View[P]]:
    """Lets in those for whom ``may`` holds; others get 403 with ``refusal``, strangers the sign-in page."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not _has_signed_in(request):
                return _sign_in(request)
            if not may(request.user):
                raise PermissionDenied(refusal)
            response = view(request, *args, **kwargs)
            patch_vary_headers(response, ["HX-Request"])
            unsent.remember(request, response, user=request.user)
            return response

        return guarded

    return decorate


def anybody(user: User) -> bool:
    """What one sees on the page is ``visible_to``."""
    return True


for_everybody = page_for(anybody, "")


def _has_signed_in(request: HttpRequest) -> bool:
    return request.user.is_authenticated


def _sign_in(request: Request) -> HttpResponse:
    """The sign-in, and then this page. The address of a form takes no GET: when the session ended over one,
    what was typed is kept and may be sent again; after a mere button the page that it stood on comes, and
    says so."""
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    if unsent.keep(request, back=way_back(request, reverse("start"))):
        return redirect_to_login(reverse("unsent"))
    messages.warning(request, "Not saved: you were signed out. Please try again.")
    return redirect_to_login(way_back(request, reverse("start")))


def wants(request: Request, target: str) -> bool:
    """Whether htmx asks for the element with this id only."""
    return bool(request.htmx) and (request.htmx.target or "").rpartition("#")[2] == target


def way_back(request: HttpRequest, default: str) -> str:
    """The page that a form was sent from, as its hidden ``next`` says; never another site."""
    back = request.POST.get("next", "")
    if back and url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        return back
    return default
