"""How long leads take from step to step, where they wait now, and which step holds them up."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from leads.milestones import Milestone
from leads.models import Lead, PassedMilestone
from leads.percentiles import Percentile
from leads.stages import Stage

from .counting import ENOUGH, passed
from .periods import Period
from .weeks import WeekOf, starts

#: Where a lead stands that has still to pass the milestone, from MQL on: before, nobody waits for anything.
BEFORE = {
    Milestone.HANDED_OVER: Stage.MQL,
    Milestone.ACCEPTED: Stage.HANDED_OVER,
    Milestone.OPPORTUNITY: Stage.SQL,
    Milestone.WON: Stage.OPPORTUNITY,
}


@dataclass(frozen=True, slots=True)
class Pace:
    """One step of the way. Of the ``count`` leads that passed it in the period and took any time, half took
    no longer than ``median``, the middle half between ``low`` and ``high``, nine of ten no longer than
    ``slow``; ``before`` was the median in the period before, None of too few. ``waiting`` leads stand before
    it at the moment of asking, half of them for ``waited`` or longer; None at MQL."""

    milestone: Milestone
    count: int
    median: timedelta | None
    slow: timedelta | None
    waiting: int | None
    waited: timedelta | None
    low: timedelta | None = None
    high: timedelta | None = None
    before: timedelta | None = None

    @property
    def key(self) -> str:
        return self.milestone.name.lower()

    @property
    def label(self) -> str:
        return str(self.milestone.label)

    @property
    def stage(self) -> Stage | None:
        """Where those stand who wait."""
        return BEFORE.get(self.milestone)


@dataclass(frozen=True, slots=True)
class Week:
    """The leads that sales accepted in the week from ``first`` on, and the median time since each became an
    MQL, of those that took any; None in a week without such."""

    first: date
    count: int
    median: timedelta | None


def paces(*, leads: QuerySet[Lead], period: Period, at: datetime) -> list[Pace]:
    """Of ``leads``, each step from MQL to won. 3 queries."""
    paced = _paced(
        leads, period, low=Percentile(0.25, _TOOK), high=Percentile(0.75, _TOOK), slow=Percentile(0.9, _TOOK)
    )
    earlier = _paced(leads, period.before)
    there = Value(at) - F("stage_at")
    waiting = {
        row["stage"]: row
        for row in leads.filter(stage__in=BEFORE.values())
        .order_by()
        .values("stage")
        .annotate(count=Count("pk"), median=Percentile(0.5, there))
    }
    nobody: dict[str, Any] = {"count": 0, "median": None, "slow": None, "low": None, "high": None}
    not_asked: dict[str, Any] = {"count": None, "median": None}
    found = []
    for milestone in Milestone:
        took_time = paced.get(milestone, nobody)
        stage = BEFORE.get(milestone)
        stand = waiting.get(stage, nobody) if stage else not_asked
        then = earlier.get(milestone, nobody)
        found.append(
            Pace(
                milestone=milestone,
                count=took_time["count"],
                median=took_time["median"],
                slow=took_time["slow"],
                waiting=stand["count"],
                waited=stand["median"],
                low=took_time["low"],
                high=took_time["high"],
                before=then["median"] if then["count"] >= ENOUGH else None,
            )
        )
    return found


_TOOK = F("at") - Coalesce(F("since"), F("lead__created_at"))


def _paced(leads: QuerySet[Lead], period: Period, **more: Any) -> dict[int, dict[str, Any]]:
    """Milestone → how many passed it in ``period`` and took time, their median, and what ``more`` asks."""
    took_any = passed(leads=leads, period=period).filter(at__gt=Coalesce(F("since"), F("lead__created_at")))
    figures = {"count": Count("pk"), "median": Percentile(0.5, _TOOK), **more}
    rows = took_any.values("milestone").annotate(**figures)
    return {row["milestone"]: dict(row) for row in rows}


def slowest(found: list[Pace]) -> Pace | None:
    """The step on which half of the leads wait the longest (S1-09); None where too few took any."""
    enough = [pace for pace in found if pace.count >= ENOUGH and pace.median]
    return max(enough, key=lambda pace: pace.median or timedelta(), default=None)


def fullest(found: list[Pace]) -> Pace | None:
    """The step before which the most leads wait; None where nobody waits."""
    return max((pace for pace in found if pace.waiting), key=lambda pace: pace.waiting or 0, default=None)


def weeks(*, leads: QuerySet[Lead], period: Period) -> list[Week]:
    """From MQL to accepted (S1-01), week by week: every week of the period, as the company's weeks begin. The
    first and the last may be cut by the period. One query."""
    became = PassedMilestone.objects.filter(lead=OuterRef("lead"), milestone=Milestone.MQL).values("at")
    rows = (
        passed(leads=leads, period=period)
        .filter(milestone=Milestone.ACCEPTED)
        .annotate(week=WeekOf("at"), became=Subquery(became))
        .values("week")
        .annotate(
            count=Count("pk"), median=Percentile(0.5, F("at") - F("became"), filter=Q(at__gt=F("became")))
        )
    )
    found = {row["week"]: row for row in rows}
    return [
        Week(start, found[start]["count"], found[start]["median"]) if start in found else Week(start, 0, None)
        for start in starts(period)
    ]


def waiting(*, leads: QuerySet[Lead], stage: Stage) -> QuerySet[Lead]:
    """The leads that stand at ``stage``, with ``passed_at``: since when."""
    return leads.filter(stage=stage).annotate(passed_at=F("stage_at"))
