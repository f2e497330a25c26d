"""What somebody has beside leads: accounts, tasks, and views that others use. It goes on when they leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from leads.models import Company, Lead

from .models import SavedView, Task

#: A view keeps its name; where its new owner has one of that name, this is put behind it.
NAME_LENGTH = SavedView._meta.get_field("name").max_length or 60


@dataclass(frozen=True, slots=True)
class Belongings:
    """How much it is: company accounts, open tasks, views that others see."""

    accounts: int = 0
    tasks: int = 0
    views: int = 0

    @property
    def count(self) -> int:
        return self.accounts + self.tasks + self.views

    def __bool__(self) -> bool:
        return self.count > 0

    def __add__(self, other: "Belongings") -> "Belongings":
        return Belongings(self.accounts + other.accounts, self.tasks + other.tasks, self.views + other.views)

    def __str__(self) -> str:
        """ "1 account, 2 tasks, 3 shared views"; what is not there is not said."""
        named = ((self.accounts, "account"), (self.tasks, "task"), (self.views, "shared view"))
        return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in named if count)


NOTHING = Belongings()


def belongings_of(person: User) -> Belongings:
    """What ``person`` has now. One query."""
    [(accounts, tasks, views)] = User.objects.filter(pk=person.pk).values_list(
        _number(Company.objects.filter(owner=person)),
        _number(Task.objects.open().filter(owner=person)),
        _number(SavedView.objects.shared().filter(owner=person)),
    )
    return Belongings(accounts=accounts, tasks=tasks, views=views)


def _number(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("owner").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


def hand_on(
    *, of: User, to: User | None, given: Mapping[int, User], by: User, at: datetime
) -> dict[User, Belongings]:
    """Tasks and accounts go with the leads that were ``given`` (lead → receiver). The rest goes to ``to``;
    without one, tasks and views to ``by``, and an account to nobody: the other routing rules decide then.
    Whoever gets a task that is due is told when it is. Returns receiver → what they got. Inside a
    transaction; safe to repeat. A few statements per receiver."""
    got: dict[User, Belongings] = {}

    def note(person: User, more: Belongings) -> None:
        if more:
            got[person] = got.get(person, NOTHING) + more

    for person in sorted(set(given.values()), key=lambda each: each.pk):
        leads = [lead for lead, receiver in given.items() if receiver == person]
        tasks = Task.objects.open().filter(owner=of, lead__in=leads).update(owner=person, reminded_at=None)
        companies = Lead.objects.filter(pk__in=leads, company__isnull=False).values("company")
        accounts = Company.objects.filter(owner=of, pk__in=companies).update(owner=person, updated_at=at)
        note(person, Belongings(accounts=accounts, tasks=tasks))
    keeper = to or by
    tasks = Task.objects.open().filter(owner=of).update(owner=keeper, reminded_at=None)
    accounts = Company.objects.filter(owner=of).update(owner=to, updated_at=at)
    note(keeper, Belongings(accounts=accounts if to else 0, tasks=tasks, views=_views(of, keeper)))
    return got


def _views(of: User, to: User) -> int:
    """Private views stay: nobody else has ever seen them."""
    taken = set(SavedView.objects.filter(owner=to).values_list("page", "name"))
    views = list(SavedView.objects.shared().filter(owner=of).order_by("position", "id"))
    for view in views:
        view.name = _free(view.name, {name for page, name in taken if page == view.page})
        view.owner, view.is_default = to, False
        taken.add((view.page, view.name))
    SavedView.objects.bulk_update(views, ["owner", "name", "is_default"])
    return len(views)


def _free(name: str, taken: set[str]) -> str:
    number, free = 2, name
    while free in taken:
        tail = f" ({number})"
        number, free = number + 1, name[: NAME_LENGTH - len(tail)] + tail
    return free
