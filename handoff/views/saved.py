"""Saved views: keep the list as it stands, and look after those one has."""

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Team
from accounts.permissions import may_give_verdicts
from handoff import saved_views
from handoff.models import SavedView

from .requests import Request, page_for

for_sales = page_for(may_give_verdicts, "Views of the queue are for sales.")
LISTED = ("queue", "team")


@require_http_methods(["GET", "HEAD", "POST"])
@for_sales
def views(request: Request) -> HttpResponse:
    """One's views; what is posted is kept as another one, and the list opens with it."""
    if request.method != "POST":
        return _page(request)
    page = request.POST.get("page", "")
    if page not in LISTED:
        return _page(request, "There is no such list.", 422)
    team = _teams(request).filter(pk=request.POST["team"]).first() if request.POST.get("team") else None
    try:
        view = saved_views.keep(
            owner=request.user,
            page=page,
            name=request.POST.get("name", "")[:60],
            query=request.POST.get("query", "")[:1000],
            team=team,
        )
    except saved_views.NotKept as refusal:
        return _page(request, str(refusal), 422)
    if request.POST.get("is_default"):
        saved_views.open_with(view=view, is_default=True)
    messages.success(request, f"Saved the view {view.name}.")
    return redirect(f"{reverse(f'handoff:{page}')}?{view.query}")


@require_POST
@for_sales
def view(request: Request, savedview_id: UUID) -> HttpResponse:
    """Rename it, move it, share it, open the list with it, or delete it: ``do`` says which."""
    found = get_object_or_404(SavedView.objects.filter(owner=request.user), public_id=savedview_id)
    verb = request.POST.get("do", "")
    try:
        if verb == "delete":
            found.delete()
            messages.success(request, f"Deleted the view {found.name}.")
        elif verb in ("up", "down"):
            saved_views.move(view=found, by=-1 if verb == "up" else 1)
        elif verb == "default":
            saved_views.open_with(view=found, is_default=not found.is_default)
        else:
            saved_views.rename(view=found, name=request.POST.get("name", "")[:60])
            messages.success(request, "Saved.")
    except saved_views.NotKept as refusal:
        return _page(request, str(refusal), 422)
    return redirect("handoff:views")


def _teams(request: Request) -> QuerySet[Team]:
    return request.user.teams.order_by("name")


def _page(request: Request, error: str = "", status: int = 200) -> HttpResponse:
    mine = (
        SavedView.objects.filter(owner=request.user).select_related("team").order_by("page", "position", "id")
    )
    shared = SavedView.objects.visible_to(request.user).exclude(owner=request.user)
    context = {
        "mine": mine,
        "shared": shared.select_related("owner", "team").in_order(),
        "error": error,
        "rail_path": reverse("handoff:queue"),
    }
    return render(request, "handoff/views.html", context, status=status)
