"""The measures that both teams answer for, over stretches of days that follow each other: one query each."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
from .handed import handoffs_of, handoffs_said, verdicts
from .measures import LIMITS, Figure, Measure, is_unbroken
from .periods import Period
from .stretches import Stretch

#: What can be counted for any days.
COUNTED = [measure for measure in Measure if measure not in LIMITS]


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose figures: those of these leads, and of their handoffs, which filters may narrow further."""

    leads: QuerySet[Lead]
    handoffs: QuerySet[Handoff]


def series(
    measure: Measure,
    *,
    leads: QuerySet[Lead],
    periods: Sequence[Period],
    handoffs: QuerySet[Handoff] | None = None,
) -> list[Figure]:
    """``measure`` of ``leads``, or of ``handoffs`` where it counts these, in each of ``periods``, which
    follow each other without a gap. One query; 5 for the first touch, up to 6 for what marketing answered.
    Raises ValueError for periods with gaps, and for a limit of the line, which no days
    count."""
    if not periods or not is_unbroken(periods):
        raise ValueError("Periods have to follow each other.")
    if measure not in _WAYS:
        raise ValueError(f"{measure} is no figure of days.")
    return _WAYS[measure](measure, Whose(leads, handoffs_of(leads, handoffs)), periods)


def behind(
    measure: Measure, *, leads: QuerySet[Lead], period: Period, handoffs: QuerySet[Handoff] | None = None
) -> QuerySet[Any]:
    """What a figure counts: leads, handoffs or deals, with ``passed_at``: when they counted. A handoff stands
    for what sales said of it."""
    rows, when = _ROWS[measure](Whose(leads, handoffs_of(leads, handoffs)))
    there = rows.filter(**{f"{when}__gte": period.start, f"{when}__lt": period.end}).order_by()
    if measure == Measure.RETURNS:
        there = there.filter(pk__in=returns.judged(period.start, period.end, among=rows))
    if there.model is Verdict:
        return handoffs_said(there)
    if there.model is PassedMilestone:
        own = there.filter(lead=OuterRef("pk")).values(when)[:1]
        return Lead.objects.filter(pk__in=there.values("lead")).annotate(passed_at=own)
    found: QuerySet[Any] = there.annotate(passed_at=F(when))
    return found


Rows = tuple[QuerySet[Any], str]


def _came(whose: Whose) -> Rows:
    return whose.leads, "created_at"


def _became_mql(whose: Whose) -> Rows:
    return _of(PassedMilestone.objects.filter(milestone=Milestone.MQL), whose.leads), "at"


def _offered(whose: Whose) -> Rows:
    return whose.handoffs.exclude(status=Handoff.Status.WITHDRAWN), "offered_at"


def _touched(whose: Whose) -> Rows:
    return _offered(whose)[0].filter(first_touch_at__isnull=False), "offered_at"


def _due(whose: Whose) -> Rows:
    """Handoffs by when an answer was due, those that were taken back aside."""
    return _offered(whose)[0], "due_at"


def _decided(whose: Whose) -> Rows:
    return verdicts(handoffs=whose.handoffs), "at"


def _back(whose: Whose) -> Rows:
    rejected = returns.rejections()
    if whose.handoffs.query.where:
        rejected = rejected.filter(handoff__in=whose.handoffs.values("pk"))
    return rejected, "at"


def _made(whose: Whose) -> Rows:
    return _from_mqls(Opportunity.objects.all(), whose.leads), "created_at"


def _won(whose: Whose) -> Rows:
    won = Opportunity.objects.filter(outcome=Opportunity.Outcome.WON)
    return _from_mqls(won, whose.leads), "closed_at"


def _from_mqls(deals: QuerySet[Opportunity], leads: QuerySet[Lead]) -> QuerySet[Opportunity]:
    """Deals of leads that were MQLs, or further, before the deal was made."""
    mql = PassedMilestone.objects.filter(
        lead=OuterRef("lead"), milestone=Milestone.MQL, at__lt=OuterRef("created_at")
    )
    return _of(deals.filter(Exists(mql)), leads)


def _of(rows: QuerySet[Any], leads: QuerySet[Lead]) -> QuerySet[Any]:
    return rows.filter(lead__in=leads.values("pk")) if leads.query.where else rows


_ROWS: dict[Measure, Callable[[Whose], Rows]] = {
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


def _counts(measure: Measure, whose: Whose, periods: Sequence[Period]) -> list[Figure]:
    found = _stretched(measure, whose, periods, n=Count("pk"))
    return [
        Figure(measure, period, Decimal(row.get("n", 0)), row.get("n", 0))
        for period, row in zip(periods, found, strict=True)
    ]


def _shares(good: Q) -> Callable[[Measure, Whose, Sequence[Period]], list[Figure]]:
    def counted(measure: Measure, whose: Whose, periods: Sequence[Period]) -> list[Figure]:
        found = _stretched(measure, whose, periods, n=Count("pk"), k=Count("pk", filter=good))
        return [
            Figure(measure, period, 100 * Decimal(row["k"]) / row["n"], row["n"], row["k"])
            if row
            else Figure(measure, period, None, 0, 0)
            for period, row in zip(periods, found, strict=True)
        ]

    return counted


def _amounts(measure: Measure, whose: Whose, periods: Sequence[Period]) -> list[Figure]:
    ours = Q(currency=settings.CURRENCY, amount__isnull=False)
    found = _stretched(
        measure, whose, periods, total=Sum("amount", filter=ours), n=Count("pk"), k=Count("pk", filter=ours)
    )
    return [
        Figure(measure, period, row["total"] or Decimal(), row["n"], left_out=row["n"] - row["k"])
        if row
        else Figure(measure, period, Decimal(), 0)
        for period, row in zip(periods, found, strict=True)
    ]


def _first_touches(measure: Measure, whose: Whose, periods: Sequence[Period]) -> list[Figure]:
    """5 queries, four of them for calendars."""
    rows, _ = _offered(whose)
    found = first_touch.medians(handoffs=rows, periods=periods, at=timezone.now())
    return [
        Figure(
            measure, period, None if median is None else Decimal(round(median.total_seconds())) / 60, count
        )
        for period, (median, count) in zip(periods, found, strict=True)
    ]


def _answers(measure: Measure, whose: Whose, periods: Sequence[Period]) -> list[Figure]:
    """Up to 6 queries."""
    rows, when = _back(whose)
    judged = returns.judged(periods[0].start, periods[-1].end, among=rows)
    asked, answered = Counter[int](), Counter[int]()
    there = rows.filter(pk__in=judged).annotate(stretch=Stretch(F(when), periods))
    for pk, number in there.values_list("pk", "stretch"):
        asked[number] += 1
        answered[number] += judged[pk]
    return [
        Figure(
            measure,
            period,
            100 * Decimal(answered[number]) / n if (n := asked[number]) else None,
            n,
            answered[number],
        )
        for number, period in enumerate(periods, 1)
    ]


_WAYS: dict[Measure, Callable[[Measure, Whose, Sequence[Period]], list[Figure]]] = {
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
    measure: Measure, whose: Whose, periods: Sequence[Period], **figures: Any
) -> list[dict[str, Any]]:
    """The ``figures`` of each period; {} where there is nothing."""
    rows, when = _ROWS[measure](whose)
    rows = rows.filter(**{f"{when}__gte": periods[0].start, f"{when}__lt": periods[-1].end})
    found = rows.order_by().annotate(stretch=Stretch(F(when), periods)).values("stretch").annotate(**figures)
    by_number = {row["stretch"]: row for row in found}
    return [by_number.get(number, {}) for number in range(1, len(periods) + 1)]
