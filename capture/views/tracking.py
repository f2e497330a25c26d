"""What websites of ours talk to: the script they load, and where it sends what it saw. Strangers ask here:
no cookie is read or set, and a page of another site is told nothing."""

from functools import cache
from pathlib import Path

import rjsmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from ninja.errors import HttpError

from accounts.clock import database_now
from capture import arrivals, bots, collecting, limiting
from capture.arrivals import Became, TurnedAway
from capture.limiting import TooMuch
from capture.models import Site, Source
from capture.reading import json_body

from .addresses import address_of

MOST_BYTES = 64 * 1024
#: How long a browser may keep the script: a change of the settings is everywhere by then.
KEPT_SECONDS = 300
_SCRIPT = Path(__file__).resolve().parent.parent / "tracking.js"


@cache
def _script(waits: bool) -> str:
    written = _SCRIPT.read_text(encoding="utf-8").replace('"WAITS"', "true" if waits else "false")
    return str(rjsmin.jsmin(written))


@require_safe
def script(request: HttpRequest, site_key: str) -> HttpResponse:
    """The script of a site. A site that is closed gets one that does nothing, so that its pages go on."""
    site = get_object_or_404(Site.objects.select_related("source"), key=site_key)
    text = _script(site.waits_for_consent) if site.source.is_active else "window.handoff=()=>{};"
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@csrf_exempt
@require_http_methods(["POST", "OPTIONS"])
def collect(request: HttpRequest, site_key: str) -> HttpResponse:
    """Take what the script of a site saw: 204, whatever became of it. Only pages of the site's own addresses
    may send (403), and only they may read the answer. 64 kB at most (413). 429 with Retry-After for more than
    the site, or one address, may send. Safe to repeat."""
    site = get_object_or_404(Site.objects.select_related("source"), key=site_key)
    origin = request.headers.get("Origin", "")
    if not site.source.is_active or not site.takes_from(origin):
        return _refused(request, site, origin)
    if request.method == "OPTIONS":
        response = HttpResponse(status=204)
        response["Access-Control-Allow-Methods"] = "POST"
        response["Access-Control-Allow-Headers"] = "Content-Type"
        response["Access-Control-Max-Age"] = "600"
        return _readable(response, origin)
    try:
        body = json_body(request, most=MOST_BYTES)
        _charge(request, site, cost=collecting.many(body))
        collecting.collect(site=site, body=body, at=database_now(), client=_client(request))
    except TooMuch as error:
        return _readable(_later(error), origin)
    except HttpError as error:
        return _readable(_said(str(error), error.status_code), origin)
    except collecting.NotABatch as error:
        return _readable(_said(str(error), 422), origin)
    return _readable(HttpResponse(status=204), origin)


def _client(request: HttpRequest) -> bots.Client:
    """The browser that asks."""
    return bots.Client(address_of(request), request.headers.get("User-Agent", ""))


def _charge(request: HttpRequest, site: Site, *, cost: int = 1, purse: str = "") -> None:
    limiting.charge(source=site.source.key, cost=cost, address=address_of(request), purse=purse)


def _refused(request: HttpRequest, site: Site, origin: str) -> HttpResponse:
    """Counts who is refused, as long as they are not very many: each is a row."""
    try:
        _charge(request, site, purse=limiting.UNPROVEN)
    except TooMuch as error:
        return _later(error)
    where = origin[:200] or "No address"
    reason = (
        f"{where} is not one of the site's addresses." if site.source.is_active else "The site is closed."
    )
    arrivals.note(
        source=site.source.key,
        kind=Source.Kind.SCRIPT,
        became=Became(refused=[TurnedAway("origin", reason)]),
        at=database_now(),
    )
    return _said(reason, 403)


def _later(error: TooMuch) -> HttpResponse:
    response = _said(str(error), error.status_code)
    response["Retry-After"] = str(error.seconds)
    return response


def _said(reason: str, status: int) -> HttpResponse:
    return HttpResponse(reason, status=status, content_type="text/plain; charset=utf-8")


def _readable(response: HttpResponse, origin: str) -> HttpResponse:
    response["Access-Control-Allow-Origin"] = origin
    response["Access-Control-Expose-Headers"] = "Retry-After"  # the script obeys it
    response["Vary"] = "Origin"
    return response
