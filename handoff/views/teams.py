"""The teams: their calendar, who is in them, and the pools they answer for."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Team, User
from accounts.people_forms import TeamForm
from accounts.permissions import may_invite, people_arranged_by
from handoff.models import Pool

from .requests import Request, for_everybody, page_for

for_admins = page_for(may_invite, "Admins make teams and choose their calendars.")


@require_safe
@for_everybody
def teams(request: Request) -> HttpResponse:
    """Every team with its calendar, its people and its pools."""
    found = Team.objects.select_related("calendar").order_by("name", "id").prefetch_related(
        Prefetch("members", User.objects.filter(is_active=True).order_by("name", "id")),
        Prefetch("pools", Pool.objects.order_by("position", "id")),
    )  # fmt: skip
    context = {
        "teams": found,
        "may_set": may_invite(request.user),
        "arranged": set(people_arranged_by(request.user)),
    }
    return render(request, "handoff/teams.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def new_team(request: Request) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def one_team(request: Request, team_id: UUID) -> HttpResponse:
    """A team's name and calendar."""
    return _edit(request, get_object_or_404(Team, public_id=team_id))


def _edit(request: Request, team: Team | None) -> HttpResponse:
    title = str(team) if team else "New team"
    form = TeamForm(request.POST or None, instance=team)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, format_html("Saved <b>{}</b>.", saved))
        return redirect("handoff:teams")
    context = {"form": form, "title": title, "rail_path": reverse("handoff:teams")}
    return render(request, "handoff/team_form.html", context, status=422 if form.errors else 200)
