"""The response clock of handoffs: how long sales has, and what is left of it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.availability import Stretch
from accounts.models import Team

from . import sla
from .models import Handoff, Pool, SlaPolicy
from .sla import ALWAYS_OPEN, Calendar, Policy

#: Four business hours, for a company that has deleted every policy.
FALLBACK_MINUTES = 240


@dataclass(frozen=True, slots=True)
class Clock:
    """Business minutes: ``allowed`` in all, ``remaining`` until due (negative: over by so many)."""

    allowed: int
    remaining: int

    @property
    def is_over(self) -> bool:
        return self.remaining < 0


@dataclass(frozen=True, slots=True)
class Deadline:
    """What is agreed for one new handoff."""

    minutes: int
    due_at: datetime


def set_deadline(*, pool: Pool | None, intent: float, at: datetime) -> Deadline:
    """When the answer to a handoff offered ``at`` is due, by the policy for ``intent`` (points) and the
    calendar of the pool's team; without a pool the clock never stops. Up to 4 queries."""
    policies = [
        Policy(min_intent, minutes)
        for min_intent, minutes in SlaPolicy.objects.values_list("min_intent", "response_minutes")
    ]
    policy = sla.choose_policy(policies=policies, intent=intent)
    minutes = policy.minutes if policy else FALLBACK_MINUTES
    calendar = read_calendars([pool.team_id])[pool.team_id] if pool else ALWAYS_OPEN
    return Deadline(minutes, sla.due_at(start=at, minutes=minutes, calendar=calendar))


def read_clocks(*, handoffs: Iterable[Handoff], at: datetime) -> dict[int, Clock]:
    """The clock of each handoff at ``at``, by primary key. Handoffs come with their ``pool``. 3 queries."""
    handoffs = list(handoffs)
    calendars = read_calendars({handoff.pool.team_id for handoff in handoffs if handoff.pool})
    return {
        handoff.pk: Clock(
            allowed=handoff.allowed_minutes,
            remaining=sla.minutes_left(
                at=at,
                due=handoff.due_at,
                calendar=calendars[handoff.pool.team_id] if handoff.pool else ALWAYS_OPEN,
            ),
        )
        for handoff in handoffs
    }


def read_calendars(team_ids: Collection[int]) -> dict[int, Calendar]:
    """The calendar of each team, by the team's primary key. 3 queries, none without teams."""
    if not team_ids:
        return {}
    teams = Team.objects.filter(pk__in=team_ids).select_related("calendar")
    teams = teams.prefetch_related("calendar__opening_hours", "calendar__holidays")
    return {
        team.pk: Calendar(
            zone=team.calendar.time_zone,
            hours=tuple(
                Stretch(each.weekday, each.opens, each.closes) for each in team.calendar.opening_hours.all()
            ),
            holidays=frozenset(holiday.on for holiday in team.calendar.holidays.all()),
        )
        for team in teams
    }
