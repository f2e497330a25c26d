"""The two lists that sales works through: one's own queue and the team's open handoffs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.urls import reverse

from accounts.models import Role, Team, User
from accounts.permissions import may_arrange_routing, team_ids
from handoff import saved_views
from handoff.fields import away_of
from handoff.filters import Chip, HandoffFilter, TeamFilter, chips, without
from handoff.leaving import takers
from handoff.models import Handoff, SavedView
from handoff.models.handoff import HandoffQuerySet
from handoff.policies import agreed
from leads import paging
from scoring.models import Score

from .list_views import BY_REP, DECIDED_DAYS, QUEUE, SORTS, TEAM, Sort, View, chosen, conditions, in_order
from .row_groups import Group, buckets, by_due, by_rep
from .rows import AgreedLine, agreed_line
from .work_rows import Drawing, Row

PAGE = 50
#: How many unassigned leads stand above one's own before the rest is a link away.
STRIP = 5
#: How many people are named to be asked.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Worklist:
    """A list as a page shows it. ``parameters`` are those of its URL; ``moves`` says whether the reader may
    choose several rows and move them."""

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
    sort: Sort
    sorts: list[dict[str, Any]]
    moves: bool
    people: list[tuple[User, str]]
    teams: list[Team]

    @property
    def narrowed(self) -> bool:
        """Whether there is something to keep as a saved view."""
        return bool(self.chips) or self.sort.key != "due"

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
    view = chosen(QUEUE, parameters)
    own = Handoff.objects.filter(rep=user)
    free = _of_own_teams(user).awake(at).filter(rep=None)
    return _worklist("queue", "My queue", user, own, QUEUE, view, parameters, at, free=free)


def team(user: User, parameters: QueryDict, at: datetime) -> Worklist:
    """Everything that waits in one's teams, whoever has it."""
    view = chosen(TEAM, parameters)
    theirs = _of_own_teams(user)
    free = theirs.awake(at).filter(rep=None) if view.key == "open" else Handoff.objects.none()
    rows = theirs.exclude(rep=None) if view.key == "open" else theirs
    return _worklist("team", "Team queue", user, rows, TEAM, view, parameters, at, free=free, counted=theirs)


#: How far the lead page looks for the lead before and after.
ORDERED = 500


def order_of(name: str, key: str, user: User, at: datetime) -> list[UUID]:
    """The leads of a saved view in its order, the first ``ORDERED`` of them. One query."""
    views = QUEUE if name == "queue" else TEAM
    view = next((each for each in views if each.key == key), views[0])
    handoffs = Handoff.objects.filter(rep=user) if name == "queue" else _of_own_teams(user)
    found = in_order(handoffs.filter(conditions(at)[view.key]), view).order_by(*view.order)
    return list(found.values_list("lead__public_id", flat=True)[:ORDERED])


def listed(
    name: str, user: User, parameters: QueryDict, at: datetime
) -> tuple[QuerySet[Handoff], tuple[str, ...]]:
    """Everything that the list of that name holds under the view and filters of its URL, with what nobody was
    free for, and the order to read it in."""
    view = chosen(QUEUE if name == "queue" else TEAM, parameters)
    handoffs = Handoff.objects.filter(rep=user) if name == "queue" else _of_own_teams(user)
    held = in_order(handoffs.filter(conditions(at)[view.key]), view)
    if name == "team":
        return TeamFilter(parameters, queryset=held, user=user).qs, view.order
    return HandoffFilter(parameters, held).qs, view.order


FIRST_VIEW = {"queue": QUEUE[0].key, "team": TEAM[0].key}
LISTS: dict[str, Callable[[User, QueryDict, datetime], Worklist]] = {"queue": queue, "team": team}


def _of_own_teams(user: User) -> HandoffQuerySet:
    visible = Handoff.objects.visible_to(user)
    return visible if user.is_admin else visible.filter(pool__team__in=team_ids(user))


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
    path, holds = reverse(f"handoff:{name}"), conditions(at)
    listed = in_order(_with_points(handoffs.filter(holds[view.key])), view)
    is_team = name == "team"
    filters = (
        TeamFilter(parameters, queryset=listed, user=user) if is_team else HandoffFilter(parameters, listed)
    )
    unfiltered = counted if counted is not None else handoffs
    saved = saved_views.of(user, name)
    sorts = (*SORTS, BY_REP) if view.key == "open" else SORTS
    sort = next((each for each in sorts if each.key == parameters.get("sort")), SORTS[0])
    if not view.open or (view.key == "snoozed" and sort is SORTS[0]):
        sort = Sort("due", _ORDERS.get(view.key, "the latest verdict"), view.order)
    after = parameters.get("after", "")
    page = paging.page(_with_lead(filters.qs), order=sort.order, after=after, size=PAGE)
    is_by_due = view.open and view.key != "snoozed" and sort is SORTS[0]
    waiting = buckets(filters.qs, at) if is_by_due and (page.next or after) else {}
    # With one statement, so that a list of several pages asks no more than one of a single page.
    counts = paging.counts(
        {each.key: unfiltered.filter(holds[each.key]) for each in views}
        | {str(each.public_id): _narrowed(each, user, is_team, unfiltered, holds, views) for each in saved}
        | {_in_bucket(key): rows for key, rows in waiting.items()}
    )
    in_buckets = {key: counts.pop(_in_bucket(key)) for key in waiting}
    narrowed = chips(filters, parameters)
    strip: list[Handoff] = []
    if view.open and not after and not narrowed and view.key not in ("unassigned", "snoozed"):
        strip = list(_with_lead(free).due_first()[: STRIP + 1])
    line = agreed_line()
    handoffs_shown = [*strip, *page.rows]
    draw = Drawing(user, name, path, parameters, line, at, handoffs_shown, view.key, view.open)
    groups: list[Group] = []
    current = next((each for each in saved if each.query == saved_views.canonical(parameters)), None)
    if strip:
        rule = "nobody was free: whoever accepts first has it"
        more = len(strip) > STRIP
        count = counts.get("unassigned", f"{STRIP}+" if more else len(strip))
        rest = f"{reverse('handoff:team')}?view=unassigned" if more else ""
        groups.append(Group("Unassigned", "users", "warn", count, rule, draw.rows(strip[:STRIP]), rest))
    if view.key == "snoozed" and page.rows:
        rule = "the clock goes on"
        groups.append(Group("Snoozed", "alarm-clock-plus", "", counts[view.key], rule, draw.rows(page.rows)))
    elif sort is BY_REP:
        groups += by_rep(draw, page.rows, at)
    elif view.open and sort is not SORTS[0] and page.rows:
        count = counts[view.key] if not narrowed else len(page.rows)
        groups.append(Group(f"By {sort.label}", "layers", "", count, agreed(), draw.rows(page.rows)))
    elif view.open:
        groups += by_due(draw, page.rows, at, agreed(), in_buckets)
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
            {
                "label": v.label,
                "url": f"?view={v.key}",
                "count": counts[v.key],
                "current": v is view and current is None,
            }
            for v in views
        ]
        + [
            {
                "label": each.name,
                "url": f"?{each.query}",
                "count": counts[str(each.public_id)],
                "current": each is current,
            }
            for each in saved
        ],
        groups=groups,
        filters=filters,
        chips=narrowed,
        line=line,
        next=page.next,
        empty=_empty(view, parameters, narrowed, filters, counts, name, user) if not groups else {},
        sort=sort,
        sorts=[
            {
                "label": each.label.capitalize(),
                "url": f"{without(parameters, 'sort', 'after', 'lead')}&sort={each.key}",
                "current": each is sort,
            }
            for each in (sorts if view.open else ())
        ],
        moves=is_team and may_arrange_routing(user),
        people=_takers(user, at) if is_team and may_arrange_routing(user) else [],
        teams=list(user.teams.order_by("name")) if narrowed or sort.key != "due" else [],
    )


#: What the views with an order of their own are sorted by.
_ORDERS = {"snoozed": "the moment they come back", "working": "what is owed first"}


def _in_bucket(key: str) -> str:
    """Beside the keys of views, of which "today" is one as well."""
    return f"due in {key}"


def _with_lead(handoffs: QuerySet[Handoff]) -> Any:
    return handoffs.select_related("lead__company", "rep", "pool", "claimed_by")


def _takers(user: User, at: datetime) -> list[tuple[User, str]]:
    """Whom one may give leads to, and until when they are away, in words; "" for here. One query."""
    return [(each, away_of(each)) for each in takers(user, at)]


def _who_arranges(rep: User) -> str:
    """ "Max Manager or Ada Admin": who leads the teams of ``rep``, else who administers. Two queries."""
    here = User.objects.filter(is_active=True).order_by("name", "id")
    members = User.objects.filter(teams__in=rep.teams.all()).values("pk")
    found = list(here.filter(role=Role.MANAGER, pk__in=members)[:NAMED])
    found = found or list(here.filter(role=Role.ADMIN)[:NAMED])
    return " or ".join(str(each) for each in found) or "your administrator"


def _with_points(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """With the best total of the lead as ``points``, to sort by; read only where it is asked for."""
    best = Score.objects.filter(lead=OuterRef("lead")).order_by("-total").values("total")[:1]
    return handoffs.annotate(points=Coalesce(Subquery(best), 0))


def _narrowed(
    saved: SavedView,
    user: User,
    is_team: bool,
    handoffs: QuerySet[Handoff],
    holds: dict[str, Q],
    views: Sequence[View],
) -> QuerySet[Handoff]:
    """What a saved view holds, to be counted."""
    parameters = QueryDict(saved.query)
    rows = handoffs.filter(holds[chosen(views, parameters).key])
    filters = TeamFilter(parameters, rows, user=user) if is_team else HandoffFilter(parameters, rows)
    return cast("QuerySet[Handoff]", filters.qs)


def _empty(
    view: View,
    parameters: QueryDict,
    narrowed: Sequence[Chip],
    filters: HandoffFilter,
    counts: dict[str, Any],
    name: str,
    user: User,
) -> dict[str, str]:
    """What to say instead of rows: a filter in the way, no pool, work that is done, or nothing yet."""
    if narrowed:
        drop = narrowed[-1]
        wider = QueryDict(drop.remove_url.removeprefix("?"))
        rest = paging.counts({"rest": filters.narrowed(wider)})["rest"]
        said = " and ".join(f"{chip.label.lower()} is {chip.value}" for chip in narrowed)
        return {
            "icon_name": "funnel-x",
            "title": "No lead matches",
            "text": f"{said[:1].upper()}{said[1:]}. Without the last filter there would be {rest}.",
            "url": drop.remove_url,
            "action": f"Remove {drop.label.lower()}",
        }
    others = {key: count for key, count in counts.items() if count}
    left_out = ""
    if name == "queue" and user.role == Role.REP and not user.pool_memberships.exists():
        left_out = f"New leads go to who is in a pool. Ask {_who_arranges(user)} to put you in one."
    if left_out and not others:
        return {
            "icon_name": "users",
            "title": "You are in no pool yet",
            "text": left_out,
            "url": reverse("scoring:definitions"),
            "action": "Read what makes an SQL",
        }
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
        "text": f"{text} You are in no pool. {left_out}" if left_out else text,
        "url": "",
        "action": "",
    }
