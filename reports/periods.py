"""Stretches of days that reports speak of, in the company's time zone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.company_days import company_day, midnight, week_of

#: The longest that one report looks at.
MOST_DAYS = 3_660
#: Nobody's days: before, and long after, no moment can be computed with safely.
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)


class NoPeriod(ValueError):
    """The two days make no period; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days from ``first`` to ``last``, both included, at most ``MOST_DAYS``."""

    first: date
    last: date

    def __post_init__(self) -> None:
        # What lies just before the earliest days is compared with, though nobody asks for it.
        if self.first < EARLIEST - timedelta(days=MOST_DAYS) or self.last > LATEST:
            raise NoPeriod(f"A report looks at days from {EARLIEST.year} to {LATEST.year}.")
        if self.last < self.first:
            raise NoPeriod("The last day lies before the first.")
        if self.days > MOST_DAYS:
            raise NoPeriod(f"A report looks at {MOST_DAYS:,} days at most.")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """The midnight with which it begins."""
        return midnight(self.first)

    @property
    def end(self) -> datetime:
        """The midnight before which it ends: a period is half-open."""
        return midnight(self.last + timedelta(days=1))

    @property
    def before(self) -> "Period":
        """As many days, just before it."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))


def latest(days: int, *, at: datetime) -> Period:
    """The ``days`` whole days until yesterday, as the company counts days at ``at``. Today is left out: half
    a day beside whole ones would look like a fall."""
    yesterday = company_day(at) - timedelta(days=1)
    return Period(yesterday - timedelta(days=days - 1), yesterday)


def weeks_until(at: datetime, count: int) -> list[Period]:
    """The last ``count`` whole weeks before the one of ``at``, oldest first."""
    this = week_of(company_day(at))
    firsts = [this - timedelta(weeks=number) for number in range(count, 0, -1)]
    return [Period(first, first + timedelta(days=6)) for first in firsts]


def month(said: str) -> date:
    """The first day of the month ``said``, as in "2026-03". Raises NoPeriod."""
    try:
        return datetime.strptime(said, "%Y-%m").date()  # noqa: DTZ007 — a day has no zone
    except ValueError:
        raise NoPeriod("There is no such month.") from None


def within(period: Period, first: date) -> Period:
    """The days of ``period`` in the month that begins with ``first``. Raises NoPeriod when there are none."""
    if first > LATEST:
        raise NoPeriod("There is no such month.")
    following = (first + timedelta(days=31)).replace(day=1)
    return Period(max(first, period.first), min(following - timedelta(days=1), period.last))
