"""What will be won in the days ahead, and what the same method would have said of last quarter: read from
stage changes and deals, using only what was known at the moment it is asked for (S1-10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum

from accounts.company_days import company_zone
from leads.models import Lead, Opportunity
from leads.stages import Stage
from leads.statements import sql_of

from .foreseeing import Forecast, Known, Place, Window, foresee

#: So many windows of the past at most, and none that begins longer ago.
MOST_WINDOWS = 8
MOST_YEARS = 2
#: Amounts of the newest wins are enough to draw from.
MOST_AMOUNTS = 20_000
STAGES = {Place.SQL: Stage.SQL, Place.HANDED_OVER: Stage.HANDED_OVER, Place.MQL: Stage.MQL}


class Ahead(StrEnum):
    """How far a forecast looks."""

    DAYS = "90"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one moment to another; ``end`` is not in it."""

    start: datetime
    end: datetime

    @property
    def last(self) -> date:
        return (self.end.astimezone(company_zone()) - timedelta(microseconds=1)).date()

    @property
    def days(self) -> int:
        return round((self.end - self.start) / timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Actual:
    """What was won: how many deals, what those with an amount in the company's currency are worth, and how
    many have none."""

    wins: int
    revenue: float
    without_amount: int


@dataclass(frozen=True, slots=True)
class Report:
    ahead: Stretch
    forecast: Forecast
    without_amount: int  #: open deals, whose amount is drawn from past ones
    tested: Stretch
    said: Forecast
    came: Actual


def report(*, leads: QuerySet[Lead], ahead: Ahead, at: datetime) -> Report:
    """The days ahead of ``at``, and last quarter beside what came. 10 queries."""
    this, last = quarters(at)
    stretch = Stretch(at, this.end) if ahead == Ahead.QUARTER else Stretch(at, at + timedelta(days=90))
    past, before = _known(leads, stretch, last)
    known, without = _known_now(leads, past)
    return Report(
        ahead=stretch,
        forecast=foresee(known),
        without_amount=without,
        tested=last,
        said=foresee(before),
        came=actual(leads=leads, stretch=last),
    )


def quarters(at: datetime) -> tuple[Stretch, Stretch]:
    """The quarter that ``at`` is in and the one before, in the company's time zone."""
    today = at.astimezone(company_zone()).date()
    first = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    following = (first + timedelta(days=93)).replace(day=1)
    before = (first - timedelta(days=80)).replace(day=1)
    return Stretch(_midnight(first), _midnight(following)), Stretch(_midnight(before), _midnight(first))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), company_zone())


def won_in(*, leads: QuerySet[Lead], stretch: Stretch) -> QuerySet[Opportunity]:
    rows = _deals(leads).filter(outcome=Opportunity.Outcome.WON)
    return rows.filter(closed_at__gte=stretch.start, closed_at__lt=stretch.end)


def actual(*, leads: QuerySet[Lead], stretch: Stretch) -> Actual:
    """One query."""
    priced = Q(currency=settings.CURRENCY, amount__isnull=False)
    row = won_in(leads=leads, stretch=stretch).aggregate(
        wins=Count("pk"), priced=Count("pk", filter=priced), revenue=Sum("amount", filter=priced)
    )
    return Actual(row["wins"], float(row["revenue"] or 0), row["wins"] - row["priced"])


def standing(*, leads: QuerySet[Lead], place: Place) -> QuerySet[Lead]:
    """Who stands there now, with ``passed_at``: since when, or when the deal was made."""
    if place == Place.DEAL:
        found = leads.filter(opportunities__outcome="")
        return found.annotate(passed_at=Max("opportunities__created_at", filter=Q(opportunities__outcome="")))
    return _without_deal(leads).filter(stage=STAGES[place]).annotate(passed_at=F("stage_at"))


def winners(*, leads: QuerySet[Lead], at: datetime) -> QuerySet[Opportunity]:
    """The deals that were won last quarter, with ``passed_at``: when."""
    return won_in(leads=leads, stretch=quarters(at)[1]).annotate(passed_at=F("closed_at"))


# What is known


def _known_now(leads: QuerySet[Lead], past: Known) -> tuple[Known, int]:
    """With the amounts that open deals have today; and how many of them have none."""
    deals = _deals(leads).filter(outcome="").values_list("amount", "currency")
    amounts = [float(amount) if currency == settings.CURRENCY and amount is not None else None
               for amount, currency in deals]  # fmt: skip
    own = [amount for amount in amounts if amount is not None]
    stages = _without_deal(leads).filter(stage__in=STAGES.values()).order_by()
    counts = dict(stages.values_list("stage").annotate(count=Count("pk")))
    stands = {place: counts.get(stage, 0) for place, stage in STAGES.items()}
    return (
        Known(past.windows, past.amounts, {Place.DEAL: len(amounts), **stands}, own),
        len(amounts) - len(own),
    )


def known_then(*, leads: QuerySet[Lead], stretch: Stretch) -> Known:
    """What was known when ``stretch`` began: how many stood where, what became of those who stood there in
    the windows before, and what was won until then. What an open deal was thought to be worth is not kept, so
    all amounts are drawn from wins. 4 queries."""
    return _known(leads, stretch)[0]


def _known(leads: QuerySet[Lead], *stretches: Stretch) -> list[Known]:
    """Of each. The steps of all leads, which are most of the work, are read once: 1 query, 3 for each."""
    bounds_of = [_bounds(stretch) for stretch in stretches]
    stood, first_step = _stages_at(leads, sorted({each for bounds in bounds_of for each in bounds}))
    found = []
    for stretch, bounds in zip(stretches, bounds_of, strict=True):
        deals, first_deal = _deals_at(leads, bounds)
        won, newcomers = _won_from(leads, bounds)
        first = min([each for each in (first_step, first_deal) if each], default=stretch.start)
        windows = [
            Window({**stood[began], Place.DEAL: deals[number]}, won[number], newcomers[number])
            for number, began in enumerate(bounds[:-1])
            if began >= first
        ]
        stands = {**stood[stretch.start], Place.DEAL: deals[-1]}
        found.append(Known(windows, _amounts(leads, stretch.start), stands))
    return found


def _bounds(stretch: Stretch) -> list[datetime]:
    """When the windows before it begin, and when it begins itself."""
    length = stretch.end - stretch.start
    most = min(MOST_WINDOWS, int(timedelta(days=365 * MOST_YEARS) / length))
    return [stretch.start - number * length for number in range(most, -1, -1)]


def _stages_at(
    leads: QuerySet[Lead], bounds: Sequence[datetime]
) -> tuple[Mapping[datetime, dict[Place, int]], datetime | None]:
    """How many leads stood at each stage at each bound, by the last step of each before it: where two that
    were merged have brought their steps together, one lead stands once. And the first step of all."""
    counts: list[dict[Place, int]] = [dict.fromkeys(STAGES, 0) for _ in bounds]
    first: datetime | None = None
    places = {stage.value: place for place, stage in STAGES.items()}
    for since, until, stage, count, earliest in _rows(_STAGES, leads, bounds):
        first = min(first or earliest, earliest)
        if stage in places:
            for number in range(since, len(bounds) if until is None else until):
                counts[number][places[stage]] += count
    return dict(zip(bounds, counts, strict=True)), first


def _deals_at(leads: QuerySet[Lead], bounds: list[datetime]) -> tuple[list[int], datetime | None]:
    """How many deals were open at each bound, and when the first was made."""
    counts, first = [0] * len(bounds), None
    for since, until, count, earliest in _rows(_OPEN, leads, bounds):
        first = min(first or earliest, earliest)
        for number in range(since, min(until, len(bounds))):
            counts[number] += count
    return counts, first


def _won_from(leads: QuerySet[Lead], bounds: list[datetime]) -> tuple[list[dict[Place, int]], list[int]]:
    """How many were won in each window, by where they stood when it began; and the newcomers: of leads that
    stood nowhere, and second deals of one lead."""
    won: list[dict[Place, int]] = [dict.fromkeys(Place, 0) for _ in bounds]
    newcomers = [0] * len(bounds)
    places = {stage.value: place for place, stage in STAGES.items()}
    for window, was_open, stage, deals, of_leads in _rows(_WON, leads, bounds):
        place = Place.DEAL if was_open else places.get(stage)
        stood = 0 if place is None else deals if was_open else of_leads
        if place is not None:
            won[window - 1][place] += stood
        newcomers[window - 1] += deals - stood
    return won, newcomers


def _amounts(leads: QuerySet[Lead], until: datetime) -> list[float]:
    """What past wins were worth, known by then, the newest first."""
    stretch = Stretch(until - timedelta(days=365 * MOST_YEARS), until)
    rows = won_in(leads=leads, stretch=stretch).filter(currency=settings.CURRENCY, amount__isnull=False)
    amounts = rows.order_by("-closed_at", "-id").values_list("amount", flat=True)[:MOST_AMOUNTS]
    return [float(amount) for amount in amounts if amount is not None]


def _deals(leads: QuerySet[Lead]) -> QuerySet[Opportunity]:
    rows = Opportunity.objects.order_by()
    return rows.filter(lead__in=leads.values("pk")) if leads.query.where else rows


def _without_deal(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    return leads.filter(~Exists(Opportunity.objects.filter(lead=OuterRef("pk"), outcome="")))


def _rows(statement: str, leads: QuerySet[Lead], bounds: Sequence[datetime]) -> list[tuple[Any, ...]]:
    """``statement`` over the rows of ``leads``. The number of a moment is how many bounds it has reached."""
    of, mine, parameters = "", "", ()
    if leads.query.where:
        chosen, parameters = sql_of(leads.order_by().values("pk"))
        of, mine = "AND lead_id IN (SELECT id FROM mine)", f", mine (id) AS ({chosen})"
    with connection.cursor() as cursor:
        cursor.execute(
            _KNOWN + mine + statement.format(of=of), [list(bounds), bounds[0], bounds[-1], *parameters]
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


_KNOWN = "WITH b (bounds, first, until) AS (SELECT %s::timestamptz[], %s::timestamptz, %s::timestamptz)"
#: From each step until the next one of its lead. A join with the bounds would cost three times as much.
_STAGES = """
SELECT width_bucket(at, (SELECT bounds FROM b)), width_bucket(next, (SELECT bounds FROM b)), to_stage,
  count(*), min(at)
FROM (
  SELECT at, to_stage, lead(at) OVER (PARTITION BY lead_id ORDER BY at, id) AS next
  FROM leads_stagechange WHERE at < (SELECT until FROM b) {of}
) step GROUP BY 1, 2, 3
"""
#: A deal that is open still, or was at the last bound, never ends.
_OPEN = """
SELECT width_bucket(created_at, b.bounds),
  CASE WHEN closed_at < b.until THEN width_bucket(closed_at, b.bounds)
    ELSE cardinality(b.bounds) END, count(*), min(created_at)
FROM leads_opportunity, b WHERE created_at < b.until {of} GROUP BY 1, 2
"""
_WON = """
SELECT closed."in", was.open, stood.at, count(*), count(DISTINCT lead_id)
FROM b, leads_opportunity o
CROSS JOIN LATERAL (
  SELECT width_bucket(o.closed_at, b.bounds) AS "in"
) closed
CROSS JOIN LATERAL (SELECT (b.bounds)[closed."in"] AS at) began
CROSS JOIN LATERAL (SELECT o.created_at < began.at AS open) was
LEFT JOIN LATERAL (
  SELECT to_stage AS at FROM leads_stagechange s
  WHERE s.lead_id = o.lead_id AND s.at < began.at AND NOT was.open
  ORDER BY s.at DESC, s.id DESC LIMIT 1
) stood ON true
WHERE outcome = 'won' AND closed_at >= b.first AND closed_at < b.until {of} GROUP BY 1, 2, 3
"""
