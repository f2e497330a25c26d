"""Who works here: everybody, searched, filtered, and who is away."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import availability
from accounts.models import Absence, Team, User
from accounts.permissions import may_invite, people_arranged_by
from handoff.filters import PeopleFilter, chips, without
from leads import paging

from .requests import Request, for_everybody

PAGE = 50
#: Who is listed: the key in the address, and what the tab says.
VIEWS = (("", "Here"), ("away", "Away now"), ("off", "Switched off"))


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody as the list shows them; ``away`` until when, "" for here; ``opens`` when the reader arranges
    their time."""

    person: User
    teams: list[Team]
    away: str
    opens: bool


@require_safe
@for_everybody
def people(request: Request) -> HttpResponse:
    """Page by page, by name. Search and filters are in the URL. The same number of queries however many."""
    at = timezone.now()
    view = next((key for key, _ in VIEWS if key and key == request.GET.get("view")), "")
    filters = PeopleFilter(request.GET, queryset=_of_view(view, at), reader=request.user)
    running = Absence.objects.filter(starts_at__lte=at, ends_at__gt=at).order_by("-ends_at", "id")
    found = filters.qs.prefetch_related(
        Prefetch("teams", Team.objects.order_by("name", "id")),
        Prefetch("absences", running, to_attr="away_now"),
    )
    page = paging.page(found, order=("name", "id"), after=request.GET.get("after", ""), size=PAGE)
    listed = [person.pk for person in page.rows]
    arranged = set(people_arranged_by(request.user).filter(pk__in=listed).values_list("pk", flat=True))
    rest = without(request.GET, "view", "after")
    context = {
        "rows": [
            Row(each, list(each.teams.all()), _away(each.away_now), each.pk in arranged) for each in page.rows
        ],
        "view": view,
        "tabs": [(label, f"{rest}&view={key}" if key else rest, key == view) for key, label in VIEWS],
        "filters": filters,
        "chips": chips(filters, request.GET),
        "next_url": f"{without(request.GET, 'after')}&after={page.next}" if page.next else "",
        "is_later": bool(request.GET.get("after")),
        "first_url": without(request.GET, "after"),
        "may_invite": may_invite(request.user),
        "now": at,
    }
    return render(request, "handoff/people.html", context)


def _of_view(view: str, at: datetime) -> QuerySet[User]:
    people = User.objects.filter(is_active=view != "off")
    if view == "away":
        people = people.filter(
            Exists(Absence.objects.filter(user=OuterRef("pk"), starts_at__lte=at, ends_at__gt=at))
        )
    return people


def _away(absences: list[Absence]) -> str:
    if not absences:
        return ""
    zone = timezone.get_current_timezone_name()
    return availability.away_words(absences[0].ends_at, zone=zone, reason=absences[0].reason)
