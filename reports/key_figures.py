"""The measures that both teams answer for, over stretches of days that follow each other: one query each."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import (
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
)
from django.utils import timezone

from handoff import returns
from handoff.models import Handoff, Verdict
from leads.milestones import Milestone
from leads.models import Lead, Opportunity, PassedMilestone

from . import first_touch
from .measures import LIMITS, Figure, Measure, is_unbroken
from .periods import Period
from .stretches import Stretch

#: What can be counted for any days.
COUNTED = [measure for measure in Measure if measure not in LIMITS]


def series(measure: Measure, *, leads: QuerySet[Lead], periods: Sequence[Period]) -> list[Figure]:
    """``measure`` of ``leads`` in each of ``periods``, which follow each other without a gap. One query; 5
    for the first touch, up to 4 for each period for what marketing answered. Raises ValueError for periods
    with gaps, and for a limit of the line, which no days count."""
    if not periods or not is_unbroken(periods):
        raise ValueError("Periods have to follow each other.")
    if measure not in _WAYS:
        raise ValueError(f"{measure} is no figure of days.")
    return _WAYS[measure](measure, leads, periods)


def behind(measure: Measure, *, leads: QuerySet[Lead], period: Period) -> QuerySet[Lead]:
    """The leads behind a figure, each once, with ``passed_at``: the last time it counted."""
    rows, when, way = _ROWS[measure](leads)
    last = (
        rows.filter(**{f"{when}__gte": period.start, f"{when}__lt": period.end}, **{way: OuterRef("pk")})
        .order_by(f"-{when}")
        .values(when)[:1]
    )
    return leads.annotate(passed_at=last).filter(passed_at__isnull=False)


Rows = tuple[QuerySet[Any], str, str]


def _came(leads: QuerySet[Lead]) -> Rows:
    return leads, "created_at", "pk"


def _became_mql(leads: QuerySet[Lead]) -> Rows:
    return _of(PassedMilestone.objects.filter(milestone=Milestone.MQL), leads), "at", "lead"


def _offered(leads: QuerySet[Lead]) -> Rows:
    return _of(Handoff.objects.exclude(status=Handoff.Status.WITHDRAWN), leads), "offered_at", "lead"


def _touched(leads: QuerySet[Lead]) -> Rows:
    return _of(_offered(leads)[0].filter(first_touch_at__isnull=False), leads), "offered_at", "lead"


def _due(leads: QuerySet[Lead]) -> Rows:
    """Handoffs by when an answer was due, those that were taken back aside."""
    return _of(Handoff.objects.exclude(status=Handoff.Status.WITHDRAWN), leads), "due_at", "lead"


def _decided(leads: QuerySet[Lead]) -> Rows:
    said = Verdict.objects.filter(undone_by=None).exclude(kind=Verdict.Kind.UNDO)
    return _of(said, leads, "handoff__lead"), "at", "handoff__lead"


def _back(leads: QuerySet[Lead]) -> Rows:
    return _of(returns.rejections(), leads, "handoff__lead"), "at", "handoff__lead"


def _made(leads: QuerySet[Lead]) -> Rows:
    return _from_mqls(Opportunity.objects.all(), leads), "created_at", "lead"


def _won(leads: QuerySet[Lead]) -> Rows:
    won = Opportunity.objects.filter(outcome=Opportunity.Outcome.WON)
    return _from_mqls(won, leads), "closed_at", "lead"


def _from_mqls(deals: QuerySet[Opportunity], leads: QuerySet[Lead]) -> QuerySet[Opportunity]:
    """Deals of leads that were MQLs, or further, before the deal was made."""
    mql = PassedMilestone.objects.filter(
        lead=OuterRef("lead"), milestone=Milestone.MQL, at__lt=OuterRef("created_at")
    )
    return _of(deals.filter(Exists(mql)), leads)


def _of(rows: QuerySet[Any], leads: QuerySet[Lead], way: str = "lead") -> QuerySet[Any]:
    return rows.filter(**{f"{way}__in": leads.values("pk")}) if leads.query.where else rows


_ROWS: dict[Measure, Callable[[QuerySet[Lead]], Rows]] = {
    Measure.PIPELINE: _made,
    Measure.WON: _won,
    Measure.ACCEPTED: _decided,
    Measure.FIRST_TOUCH: _touched,
    Measure.IN_TIME: _due,
    Measure.RETURNS: _back,
    Measure.HANDOFFS: _offered,
    Measure.MQLS: _became_mql,
    Measure.LEADS: _came,
}


def _counts(measure: Measure, leads: QuerySet[Lead], periods: Sequence[Period]) -> list[Figure]:
    found = _stretched(measure, leads, periods, n=Count("pk"))
    return [
        Figure(measure, period, Decimal(row.get("n", 0)), row.get("n", 0))
        for period, row in zip(periods, found, strict=True)
    ]


def _shares(good: Q) -> Callable[[Measure, QuerySet[Lead], Sequence[Period]], list[Figure]]:
    def counted(measure: Measure, leads: QuerySet[Lead], periods: Sequence[Period]) -> list[Figure]:
        found = _stretched(measure, leads, periods, n=Count("pk"), k=Count("pk", filter=good))
        return [
            Figure(measure, period, 100 * Decimal(row["k"]) / row["n"], row["n"], row["k"])
            if row
            else Figure(measure, period, None, 0, 0)
            for period, row in zip(periods, found, strict=True)
        ]

    return counted


def _amounts(measure: Measure, leads: QuerySet[Lead], periods: Sequence[Period]) -> list[Figure]:
    ours = Q(currency=settings.CURRENCY, amount__isnull=False)
    found = _stretched(
        measure, leads, periods, total=Sum("amount", filter=ours), n=Count("pk"), k=Count("pk", filter=ours)
    )
    return [
        Figure(measure, period, row["total"] or Decimal(), row["n"], left_out=row["n"] - row["k"])
        if row
        else Figure(measure, period, Decimal(), 0)
        for period, row in zip(periods, found, strict=True)
    ]


def _first_touches(measure: Measure, leads: QuerySet[Lead], periods: Sequence[Period]) -> list[Figure]:
    """5 queries, four of them for calendars."""
    rows, _, _ = _offered(leads)
    found = first_touch.medians(handoffs=rows, periods=periods, at=timezone.now())
    return [
        Figure(
            measure, period, None if median is None else Decimal(round(median.total_seconds())) / 60, count
        )
        for period, (median, count) in zip(periods, found, strict=True)
    ]


def _answers(measure: Measure, leads: QuerySet[Lead], periods: Sequence[Period]) -> list[Figure]:
    rows, _, _ = _back(leads)
    found = [returns.answered_in_time(each.start, each.end, among=rows) for each in periods]
    return [
        Figure(measure, period, 100 * Decimal(k) / n if n else None, n, k)
        for period, (k, n) in zip(periods, found, strict=True)
    ]


_WAYS: dict[Measure, Callable[[Measure, QuerySet[Lead], Sequence[Period]], list[Figure]]] = {
    Measure.PIPELINE: _amounts,
    Measure.WON: _amounts,
    Measure.ACCEPTED: _shares(Q(kind=Verdict.Kind.ACCEPT)),
    Measure.FIRST_TOUCH: _first_touches,
    Measure.IN_TIME: _shares(Q(decided_at__lte=F("due_at"))),
    Measure.RETURNS: _answers,
    Measure.HANDOFFS: _counts,
    Measure.MQLS: _counts,
    Measure.LEADS: _counts,
}


def _stretched(
    measure: Measure, leads: QuerySet[Lead], periods: Sequence[Period], **figures: Any
) -> list[dict[str, Any]]:
    """The ``figures`` of each period; {} where there is nothing."""
    rows, when, _ = _ROWS[measure](leads)
    rows = rows.filter(**{f"{when}__gte": periods[0].start, f"{when}__lt": periods[-1].end})
    found = rows.order_by().annotate(stretch=Stretch(F(when), periods)).values("stretch").annotate(**figures)
    by_number = {row["stretch"]: row for row in found}
    return [by_number.get(number, {}) for number in range(1, len(periods) + 1)]
