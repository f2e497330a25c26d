"""The plan of the demo: firms, people, what each did and when, and what sales will make of it. No database."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal
from zoneinfo import ZoneInfo

from .lands import HOLIDAYS, LANDS, LOW_TITLES, OTHERS, TARGETS, TITLES, Land

FIRMS = 400
#: Staff from, to → share of the firms.
SIZES = (((3, 19), 12), ((20, 99), 38), ((100, 500), 38), ((501, 1900), 12))
_OTHER_TRADES = {
    "Software": "Software",
    "Consulting": "Consulting",
    "Education": "Academy",
    "Retail": "Retail",
}
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "ı": "i", "đ": "d"})
#: German spells its umlauts out; Swedish and Finnish drop the dots.
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@dataclass(frozen=True, slots=True)
class Firm:
    name: str
    domain: str
    land: Land
    industry: str
    employees: int
    city: str

    @property
    def fits(self) -> bool:
        """Whether every lead of this firm has enough fit for the SQL line by the firm alone."""
        return self.industry in TARGETS and 20 <= self.employees <= 2000

    @property
    def technicians(self) -> int:
        return max(3, round(self.employees * 0.42))


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing a person did. ``hot``: sales may hear of it the same second."""

    at: datetime
    type: str
    properties: dict[str, Any] = field(default_factory=dict)
    hot: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """What a rep will make of a handoff: the answer ``minutes`` after the offer, and how the deal goes on.
    ``working`` stays an SQL; the others become an opportunity. ``open`` gets no answer."""

    verdict: Literal["accept", "reject", "open"] = "accept"
    minutes: int = 35
    reason: str = ""
    note: str = ""
    then: Literal["working", "opportunity", "won", "lost"] = "working"


@dataclass(slots=True)
class Person:
    """A lead to be. ``fates``: of the first handoff, the second, …"""

    name: str
    email: str
    title: str
    phone: str
    firm: Firm
    source: str
    happenings: list[Happening] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)

    @property
    def first_at(self) -> datetime:
        return min(happening.at for happening in self.happenings)

    @property
    def campaign(self) -> str:
        """What the first visit carries."""
        first = min(self.happenings, key=lambda happening: happening.at)
        return str(first.properties.get("utm_campaign", ""))


def plain(text: str, land: Land) -> str:
    """``text`` as it stands in an address there: “Åse Lødøen” → “ase-lodoen”."""
    text = text.lower().translate(_LETTERS)
    spelled = unicodedata.normalize("NFKD", text.translate(_UMLAUTS) if land.language == "de" else text)
    words = "".join(
        c if c.isalnum() and c.isascii() else " " for c in spelled if not unicodedata.combining(c)
    )
    return "-".join(words.split())


def firms(rng: Random, taken: set[str]) -> list[Firm]:
    """FIRMS firms with different names and domains, none of ``taken``."""
    made: dict[str, Firm] = {}
    while len(made) < FIRMS:
        firm = _firm(rng)
        if firm.domain not in taken:
            made.setdefault(firm.domain, firm)
    return list(made.values())


def _firm(rng: Random) -> Firm:
    land = rng.choices(LANDS, [land.share for land in LANDS])[0]
    industry = rng.choice(TARGETS) if rng.random() < 0.91 else rng.choice(OTHERS)
    trade = land.trades.get(industry) or _OTHER_TRADES[industry]
    town = rng.choice(_words(land.towns))
    stem = rng.choice([*_words(land.stems), *_words(land.stems), *_words(land.surnames), town])
    name = f"{stem} {trade}"
    (least, most), _ = rng.choices(SIZES, [share for _, share in SIZES])[0]
    return Firm(
        name=f"{name} {rng.choice(land.forms)}",
        domain=f"{plain(name, land)}.example",
        land=land,
        industry=industry,
        employees=round(least * (most / least) ** rng.random()),
        city=town,
    )


def person(rng: Random, firm: Firm, source: str, taken: set[str], *, low: bool = False) -> Person:
    """Somebody at ``firm`` with an address that nobody in ``taken`` has; adds it there."""
    land = firm.land
    while True:
        first = rng.choice(_words(rng.choice((land.women, land.men))))
        last = rng.choice(_words(land.surnames))
        email = f"{plain(first, land)}.{plain(last, land).replace('-', '')}@{firm.domain}"
        if email not in taken:
            break
    taken.add(email)
    titles = LOW_TITLES if low else rng.choice((TITLES, TITLES, land.titles))
    number = phone(rng, land) if rng.random() < 0.6 else ""
    return Person(f"{first} {last}", email, rng.choice(titles), number, firm, source)


def phone(rng: Random, land: Land) -> str:
    return "".join(str(rng.randrange(10)) if c == "#" else c for c in land.phone)


def _words(text: str) -> list[str]:
    return [word.replace("_", " ") for word in text.split()]


def working_moment(rng: Random, day: datetime, land: Land) -> datetime:
    """A moment in office hours of the working day on or before ``day``, there; mornings are busier."""
    local = day.astimezone(ZoneInfo(land.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    while local.weekday() > 4 or (local.month, local.day) in HOLIDAYS:
        local -= timedelta(days=1)
    hour = rng.triangular(9.1, 16.4, 10.4)
    return _utc(local + timedelta(seconds=round(hour * 3600 + rng.random() * 60)))


def at_work(moment: datetime, zone: str) -> datetime:
    """``moment``, or early on the next working day if it falls outside office hours there."""
    local = moment.astimezone(ZoneInfo(zone))
    if local.hour >= 18:
        local = _early(local + timedelta(days=1))
    elif local.hour < 8:
        local = _early(local)
    while local.weekday() > 4 or (local.month, local.day) in HOLIDAYS:
        local = _early(local + timedelta(days=1))
    return _utc(local)


def _early(local: datetime) -> datetime:
    return local.replace(hour=8, minute=local.minute // 2 + 5)


def any_moment(rng: Random, day: datetime, land: Land) -> datetime:
    """A moment of that day, mostly in office hours; some read in the evening or at the weekend."""
    if rng.random() < 0.86:
        return working_moment(rng, day, land)
    local = day.astimezone(ZoneInfo(land.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return _utc(local + timedelta(seconds=round(rng.triangular(6.5, 23.2, 20.5) * 3600 + rng.random() * 60)))


def _utc(local: datetime) -> datetime:
    return local.astimezone(ZoneInfo("UTC"))
