"""What the response times would do: for a lead offered at a moment with so many points, in one team. Nothing
is written; the arithmetic is that of the clocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Team
from scoring.dimensions import HUNDREDTHS

from . import clocks, ladders, policies, sla
from .ladders import Moment
from .matching import AskedLead
from .models import Promise, SlaPolicy
from .policies import Policy


@dataclass(frozen=True, slots=True)
class Tried:
    """When an answer would be due, and what would happen by itself. No ``policy``: the fallback. ``unsure``
    names the policies passed over because they ask what only a real lead can answer."""

    policy: SlaPolicy | None
    minutes: int
    start: datetime
    due_at: datetime
    moments: list[Moment]
    unsure: list[str]
    zone: str


def try_answer(*, read: Sequence[Policy], figures: Mapping[str, int], team: Team, at: datetime) -> Tried:
    """A lead offered ``at`` to ``team``, with ``figures`` in points and the facts of nobody. 4 queries."""
    in_hundredths = {name: points * HUNDREDTHS for name, points in figures.items()}
    lead = AskedLead(pk=0, figures=in_hundredths)
    answers = [each for each in read if each.row.promise == Promise.ANSWER]
    unsure = [
        each.row.name
        for each in answers
        if each.rule.is_on and (each.rule.parts or each.rule.model or each.triggers)
    ]
    policy = policies.first(answers, lead)
    minutes = policy.minutes if policy else clocks.FALLBACK_MINUTES
    calendar = clocks.read_calendars([team.pk])[team.pk]
    rungs = ladders.rungs_of(policy) if policy else []
    return Tried(
        policy=policy,
        minutes=minutes,
        start=at,
        due_at=sla.due_at(start=at, minutes=minutes, calendar=calendar),
        moments=ladders.moments(rungs=rungs, start=at, calendar=calendar),
        unsure=unsure,
        zone=calendar.zone,
    )
