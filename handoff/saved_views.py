"""Keeping the filters and the order of a list under a name, for oneself or for the team."""

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.http import QueryDict

from accounts.models import Team, User

from .models import SavedView
from .models.saved_view import MOST_VIEWS

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What of an address is no part of a view: where one stands in it.
PASSING = ("after", "lead", "reject", "snooze", "csrfmiddlewaretoken")


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


def of(user: User, page: str) -> list[SavedView]:
    """The views of ``user`` on a page, their own and the shared ones, in order. One query."""
    views = SavedView.objects.visible_to(user).filter(page=page)
    return list(views.select_related("owner", "team").in_order()[:MOST_VIEWS])


def keep(*, owner: User, page: str, name: str, query: str, team: Team | None = None) -> SavedView:
    """Keep ``query`` as ``name``; a view of that name is replaced, so it is safe to repeat. Raises
    NotKept."""
    name = name.strip()
    if not name:
        raise NotKept("Give the view a name.")
    if team is not None and not owner.is_admin and not owner.teams.filter(pk=team.pk).exists():
        raise NotKept("Share it with a team of yours.")
    mine = SavedView.objects.filter(owner=owner, page=page)
    if not mine.filter(name=name).exists() and mine.count() >= MOST_VIEWS:
        raise NotKept(f"{MOST_VIEWS} views are the most. Delete one first.")
    view, _ = SavedView.objects.update_or_create(
        owner=owner, page=page, name=name, defaults={"query": canonical(QueryDict(query)), "team": team}
    )
    return view


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
