"""What every view of this app needs of a request."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

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
            if not may(request.user):
                raise PermissionDenied(refusal)
            response = view(request, *args, **kwargs)
            patch_vary_headers(response, ["HX-Request"])
            return response

        return login_required(guarded)

    return decorate


def wants(request: Request, target: str) -> bool:
    """Whether htmx asks for the element with this id only."""
    return bool(request.htmx) and (request.htmx.target or "").rpartition("#")[2] == target


def way_back(request: Request, default: str) -> str:
    """The page that a form was sent from, as its hidden ``next`` says; never another site."""
    back = request.POST.get("next", "")
    if back and url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        return back
    return default
