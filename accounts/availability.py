"""Who takes new leads at a moment. Pure: rows in, answer out; no queries, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of one weekday (Monday is 0), in local time; the end is not part of it."""

    weekday: int
    start: time
    end: time


def is_within(*, hours: Iterable[Stretch], zone: str, at: datetime) -> bool:
    """Whether ``at`` (aware) falls into one of ``hours`` as read in ``zone``. No hours: always."""
    hours = list(hours)
    local = at.astimezone(ZoneInfo(zone))
    return not hours or any(
        stretch.weekday == local.weekday() and stretch.start <= local.time() < stretch.end
        for stretch in hours
    )


def away_words(until: datetime, *, zone: str, reason: str = "") -> str:
    """ "away until 3 Dec, ill": the day in ``zone`` on which somebody who is away is back."""
    local = until.astimezone(ZoneInfo(zone))
    return f"away until {local.day} {local:%b}{f', {reason}' if reason else ''}"


def is_away(*, absences: Iterable[tuple[datetime, datetime]], at: datetime) -> bool:
    """Whether ``at`` falls into one of the half-open ``absences`` (start, end)."""
    return any(start <= at < end for start, end in absences)
