"""The strip on top of the marketing queue: how the phases stand, and what sales did this week."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    Aggregate,
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Value,
)
from django.urls import reverse
from django.utils import timezone

from handoff.models import Handoff
from leads.models import Lead
from leads.stages import Phase, Stage, sql_stages

WEEK = timedelta(days=7)

_DOES = {Phase.AWARENESS: "learning", Phase.CONSIDERATION: "comparing", Phase.DECISION: "choosing"}


@dataclass(frozen=True, slots=True)
class Tile:
    """One box of the strip on top: how many are there, how many came and went in 7 days, and for how long."""

    key: str
    label: str
    does: str
    count: int
    flow: str
    stay: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Standing:
    count: int = 0
    came: int = 0
    median_days: int = 0


class Median(Aggregate):
    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


def standing_of(mqls: QuerySet[Lead], at: datetime) -> dict[str, Standing]:
    """How the MQLs stand in each phase. One query."""
    stay = ExpressionWrapper(Value(at, DateTimeField()) - F("phase_at"), output_field=DurationField())
    rows = (
        mqls.order_by()
        .values("phase")
        .annotate(
            count=Count("id"),
            came=Count("id", filter=Q(phase_at__gt=at - WEEK)),
            stay=Median(stay, output_field=DurationField()),
        )
    )
    found = {row["phase"]: Standing(row["count"], row["came"], row["stay"].days) for row in rows}
    return {phase: found.get(phase, Standing()) for phase in Phase.values}


def tiles_of(standing: dict[str, Standing], only: str, at: datetime) -> list[Tile]:
    monday = (timezone.localtime(at) - timedelta(days=timezone.localtime(at).weekday())).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    week = Handoff.objects.filter(stage_change__to_stage=Stage.HANDED_OVER, stage_change__at__gte=monday)
    handed = week.aggregate(
        all=Count("id"),
        accepted=Count("id", filter=Q(status=Handoff.Status.ACCEPTED)),
        back=Count("id", filter=Q(status=Handoff.Status.REJECTED)),
        open=Count("id", filter=Q(status=Handoff.Status.OPEN)),
    )
    left = {
        Phase.AWARENESS: f"{standing[Phase.CONSIDERATION].came} moved on",
        Phase.CONSIDERATION: f"{standing[Phase.DECISION].came} moved on",
        Phase.DECISION: f"{handed['all']} handed over",
    }
    tiles = [
        Tile(
            key=phase,
            label=phase.label,
            does=_DOES[phase],
            count=standing[phase].count,
            flow=f"+{standing[phase].came} in, {left[phase]}",
            stay=f"median {standing[phase].median_days} days here",
            url="?" if only == phase else f"?phase={phase}",
            current=only == phase,
        )
        for phase in Phase
    ]
    tiles.append(
        Tile(
            key="sales",
            label="Sales",
            does="SQLs, over the line" if Stage.HANDED_OVER in sql_stages() else "over the line",
            count=handed["all"],
            flow=f"since Monday, {handed['accepted']} accepted",
            stay=f"{handed['back']} came back, {handed['open']} undecided",
            url=f"{reverse('handoff:leads')}?stage={Stage.HANDED_OVER}",
            current=False,
        )
    )
    return tiles
