"""The figures on top of the marketing queue, each with the leads behind it: this week, or in 28 days."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Count, DateTimeField, DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.utils import timezone

from accounts.company_days import company_day, midnight, week_of
from leads import phase_flow
from leads.models import Lead
from leads.percentiles import Percentile
from leads.phase_flow import Flow, Span
from leads.stages import Phase, Stage

from .models import Handoff

WEEK, MONTH = "week", "28"
PERIODS = {WEEK: "this week", MONTH: "in 28 days"}

_FLOWS = {
    Flow.IN: "came into {}",
    Flow.ON: "moved on from {}",
    Flow.BACK: "went back from {}",
    Flow.HANDED: "were handed over from {}",
    Flow.LAPSED: "lapsed in {}",
}
#: What became of the handoffs of the time.
SALES: dict[str, tuple[str, Q]] = {
    "all": ("were handed over", Q()),
    "accepted": ("were accepted by sales", Q(status=Handoff.Status.ACCEPTED)),
    "back": ("came back from sales", Q(status=Handoff.Status.REJECTED)),
    "open": ("are undecided", Q(status=Handoff.Status.OPEN)),
}

Leads = TypeVar("Leads", bound="QuerySet[Lead]")


@dataclass(frozen=True, slots=True)
class Standing:
    """How many MQLs stand in a phase, and for how many days half of them have."""

    count: int = 0
    median_days: int = 0


def standing_of(mqls: QuerySet[Lead], at: datetime) -> dict[str, Standing]:
    """How the MQLs stand in each phase. One query."""
    stay = ExpressionWrapper(Value(at, DateTimeField()) - F("phase_at"), output_field=DurationField())
    rows = mqls.order_by().values("phase").annotate(count=Count("id"), stay=Percentile(0.5, stay))
    found = {row["phase"]: Standing(row["count"], row["stay"].days) for row in rows}
    return {phase: found.get(phase, Standing()) for phase in Phase.values}


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened in a period: (phase, flow) → leads, and what became of the handoffs."""

    period: str
    flows: dict[tuple[str, str], int]
    sales: dict[str, int]


def figures(period: str, at: datetime) -> Figures:
    """Two statements."""
    found = _handoffs(period, at).aggregate(
        **{key: Count("lead", filter=condition, distinct=True) for key, (_, condition) in SALES.items()}
    )
    return Figures(period, phase_flow.counts(span(period, at)), found)


def choices() -> list[tuple[str, str]]:
    """Key of a figure, as it stands in an address → in words."""
    said = [
        (f"{phase}-{flow}", words.format(phase.label.lower()))
        for phase in Phase
        for flow, words in _FLOWS.items()
    ]
    said += [(f"sales-{key}", words) for key, (words, _) in SALES.items()]
    return [
        (f"{key}-{period}", f"{words}, {when}") for key, words in said for period, when in PERIODS.items()
    ]


def behind(leads: Leads, key: str) -> Leads:
    """The ``leads`` behind the figure of that key, as of now."""
    place, what, period = key.split("-")
    at = timezone.now()
    if place == "sales":
        return leads.filter(pk__in=_handoffs(period, at).filter(SALES[what][1]).values("lead"))
    return leads.filter(pk__in=phase_flow.lead_ids(span(period, at), Phase(place), Flow(what)))


def span(period: str, at: datetime) -> Span:
    """Since the company's week began, or for 28 days, until ``at``."""
    if period == MONTH:
        return Span(at - timedelta(days=28), at)
    return Span(midnight(week_of(company_day(at))), at)


def _handoffs(period: str, at: datetime) -> QuerySet[Handoff]:
    """Those that were offered in the period, from wherever the lead stood, less those that were withdrawn."""
    within = span(period, at)
    offered = Handoff.objects.filter(
        stage_change__to_stage=Stage.HANDED_OVER, stage_change__at__gte=within.since
    )
    return offered.exclude(status=Handoff.Status.WITHDRAWN)
