"""Keeping the filters and the order of a list under a name, for oneself, for a team or for everybody."""

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import Role, Team, User
from accounts.permissions import may_give_verdicts, may_hand_over

from . import segments
from .models import SavedView
from .models.saved_view import EVERYBODY, MOST_VIEWS, SEGMENTED
from .permissions import may_share_with_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What of an address is no part of a view: where one stands in it.
PASSING = ("after", "lead", "reject", "snooze", "period", "csrfmiddlewaretoken")


NOT_YOURS = "Share it with a team of yours."


#: Who has which list.
_SALES = (Role.REP, Role.MANAGER, Role.ADMIN)
_READERS: dict[SavedView.Page, tuple[Role, ...]] = {
    SavedView.Page.QUEUE: _SALES,
    SavedView.Page.TEAM: _SALES,
    SavedView.Page.MQLS: (Role.MARKETER, Role.ADMIN),
    SavedView.Page.LEADS: (*_SALES, Role.MARKETER),
}


class NotKept(ValueError):
    """The view cannot be kept like this; the message says why."""


def canonical(parameters: "QueryDict | Mapping[str, str]") -> str:
    """What makes a view of an address: its filters and its order, always written in the same way."""
    kept = sorted(
        (key, value) for key, value in parameters.items() if key not in PASSING and str(value).strip()
    )
    query = QueryDict(mutable=True)
    for key, value in kept:
        query[key] = str(value).strip()
    return query.urlencode()


def pages_for(user: User) -> list[str]:
    """The lists that ``user`` may keep views of: those they have."""
    pages = [SavedView.Page.LEADS]
    if may_give_verdicts(user):
        pages += [SavedView.Page.QUEUE, SavedView.Page.TEAM]
    if may_hand_over(user):
        pages.append(SavedView.Page.MQLS)
    return [page.value for page in pages]


def of(user: User, page: str) -> list[SavedView]:
    """The views of ``user`` on a page, their own and the shared ones, in order. One query."""
    views = SavedView.objects.visible_to(user).filter(page=page)
    return list(views.select_related("owner", "team").in_order()[:MOST_VIEWS])


def kept_as(kept: "Sequence[SavedView]", parameters: QueryDict) -> SavedView | None:
    """The one of ``kept`` that an address is."""
    asked = canonical(parameters)
    return next((view for view in kept if asked and view.query == asked), None)


def _refuse_team(owner: User, team: Team) -> None:
    if not teams_for(owner).filter(pk=team.pk).exists():
        raise NotKept(NOT_YOURS)


def keep(*, owner: User, page: str, name: str, query: str, team: Team | None = None) -> SavedView:
    """Keep ``query`` as ``name``; a view of that name is replaced, so it is safe to repeat. Raises
    NotKept."""
    name = name.strip()
    if not name:
        raise NotKept("Give the view a name.")
    if team is not None:
        _refuse_team(owner, team)
    if page in SEGMENTED and (wrong := segments.faults(page=page, query=query)):
        raise NotKept(f"This is no view to keep. {wrong}")
    mine = SavedView.objects.filter(owner=owner, page=page)
    if not mine.filter(name=name).exists() and mine.count() >= MOST_VIEWS:
        raise NotKept(f"{MOST_VIEWS} views are the most. Delete one first.")
    view, _ = SavedView.objects.update_or_create(
        owner=owner,
        page=page,
        name=name,
        defaults={"query": canonical(QueryDict(query)), "team": team, "is_for_all": False},
    )
    return view


def teams_for(user: User) -> QuerySet[Team]:
    """The teams that ``user`` may share a view with: their own, an admin every team."""
    return (Team.objects.all() if user.is_admin else user.teams.all()).order_by("name", "id")


def share(*, view: SavedView, to: str) -> None:
    """Let others see ``view``, or nobody any more: ``to`` is a team's id, ``EVERYBODY``, or "" for the owner
    alone. Left as it is, an owner may keep what they might not choose anew. Safe to repeat. Raises
    NotKept."""
    if to == view.sharing:
        return
    if to == EVERYBODY and not may_share_with_all(view.owner):
        raise NotKept("Who leads a team shares with everybody. Share it with a team of yours.")
    team = None
    if to not in ("", EVERYBODY):
        team = next((each for each in teams_for(view.owner) if str(each.pk) == to), None)
        if team is None:
            raise NotKept(NOT_YOURS)
    SavedView.objects.filter(pk=view.pk).update(team=team, is_for_all=to == EVERYBODY)


def others(view: SavedView) -> int:
    """How many beside the owner have ``view`` in their bar. One query, none for a private one."""
    if not view.is_shared:
        return 0
    people = User.objects.filter(is_active=True, role__in=_READERS[SavedView.Page(view.page)])
    if view.team_id is not None:
        people = people.filter(teams=view.team_id)
    return people.exclude(pk=view.owner_id).count()


def rename(*, view: SavedView, name: str) -> None:
    """Raises NotKept where another view of the owner has that name."""
    if not name.strip():
        raise NotKept("Give the view a name.")
    try:
        with transaction.atomic():
            SavedView.objects.filter(pk=view.pk).update(name=name.strip()[:60])
    except IntegrityError as error:
        raise NotKept(f"There is a view called {name.strip()} already.") from error


@transaction.atomic
def open_with(*, view: SavedView, is_default: bool) -> None:
    """Let the owner's list open with ``view``, or no longer. Safe to repeat."""
    SavedView.objects.filter(owner=view.owner, page=view.page, is_default=True).update(is_default=False)
    if is_default:
        SavedView.objects.filter(pk=view.pk).update(is_default=True)


@transaction.atomic
def move(*, view: SavedView, by: int) -> None:
    """One place forward (-1) or back (1) among the owner's views of the page."""
    views = list(SavedView.objects.select_for_update().filter(owner=view.owner, page=view.page).in_order())
    here = next(place for place, each in enumerate(views) if each.pk == view.pk)
    views.insert(min(max(here + by, 0), len(views) - 1), views.pop(here))
    for position, each in enumerate(views):
        SavedView.objects.filter(pk=each.pk).update(position=position)


def default_of(user: User, page: str) -> SavedView | None:
    """The view that the page opens with. One query."""
    return SavedView.objects.filter(owner=user, page=page, is_default=True).first()
