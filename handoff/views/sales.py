"""The pages sales works on: one's own queue and the team's."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import may_give_verdicts
from handoff import saved_views

from . import worklists
from .last_move import last_move
from .previews import preview
from .requests import Request, page_for, wants

for_sales = page_for(may_give_verdicts, "The sales queue is for sales. Marketing works on the MQLs.")


@require_GET
@for_sales
def queue(request: Request) -> HttpResponse:
    """One's own handoffs, the most urgent first."""
    return _answer(request, "queue")


@require_GET
@for_sales
def team(request: Request) -> HttpResponse:
    """Everything that waits in one's teams."""
    return _answer(request, "team")


def _answer(request: Request, name: str) -> HttpResponse:
    at = timezone.now()
    if not request.GET and not request.htmx and (view := saved_views.default_of(request.user, name)):
        return redirect(f"{request.path}?{view.query or 'view='}")
    context: dict[str, Any] = {"now": at, "last_move": last_move(request, at)}
    if wants(request, "peek"):
        context["preview"] = preview(user=request.user, name=name, parameters=request.GET, at=at)
        return render(request, "handoff/_preview.html", context)
    context["worklist"] = worklist = worklists.LISTS[name](request.user, request.GET, at)
    if wants(request, "worklist"):
        return render(request, "handoff/_worklist_refresh.html", context)
    context["preview"] = preview(
        user=request.user,
        name=name,
        parameters=request.GET,
        at=at,
        line=worklist.line,
        otherwise=worklist.rows,
    )
    return render(request, "handoff/worklist.html", context)
