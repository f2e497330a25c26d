"""Who takes part in the demo, and what each of them does: the whole plan, before anything is stored."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from . import cast, featured, stories, workplace
from .cast import Firm, Person

LEADS = 1_200
#: Where leads come from first, in parts of the sum.
SOURCES = {
    "paid_search": 24, "organic_search": 22, "paid_social": 13, "newsletter": 12, "webinar": 10,
    "trade_fair": 7, "referral": 6, "direct": 6,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    people: list[Person]
    firms: list[Firm]


def plan(*, rng: Random, now: datetime, leads: int = LEADS) -> Plan:
    """``leads`` people at 400 firms: those written by hand, and a crowd around them."""
    people = _by_hand(rng, now)
    known = {person.firm.domain: person.firm for person in people}
    others = cast.firms(rng, taken=set(known))[: cast.FIRMS - len(known)]
    everybody = [*known.values(), *others]
    suited = {
        "buyer": [firm for firm in others if firm.fits],
        "leaner": [firm for firm in others if firm.fits],
        "hopeful": [firm for firm in others if firm.employees < 20],
    }
    addresses = {person.email for person in people}
    for _ in range(leads - len(people)):
        kind = rng.choices(list(stories.KINDS), list(stories.KINDS.values()))[0]
        people.append(_one_more(rng, now, kind, rng.choice(suited.get(kind, everybody)), addresses))
    return Plan(people, everybody)


def _by_hand(rng: Random, now: datetime) -> list[Person]:
    nordic = [workplace.nordic_moment(minutes=person.minutes, before=now) for person in featured.NORDIC_QUEUE]
    return [*featured.queue(rng, now), *featured.returned(rng, now), *featured.nordic_queue(rng, nordic)]


def _one_more(rng: Random, now: datetime, kind: str, firm: Firm, addresses: set[str]) -> Person:
    source = rng.choices(list(SOURCES), list(SOURCES.values()))[0]
    low = kind == "hopeful" or (kind in ("passer", "reader") and rng.random() < 0.06)
    person = cast.person(rng, firm, source, addresses, low=low)
    stories.tell(person, kind, rng, now)
    return person
