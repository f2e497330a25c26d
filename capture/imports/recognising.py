"""Say what a column is, by its heading and its cells. A near miss is a guess: somebody confirms it."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from leads.exporting import OWN_FIELD

from .headings import FOR_KIND, HEADINGS

_SIGNS = re.compile(r"[^a-z0-9]+")
#: How alike a heading is to one we know before we dare to guess, from 0 to 1; and how short it may be.
ALIKE, SHORTEST = 0.74, 4

#: What may stand in a column, by kind of file, with the words the page offers.
TARGETS: dict[str, str] = {
    "email": "E-mail address",
    "name": "Full name",
    "first_name": "First name",
    "last_name": "Last name",
    "title": "Job title",
    "phone": "Phone",
    "country": "Country",
    "city": "City",
    "source": "Source",
    "campaign": "Campaign",
    "company": "Company name",
    "domain": "Company domain or website",
    "employees": "Company: employees",
    "revenue": "Company: yearly revenue",
    "industry": "Company: industry",
    "created_at": "When the lead came",
    "external_id": "Id in the other system",
    "consent": "Consent to e-mail",
    "opt_out": "Opted out of e-mail",
    "phone_opt_out": "Opted out of calls",
    "status": "Status, value by value",
    "activity_at": "An activity, at this time",
    "activity_times": "An activity, so many times",
    "attribute": "A field of our own",
    "activity_type": "What happened",
    "happened_at": "When it happened",
    "event_id": "Id of the event",
    "deal_id": "Id of the deal",
    "deal_name": "Name of the deal",
    "amount": "Amount",
    "lost_reason": "Why it was lost",
    "closed_at": "When it was won or lost",
    "skip": "Leave out",
}
_OF_LEADS = (
    "email", "name", "first_name", "last_name", "title", "phone", "company", "domain", "country", "city",
    "source",
    "campaign", "employees", "revenue", "industry", "created_at", "external_id", "consent", "opt_out",
    "phone_opt_out", "status", "activity_at", "activity_times", "attribute", "skip",
)  # fmt: skip
OFFERED: dict[str, tuple[str, ...]] = {
    "leads": _OF_LEADS,
    "companies": (
        "company", "domain", "external_id", "employees", "revenue", "industry", "country", "city",
        "attribute", "skip",
    ),
    "activities": ("email", "external_id", "activity_type", "happened_at", "event_id", "attribute", "skip"),
    "outcomes": (
        "email", "external_id", "status", "closed_at", "created_at", "deal_id", "deal_name", "amount",
        "lost_reason",
        "skip",
    ),
}  # fmt: skip
#: What several columns may be.
MANY = frozenset({"attribute", "skip", "activity_at", "activity_times"})


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column is; ``sure`` when nobody needs to confirm it, else ``why`` says what speaks for it."""

    target: str
    sure: bool = True
    why: str = ""


def fold(heading: str) -> str:
    """``heading`` without case, accents and signs: "E-Mail (Büro)" → "emailburo"."""
    plain = (
        unicodedata.normalize("NFKD", heading.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    )
    return _SIGNS.sub("", plain)


def digest(headings: Sequence[str]) -> str:
    """The same for files with the same columns, whatever their order."""
    return hashlib.sha256("\n".join(sorted(fold(each) for each in headings)).encode()).hexdigest()


@cache
def _known(kind: str) -> dict[str, tuple[str, str]]:
    """By folded heading: what it means, and how it is written."""
    known: dict[str, tuple[str, str]] = {}
    for table in (FOR_KIND.get(kind, {}), HEADINGS):
        for target, headings in table.items():
            if target in OFFERED[kind]:
                for heading in headings:
                    known.setdefault(fold(heading), (target, heading))
    return known


@cache
def wanted(kind: str) -> tuple[str, ...]:
    """Ways to write the headings of that kind, lower-case: they tell the header from notes above it."""
    ways: set[str] = set()
    for table in (FOR_KIND.get(kind, {}), HEADINGS):
        for headings in table.values():
            for heading in headings:
                words = heading.lower().replace("-", " ").split()
                ways |= {heading.lower(), " ".join(words), "_".join(words), "".join(words), "-".join(words)}
    return tuple(sorted(ways))


def recognise(kind: str, columns: Iterable[tuple[str, Sequence[str]]]) -> list[Guess]:
    """What each column is, by heading and some of its filled cells. No two columns are the same one thing:
    the first keeps it."""
    found = [_alone(kind, heading, cells) for heading, cells in columns]
    targets = {guess.target for guess in found}
    if "first_name" in targets and "last_name" not in targets:
        found = [Guess("name") if guess.target == "first_name" else guess for guess in found]
    if "last_name" in targets and "first_name" not in targets and "name" not in targets:
        found = [Guess("name") if guess.target == "last_name" else guess for guess in found]
    if {"first_name", "last_name"} <= targets:
        found = [Guess("skip") if guess.target == "name" else guess for guess in found]
    taken: set[str] = set()
    answers = []
    for guess in sorted(enumerate(found), key=lambda one: (not one[1].sure, one[0])):
        place, one = guess
        if one.target in taken and one.target not in MANY:
            one = Guess("skip", why="Another column is that already.")
        taken.add(one.target)
        answers.append((place, one))
    return [one for _, one in sorted(answers)]


def _alone(kind: str, heading: str, cells: Sequence[str]) -> Guess:
    known, key = _known(kind), fold(heading)
    if heading.startswith(OWN_FIELD) and "attribute" in OFFERED[kind]:
        return Guess("attribute")
    if key in known:
        target = known[key][0]
        return (
            Guess(target) if _fits(target, cells) else Guess("skip", sure=False, why=_doubt(target, heading))
        )
    if len(key) >= SHORTEST:
        for near in get_close_matches(key, known, n=3, cutoff=ALIKE):
            target, written = known[near]
            if len(near) >= SHORTEST and _fits(target, cells):
                return Guess(target, sure=False, why=f"“{heading}” looks like “{written}”.")
    if cells and kind != "companies" and all("@" in cell and "." in cell for cell in cells):
        return Guess("email", sure=False, why="The cells look like e-mail addresses.")
    return Guess("skip")


def _doubt(target: str, heading: str) -> str:
    return f"The cells under “{heading}” do not look like {TARGETS[target].lower()}."


def _fits(target: str, cells: Sequence[str]) -> bool:
    """Whether at least some of the cells can be that."""
    if not cells:
        return True
    if target == "email":
        return any("@" in cell for cell in cells)
    if target == "country":
        return any(not any(char.isdigit() for char in cell) for cell in cells)
    if target in ("phone", "employees", "revenue", "amount", "created_at", "happened_at", "closed_at"):
        return any(any(char.isdigit() for char in cell) for cell in cells)
    return True
