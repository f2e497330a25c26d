"""What each source or campaign brought, what it cost, and what came back (S0-06, S2-05, S3-09, S3-10).

Counts what happened in the period: who came, who passed a step, which deals were made and won, and what was
spent on these days. Amounts in another currency than the company's are said apart, never added.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet, Sum

from leads.models import CampaignCost, Lead, Opportunity
from leads.spelling import folded, most_often
from scoring.intervals import Share, rate, share

from .counting import ENOUGH, MOST_LINES
from .periods import Period
from .touches import MILESTONES, Attribution, By, Measure, parts, thanked

CENT, TENTH = Decimal("0.01"), Decimal("0.1")
#: A source is called dear that costs so many times the average for an SQL.
DEAR = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """What is put down to one line, or to several. Where leads are shared, counts are in tenths, and money is
    in cents: each line is less than one such step from its exact part, and the lines add up to the total. Of
    several lines ``paid`` is what those brought that cost anything: only they are held against the cost."""

    leads: Decimal
    mql: Decimal
    handed_over: Decimal
    accepted: Decimal
    deals: Decimal
    pipeline: Decimal
    won: Decimal
    won_amount: Decimal
    cost: Decimal
    paid: "Figures | None" = field(default=None, compare=False)

    @property
    def share(self) -> Share | None:
        """The accepted of those handed over, with its interval; None of too few."""
        if self.handed_over < ENOUGH or self.accepted > self.handed_over:
            return None
        return share(float(self.accepted), float(self.handed_over))

    @property
    def per_lead(self) -> Decimal | None:
        return self._per(self.that_cost.leads)

    @property
    def per_mql(self) -> Decimal | None:
        return self._per(self.that_cost.mql)

    @property
    def per_sql(self) -> Decimal | None:
        """What an accepted lead cost."""
        return self._per(self.that_cost.accepted)

    @property
    def back(self) -> Decimal | None:
        """What was won for each unit of money that was spent: 4.2; None where nothing was."""
        return (self.that_cost.won_amount / self.cost).quantize(TENTH) if self.cost else None

    @property
    def that_cost(self) -> "Figures":
        """Of several lines those that cost anything; a line itself."""
        return self.paid or self

    def _per(self, count: Decimal) -> Decimal | None:
        return (self.cost / count).quantize(CENT) if self.cost and count else None


@dataclass(frozen=True, slots=True)
class Line:
    """One source or campaign. ``key`` is its name in the URL, in lower case; None for the rest of many, which
    cannot be asked for. ``name`` is how most of what is put down to it spells it."""

    key: str | None
    name: str
    figures: Figures

    @property
    def is_rest(self) -> bool:
        return self.key is None


@dataclass(frozen=True, slots=True)
class Left:
    """What is not in the sums, because it is in another currency: ``amount`` of ``count`` deals or costs."""

    what: str
    currency: str
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Report:
    """``has_costs`` is false where filters narrow the leads: nobody knows what a part of them cost. ``dear``
    is one of all lines, those among the others too."""

    total: Figures
    lines: list[Line]
    left_out: list[Left]
    has_costs: bool
    dear: "Dear | None"


@dataclass(frozen=True, slots=True)
class Dear:
    """A line whose SQLs cost far more than the ``average`` of those that cost anything, and not by chance."""

    line: Line
    average: Decimal


def report(
    *,
    leads: QuerySet[Lead],
    period: Period,
    attribution: Attribution = Attribution.FIRST,
    by: By = By.SOURCE,
    most: int | None = MOST_LINES,
) -> Report:
    """Of ``leads`` in ``period``, the lines with the most leads first; those after ``most`` are one. 3
    queries, 2 where filters narrow the leads; other than the first touch reads their activities."""
    names: dict[str, Counter[str]] = defaultdict(Counter)
    exact: Exact = defaultdict(lambda: defaultdict(Fraction))
    for part in parts(leads=leads, period=period, attribution=attribution, by=by):
        names[part.key][part.name] += part.rows
        exact[part.key][part.measure] += part.count
        if part.measure in AMOUNTS:
            exact[part.key][AMOUNTS[part.measure]] += part.amount
    left_out = _deals_left_out(leads, period)
    has_costs = not leads.query.where
    if has_costs:
        costs, left = _costs(period, by)
        left_out += left
        for key, name, amount in costs:
            names[key][name] += 0
            exact[key]["cost"] += amount
    total = _several(exact.values())
    lines = _lines(exact, {key: most_often(found) for key, found in names.items()})
    return Report(
        total=total,
        lines=_cut(lines, exact, most),
        left_out=left_out,
        has_costs=has_costs,
        dear=dear(lines, total),
    )


def dear(lines: Iterable[Line], total: Figures) -> Dear | None:
    """The one of ``lines``, which make ``total``, that costs ``DEAR`` times as much for an SQL as the average
    of those that cost anything, or more, and not by chance. The one that wasted most; None where none did,
    or there are too few SQLs. Pure."""
    paid = [line for line in lines if line.figures.cost]
    cost, accepted = total.cost, total.that_cost.accepted
    if accepted < ENOUGH or not cost:
        return None
    average = cost / accepted
    wasted = {
        line.figures.cost - line.figures.accepted * average: line
        for line in paid
        if line.figures.cost >= DEAR * average * line.figures.accepted
        and float(line.figures.cost / average) > rate(round(line.figures.accepted)).high
    }
    return Dear(wasted[max(wasted)], average.quantize(CENT)) if wasted else None


def behind(
    *,
    leads: QuerySet[Lead],
    period: Period,
    measure: Measure,
    attribution: Attribution = Attribution.FIRST,
    by: By = By.SOURCE,
    line: str | None = None,
) -> QuerySet[Any]:
    """The leads behind one figure, or the deals, each once, with ``passed_at``: when it came, passed the
    step, was made or closed. Of a ``line``, those that it is thanked for: with others or alone."""
    if line is not None:
        leads = thanked(leads=leads, period=period, attribution=attribution, by=by, measure=measure, key=line)
    if measure == Measure.LEADS:
        came = leads.filter(created_at__gte=period.start, created_at__lt=period.end)
        return came.annotate(passed_at=F("created_at"))
    if milestone := MILESTONES.get(measure):
        passed = leads.filter(
            milestones__milestone=milestone,
            milestones__at__gte=period.start,
            milestones__at__lt=period.end,
        )
        return passed.annotate(passed_at=F("milestones__at"))
    when = "created_at" if measure == Measure.DEALS else "closed_at"
    deals = _deals(period)[measure].annotate(passed_at=F(when))
    return deals.filter(lead__in=leads.values("pk")) if leads.query.where else deals


#: Line → measure, "pipeline", "won_amount" or "cost" → its exact part.
Exact = defaultdict[str, defaultdict[str, Fraction]]
#: Under which name the amounts of deals are summed.
AMOUNTS = {Measure.DEALS: "pipeline", Measure.WON: "won_amount"}
_STEPS: dict[str, Decimal] = {
    **dict.fromkeys((measure.value for measure in Measure), TENTH),
    **dict.fromkeys((*AMOUNTS.values(), "cost"), CENT),
}


def _deals(period: Period) -> dict[Measure, QuerySet[Opportunity]]:
    made = Opportunity.objects.filter(created_at__gte=period.start, created_at__lt=period.end)
    won = Opportunity.objects.filter(outcome=Opportunity.Outcome.WON)
    won = won.filter(closed_at__gte=period.start, closed_at__lt=period.end)
    return {Measure.DEALS: made, Measure.WON: won}


def _deals_left_out(leads: QuerySet[Lead], period: Period) -> list[Left]:
    made = Q(created_at__gte=period.start, created_at__lt=period.end)
    won = Q(outcome=Opportunity.Outcome.WON, closed_at__gte=period.start, closed_at__lt=period.end)
    found = Opportunity.objects.filter(made | won, amount__isnull=False).exclude(currency=settings.CURRENCY)
    if leads.query.where:
        found = found.filter(lead__in=leads.values("pk"))
    rows = found.order_by("currency").values_list("currency").annotate(count=Count("pk"), sum=Sum("amount"))
    return [Left("deal", currency, count, amount) for currency, count, amount in rows]


def _costs(period: Period, by: By) -> tuple[list[tuple[str, str, Fraction]], list[Left]]:
    """(line, its name, amount) in the company's currency, and what was paid in others."""
    rows = (
        CampaignCost.objects.filter(day__gte=period.first, day__lte=period.last)
        .order_by("currency")
        .values_list("currency", folded(by.value, by.value), by.value)
        .annotate(count=Count("pk"), sum=Sum("amount"))
    )
    ours, others = [], dict[str, Left]()
    for currency, key, name, count, amount in rows:
        if currency == settings.CURRENCY:
            ours.append((key, name, Fraction(amount)))
            continue
        known = others.get(currency, Left("cost", currency, 0, Decimal()))
        others[currency] = Left("cost", currency, known.count + count, known.amount + amount)
    return ours, list(others.values())


def _lines(exact: Exact, names: dict[str, str]) -> list[Line]:
    def order(key: str) -> tuple[Fraction, Fraction, Fraction, str]:
        counts = exact[key]
        return -max(counts[each] for each in Measure), -counts["won_amount"], -counts["cost"], key

    keys = sorted(exact, key=order)
    figures = _rounded([exact[key] for key in keys])
    return [Line(key, names[key], each) for key, each in zip(keys, figures, strict=True)]


def _cut(lines: list[Line], exact: Exact, most: int | None) -> list[Line]:
    """The first ``most`` of ``lines``; the rest is one, what each has been rounded to."""
    if most is None or len(lines) <= most:
        return lines
    rest = lines[most:]
    sums = {name: sum((getattr(line.figures, name) for line in rest), Decimal()) for name in _STEPS}
    paid = _several(exact[line.key] for line in rest if line.key is not None).paid
    return [*lines[:most], Line(None, "Others", Figures(**cast("Any", sums), paid=paid))]


def _several(lines: Iterable[defaultdict[str, Fraction]]) -> Figures:
    """All of ``lines`` in one, with what is held against their cost."""
    lines = list(lines)
    whole, paid = (_rounded([_sum(each)])[0] for each in (lines, [line for line in lines if line["cost"]]))
    return replace(whole, paid=paid)


def _sum(many: Iterable[defaultdict[str, Fraction]]) -> defaultdict[str, Fraction]:
    summed: defaultdict[str, Fraction] = defaultdict(Fraction)
    for each in many:
        for name, value in each.items():
            summed[name] += value
    return summed


def _rounded(many: list[defaultdict[str, Fraction]]) -> list[Figures]:
    """Each in whole steps, so that the sums stay what they are: what rounding takes from one line, the next
    one gets."""
    columns = {name: _in_steps([each[name] for each in many], step) for name, step in _STEPS.items()}
    return [
        Figures(**cast("Any", {name: column[place] for name, column in columns.items()}))
        for place in range(len(many))
    ]


def _in_steps(values: list[Fraction], step: Decimal) -> list[Decimal]:
    size, reached, given = Fraction(step), Fraction(), 0
    steps = []
    for value in values:
        reached += value / size
        steps.append(math.floor(reached + Fraction(1, 2)) - given)  # always up: else two halves make a step
        given += steps[-1]
    return [each * step for each in steps]
