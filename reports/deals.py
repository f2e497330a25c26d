"""Which deals were won and which were lost, and what they had in common (S3-05, S3-09).

Counts the deals that were closed in the period, whenever they were made; a deal that was opened again does
not count. Amounts in another currency than the company's are said apart, never added.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet, Sum, TextField, Value
from django.db.models.functions import Cast, Coalesce, Lower, TruncMonth

from accounts.company_days import company_zone
from leads.models import Lead, LossReason, Opportunity
from leads.percentiles import Percentile
from leads.spelling import CAMPAIGN, SOURCE, MostOften, folded, is_called
from scoring.intervals import Share

from .counting import MOST_LINES, share_of
from .periods import Period, month, within
from .sources import Left

WON, LOST = Opportunity.Outcome.WON, Opportunity.Outcome.LOST


class By(StrEnum):
    """What a line of the report stands for. Somebody may be in several teams, so the lines of teams overlap;
    reasons and suppliers are of lost deals alone."""

    SOURCE = "source"
    CAMPAIGN = "campaign"
    TEAM = "team"
    MONTH = "month"
    REASON = "reason"
    SUPPLIER = "supplier"


#: What is known of lost deals alone.
OF_LOST = (By.REASON, By.SUPPLIER)


@dataclass(frozen=True, slots=True)
class Closed:
    """Deals that ended. Amounts are in the company's currency, won of the ``priced`` that have one in it;
    ``age`` is the median time that deals were open, of those that were open for any; None where none was."""

    won: int
    priced: int
    lost: int
    won_amount: Decimal
    lost_amount: Decimal
    age: timedelta | None

    @property
    def count(self) -> int:
        return self.won + self.lost

    @property
    def share(self) -> Share | None:
        """The won of the closed, with its interval; None of too few."""
        return share_of(self.won, self.count)

    @property
    def average(self) -> Decimal | None:
        """What a won deal brings, of those with an amount in the company's currency."""
        return (self.won_amount / self.priced).quantize(Decimal("0.01")) if self.won_amount else None


@dataclass(frozen=True, slots=True)
class Line:
    """The deals of one source, team, month, reason … ``key`` is its name in the URL, "" where nobody said
    one; None for the rest of many, which cannot be asked for."""

    key: str | None
    name: str
    closed: Closed

    @property
    def is_rest(self) -> bool:
        return self.key is None


@dataclass(frozen=True, slots=True)
class Report:
    total: Closed
    before: Closed
    lines: list[Line]
    left_out: list[Left]


def report(*, leads: QuerySet[Lead], period: Period, by: By, most: int | None = MOST_LINES) -> Report:
    """Of ``leads``, the deals that were closed in ``period`` and in the one before. The lines with the most
    deals first, months in their order; those after ``most`` are one. 5 queries, 6 by reason."""
    deals = closed(leads=leads, period=period)
    lines = _lines(deals, by)
    if most is not None and len(lines) > most and by != By.MONTH:
        shown = [line.key for line in lines[:most]]
        rest = _of_lines(deals, by).filter(~Q(line__in=shown))
        lines = [*lines[:most], Line(None, "Others", _totals(rest))]
    return Report(
        total=_totals(deals),
        before=_totals(closed(leads=leads, period=period.before)),
        lines=lines,
        left_out=_left_out(deals),
    )


def closed(*, leads: QuerySet[Lead], period: Period) -> QuerySet[Opportunity]:
    """The deals of ``leads`` that ended in ``period``, and stayed so."""
    found = Opportunity.objects.filter(closed_at__gte=period.start, closed_at__lt=period.end).order_by()
    return found.filter(lead__in=leads.values("pk")) if leads.query.where else found


def behind(
    *, leads: QuerySet[Lead], period: Period, outcome: str = "", by: By = By.SOURCE, line: str | None = None
) -> QuerySet[Opportunity]:
    """The deals behind a figure, with ``passed_at``: when they were closed.
    Raises NoPeriod for a month that is none of ``period``."""
    if line is not None and by == By.MONTH:
        period = within(period, month(line))
    found = closed(leads=leads, period=period)
    if line is not None and by != By.MONTH:
        found = _of_lines(found, by).filter(is_called("line", line, by.value))
    if outcome:
        found = found.filter(outcome=outcome)
    deals = Opportunity.objects.filter(pk__in=found.values("pk"))
    return deals.annotate(passed_at=F("closed_at"))


#: How a line is told: in lower case, so that what people write in two ways is one.
_WAYS: dict[By, Any] = {
    By.SOURCE: folded("lead__source", SOURCE),
    By.CAMPAIGN: folded("lead__campaign", CAMPAIGN),
    By.TEAM: Coalesce(Cast("owner__teams__public_id", TextField()), Value(""), output_field=TextField()),
    By.REASON: F("lost_reason"),
    By.SUPPLIER: Coalesce(Lower("lost_to__name"), Value(""), output_field=TextField()),
}
_NAMES = {
    By.SOURCE: "lead__source",
    By.CAMPAIGN: "lead__campaign",
    By.TEAM: "owner__teams__name",
    By.REASON: "lost_reason",
    By.SUPPLIER: "lost_to__name",
}


def _of_lines(deals: QuerySet[Opportunity], by: By) -> QuerySet[Any]:
    """The deals with the ``line`` of each: one of several teams is there as often."""
    told: QuerySet[Any] = deals.filter(outcome=LOST) if by in OF_LOST else deals
    lined: QuerySet[Any] = told.annotate(line=_WAYS[by])
    return lined


def _sums() -> dict[str, Any]:
    ours = Q(currency=settings.CURRENCY)
    return {
        "won": Count("pk", filter=Q(outcome=WON)),
        "priced": Count("amount", filter=ours & Q(outcome=WON)),
        "lost": Count("pk", filter=Q(outcome=LOST)),
        "won_amount": Sum("amount", filter=ours & Q(outcome=WON)),
        "lost_amount": Sum("amount", filter=ours & Q(outcome=LOST)),
        "age": Percentile(0.5, F("closed_at") - F("created_at"), filter=Q(closed_at__gt=F("created_at"))),
    }


def _totals(deals: QuerySet[Opportunity]) -> Closed:
    return _closed(deals.aggregate(**_sums()))


def _closed(row: Mapping[str, Any]) -> Closed:
    return Closed(
        won=row["won"],
        priced=row["priced"],
        lost=row["lost"],
        won_amount=row["won_amount"] or Decimal(),
        lost_amount=row["lost_amount"] or Decimal(),
        age=row["age"],
    )


def _lines(deals: QuerySet[Opportunity], by: By) -> list[Line]:
    if by == By.MONTH:
        months = deals.annotate(line=TruncMonth("closed_at", tzinfo=company_zone())).values("line")
        counted: QuerySet[Any, Any] = months.annotate(**_sums()).order_by("line")
        return [Line(f"{row['line']:%Y-%m}", "", _closed(row)) for row in counted]
    rows = _of_lines(deals, by).values("line").annotate(name=MostOften(_NAMES[by]), **_sums())
    labels = dict(LossReason.objects.values_list("code", "label")) if by == By.REASON else {}
    lines = [Line(row["line"], labels.get(row["line"], row["name"] or ""), _closed(row)) for row in rows]
    return sorted(lines, key=lambda line: (-line.closed.count, -line.closed.won_amount, str(line.key)))


def _left_out(deals: QuerySet[Opportunity]) -> list[Left]:
    others = deals.filter(amount__isnull=False).exclude(currency=settings.CURRENCY)
    rows = others.order_by("currency").values_list("currency").annotate(count=Count("pk"), sum=Sum("amount"))
    return [Left("deal", currency, count, amount) for currency, count, amount in rows]
