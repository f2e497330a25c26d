"""The few figures that both teams answer for: what each is called, what it counts, and how it went over any
stretches of days. Pipeline and closed business come first, counts second (S1-24, S1-34)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from scoring.intervals import Share

from .counting import share_of
from .periods import Period


class Unit(StrEnum):
    MONEY = "money"
    SHARE = "share"
    COUNT = "count"
    MINUTES = "minutes"


class Measure(StrEnum):
    PIPELINE = "pipeline"
    WON = "won"
    ACCEPTED = "accepted"
    FIRST_TOUCH = "first_touch"
    IN_TIME = "in_time"
    RETURNS = "returns"
    HANDOFFS = "handoffs"
    MQLS = "mqls"
    LEADS = "leads"
    LINE_FLOOR = "line_floor"
    LINE_CEILING = "line_ceiling"


@dataclass(frozen=True, slots=True)
class About:
    """``label`` and what it counts; ``metric`` is the key of its definition. An amount or a count grows with
    the days, so what is agreed on is for a week."""

    label: str
    said: str
    unit: Unit
    metric: str
    more_is_better: bool = True

    @property
    def is_weekly(self) -> bool:
        return self.unit in (Unit.MONEY, Unit.COUNT)


ABOUT: dict[Measure, About] = {
    Measure.PIPELINE: About("Pipeline from MQLs", "value of deals made", Unit.MONEY, "pipeline_from_mqls"),
    Measure.WON: About("Won from MQLs", "closed business", Unit.MONEY, "won_from_mqls"),
    Measure.ACCEPTED: About("Accepted by sales", "of leads decided", Unit.SHARE, "accept_rate"),
    Measure.FIRST_TOUCH: About(
        "First touch", "median business time", Unit.MINUTES, "first_touch", more_is_better=False
    ),
    Measure.IN_TIME: About("Answered in time", "by sales, of handoffs due", Unit.SHARE, "answered_in_time"),
    Measure.RETURNS: About(
        "Answered rejections", "by marketing in two working days", Unit.SHARE, "returns_answered"
    ),
    Measure.HANDOFFS: About("Handoffs", "offers to sales", Unit.COUNT, "handoffs"),
    Measure.MQLS: About("MQLs", "for the first time", Unit.COUNT, "mql"),
    Measure.LEADS: About("New leads", "captured, entered or imported", Unit.COUNT, "leads"),
    Measure.LINE_FLOOR: About(
        "Accepted just above the line", "at least, or it is too broad", Unit.SHARE, "too_broad"
    ),
    Measure.LINE_CEILING: About(
        "Deals from just below the line",
        "at most, or it is too strict",
        Unit.SHARE,
        "too_strict",
        more_is_better=False,
    ),
}
#: Limits of the SQL line are agreed on, and looked at where the line is (``line_health``).
LIMITS = (Measure.LINE_FLOOR, Measure.LINE_CEILING)
#: A figure that misses what was agreed by no more than this part of it is close.
CLOSE = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure in one period. ``value`` is an amount in the company's currency, per cent, minutes or a
    count; None where there is nothing to say it of. It rests on ``n`` deals, verdicts, handoffs or leads;
    ``left_out`` deals are in other currencies or without an amount."""

    measure: Measure
    period: Period
    value: Decimal | None
    n: int
    k: int | None = None
    left_out: int = 0

    @property
    def share(self) -> Share | None:
        """With its interval; None of what is no share, and of too few."""
        return None if self.k is None else share_of(self.k, self.n)


class State(StrEnum):
    """How a figure stands to what was agreed."""

    MET = "met"
    CLOSE = "close"
    MISSED = "missed"


def over(value: Decimal, *, measure: Measure, period: Period) -> Decimal:
    """What was agreed, for the days of ``period``: an amount or a count is agreed for a week."""
    return value * period.days / 7 if ABOUT[measure].is_weekly else value


def state(figure: Figure, agreed: Decimal | None) -> State | None:
    """Whether ``figure`` met ``agreed``, a week's worth where it is weekly; None where either is missing, and
    of a share of too few."""
    if agreed is None or figure.value is None or (figure.k is not None and figure.share is None):
        return None
    wanted = over(agreed, measure=figure.measure, period=figure.period)
    short = wanted - figure.value
    if not ABOUT[figure.measure].more_is_better:
        short = -short
    if short <= 0:
        return State.MET
    return State.CLOSE if short <= CLOSE * wanted else State.MISSED


def change(now: Figure, before: Figure) -> Decimal | None:
    """Per cent against before; of shares the difference in points. None where either says nothing."""
    if now.value is None or before.value is None:
        return None
    if ABOUT[now.measure].unit == Unit.SHARE:
        return now.value - before.value
    return 100 * (now.value - before.value) / before.value if before.value else None


def stretches(period: Period, count: int) -> list[Period]:
    """``period`` cut into about ``count`` stretches of equal length, the newest whole: what does not go up is
    left out at its beginning."""
    days = max(1, period.days // count)
    found: list[Period] = []
    last = period.last
    while last - timedelta(days=days - 1) >= period.first and len(found) < count:
        found.append(Period(last - timedelta(days=days - 1), last))
        last -= timedelta(days=days)
    return found[::-1]


def is_unbroken(periods: Sequence[Period]) -> bool:
    """Whether each begins on the day after the one before it."""
    return all(later.first == earlier.last + timedelta(days=1) for earlier, later in pairwise(periods))
