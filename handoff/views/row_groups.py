"""Rows in buckets under a bar that names them: by due time, or by rep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import QuerySet

from accounts.models import User
from handoff.eligibility import load_of
from handoff.filters import due_ranges
from handoff.models import Handoff

from .work_rows import Drawing, Row


@dataclass(frozen=True, slots=True)
class Group:
    """A bucket of rows under a bar that names it; ``count`` is of the whole list, not of this page.
    ``more_url`` leads to those that are not shown."""

    label: str
    icon: str
    kind: str
    count: int | str
    rule: str
    rows: list[Row]
    more_url: str = ""


_BUCKETS = (
    ("Overdue", "alarm-clock", "bad", "overdue"),
    ("Due within the hour", "hourglass", "", "hour"),
    ("Later today", "calendar", "", "today"),
    ("Tomorrow and later", "calendar", "", "later"),
)


def buckets(whole: QuerySet[Handoff], at: datetime) -> dict[str, QuerySet[Handoff]]:
    """``whole`` by when its answers are due, to be counted."""
    lists = {}
    for key, (start, end) in due_ranges(at).items():
        some = whole.filter(due_at__gte=start) if start else whole
        lists[key] = some.filter(due_at__lt=end) if end else some
    return lists


def by_due(
    draw: Drawing, handoffs: Sequence[Handoff], at: datetime, rule: str, counts: Mapping[str, int | str]
) -> list[Group]:
    """``counts`` says how much is in each of ``buckets``, where ``handoffs`` are one page of several."""
    ranges, far = due_ranges(at), datetime.max.replace(tzinfo=UTC)
    groups, left = [], list(handoffs)
    for label, icon, kind, key in _BUCKETS:
        said = rule if key == "hour" else ""
        ends = ranges[key][1] or far
        rows = [handoff for handoff in left if handoff.due_at < ends]
        left = left[len(rows) :]
        # What came back from a snooze stands first in its group.
        rows.sort(key=lambda handoff: handoff.woke_at is None)
        if rows:
            groups.append(Group(label, icon, kind, counts.get(key, len(rows)), said, draw.rows(rows)))
    return groups


def by_rep(draw: Drawing, handoffs: Sequence[Handoff], at: datetime) -> list[Group]:
    """Who has what, with how much waits for each. One query."""
    of: dict[User, list[Handoff]] = {}
    for handoff in handoffs:
        if handoff.rep is not None:
            of.setdefault(handoff.rep, []).append(handoff)
    loads = load_of({person.pk for person in of}, at) if of else {}
    return [
        Group(
            str(person),
            "user-round",
            "",
            len(theirs),
            f"{loads[person.pk].open} open, {loads[person.pk].today} given today",
            draw.rows(theirs),
        )
        for person, theirs in of.items()
    ]
