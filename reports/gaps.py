"""What was left lying: leads over the SQL line that sales does not have, handoffs that nobody owns, leads
that are on nobody's list; and what came too early or too late.

All but the last hold now, whatever the period. Every lead is somebody's: marketing's before it is handed
over, then whoever's the handoff is, then the owner's or whoever has a task about it, then the deal's;
customers and closed leads need nobody. What is none of these is an orphan, and there must be none (S0-04).
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from handoff.models import Handoff, Task
from handoff.pipeline import Outcome
from leads.models import Lead, Opportunity
from leads.stages import Stage
from scoring.dimensions import SALES_STAGE
from scoring.intervals import Share
from scoring.models import Crossing, LineState

from .counting import share_of
from .handed import handoffs_made, offered
from .periods import Period

#: Handed over so long after it crossed, a lead came late.
LATE = timedelta(days=1)


class Why(StrEnum):
    """Why a lead over the SQL line is not with sales. The first that holds."""

    STUCK = "stuck"
    HELD = "held"
    RETURN = "return"
    COMING = "coming"
    CLOSED = "closed"
    BLOCKED = "blocked"
    BACK = "back"
    UNKNOWN = "unknown"


#: Those that a person or the machine has to do something about: the lead is ripe and nothing else is agreed.
TO_ACT_ON = frozenset({Why.STUCK, Why.HELD, Why.UNKNOWN})


class Place(StrEnum):
    """Whose list a lead is on."""

    MARKETING = "marketing"
    HANDOFF = "handoff"
    WORKED = "worked"
    DEAL = "deal"
    CUSTOMER = "customer"
    CLOSED = "closed"
    NOBODY = "nobody"


#: Lists that a lead is on by its stage alone.
BY_STAGE = {
    Place.MARKETING: (Stage.LEAD, Stage.MQL),
    Place.CUSTOMER: (Stage.CUSTOMER,),
    Place.CLOSED: (Stage.CLOSED,),
}


class Own(StrEnum):
    """What is wrong with the owner of an open handoff."""

    NOBODY = "nobody"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Lying:
    """``count`` leads or handoffs for one reason, the oldest ``since`` then."""

    key: str
    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Came:
    """Handoffs of the period, by how ripe the lead was: ``early`` by hand while it was under the line,
    ``late`` more than a day after it had crossed, or else in time. Of the ``decided``, ``accepted``."""

    key: str
    count: int
    decided: int
    accepted: int

    @property
    def share(self) -> Share | None:
        return share_of(self.accepted, self.decided)


@dataclass(frozen=True, slots=True)
class Report:
    over: list[Lying]
    unowned: list[Lying]
    places: dict[Place, int]
    came: list[Came]

    @property
    def over_count(self) -> int:
        return sum(each.count for each in self.over)

    @property
    def orphans(self) -> int:
        return self.places[Place.NOBODY]

    @property
    def all_leads(self) -> int:
        return sum(self.places.values())


def report(*, leads: QuerySet[Lead], handoffs: QuerySet[Handoff], period: Period, at: datetime) -> Report:
    """What lies at ``at``, and what came early or late in ``period``. 5 queries."""
    over = {
        row["why"]: Lying(row["why"], row["count"], row["oldest"])
        for row in over_the_line(leads=leads, at=at)
        .values("why")
        .annotate(count=Count("pk"), oldest=Min("passed_at"))
    }
    unowned = {
        row["own"]: Lying(row["own"], row["count"], row["oldest"])
        for row in _unowned(handoffs).values("own").annotate(count=Count("pk"), oldest=Min("offered_at"))
    }
    places = _places(leads)
    return Report(
        over=[over[why] for why in Why if why in over],
        unowned=[unowned[own] for own in Own if own in unowned],
        places={place: places.get(place, 0) for place in Place},
        came=_came(handoffs, period),
    )


def over_the_line(*, leads: QuerySet[Lead], at: datetime, why: Why | None = None) -> QuerySet[Any]:
    """Those of ``leads`` that stand over the SQL line of a model and are not with sales, with ``why`` and
    ``passed_at``: since when. Customers have bought: nothing is left lying."""
    states = LineState.objects.filter(stage=SALES_STAGE, inside=True)
    mine = states.filter(lead=OuterRef("pk"))
    crossed = Crossing.objects.filter(
        Exists(states.filter(lead=OuterRef("lead"), model=OuterRef("model"), cycle=OuterRef("cycle"))),
        lead=OuterRef("pk"),
        stage=SALES_STAGE,
    ).order_by(F("handled_at").desc(nulls_first=True), "-id")
    found = leads.filter(stage__in=(Stage.LEAD, Stage.MQL, Stage.CLOSED), pk__in=states.values("lead"))
    found = found.order_by().annotate(
        passed_at=Subquery(mine.order_by("since").values("since")[:1]),
        crossing=Subquery(crossed.annotate(why=_why(at)).values("why")[:1], output_field=TextField()),
    )
    found = found.annotate(
        why=Case(
            When(stage=Stage.CLOSED, then=Value(Why.CLOSED.value)),
            default=Coalesce("crossing", Value(Why.UNKNOWN.value)),
            output_field=TextField(),
        )
    )
    return found.filter(why=why.value) if why else found


def _why(at: datetime) -> Case:
    """Of the crossing that brought a lead where it is."""
    waits = Q(handled_at=None)
    return Case(
        When(waits & Q(stuck__next_at=None, stuck__isnull=False), then=Value(Why.STUCK.value)),
        When(waits & Q(held_at__isnull=False, released_at=None), then=Value(Why.HELD.value)),
        When(waits & Q(not_before__gt=at), then=Value(Why.RETURN.value)),
        When(waits, then=Value(Why.COMING.value)),
        When(outcome=Outcome.CLOSED, then=Value(Why.CLOSED.value)),
        When(outcome=Outcome.BLOCKED, then=Value(Why.BLOCKED.value)),
        When(outcome__in=_WAS_WITH_SALES, then=Value(Why.BACK.value)),
        default=Value(Why.UNKNOWN.value),
        output_field=TextField(),
    )


_WAS_WITH_SALES = (Outcome.HANDED_OVER, Outcome.ATTACHED, Outcome.WITH_SALES, Outcome.CUSTOMER)


def unowned(*, handoffs: QuerySet[Handoff], own: Own) -> QuerySet[Handoff]:
    """The open handoffs that nobody has, or somebody who works here no more, with ``passed_at``: when they
    were offered."""
    return handoffs_made(_unowned(handoffs).filter(own=own.value))


def _unowned(handoffs: QuerySet[Handoff]) -> QuerySet[Any]:
    rows = handoffs.filter(Q(rep=None) | Q(rep__is_active=False), status=Handoff.Status.OPEN).order_by()
    return rows.annotate(
        own=Case(
            When(rep=None, then=Value(Own.NOBODY.value)),
            default=Value(Own.GONE.value),
            output_field=TextField(),
        )
    )


def _places(leads: QuerySet[Lead]) -> Counter[Place]:
    """How many leads are on whose list. Only those with sales have to be looked at one by one. 2 queries."""
    stages = dict(leads.order_by().values_list("stage").annotate(count=Count("pk")))
    found = Counter({place: sum(stages.get(each, 0) for each in of) for place, of in BY_STAGE.items()})
    with_sales = _placed(leads.exclude(stage__in=[each for of in BY_STAGE.values() for each in of]))
    for place, count in with_sales.values_list("place").annotate(count=Count("pk")):
        found[Place(place)] += count
    return found


def at_place(*, leads: QuerySet[Lead], place: Place) -> QuerySet[Any]:
    """Those of ``leads`` on that list, with ``passed_at``: when they came to their stage."""
    found: QuerySet[Any] = _placed(leads).filter(place=place.value).annotate(passed_at=F("stage_at"))
    return found


def _placed(leads: QuerySet[Lead]) -> QuerySet[Any]:
    """Each lead with the ``place`` it has, if any."""
    offered = Handoff.objects.filter(lead=OuterRef("pk"), status=Handoff.Status.OPEN)
    offered = offered.filter(Q(rep__isnull=False) | Q(pool__isnull=False))
    tasks = Task.objects.filter(lead=OuterRef("pk"), done_at=None, owner__is_active=True)
    deals = Opportunity.objects.filter(lead=OuterRef("pk"), outcome="")
    owned = Q(owner__isnull=False, owner__is_active=True) | Exists(tasks)
    return leads.order_by().annotate(
        place=Case(
            *(When(stage__in=of, then=Value(place.value)) for place, of in BY_STAGE.items()),
            When(Q(stage=Stage.HANDED_OVER) & Exists(offered), then=Value(Place.HANDOFF.value)),
            When(Q(stage=Stage.SQL) & owned, then=Value(Place.WORKED.value)),
            When(Q(stage=Stage.OPPORTUNITY) & Exists(deals), then=Value(Place.DEAL.value)),
            default=Value(Place.NOBODY.value),
            output_field=TextField(),
        )
    )


# Too early, too late

#: By a marketer's hand, of a lead that was under the line of the rules that it was judged by.
EARLY = Q(crossing=None, evidence__explanation__isnull=False) & ~Q(
    evidence__explanation__over__contains=[SALES_STAGE]
)
TOO_LATE = Q(crossing__isnull=False, offered_at__gt=F("crossing__at") + LATE)


def came(*, handoffs: QuerySet[Handoff], period: Period, key: str) -> QuerySet[Handoff]:
    """The handoffs that came so in ``period``, with ``passed_at``: when they were offered."""
    return handoffs_made(_offered(handoffs, period).filter(came=key))


def _offered(handoffs: QuerySet[Handoff], period: Period) -> QuerySet[Any]:
    return offered(handoffs=handoffs, period=period).annotate(
        came=Case(
            When(EARLY, then=Value("early")),
            When(TOO_LATE, then=Value("late")),
            default=Value("in_time"),
            output_field=TextField(),
        )
    )


def _came(handoffs: QuerySet[Handoff], period: Period) -> list[Came]:
    accepted = Q(status=Handoff.Status.ACCEPTED)
    rows = {
        row["came"]: Came(row["came"], row["count"], row["decided"], row["accepted"])
        for row in _offered(handoffs, period)
        .values("came")
        .annotate(
            count=Count("pk"),
            accepted=Count("pk", filter=accepted),
            decided=Count("pk", filter=accepted | Q(status=Handoff.Status.REJECTED)),
        )
    }
    return [rows.get(key, Came(key, 0, 0, 0)) for key in ("early", "in_time", "late")]
