"""The two lists that sales works through: one's own queue and the team's open handoffs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from handoff.filters import Chip, HandoffFilter, chips, without
from handoff.models import Handoff
from handoff.policies import agreed
from leads import paging
from leads.stages import Stage

from .rows import AgreedLine, agreed_line
from .work_rows import Drawing, Row

PAGE = 50
DECIDED_DAYS = 30
#: How many unassigned leads stand above one's own before the rest is a link away.
STRIP = 5

_OPEN = Q(status=Handoff.Status.OPEN)


@dataclass(frozen=True, slots=True)
class View:
    """A saved view: which handoffs (by the key of ``_conditions``), in which order. ``open`` ones have a
    running clock."""

    key: str
    label: str
    open: bool
    order: tuple[str, ...]


_DUE_FIRST = ("due_at", "id")
_LATEST_FIRST = ("-decided_at", "-id")

QUEUE = (
    View("due", "To decide", True, _DUE_FIRST),
    View("today", "New today", True, _DUE_FIRST),
    View("working", "Working", False, _LATEST_FIRST),
    View("decided", "Decided", False, _LATEST_FIRST),
)
TEAM = (
    View("open", "All open", True, _DUE_FIRST),
    View("unassigned", "Unassigned", True, _DUE_FIRST),
    View("overdue", "Overdue", True, _DUE_FIRST),
)


def _conditions(at: datetime) -> dict[str, Q]:
    """What each saved view holds at ``at``."""
    return {
        "due": _OPEN,
        "open": _OPEN,
        "today": _OPEN & Q(offered_at__gte=_midnight(at)),
        "unassigned": _OPEN & Q(rep=None),
        "overdue": _OPEN & Q(due_at__lt=at),
        "working": Q(status=Handoff.Status.ACCEPTED, lead__stage__in=[Stage.SQL, Stage.OPPORTUNITY]),
        "decided": Q(decided_at__gte=at - timedelta(days=DECIDED_DAYS)),
    }


def _midnight(at: datetime) -> datetime:
    """The beginning of the reader's day."""
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)


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


@dataclass(frozen=True, slots=True)
class Worklist:
    """A list as a page shows it. ``parameters`` are those of its URL."""

    name: str
    heading: str
    path: str
    parameters: QueryDict
    view: View
    views: list[dict[str, Any]]
    groups: list[Group]
    filters: HandoffFilter
    chips: list[Chip]
    line: AgreedLine
    next: str
    empty: dict[str, str]

    @property
    def rows(self) -> list[Row]:
        return [row for group in self.groups for row in group.rows]

    @property
    def url(self) -> str:
        return f"{self.path}?{self.parameters.urlencode()}"

    @property
    def next_url(self) -> str:
        return f"{without(self.parameters, 'after', 'lead')}&after={self.next}"


def queue(user: User, parameters: QueryDict, at: datetime) -> Worklist:
    """One's own handoffs, and above them those that nobody was free for and one may take."""
    view = _chosen(QUEUE, parameters)
    own = Handoff.objects.filter(rep=user)
    free = _of_own_teams(user).filter(_OPEN, rep=None)
    return _worklist("queue", "My queue", user, own, QUEUE, view, parameters, at, free=free)


def team(user: User, parameters: QueryDict, at: datetime) -> Worklist:
    """Everything that waits in one's teams, whoever has it."""
    view = _chosen(TEAM, parameters)
    theirs = _of_own_teams(user)
    free = theirs.filter(_OPEN, rep=None) if view.key == "open" else Handoff.objects.none()
    rows = theirs.exclude(rep=None) if view.key == "open" else theirs
    return _worklist("team", "Team queue", user, rows, TEAM, view, parameters, at, free=free, counted=theirs)


#: How far the lead page looks for the lead before and after.
ORDERED = 500


def order_of(name: str, key: str, user: User, at: datetime) -> list[UUID]:
    """The leads of a saved view in its order, the first ``ORDERED`` of them. One query."""
    views = QUEUE if name == "queue" else TEAM
    view = next((each for each in views if each.key == key), views[0])
    handoffs = Handoff.objects.filter(rep=user) if name == "queue" else _of_own_teams(user)
    found = handoffs.filter(_conditions(at)[view.key]).order_by(*view.order)
    return list(found.values_list("lead__public_id", flat=True)[:ORDERED])


FIRST_VIEW = {"queue": QUEUE[0].key, "team": TEAM[0].key}
LISTS: dict[str, Callable[[User, QueryDict, datetime], Worklist]] = {"queue": queue, "team": team}


def _of_own_teams(user: User) -> QuerySet[Handoff]:
    visible = Handoff.objects.visible_to(user)
    return visible if user.is_admin else visible.filter(pool__team__members=user)


def _chosen(views: Sequence[View], parameters: QueryDict) -> View:
    return next((view for view in views if view.key == parameters.get("view")), views[0])


def _worklist(
    name: str,
    heading: str,
    user: User,
    handoffs: QuerySet[Handoff],
    views: Sequence[View],
    view: View,
    parameters: QueryDict,
    at: datetime,
    *,
    free: QuerySet[Handoff],
    counted: QuerySet[Handoff] | None = None,
) -> Worklist:
    path, conditions = reverse(f"handoff:{name}"), _conditions(at)
    filters = HandoffFilter(parameters, queryset=handoffs.filter(conditions[view.key]))
    unfiltered = counted if counted is not None else handoffs
    counts = unfiltered.aggregate(**{each.key: Count("id", filter=conditions[each.key]) for each in views})
    after = parameters.get("after", "")
    page = paging.page(_with_lead(filters.qs), order=view.order, after=after, size=PAGE)
    narrowed = chips(filters, parameters)
    strip: list[Handoff] = []
    if view.open and not after and not narrowed and view.key != "unassigned":
        strip = list(_with_lead(free).due_first()[: STRIP + 1])
    line = agreed_line()
    handoffs_shown = [*strip, *page.rows]
    draw = Drawing(user, name, path, parameters, line, at, handoffs_shown, view.key, view.open)
    groups = []
    if strip:
        rule = "nobody was free: whoever accepts first has it"
        more = len(strip) > STRIP
        count = counts.get("unassigned", f"{STRIP}+" if more else len(strip))
        rest = f"{reverse('handoff:team')}?view=unassigned" if more else ""
        groups.append(Group("Unassigned", "users", "warn", count, rule, draw.rows(strip[:STRIP]), rest))
    if view.open:
        groups += _by_due(draw, page.rows, at, agreed(), filters.qs if page.next or after else None)
    elif page.rows:
        count = counts[view.key] if not narrowed else len(page.rows)
        icon = "handshake" if view.key == "working" else "check"
        rule = "" if view.key == "working" else f"the last {DECIDED_DAYS} days"
        groups.append(Group(view.label, icon, "", count, rule, draw.rows(page.rows)))
    return Worklist(
        name=name,
        heading=heading,
        path=path,
        parameters=parameters,
        view=view,
        views=[
            {"label": v.label, "url": f"?view={v.key}", "count": counts[v.key], "current": v is view}
            for v in views
        ],
        groups=groups,
        filters=filters,
        chips=narrowed,
        line=line,
        next=page.next,
        empty=_empty(view, parameters, narrowed, filters, counts, name) if not groups else {},
    )


def _with_lead(handoffs: QuerySet[Handoff]) -> Any:
    return handoffs.select_related("lead__company", "rep", "pool")


def _by_due(
    draw: Drawing, handoffs: Sequence[Handoff], at: datetime, rule: str, whole: QuerySet[Handoff] | None
) -> list[Group]:
    """``whole`` is the list that this is one page of; None when the page is all of it."""
    hour, midnight = at + timedelta(hours=1), _midnight(at) + timedelta(days=1)
    far = datetime.max.replace(tzinfo=UTC)
    buckets = (
        ("Overdue", "alarm-clock", "bad", "", at),
        ("Due within the hour", "hourglass", "", rule, hour),
        ("Later today", "calendar", "", "", max(hour, midnight)),
        ("Tomorrow and later", "calendar", "", "", far),
    )
    counts: dict[str, int] = {}
    if whole is not None:
        until = {f"n{number}": Q(due_at__lt=bucket[4]) for number, bucket in enumerate(buckets)}
        counts = whole.aggregate(**{name: Count("id", filter=due) for name, due in until.items()})
    groups, left, before = [], list(handoffs), 0
    for number, (label, icon, kind, said, ends) in enumerate(buckets):
        rows = [handoff for handoff in left if handoff.due_at < ends]
        left = left[len(rows) :]
        count = counts[f"n{number}"] - before if counts else len(rows)
        before = counts.get(f"n{number}", 0)
        if rows:
            groups.append(Group(label, icon, kind, count, said, draw.rows(rows)))
    return groups


def _empty(
    view: View,
    parameters: QueryDict,
    narrowed: Sequence[Chip],
    filters: HandoffFilter,
    counts: dict[str, int],
    name: str,
) -> dict[str, str]:
    """What to say instead of rows: a filter in the way, work that is done, or nothing yet."""
    if narrowed:
        drop = narrowed[-1]
        wider = QueryDict(drop.remove_url.removeprefix("?"))
        rest = HandoffFilter(wider, queryset=filters.queryset).qs.count()
        said = " and ".join(f"{chip.label.lower()} is {chip.value}" for chip in narrowed)
        return {
            "icon_name": "funnel-x",
            "title": "No lead matches",
            "text": f"{said[:1].upper()}{said[1:]}. Without the last filter there would be {rest}.",
            "url": drop.remove_url,
            "action": f"Remove {drop.label.lower()}",
        }
    others = {key: count for key, count in counts.items() if count}
    if not others and name == "queue":
        return {
            "icon_name": "inbox",
            "title": "Your queue is empty",
            "text": "When a lead crosses the agreed line and is yours, it appears here with the reasons.",
            "url": reverse("scoring:definitions"),
            "action": "Read what makes an SQL",
        }
    text = f"Every lead {'offered to you' if name == 'queue' else 'of the team'} has an answer."
    if view.key in ("working", "decided"):
        text = "Leads you accept stay here until they are won or lost."
    return {
        "icon_name": "circle-check-big",
        "title": "Nothing to decide",
        "text": text,
        "url": "",
        "action": "",
    }
