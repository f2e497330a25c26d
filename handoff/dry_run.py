"""What the rules would do: for one lead now, and for last week's leads in their order. Moves no counter.

The way is the same that the routing walks; only nothing is held, and nothing written.
"""

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from leads.models import Lead

from . import eligibility, matching, recycling, routing, walking
from .eligibility import Load, Ring
from .ledger import Member, named
from .matching import Rule
from .models import Handoff
from .walking import Walk

#: How far back, and how many leads at most.
WEEK = timedelta(days=7)
MOST_LEADS = 1000
#: So many leads that would have gone elsewhere are listed by name.
MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Tried:
    """Where one lead would go now: the way, with everybody who was looked at by name."""

    lead: Lead
    way: Walk
    members: list[Member]

    @property
    def went_to(self) -> str:
        return _place(self.way)


@dataclass(frozen=True, slots=True)
class Moved:
    """A lead of last week that would have gone elsewhere, and by which rule."""

    handoff: Handoff
    went: str
    would: str
    rule: str


@dataclass(slots=True)
class Week:
    """Last week again under the rules asked about. ``went`` and ``would`` count by destination ("Sofia
    Reuter, DACH"), ``by_rule`` by the name of the rule. ``is_all`` is false when there were more leads than
    looked at."""

    leads: int = 0
    is_all: bool = True
    went: Counter[str] = field(default_factory=Counter)
    would: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    moved: list[Moved] = field(default_factory=list)
    changed: int = 0

    @property
    def rows(self) -> list[tuple[str, int, int]]:
        """Destination, how many went there, how many would; the most first."""
        places = sorted(self.went | self.would, key=lambda place: (-self.would[place], place))
        return [(place, self.went[place], self.would[place]) for place in places]


def try_one(*, lead: Lead, rules: Sequence[Rule], at: datetime) -> Tried:
    """Where ``lead`` would go at ``at`` under ``rules``. 10 queries, up to 3 more where a rule asks."""
    rings = eligibility.read_rings(pool_ids=None, at=at)
    asked = matching.ask(lead_ids=[lead.pk], rules=rules, preferences=routing.preferences(rings), at=at)
    refused_by = recycling.refuser(recycling.last_rejection(lead))
    way = walking.walk(asked[lead.pk], rules=rules, rings=rings, at=at, refused_by=refused_by)
    walking.take(way, at=at)
    return Tried(lead, way, named([way.members])[0])


def try_week(*, rules: Sequence[Rule], at: datetime) -> Week:
    """Where the leads offered in the week before ``at`` would have gone, the oldest first, each as of its own
    moment: who was away then is away here, and who had answered had room again. Facts and scores are those
    of now, and the turns begin where they stand now. 8 queries and up to 3 more where a rule asks, for one
    lead and for a thousand."""
    handoffs = Handoff.objects.filter(offered_at__gt=at - WEEK, offered_at__lte=at)
    handoffs = handoffs.select_related("lead", "rep", "pool").order_by("offered_at", "id")
    some = list(handoffs[: MOST_LEADS + 1])
    week = Week(leads=min(len(some), MOST_LEADS), is_all=len(some) <= MOST_LEADS)
    some = some[:MOST_LEADS]
    rings = eligibility.read_rings(pool_ids=None, at=at, since=at - WEEK)
    lead_ids = list(dict.fromkeys(handoff.lead_id for handoff in some))
    asked = matching.ask(lead_ids=lead_ids, rules=rules, preferences=routing.preferences(rings), at=at)
    desks = _Desks(rings)
    for handoff in some:
        desks.come_to(handoff.offered_at)
        way = walking.walk(asked[handoff.lead_id], rules=rules, rings=rings, at=handoff.offered_at)
        walking.take(way, at=handoff.offered_at)
        if way.desk is not None:
            desks.busy(way.desk.load, handoff.decided_at)
        _count(week, handoff, way)
    return week


class _Desks:
    """Everybody's load while a week goes by: empty at its start, since what was open then is not kept."""

    def __init__(self, rings: dict[int, Ring]) -> None:
        self._desks = [desk for ring in rings.values() for desk in ring.desks]
        self._days: dict[int, date] = {}
        self._answers: list[tuple[datetime, int, Load]] = []
        for desk in self._desks:
            desk.load.open = desk.load.today = 0

    def busy(self, load: Load, until: datetime | None) -> None:
        if until is not None:
            heapq.heappush(self._answers, (until, len(self._answers), load))

    def come_to(self, at: datetime) -> None:
        """Take off what was answered by ``at``; a new day of theirs counts anew."""
        while self._answers and self._answers[0][0] <= at:
            heapq.heappop(self._answers)[2].open -= 1
        for desk in self._desks:
            day = at.astimezone(ZoneInfo(desk.user.time_zone)).date()
            if self._days.setdefault(desk.user.pk, day) != day:
                self._days[desk.user.pk] = day
                desk.load.today = 0


def _count(week: Week, handoff: Handoff, way: Walk) -> None:
    went = f"{handoff.rep or 'nobody'}, {handoff.pool or 'no pool'}"
    would = _place(way)
    rule = way.rule.name if way.rule else "Territories" if way.ring else "none"
    week.went[went] += 1
    week.would[would] += 1
    week.by_rule[rule] += 1
    if went != would:
        week.changed += 1
        if len(week.moved) < MOST_LISTED:
            week.moved.append(Moved(handoff, went, would, rule))


def _place(way: Walk) -> str:
    return f"{way.desk.user if way.desk else 'nobody'}, {way.ring.pool if way.ring else 'no pool'}"
