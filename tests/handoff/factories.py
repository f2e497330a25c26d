"""Worlds around a handoff: pools, crossings, handoffs in each state. Verbs make what verbs can make."""

import itertools
from datetime import datetime, time
from typing import Any

from accounts.models import BusinessCalendar, OpeningHours, Team, User
from handoff import pipeline
from handoff.models import Handoff, Pool, PoolMember, Question, RejectReason
from leads.models import Lead
from scoring.models import Crossing, LineState, ModelVersion
from tests.factories import NOW, activity, lead, rep, team

_numbers = itertools.count(1)

#: What a fresh company asks, by key, in its order.
FIRST_CONTACT = ("interest", "motivation")
QUESTIONS = (*FIRST_CONTACT, "budget", "authority", "need", "timing")


def office_hours(zone: str = "Europe/Berlin") -> BusinessCalendar:
    """Monday to Friday, 9 to 17."""
    calendar = BusinessCalendar.objects.create(name=f"Office {next(_numbers)}", time_zone=zone)
    OpeningHours.objects.bulk_create(
        OpeningHours(calendar=calendar, weekday=day, opens=time(9), closes=time(17)) for day in range(5)
    )
    return calendar


def pool(*members: User, name: str = "DACH", in_team: Team | None = None, **fields: Any) -> Pool:
    """A pool of these reps, in this order; it takes every country unless ``countries`` says otherwise."""
    made = Pool.objects.create(name=name, team=in_team or team(), **fields)
    PoolMember.objects.bulk_create(PoolMember(pool=made, user=member) for member in members)
    return made


def reps(count: int, in_team: Team | None = None) -> list[User]:
    return [rep(f"Rep{number} Seller", in_team) for number in range(1, count + 1)]


def crossing(of: Lead, stage: str = "sql", at: datetime = NOW, **fields: Any) -> Crossing:
    """``of`` came over the line of ``stage``: what scoring writes, by hand."""
    version = _version()
    cycle = Crossing.objects.filter(lead=of, stage=stage).count() + 1
    LineState.objects.update_or_create(
        lead=of, model=version.model, stage=stage, defaults={"inside": True, "cycle": cycle, "since": at}
    )
    points = {"fit": 2500, "engagement": 300, "intent": 2500, **fields}
    return Crossing.objects.create(
        lead=of,
        model=version.model,
        version=version,
        stage=stage,
        cycle=cycle,
        at=at,
        **{"cause": "line", "total": points["fit"] + points["engagement"] + points["intent"], **points},
    )


def _version() -> ModelVersion:
    """The live version; a fresh database comes with one."""
    return ModelVersion.objects.live()


def offered(to: User | None = None, of: Lead | None = None, at: datetime = NOW, **fields: Any) -> Handoff:
    """An open handoff that the pipeline made: to ``to`` (who gets a pool of their own if they have none)."""
    of = of or lead(**fields)
    to = to or User.objects.filter(role="rep").first() or rep()
    if not Pool.objects.exists():
        pool(to)
    crossing(of, at=at)
    pipeline.run(at=at)
    return Handoff.objects.get(lead=of, status="open")


def unassigned(at: datetime = NOW) -> Handoff:
    """An open handoff that nobody was available for, in an empty pool of DACH."""
    if not Pool.objects.exists():
        pool()
    of = lead()
    crossing(of, at=at)
    pipeline.run(at=at)
    return Handoff.objects.get(lead=of)


def question(key: str, framework: str = "bant") -> Question:
    return Question.objects.get(key=key, framework__key=framework)


def reason(code: str = "timing") -> RejectReason:
    return RejectReason.objects.get(code=code)


__all__ = [
    "FIRST_CONTACT",
    "NOW",
    "QUESTIONS",
    "activity",
    "crossing",
    "lead",
    "offered",
    "office_hours",
    "pool",
    "question",
    "reason",
    "reps",
    "unassigned",
]
