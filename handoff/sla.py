"""Business time: when an answer is due, and how much working time lies between two moments. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.availability import Stretch

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a team works: weekly hours and holidays, as read in ``zone``. No hours at all: it never closes."""

    zone: str = "UTC"
    hours: tuple[Stretch, ...] = ()
    holidays: frozenset[date] = frozenset()


ALWAYS_OPEN = Calendar()


@dataclass(frozen=True, slots=True)
class Policy:
    """``minutes`` of business time to answer, from ``min_intent`` points on."""

    min_intent: int
    minutes: int


def choose_policy(*, policies: list[Policy], intent: float) -> Policy | None:
    """The one with the highest minimum that ``intent`` (points) reaches; None when it reaches none."""
    reached = [policy for policy in policies if policy.min_intent <= intent]
    return max(reached, key=lambda policy: policy.min_intent, default=None)


def due_at(*, start: datetime, minutes: int, calendar: Calendar) -> datetime:
    """The moment (aware, UTC) at which ``minutes`` of business time have passed since ``start`` (aware).
    Closing time counts as the end of the day before it counts as the start of the next; 0 minutes is
    ``start`` itself, even outside hours."""
    left = timedelta(minutes=minutes)
    if not left or not calendar.hours:
        return start.astimezone(UTC) + left
    for opens, closes in _open_from(start, calendar):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    raise AssertionError("a calendar with hours opens again")


def elapsed(*, start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """Business time between two aware moments; zero when ``end`` is not after ``start``."""
    if not calendar.hours:
        return max(end - start, timedelta())
    passed = timedelta()
    for opens, closes in _open_from(start, calendar):
        if opens >= end:
            break
        passed += min(closes, end) - opens
    return passed


def minutes_left(*, at: datetime, due: datetime, calendar: Calendar) -> int:
    """Whole business minutes from ``at`` until ``due``, negative once it has passed."""
    if at <= due:
        return int(elapsed(start=at, end=due, calendar=calendar) / timedelta(minutes=1))
    return -int(elapsed(start=due, end=at, calendar=calendar) / timedelta(minutes=1))


def _open_from(start: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """The stretches (UTC) in which the calendar is open from ``start`` on, in order, without end. Local hours
    become UTC day by day, so that a day of 23 or 25 hours keeps its opening hours; overlapping stretches
    count once."""
    zone = ZoneInfo(calendar.zone)
    reached = start.astimezone(UTC)
    # A day early: where clocks differ, the calendar's day may not have begun yet or be over already.
    day = start.astimezone(zone).date() - _DAY
    while True:
        if day not in calendar.holidays:
            for stretch in sorted(calendar.hours, key=lambda hours: hours.start):
                if stretch.weekday != day.weekday():
                    continue
                opens = max(datetime.combine(day, stretch.start, zone).astimezone(UTC), reached)
                closes = datetime.combine(day, stretch.end, zone).astimezone(UTC)
                if opens < closes:
                    reached = closes
                    yield opens, closes
        day += _DAY
