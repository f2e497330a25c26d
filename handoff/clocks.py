"""Clocks of handoffs: how long sales has, what is left of it, and how long it took."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from accounts.availability import Stretch
from accounts.models import BusinessCalendar, Team

from . import policies, sla
from .models import Handoff, Pause, Pool, Promise, SlaPolicy
from .sla import ALWAYS_OPEN, Calendar

if TYPE_CHECKING:
    from leads.models import Lead
    from scoring.models import Crossing

#: Four business hours, for a company in which no policy holds.
FALLBACK_MINUTES = 240


@dataclass(frozen=True, slots=True)
class Clock:
    """Business minutes: ``allowed`` in all, ``remaining`` until due (negative: over by so many). ``pause`` is
    the one it stands still for."""

    allowed: int
    remaining: int
    pause: Pause | None = None

    @property
    def is_over(self) -> bool:
        return self.remaining < 0


@dataclass(frozen=True, slots=True)
class Deadline:
    """What is agreed for one new clock. No ``policy``: the fallback."""

    minutes: int
    due_at: datetime
    policy: SlaPolicy | None = None


def set_deadline(
    *, lead: "Lead", pool: Pool | None, at: datetime, crossing: "Crossing | None" = None
) -> Deadline:
    """When the answer to a handoff offered ``at`` is due, by the first policy that holds for ``lead`` and the
    calendar of the pool's team; without a pool the clock never stops. Scores are those of the ``crossing``,
    else today's. Up to 8 queries."""
    policy = policies.choose(promise=Promise.ANSWER, lead=lead, at=at, crossing=crossing)
    minutes = policy.minutes if policy else FALLBACK_MINUTES
    calendar = calendar_of(pool)
    return Deadline(minutes, sla.due_at(start=at, minutes=minutes, calendar=calendar), policy)


def read_clocks(*, handoffs: Iterable[Handoff], at: datetime) -> dict[int, Clock]:
    """The clock of each handoff at ``at``, by primary key. Handoffs come with their ``pool``. 4 queries."""
    handoffs = list(handoffs)
    calendars = read_calendars({handoff.pool.team_id for handoff in handoffs if handoff.pool})
    pauses = running_pauses([handoff.pk for handoff in handoffs], at)
    return {
        handoff.pk: Clock(
            allowed=handoff.allowed_minutes,
            remaining=sla.minutes_left(
                at=at,
                due=handoff.due_at,
                calendar=calendars[handoff.pool.team_id] if handoff.pool else ALWAYS_OPEN,
            ),
            pause=pauses.get(handoff.pk),
        )
        for handoff in handoffs
    }


def running_pauses(handoff_ids: Collection[int], at: datetime) -> dict[int, Pause]:
    """The pause that each of these handoffs is in at ``at``. One query, none without handoffs."""
    if not handoff_ids:
        return {}
    pauses = Pause.objects.filter(handoff__in=handoff_ids, ended_at=None, at__lte=at, until__gt=at)
    return {pause.handoff_id: pause for pause in pauses.select_related("by").order_by("at", "id")}


def answer_seconds(*, handoff: Handoff, at: datetime) -> int:
    """Business seconds from the offer to an answer ``at``, without what it stood still; 0 is at once. Up to 4
    queries."""
    calendar = calendar_of(handoff.pool)
    pauses = Pause.objects.filter(handoff=handoff, work=None, is_undone=False, at__lt=at).order_by("at", "id")
    still = [(pause.at, min(pause.ended_at or pause.until, at)) for pause in pauses]
    return int(taken(start=handoff.offered_at, end=at, still=still, calendar=calendar).total_seconds())


def taken(
    *, start: datetime, end: datetime, still: Sequence[tuple[datetime, datetime]], calendar: Calendar
) -> timedelta:
    """Business time from ``start`` to ``end`` without the stretches in which the clock stood ``still``, which
    do not overlap. Pure."""
    passed = sla.elapsed(start=start, end=end, calendar=calendar)
    return passed - sum(
        (sla.elapsed(start=begins, end=ends, calendar=calendar) for begins, ends in still), timedelta()
    )


def calendar_of(pool: Pool | None) -> Calendar:
    """The calendar that a handoff in ``pool`` is counted in. Up to 3 queries."""
    return read_calendars([pool.team_id])[pool.team_id] if pool else ALWAYS_OPEN


def read_calendars(team_ids: Collection[int]) -> dict[int, Calendar]:
    """The calendar of each team, by the team's primary key. 3 queries, none without teams."""
    if not team_ids:
        return {}
    teams = Team.objects.filter(pk__in=team_ids).select_related("calendar")
    teams = teams.prefetch_related("calendar__opening_hours", "calendar__holidays")
    return {team.pk: read(team.calendar) for team in teams}


def read(calendar: BusinessCalendar) -> Calendar:
    """``calendar`` as business time is counted in it. No query where hours and holidays were read along."""
    return Calendar(
        zone=calendar.time_zone,
        hours=tuple(Stretch(each.weekday, each.opens, each.closes) for each in calendar.opening_hours.all()),
        holidays=frozenset(
            holiday.on for holiday in calendar.holidays.all() if holiday.kind != holiday.Kind.OPEN
        ),
    )
