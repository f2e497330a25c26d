"""Saved views: keep the list as it stands, and look after those one has."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.permissions import may_hand_over
from handoff import saved_views
from handoff.models import SavedView
from handoff.models.saved_view import EVERYBODY
from handoff.permissions import may_share_with_all

from .requests import Request, for_everybody


@require_http_methods(["GET", "HEAD", "POST"])
@for_everybody
def views(request: Request) -> HttpResponse:
    """One's views; what is posted is kept as another one, and the list opens with it."""
    if request.method != "POST":
        return _page(request)
    page = request.POST.get("page", "")
    if page not in saved_views.pages_for(request.user):
        return _page(request, "There is no such list.", 422)
    try:
        with transaction.atomic():
            view = saved_views.keep(
                owner=request.user,
                page=page,
                name=request.POST.get("name", "")[:60],
                query=request.POST.get("query", "")[:1000],
            )
            saved_views.share(view=view, to=request.POST.get("team", ""))
    except saved_views.NotKept as refusal:
        return _page(request, str(refusal), 422)
    if request.POST.get("is_default"):
        saved_views.open_with(view=view, is_default=True)
    messages.success(request, f"Saved the view {view.name}.")
    return redirect(f"{reverse(f'handoff:{page}')}?{view.query}")


@require_POST
@for_everybody
def view(request: Request, savedview_id: UUID) -> HttpResponse:
    """Rename it, share it, move it, open the list with it, or delete it: ``do`` says which. One that others
    see is deleted once the owner has read how many they are."""
    own = SavedView.objects.filter(owner=request.user).select_related("team", "owner")
    found = get_object_or_404(own, public_id=savedview_id)
    verb = request.POST.get("do", "")
    if verb == "delete" and (others := saved_views.others(found)) and not request.POST.get("sure"):
        return _page(request, asked=found, others=others)
    try:
        if verb == "delete":
            found.delete()
            messages.success(request, f"Deleted the view {found.name}.")
        elif verb in ("up", "down"):
            saved_views.move(view=found, by=-1 if verb == "up" else 1)
        elif verb == "default":
            saved_views.open_with(view=found, is_default=not found.is_default)
        else:
            _save(request, found)
            messages.success(request, "Saved.")
    except saved_views.NotKept as refusal:
        return _page(request, str(refusal), 422)
    return redirect("handoff:views")


@transaction.atomic
def _save(request: Request, found: SavedView) -> None:
    """Its name, and who sees it where that was sent."""
    saved_views.rename(view=found, name=request.POST.get("name", "")[:60])
    if "team" in request.POST:
        saved_views.share(view=found, to=request.POST["team"])


def _page(
    request: Request,
    error: str = "",
    status: int = 200,
    *,
    asked: SavedView | None = None,
    others: int = 0,
) -> HttpResponse:
    own = SavedView.objects.filter(owner=request.user).select_related("team")
    pages = saved_views.pages_for(request.user)
    shared = SavedView.objects.visible_to(request.user).filter(page__in=pages).exclude(owner=request.user)
    ways = [("", "Only you"), *ways_to_share(request.user)]
    mine = list(own.order_by("page", "position", "id"))
    context = {
        "mine": [(view, _ways_of(view, ways)) for view in mine],
        "shared": shared.select_related("owner", "team").in_order(),
        "error": error,
        "asked": asked,
        "others": others,
        "rail_path": reverse("handoff:mqls" if may_hand_over(request.user) else "handoff:queue"),
    }
    return render(request, "handoff/views.html", context, status=status)


def ways_to_share(user: User) -> list[tuple[str, str]]:
    """With whom ``user`` may share a view beside keeping it, as ``saved_views.share`` takes it. One query."""
    ways = [(str(team.pk), f"Everybody in {team}") for team in saved_views.teams_for(user)]
    if may_share_with_all(user):
        ways.append((EVERYBODY, "Everybody who has the list"))
    return ways


def _ways_of(view: SavedView, ways: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Who may see it; how it is shared now stays to choose, although the owner has left that team."""
    if view.sharing in dict(ways):
        return ways
    return [
        *ways,
        (view.sharing, "Everybody who has the list" if view.is_for_all else f"Everybody in {view.team}"),
    ]
