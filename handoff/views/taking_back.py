"""Leads that are with sales because of a version that was rolled back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import may_arrange_routing, may_release
from handoff import taking_back
from leads import paging

from .requests import Request, page_for

PAGE = 50


@require_safe
@page_for(may_release, "Who hands leads over, and who leads sales, look after a rollback.")
def left_over(request: Request) -> HttpResponse:
    """Who is still with sales although the version that handed them over is not live any more."""
    handoffs = taking_back.left_over(request.user).select_related("lead__company", "rep", "version__model")
    page = paging.page(handoffs, order=("id",), after=request.GET.get("after", ""), size=PAGE)
    context = {
        "rows": page.rows,
        "next": page.next,
        "ticks": request.GET.get("tick") == "all",
        "may_take": may_arrange_routing(request.user),
        "now": timezone.now(),
        "rail_path": reverse("scoring:versions"),
    }
    return render(request, "handoff/left_over.html", context)


@require_POST
@page_for(may_arrange_routing, "A manager or an admin takes leads back.")
def taking(request: Request) -> HttpResponse:
    """Take back one, or those that are ticked."""
    names = request.POST.getlist("only") or request.POST.getlist("handoff")
    chosen = [handoff_id for name in names[:PAGE] if (handoff_id := _uuid(name))]
    handoffs = list(taking_back.left_over(request.user).filter(public_id__in=chosen))
    taken = taking_back.take_back(handoffs=handoffs, by=request.user, at=timezone.now())
    if taken:
        messages.success(
            request,
            "1 lead taken back; marketing has it."
            if taken == 1
            else f"{taken} leads taken back; marketing has them.",
        )
    elif chosen:
        messages.warning(request, "Nothing was left to take back: sales answered, or somebody was faster.")
    else:
        messages.warning(request, "Tick the leads to take back first.")
    return redirect("handoff:left-over")


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
