"""What a verb answers: the list it was given in, drawn anew, or the page to go on to. For htmx and plain
forms alike."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from handoff.claiming import HeldByAnother
from handoff.models import Handoff

from . import worklists
from .last_move import last_move
from .requests import Request, wants, way_back
from .work_rows import moment, row_id


def done(
    request: Request, handoff: Handoff, said: SafeString, *, undo_url: str = "", row: str = ""
) -> HttpResponse:
    """It worked: say so, with an undo where there is one."""
    if (answer := list_again(request)) is not None:
        template, context = answer
        context["toast"] = {"text": said, "undo_url": undo_url, "undo_row": row or row_id(handoff)}
        return render(request, template, context)
    messages.success(request, said, extra_tags=undo_url)
    return redirect(next_page(request, handoff))


def refused(
    request: Request, handoff: Handoff, strong: str, text: str, *, heading: str = "Somebody was faster"
) -> HttpResponse:
    """It did not work, and why; the list as it is by now. 409."""
    notice = {
        "kind": "warn",
        "icon_name": "git-pull-request-arrow",
        "strong": strong,
        "text": text,
        "url": reverse("handoff:lead", args=[handoff.lead.public_id]),
        "action": "Open lead",
    }
    if (answer := list_again(request)) is not None:
        template, context = answer
        return render(request, template, {**context, "notice": notice}, status=409)
    context = {"notice": notice, "heading": heading, "back_url": way_back(request, reverse("handoff:queue"))}
    return render(request, "handoff/conflict.html", context, status=409)


def held(request: Request, handoff: Handoff, by: HeldByAnother, typed: str = "") -> HttpResponse:
    """A colleague has it in hand: who, until when, and what was typed."""
    until = moment(by.until, timezone.now()) if by.until else "soon"
    text = f"until {until}. Your change was not saved."
    if typed:
        text += f" You wrote: {typed}"
    strong = f"{handoff.lead} is held for {by.by}"
    return refused(request, handoff, strong, text, heading="Somebody is on it")


def list_again(request: Request) -> tuple[str, dict[str, Any]] | None:
    """The list the form was sent from, for htmx; None when a whole page is to follow."""
    if not wants(request, "worklist"):
        return None
    parts = urlsplit(way_back(request, reverse("handoff:queue")))
    try:
        name = resolve(parts.path).url_name or ""
    except Resolver404:
        return None
    if name not in worklists.LISTS:
        return None
    at = timezone.now()
    listed = worklists.LISTS[name](request.user, QueryDict(parts.query), at)
    context = {"worklist": listed, "now": at, "next": listed.url, "last_move": last_move(request, at)}
    return "handoff/_worklist_answer.html", context


def next_page(request: Request, handoff: Handoff) -> str:
    return way_back(request, reverse("handoff:lead", args=[handoff.lead.public_id]))
