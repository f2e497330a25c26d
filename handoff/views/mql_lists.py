"""What the marketing queue shows: tiles by phase, leads that came back, and MQLs by distance to the line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import QueryDict
from django.urls import reverse

from accounts.models import User
from accounts.permissions import sees_everything
from handoff import flows, long_queue, returns, saved_views
from handoff.filters import Chip, chips, without
from handoff.lead_filters import MqlFilter
from handoff.long_queue import Long
from handoff.models import SavedView, Shortfall
from handoff.mqls import (
    NEAR_POINTS,
    SORTS,
    STUCK_DAYS,
    VIEWS,
    counted,
    in_order,
    measured,
    narrowed_to,
    sort_of,
)
from handoff.strength import STRONG, WEAK
from leads import paging
from leads.models import Lead
from leads.stages import Phase, Stage

from .mql_rows import BackRow, MqlRow, back_rows, mql_rows
from .mql_tiles import Tile, tiles_of
from .rows import AgreedLine, agreed_line

#: Rows of each group while several are shown, and of one that is shown alone.
HEAD, PAGE = 10, 50
_ICONS = {Phase.DECISION: "circle-dot", Phase.CONSIDERATION: "circle-dashed", Phase.AWARENESS: "circle"}
_SIGNS = {
    Phase.DECISION: "demo, pricing, comparison",
    Phase.CONSIDERATION: "guides, webinars, case studies",
    Phase.AWARENESS: "newsletter, first visits",
}


@dataclass(frozen=True, slots=True)
class Group:
    """The MQLs of one phase; ``more_url`` leads to the rest."""

    label: str
    icon: str
    rule: str
    count: int | str
    rows: list[MqlRow]
    more_url: str


@dataclass(frozen=True, slots=True)
class MqlPage:
    """What the page shows; its template decides nothing but looks. ``as_of``: the moment of order and
    figures, None for now."""

    url: str
    query: str
    tiles: list[Tile]
    as_of: datetime | None
    periods: list[dict[str, Any]]
    views: list[dict[str, Any]]
    view: str
    own_view: SavedView | None
    sort: str
    sorts: list[dict[str, Any]]
    filters: MqlFilter
    chips: list[Chip]
    narrowed: bool
    back: list[BackRow]
    back_count: int
    back_more_url: str
    groups: list[Group]
    empty: dict[str, str]
    shortfalls = Shortfall.Kind.choices
    phases = Phase.choices

    @property
    def sorted_by(self) -> str:
        return SORTS[self.sort][0]


def mql_page(*, parameters: QueryDict, user: User, at: datetime) -> MqlPage:
    """The marketing queue as its URL asks for it."""
    line = agreed_line()
    mqls = Lead.objects.visible_to(user).filter(stage=Stage.MQL)
    view = parameters.get("view", "")
    view = STRONG if view == "asked" else view if view in VIEWS else "all"
    only = parameters.get("phase", "")
    sort = sort_of(parameters)
    period = flows.MONTH if parameters.get("period") == flows.MONTH else flows.WEEK
    long = long_queue.read(view=view, sort=sort, period=period, at=at) if sees_everything(user) else None
    standing = long.standing if long else flows.standing_of(mqls, at)
    waiting = returns.to_answer(user, at)
    came_back = dict(waiting.order_by().values_list("lead__phase").annotate(Count("id")))
    model_id = line.version.model_id if line.version else None
    with_score = measured(mqls.select_related("company"), model_id, line.lines)
    listed = narrowed_to(with_score, view, at)
    held = long.counts if long else counted(with_score, at)
    filters = MqlFilter(parameters, queryset=in_order(listed, sort))
    narrowed = chips(filters, parameters)
    after = parameters.get("after", "")
    leads = filters.qs
    back: list[BackRow] = []
    back_next = ""
    counts: dict[str, Any] = {phase: standing[phase].count for phase in Phase}
    if narrowed or view != "all":
        counts = _counts(leads, long) if narrowed else held.get(view, {})
    elif not only:
        # Each lead stands in one place: those that wait for an answer have a group of their own.
        leads = leads.filter(~Exists(waiting.filter(lead=OuterRef("pk"))))
        counts = {phase: max(count - came_back.get(phase, 0), 0) for phase, count in counts.items()}
        back, back_next = back_rows(waiting, user=user, after="", size=HEAD, at=at)
    groups: list[Group] = []
    if view == "back":
        back, back_next = back_rows(
            returns.returned(user, at).filter(lead__in=leads.order_by().values("pk")),
            user=user,
            after=after,
            size=PAGE,
            at=at,
        )
    else:
        phases = [Phase(only)] if only in Phase.values else list(reversed(Phase))
        groups = _groups(leads, phases, counts, line, parameters, at, long)
    kept = saved_views.of(user, "mqls")
    own_view = saved_views.kept_as(kept, parameters)
    return MqlPage(
        url=f"{reverse('handoff:mqls')}?{parameters.urlencode()}",
        query=without(parameters, "after").removeprefix("?"),
        tiles=tiles_of(standing, long.figures if long else flows.figures(period, at), only),
        as_of=long.at if long else None,
        periods=_periods(parameters, period),
        views=[
            *_views("" if own_view else view, held, sum(came_back.values())),
            *({"label": each.name, "url": f"?{each.query}", "current": each == own_view} for each in kept),
        ],
        view=view,
        own_view=own_view,
        sort=sort,
        sorts=[
            {
                "label": words,
                "url": f"{without(parameters, 'sort', 'after')}&sort={key}",
                "current": key == sort,
            }
            for key, (words, _) in SORTS.items()
        ],
        filters=filters,
        chips=narrowed,
        narrowed=bool(narrowed or only or view != "all") and own_view is None,
        back=back,
        back_count=sum(came_back.values()),
        back_more_url=_back_more(view, back_next, parameters),
        groups=groups,
        empty={} if groups or back else _empty(view, narrowed),
    )


def _periods(parameters: QueryDict, period: str) -> list[dict[str, Any]]:
    rest = without(parameters, "period", "after")
    return [
        {"label": words, "url": f"{rest}&period={key}", "current": key == period}
        for key, words in flows.PERIODS.items()
    ]


# Built-in views


def _views(view: str, held: Mapping[str, Mapping[str, int]], returned: int) -> list[dict[str, Any]]:
    shown = {
        "all": "All open",
        "back": "Back from sales",
        "near": f"Within {NEAR_POINTS} of the line",
        "stuck": f"Stuck over {STUCK_DAYS} days",
        STRONG: "Asked about the product",
        WEAK: "Only read",
    }
    counts = {key: sum(held[key].values()) if key in held else returned for key in shown}
    return [
        {"label": label, "url": f"?view={key}", "count": counts[key], "current": key == view}
        for key, label in shown.items()
    ]


# Rows


def _groups(
    leads: QuerySet[Lead],
    phases: Sequence[Phase],
    counts: dict[str, int],
    line: AgreedLine,
    parameters: QueryDict,
    at: datetime,
    long: Long | None,
) -> list[Group]:
    alone = len(phases) == 1
    order = SORTS[sort_of(parameters)][1]
    pages = {
        phase: (long.page if long else _page)(
            leads,
            phase,
            order=order,
            after=parameters.get("after", "") if alone else "",
            size=PAGE if alone else HEAD,
        )
        for phase in phases
    }
    rows = {
        row.lead.pk: row for row in mql_rows([one for page in pages.values() for one in page.rows], line, at)
    }
    groups = []
    for phase, page in pages.items():
        more = ""
        if page.next:
            rest = without(parameters, "after", "phase")
            more = f"{rest}&phase={phase}" + (f"&after={page.next}" if alone else "")
        if page.rows:
            theirs = [rows[lead.pk] for lead in page.rows]
            groups.append(
                Group(phase.label, _ICONS[phase], _SIGNS[phase], counts.get(phase, 0), theirs, more)
            )
    return groups


def _page(leads: QuerySet[Lead], phase: Phase, **asked: Any) -> paging.Page[Lead]:
    return paging.page(leads.filter(phase=phase), **asked)


def _counts(leads: QuerySet[Lead], long: Long | None) -> dict[str, Any]:
    """Phase → how many of ``leads``, filtered, are in it; of a long queue "999+" at most."""
    if long is None:
        return dict(leads.order_by().values_list("phase").annotate(Count("id")))
    return paging.counts({phase.value: leads.filter(phase=phase) for phase in Phase})


def _back_more(view: str, cursor: str, parameters: QueryDict) -> str:
    if not cursor:
        return ""
    return f"{without(parameters, 'after')}&after={cursor}" if view == "back" else "?view=back"


def _empty(view: str, narrowed: Sequence[Chip]) -> dict[str, str]:
    if narrowed:
        drop = narrowed[-1]
        return {
            "icon_name": "funnel-x",
            "title": "No lead matches",
            "text": " and ".join(f"{chip.label} is {chip.value}" for chip in narrowed) + ".",
            "url": drop.remove_url,
            "action": f"Remove {drop.label.lower()}",
        }
    said = {
        "back": "Sales sent nothing back that still waits for marketing.",
        "near": f"No MQL is within {NEAR_POINTS} points of the SQL line.",
        "stuck": f"No MQL has been in its phase for more than {STUCK_DAYS} days.",
        STRONG: "No MQL has asked about the product yet.",
        WEAK: "Every MQL has asked about the product.",
        "all": "Leads appear here once they meet the MQL line or one of its triggers.",
    }[view]
    link = {"url": "", "action": ""}
    if view == "all":
        link = {"url": reverse("scoring:definitions"), "action": "Read what makes an MQL"}
    return {"icon_name": "circle-check-big", "title": "Nothing here", "text": said, **link}
