"""What visitors see of a form: the page of its own, the one in a frame, what comes after, and the
confirmation of an address. Strangers ask here: no cookie is set, and every answer is the same whoever is
named in it."""

import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from csp.constants import NONE, SELF
from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.clock import database_now
from capture import channels, limiting, sites
from capture.cleaning import storable
from capture.limiting import TooMuch
from capture.models import ConsentWording, OfferFile, WebForm
from capture.webforms import asking, confirming, offers, stamps, suspecting, taking
from capture.webforms.asking import AnswerForm
from capture.webforms.stamps import Stamp
from capture.webforms.suspecting import Evidence
from capture.webforms.taking import Sent

from .addresses import address_of

#: Set by our script on websites under the same domain, and only with consent.
VISITOR_COOKIE = "handoff_id"
_RANDOM = re.compile("[0-9a-f]{32}")
#: What may stand in a policy, whatever somebody wrote in the administration.
_ORIGIN = re.compile(r"https?://[a-z0-9.*:-]+")
_LONGEST = 300
_PIECE = 64 * 1024
_TAGS = (*channels.TAGS, *channels.PAID_SEARCH_CLICKS, *channels.PAID_SOCIAL_CLICKS)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def hosted(request: HttpRequest, webform_key: str) -> HttpResponse:
    """The form on a page of its own."""
    form = _form(webform_key)
    return _allowing(_answer(request, form, framed=False), form, framed=False)


@xframe_options_exempt
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def framed(request: HttpRequest, webform_key: str) -> HttpResponse:
    """The same for a frame on the pages that the form allows."""
    form = _form(webform_key)
    return _allowing(_answer(request, form, framed=True), form, framed=True)


@require_safe
def offer(request: HttpRequest, webform_key: str) -> HttpResponse:
    """The file that the form gives away, as a download and never as a page."""
    found = get_object_or_404(OfferFile, web_form__source__key=webform_key)
    try:
        stream = found.path.open("rb")
    except FileNotFoundError:
        raise Http404("The file is gone.") from None

    async def pieces() -> AsyncIterator[bytes]:
        with stream:
            while piece := await sync_to_async(stream.read)(_PIECE):
                yield piece

    response = StreamingHttpResponse(pieces(), content_type=offers.kind_of(found.name))
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=found.name)
    response["Content-Length"] = str(found.size)
    response["Cache-Control"] = "no-cache"  # another file may take its place
    return cast(HttpResponse, response)


@require_safe
def thanks(request: HttpRequest, webform_key: str) -> HttpResponse:
    form = _form(webform_key)
    return _allowing(_thank(request, form, framed=False), form, framed=False)


@xframe_options_exempt
@require_safe
def framed_thanks(request: HttpRequest, webform_key: str) -> HttpResponse:
    form = _form(webform_key)
    return _allowing(_thank(request, form, framed=True), form, framed=True)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def confirmation(request: HttpRequest, webform_key: str, submission_key: str) -> HttpResponse:
    """Asks, and confirms when somebody presses the button: what only follows links confirms nothing."""
    form = _form(webform_key)
    submission = stamps.linked(submission_key, form=form)
    if submission is None:
        return render(request, "capture/form_confirmation.html", {"form": form}, status=404)
    if request.method == "POST":
        confirming.confirm(submission=submission, at=database_now())
        return HttpResponseRedirect(request.path)
    context = {"form": form, "submission": submission, "workspace": settings.WORKSPACE_NAME}
    return render(request, "capture/form_confirmation.html", context)


def _form(key: str) -> WebForm:
    rows = WebForm.objects.select_related("source", "type").prefetch_related("fields")
    return get_object_or_404(rows, source__key=key)


def _answer(request: HttpRequest, form: WebForm, *, framed: bool) -> HttpResponse:
    if request.method == "POST":
        try:
            limiting.charge(source=form.key, address=address_of(request))
        except TooMuch as error:
            return _later(request, form, framed, error)
    if not form.source.is_active:
        if request.method == "POST":
            faults = [("", "The form is closed.")]
            taking.refuse(form=form, faults=faults, typed=_typed(request.POST), at=database_now())
        return render(request, "capture/public_form.html", {"form": form, "framed": framed}, status=410)
    return _take(request, form, framed) if request.method == "POST" else _ask(request, form, framed)


def _ask(request: HttpRequest, form: WebForm, framed: bool) -> HttpResponse:
    visitor = _visitor(request.GET.get("visitor", "") if framed else request.COOKIES.get(VISITOR_COOKIE, ""))
    asked = asking.questions(form, anonymous_id=visitor)
    came = {} if framed else _seen(request)
    at = database_now()
    stamp = stamps.make(form=form, asked=[one.key for one in asked], came=came, at=at)
    answers = AnswerForm(
        asked=asked,
        wording=_wording(form, form.consent_version),
        consent_required=form.consent_required,
        initial={one.key: request.GET.get(one.parameter, "")[:_LONGEST] for one in asked if one.parameter},
    )
    response = _page(request, form, answers, stamp, framed, visitor=visitor)
    response["Cache-Control"] = "no-store"  # a page from a cache would be an old one
    return response


def _take(request: HttpRequest, form: WebForm, framed: bool) -> HttpResponse:
    began, at, text = time.monotonic(), database_now(), request.POST.get("_stamp", "")
    stamp = stamps.read(text, form=form)
    answers, wording = _answers(request, form, stamp)
    if not answers.is_valid():
        faults = [(name, str(error)) for name, errors in answers.errors.items() for error in errors]
        taking.refuse(form=form, faults=faults, typed=_typed(request.POST), at=at)
        return _page(request, form, answers, text, framed, status=422)
    posted = request.POST.get("_visitor", "") if framed else request.COOKIES.get(VISITOR_COOKIE, "")
    proof = request.POST.get("_proof", "")
    evidence = Evidence(
        stamp=stamp,
        trap=answers.cleaned_data[asking.HONEYPOT],
        proof=(proof == stamps.proof(text)) if proof else None,
        network=suspecting.network(address_of(request)),
    )
    agreed = wording if answers.cleaned_data.get(asking.CONSENT) else None
    sent = Sent(
        answers=answers.answers,
        wording=agreed,
        came=_told(request.POST) if framed else (stamp.came if stamp else {}),
        anonymous_id=_visitor(posted),
        evidence=evidence,
    )
    taking.take(form=form, sent=sent, at=at)
    _even_out(began)
    # Where it goes is stored with the form; nothing in the request has a say in it (S7). A file of ours comes
    # with the thanks: a download alone would leave the visitor before the form.
    if form.goes_to and not framed and not _gives_file(form):
        return HttpResponseRedirect(form.goes_to)
    return HttpResponseRedirect(
        reverse("capture:form-framed-thanks" if framed else "capture:form-thanks", args=[form.key])
    )


def _even_out(began: float) -> None:
    """Answer at a whole step of time after the form came: making a lead takes longer than finding one, and
    nobody shall see whom we know (S16)."""
    if step := settings.FORM_ANSWER_STEP_SECONDS:
        time.sleep(step - (time.monotonic() - began) % step)


def _answers(
    request: HttpRequest, form: WebForm, stamp: Stamp | None
) -> tuple[AnswerForm, ConsentWording | None]:
    """What was posted, as answers to what its page asked, with the words that it showed."""
    asked = asking.asked_again(form, stamp.asked) if stamp else asking.questions(form)
    wording = _wording(form, stamp.version if stamp else form.consent_version)
    filled = AnswerForm(request.POST, asked=asked, wording=wording, consent_required=form.consent_required)
    return filled, wording


def _later(request: HttpRequest, form: WebForm, framed: bool, error: TooMuch) -> HttpResponse:
    """Far more than people send. The page comes back as it was filled in, so a person among them loses
    nothing."""
    text = request.POST.get("_stamp", "")
    answers, _ = _answers(request, form, stamps.read(text, form=form))
    answers.full_clean()
    answers.add_error(None, f"Very much is being sent here just now. Please try again in {error.seconds} s.")
    response = _page(request, form, answers, text, framed, status=error.status_code)
    response["Retry-After"] = str(error.seconds)
    return response


def _page(
    request: HttpRequest,
    form: WebForm,
    answers: AnswerForm,
    stamp: str,
    framed: bool,
    *,
    visitor: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "answers": answers,
        "stamp": stamp,
        "framed": framed,
        "visitor": visitor or _visitor(request.POST.get("_visitor", "")),
        "asks_anew": framed and not visitor and request.method != "POST" and asking.asks_by_and_by(form),
    }
    return render(request, "capture/public_form.html", context, status=status)


def _gives_file(form: WebForm) -> bool:
    return form.after == WebForm.After.OFFER and form.offer_url == offers.address(form)


def _thank(request: HttpRequest, form: WebForm, *, framed: bool) -> HttpResponse:
    context = {"form": form, "framed": framed, "downloads": not framed and _gives_file(form)}
    return render(request, "capture/public_thanks.html", context)


def _allowing(response: HttpResponse, form: WebForm, *, framed: bool) -> HttpResponse:
    """Let the pages that the form names frame this one, and the form lead to its stored address."""
    policy: dict[str, Any] = {"form-action": [SELF]}
    if form.goes_to and not framed:
        with contextlib.suppress(sites.OriginRefused):
            policy["form-action"].append(sites.origin(form.goes_to))
    if framed:
        origins = [origin for origin in form.origins if _ORIGIN.fullmatch(origin)]
        policy["frame-ancestors"] = [SELF, *origins] if origins else [NONE]
    response._csp_replace = policy  # type: ignore[attr-defined]  # how django-csp takes it
    return response


def _wording(form: WebForm, version: int) -> ConsentWording | None:
    return form.wordings.filter(version=version).first() if version else None


def _visitor(said: str) -> str:
    """The random id of a browser, without what our script adds to it; "" for anything else (C-41)."""
    key = said.partition(".")[0]
    return key if _RANDOM.fullmatch(key) else ""


def _seen(request: HttpRequest) -> dict[str, Any]:
    """Where the visitor of a page of ours came from."""
    referrer = _host(request.headers.get("Referer", ""))
    return _came(
        url=request.build_absolute_uri(request.path),
        referrer="" if referrer == request.get_host().partition(":")[0] else referrer,
        tags={name: request.GET.get(name) for name in _TAGS},
    )


def _told(posted: QueryDict) -> dict[str, Any]:
    """The same as the page around a frame tells it, where the visitor agreed."""
    try:
        tags = json.loads(posted.get("_tags", "") or "{}")
    except ValueError:
        tags = {}
    url = posted.get("_page", "")[:2_000]
    referrer = _host(posted.get("_referrer", ""))
    return _came(
        url=url,
        referrer="" if referrer == _host(url) else referrer,
        tags=tags if isinstance(tags, dict) else {},
    )


def _came(*, url: str, referrer: str, tags: Mapping[str, Any]) -> dict[str, Any]:
    """Page, referrer's host and campaign tags as they are kept; nothing that is not said."""
    found: dict[str, Any] = {}
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme in ("http", "https") and parts.netloc:
        found["url"] = storable(f"{parts.scheme}://{parts.netloc}{parts.path}")[:_LONGEST]
        found["path"] = storable(parts.path or "/")[:_LONGEST]
    if referrer:
        found["referrer"] = storable(referrer)[:_LONGEST]
    said = {name: tags.get(name) for name in _TAGS}
    kept = {name: storable(text)[:_LONGEST] for name, text in said.items() if isinstance(text, str) and text}
    return {**found, "tags": kept} if kept else found


def _host(address: str) -> str:
    try:
        return urlsplit(address[:2_000]).hostname or ""
    except ValueError:  # half an IPv6 address
        return ""


def _typed(posted: QueryDict) -> dict[str, str]:
    return {name[:64]: posted.get(name, "")[:500] for name in posted if not name.startswith("_")}
