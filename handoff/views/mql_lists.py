"""What the marketing queue shows: tiles by phase, leads that came back, and MQLs by distance to the line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import add
from typing import Any, cast

from django.db.models import (
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce, Greatest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from handoff.filters import Chip, MqlFilter, chips, without
from handoff.models import Handoff, Verdict
from leads import paging
from leads.models import Lead
from leads.signals import newest
from leads.stages import Phase, Stage
from scoring.dimensions import HUNDREDTHS, Dimension

from .mql_tiles import Standing, Tile, standing_of, tiles_of
from .rows import AgreedLine, Why, about, agreed_line, why_now

#: Rows of each group while several are shown, and of one that is shown alone.
HEAD, PAGE = 10, 50
NEAR_POINTS = 5
STUCK_DAYS = 30

_ORDER = ("distance", "-best", "id")
_ICONS = {Phase.DECISION: "circle-dot", Phase.CONSIDERATION: "circle-dashed", Phase.AWARENESS: "circle"}
_SIGNS = {
    Phase.DECISION: "demo, pricing, comparison",
    Phase.CONSIDERATION: "guides, webinars, case studies",
    Phase.AWARENESS: "newsletter, first visits",
}


@dataclass(frozen=True, slots=True)
class MqlRow:
    """One MQL: score against the line, newest signal, how long in its phase."""

    lead: Lead
    url: str
    about: str
    score: dict[str, Any]
    why: Why
    strong: bool
    returned: bool
    days_in_phase: int


@dataclass(frozen=True, slots=True)
class BackRow:
    """One lead that sales sent back, with the verdict that said so."""

    lead: Lead
    url: str
    about: str
    verdict: Verdict
    intent_was: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """The MQLs of one phase; ``more_url`` leads to the rest."""

    label: str
    icon: str
    rule: str
    count: int
    rows: list[MqlRow]
    more_url: str


@dataclass(frozen=True, slots=True)
class MqlPage:
    """What the page shows; its template decides nothing but looks."""

    url: str
    tiles: list[Tile]
    views: list[dict[str, Any]]
    view: str
    filters: MqlFilter
    chips: list[Chip]
    back: list[BackRow]
    back_count: int
    back_more_url: str
    groups: list[Group]
    empty: dict[str, str]


def listed_mqls(*, parameters: QueryDict, user: User, at: datetime) -> QuerySet[Lead]:
    """Every MQL that the queue holds as its URL asks for it, those sent back among them; in no order."""
    mqls = Lead.objects.visible_to(user).filter(stage=Stage.MQL)
    view = parameters.get("view", "")
    listed = _measured(mqls, agreed_line()).filter(_conditions(at).get(view, Q()))
    if view == "back":
        listed = listed.filter(Exists(_returned(user, at).filter(lead=OuterRef("pk"))))
    if (only := parameters.get("phase", "")) in Phase.values:
        listed = listed.filter(phase=only)
    return cast("QuerySet[Lead]", MqlFilter(parameters, queryset=listed).qs)


def mql_page(*, parameters: QueryDict, user: User, at: datetime) -> MqlPage:
    """The marketing queue as its URL asks for it."""
    line = agreed_line()
    path = reverse("handoff:mqls")
    mqls = Lead.objects.visible_to(user).filter(stage=Stage.MQL)
    view = parameters.get("view", "")
    view = view if view in _conditions(at) else "all"
    only = parameters.get("phase", "")
    standing = standing_of(mqls, at)
    returned = _returned(user, at)
    came_back = dict(returned.order_by().values_list("lead__phase").annotate(Count("id")))
    listed = _measured(mqls.select_related("company"), line).filter(_conditions(at)[view])
    filters = MqlFilter(parameters, queryset=listed)
    narrowed = chips(filters, parameters)
    after = parameters.get("after", "")
    leads = filters.qs
    back: list[BackRow] = []
    back_next = ""
    counts: dict[str, int] = {phase: standing[phase].count for phase in Phase}
    if narrowed or only or view != "all":
        counts = dict(leads.order_by().values_list("phase").annotate(Count("id")))
    else:
        # Each lead stands in one place: those that came back have a group of their own.
        leads = leads.filter(~Exists(returned.filter(lead=OuterRef("pk"))))
        counts = {phase: count - came_back.get(phase, 0) for phase, count in counts.items()}
        back, back_next = _back_rows(returned, "", HEAD)
    groups: list[Group] = []
    if view == "back":
        back, back_next = _back_rows(returned, after, PAGE)
    else:
        phases = [Phase(only)] if only in Phase.values else list(reversed(Phase))
        groups = _groups(leads, phases, counts, line, parameters, at, after)
    return MqlPage(
        url=f"{path}?{parameters.urlencode()}",
        tiles=tiles_of(standing, only, at),
        views=_views(view, standing, sum(came_back.values())),
        view=view,
        filters=filters,
        chips=narrowed,
        back=back,
        back_count=sum(came_back.values()),
        back_more_url=_back_more(view, back_next, parameters),
        groups=groups,
        empty={} if groups or back else _empty(view, narrowed),
    )


# Which leads, in which order


def _measured(leads: QuerySet[Lead], line: AgreedLine) -> QuerySet[Lead]:
    """Leads with their score under the live model (``intent`` …) and ``distance``: the hundredths missing to
    the line, over all dimensions. A lead not scored yet counts as zero."""
    scored = leads.annotate(
        score=FilteredRelation(
            "scores", condition=Q(scores__model=line.version.model_id if line.version else None)
        )
    )
    figures = {key: Coalesce(F(f"score__{key}"), Value(0)) for key in Dimension.values}
    missing = [
        Greatest(Value(least * HUNDREDTHS) - figures[key], Value(0))
        for key, least in line.lines.items()
        if least is not None
    ]
    return scored.annotate(
        **figures,
        best=Coalesce(F("score__total"), Value(0)),
        distance=reduce(add, missing) if missing else Value(0),
    )


def _conditions(at: datetime) -> dict[str, Q]:
    """What each saved view holds at ``at``; "back" lists handoffs instead of leads."""
    return {
        "all": Q(),
        "back": Q(),
        "near": Q(distance__lte=NEAR_POINTS * HUNDREDTHS),
        "stuck": Q(phase_at__lt=at - timedelta(days=STUCK_DAYS)),
        "asked": Q(intent__gt=0),
    }


def _returned(user: User, at: datetime) -> QuerySet[Handoff]:
    """The last handoff of each MQL that sales sent back, until the day it may come again."""
    later = Handoff.objects.filter(lead=OuterRef("lead"), cycle__gt=OuterRef("cycle"))
    waits = Verdict.objects.filter(handoff=OuterRef("pk"), return_on__gt=timezone.localdate(at))
    return Handoff.objects.visible_to(user).filter(
        ~Exists(later), Exists(waits), status=Handoff.Status.REJECTED, lead__stage=Stage.MQL
    )


# Saved views


def _views(view: str, standing: dict[str, Standing], returned: int) -> list[dict[str, Any]]:
    shown = [
        ("all", "All open", sum(each.count for each in standing.values())),
        ("back", "Back from sales", returned),
        ("near", f"Within {NEAR_POINTS} of the line", None),
        ("stuck", f"Stuck over {STUCK_DAYS} days", None),
        ("asked", "Asked about the product", None),
    ]
    return [
        {"label": label, "url": f"?view={key}", "count": count, "current": key == view}
        for key, label, count in shown
    ]


# Rows


def _groups(
    leads: QuerySet[Lead],
    phases: Sequence[Phase],
    counts: dict[str, int],
    line: AgreedLine,
    parameters: QueryDict,
    at: datetime,
    after: str,
) -> list[Group]:
    alone = len(phases) == 1
    pages = {
        phase: paging.page(
            leads.filter(phase=phase),
            order=_ORDER,
            after=after if alone else "",
            size=PAGE if alone else HEAD,
        )
        for phase in phases
    }
    every = [lead for page in pages.values() for lead in page.rows]
    signals = newest(lead_ids=[lead.pk for lead in every], at=at)
    again = set(Handoff.objects.filter(lead__in=every).values_list("lead_id", flat=True))
    groups = []
    for phase, page in pages.items():
        rows = [
            MqlRow(
                lead=lead,
                url=reverse("handoff:lead", args=[lead.public_id]),
                about=about(lead),
                score=_score(lead, line),
                why=why_now(lead=lead, signals=signals.get(lead.pk, [])),
                strong=getattr(lead, "intent", 0) > 0,
                returned=lead.pk in again,
                days_in_phase=lead.days_in_phase(at),
            )
            for lead in page.rows
        ]
        more = ""
        if page.next:
            rest = without(parameters, "after", "phase")
            more = f"{rest}&phase={phase}" + (f"&after={page.next}" if alone else "")
        if rows:
            groups.append(Group(phase.label, _ICONS[phase], _SIGNS[phase], counts.get(phase, 0), rows, more))
    return groups


def _score(lead: Any, line: AgreedLine) -> dict[str, Any]:
    figures = {key: getattr(lead, key) for key in Dimension.values}
    return {
        **figures,
        "total": lead.best,
        "lines": line.lines,
        "ceilings": line.ceilings,
        "graded": line.graded,
    }


def _back_rows(returned: QuerySet[Handoff], after: str, size: int) -> tuple[list[BackRow], str]:
    handoffs = returned.select_related("lead__company", "crossing")
    page = paging.page(handoffs, order=("-decided_at", "-id"), after=after, size=size)
    verdicts = Verdict.objects.filter(handoff__in=page.rows, kind=Verdict.Kind.REJECT)
    last = {
        verdict.handoff_id: verdict
        for verdict in verdicts.select_related("by", "reason").order_by("at", "id")
    }
    rows = [
        BackRow(
            lead=handoff.lead,
            url=reverse("handoff:lead", args=[handoff.lead.public_id]),
            about=about(handoff.lead),
            verdict=last[handoff.pk],
            intent_was=handoff.crossing.intent if handoff.crossing else None,
        )
        for handoff in page.rows
    ]
    return rows, page.next


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
        "asked": "No MQL has asked about the product yet.",
        "all": "Leads appear here once they meet the MQL line or one of its triggers.",
    }[view]
    link = {"url": "", "action": ""}
    if view == "all":
        link = {"url": reverse("scoring:definitions"), "action": "Read what makes an MQL"}
    return {"icon_name": "circle-check-big", "title": "Nothing here", "text": said, **link}
