"""Business time: when an answer is due, and how much working time lies between two moments. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from accounts.availability import Stretch

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a team works: weekly hours and holidays, as read in ``zone``. No hours at all: round the clock
    but for the holidays."""

    zone: str = "UTC"
    hours: tuple[Stretch, ...] = ()
    holidays: frozenset[date] = frozenset()

    @property
    def never_closes(self) -> bool:
        return not self.hours and not self.holidays

    def open_on(self, day: date) -> list[tuple[datetime, datetime]]:
        """The stretches (UTC) of one local day, in order; they may overlap."""
        if day in self.holidays:
            return []
        zone = ZoneInfo(self.zone)
        if not self.hours:
            local = [(datetime.combine(day, time(), zone), datetime.combine(day + _DAY, time(), zone))]
        else:
            local = [
                (datetime.combine(day, each.start, zone), datetime.combine(day, each.end, zone))
                for each in sorted(self.hours, key=lambda hours: hours.start)
                if each.weekday == day.weekday()
            ]
        return [(opens.astimezone(UTC), closes.astimezone(UTC)) for opens, closes in local]


ALWAYS_OPEN = Calendar()


def due_at(*, start: datetime, minutes: int, calendar: Calendar) -> datetime:
    """The moment (aware, UTC) at which ``minutes`` of business time have passed since ``start`` (aware).
    Closing time counts as the end of the day before it counts as the start of the next; 0 minutes is
    ``start`` itself, even outside hours."""
    return later(start=start, left=timedelta(minutes=minutes), calendar=calendar)


def later(*, start: datetime, left: timedelta, calendar: Calendar) -> datetime:
    """The moment (aware, UTC) at which ``left`` of business time has passed since ``start``."""
    if not left or calendar.never_closes:
        return start.astimezone(UTC) + left
    for opens, closes in _open_from(start, calendar):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    raise AssertionError("a calendar with hours opens again")


def elapsed(*, start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """Business time between two aware moments; zero when ``end`` is not after ``start``."""
    if calendar.never_closes:
        return max(end - start, timedelta())
    passed = timedelta()
    for opens, closes in _open_from(start, calendar):
        if opens >= end:
            break
        passed += min(closes, end) - opens
    return passed


def stretches(*, start: datetime, end: datetime, calendar: Calendar) -> list[tuple[datetime, datetime]]:
    """When ``calendar`` is open between two aware moments (UTC), in order; they do not overlap. The last may
    reach beyond ``end``."""
    if calendar.never_closes:
        return [(start.astimezone(UTC), end.astimezone(UTC))]
    return list(takewhile(lambda stretch: stretch[0] < end, _open_from(start, calendar)))


def minutes_left(*, at: datetime, due: datetime, calendar: Calendar) -> int:
    """Whole business minutes from ``at`` until ``due``, negative once it has passed."""
    if at <= due:
        return int(elapsed(start=at, end=due, calendar=calendar) / timedelta(minutes=1))
    return -int(elapsed(start=due, end=at, calendar=calendar) / timedelta(minutes=1))


def moved(*, moment: datetime, start: datetime, end: datetime, calendar: Calendar) -> datetime:
    """Where ``moment``, which lies after ``start``, goes when the clock stands still from ``start`` to
    ``end``: what was left at ``start`` is left at ``end``."""
    return later(start=end, left=elapsed(start=start, end=moment, calendar=calendar), calendar=calendar)


def _open_from(start: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """The stretches (UTC) in which the calendar is open from ``start`` on, in order, without end. Local hours
    become UTC day by day, so that a day of 23 or 25 hours keeps its opening hours; overlapping stretches
    count once."""
    reached = start.astimezone(UTC)
    # A day early: where clocks differ, the calendar's day may not have begun yet or be over already.
    day = start.astimezone(ZoneInfo(calendar.zone)).date() - _DAY
    while True:
        for opens, closes in calendar.open_on(day):
            if max(opens, reached) < closes:
                yield max(opens, reached), closes
                reached = closes
        day += _DAY
