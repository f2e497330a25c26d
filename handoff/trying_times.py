"""What the response times would do: for a lead offered at a moment with so many points, in one team. Nothing
is written; the arithmetic is that of the clocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accounts.models import Team
from scoring.dimensions import HUNDREDTHS

from . import agreeing, clocks, ladders, policies, sla
from .ladders import Moment
from .matching import AskedLead
from .models import LadderRung, Promise, SlaPolicy
from .policies import Policy


@dataclass(frozen=True, slots=True)
class Tried:
    """When what was promised would be due, and what would happen by itself. No ``policy``: the fallback; no
    ``minutes`` either: nothing is agreed, and no clock runs. ``unsure`` names the policies passed over
    because they ask what only a real lead can answer."""

    policy: SlaPolicy | None
    minutes: int | None
    start: datetime
    due_at: datetime
    moments: list[Moment]
    unsure: list[str]
    zone: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy that is not saved, with its steps. It is tried as if a lead met what it asks of lead and
    company; what it asks of the score is asked."""

    policy: SlaPolicy
    rungs: Sequence[LadderRung]

    def among(self, read: Sequence[Policy]) -> list[Policy]:
        """``read`` with this one where it stands, or would be put."""
        policy = policies.read_policy(self.policy)
        drafted = replace(
            policy, rule=replace(policy.rule, parts=(), model=None, broken=""), triggers=frozenset()
        )
        alike = [each for each in read if each.row.promise == self.policy.promise]
        if any(each.row.pk == self.policy.pk for each in alike):
            return [drafted if each.row.pk == self.policy.pk else each for each in alike]
        place = agreeing.place_of(self.policy, [each.row for each in alike])
        return [*alike[:place], drafted, *alike[place:]]


def try_times(
    *,
    read: Sequence[Policy],
    figures: Mapping[str, int],
    team: Team,
    at: datetime,
    draft: Draft | None = None,
) -> Tried:
    """A lead offered ``at`` to ``team``, with ``figures`` in points and the facts of nobody; with a ``draft``
    about something else than the answer, one accepted then. 4 queries."""
    in_hundredths = {name: points * HUNDREDTHS for name, points in figures.items()}
    lead = AskedLead(pk=0, figures=in_hundredths)
    promise = draft.policy.promise if draft else Promise.ANSWER
    asked = draft.among(read) if draft else [each for each in read if each.row.promise == promise]
    unsure = [
        each.row.name
        for each in asked
        if each.rule.is_on and (each.rule.parts or each.rule.model or each.triggers)
    ]
    policy = policies.first(asked, lead)
    fallback = clocks.FALLBACK_MINUTES if promise == Promise.ANSWER else None
    minutes = policy.minutes if policy else fallback
    calendar = clocks.read_calendars([team.pk])[team.pk]
    rungs: list[tuple[str, int]] = []
    if draft and policy is draft.policy:
        rungs = [(rung.does, rung.minutes) for rung in draft.rungs]
    elif policy:
        rungs = ladders.rungs_of(policy)
    return Tried(
        policy=policy,
        minutes=minutes,
        start=at,
        due_at=sla.due_at(start=at, minutes=minutes or 0, calendar=calendar),
        moments=ladders.moments(rungs=rungs, start=at, calendar=calendar),
        unsure=unsure,
        zone=calendar.zone,
    )
