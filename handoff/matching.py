"""Which routing rules hold for which leads, and why the others do not.

What rules ask of facts is asked of the statement that scores leads: all conditions of all rules, and what
members of pools prefer, at once, for one lead or a thousand.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from scoring import sentences
from scoring.compiling import Asked, Statement, compile_ruleset
from scoring.conditions import Condition, ConditionError, Group, parse
from scoring.dimensions import HUNDREDTHS
from scoring.models import Score
from scoring.ruleset import Ruleset, RuleSpec
from scoring.statement import run

from .models import Pool, RoutingRule
from .models.routing import FIGURES

#: Conditions asked in one statement; PostgreSQL has a most of columns.
WIDEST = 400


@dataclass(frozen=True, slots=True)
class Rule:
    """A routing rule, read. ``parts`` all have to hold: key of the condition → what it says; ``broken`` says
    why it cannot be asked. ``pool_id`` is None for a rule to the account owner."""

    pk: int
    name: str
    position: int
    is_on: bool
    to: str
    pool_id: int | None
    parts: tuple[tuple[str, str], ...] = ()
    scores: Mapping[str, Mapping[str, int]] | None = None
    model: tuple[int, str] | None = None
    waits: bool = False
    goes_on: bool = False
    broken: str = ""

    def why_not(self, lead: "AskedLead", countries: Sequence[str] = ()) -> str:
        """Why it does not hold for ``lead``; "" when it does. ``countries`` are those of its pool. Pure."""
        if not self.is_on:
            return "off"
        if self.broken:
            return f"cannot be asked: {self.broken}"
        if self.to == RoutingRule.To.TERRITORY and countries and lead.country not in countries:
            return f"{_countries(countries)} only; this one is {lead.country or 'from nowhere we know'}"
        for key, said in self.parts:
            if key not in lead.held:
                return f"only where {said}"
        if self.model is not None and (lead.model is None or lead.model[0] != self.model[0]):
            leads = f"“{lead.model[1]}”" if lead.model else "no model"
            return f"for leads of “{self.model[1]}”; {leads} leads here"
        if why := _why_not_scored(self.scores or {}, lead.figures):
            return why
        if self.to == RoutingRule.To.OWNER and lead.owner is None:
            return "nobody has this account"
        return ""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who has the account: as the lead's own rep, as the company's, or by another lead of the company; and
    their pools."""

    user_id: int
    name: str
    is_own: bool
    pools: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedLead:
    """What rules may ask about one lead. ``country`` is its own, else its company's; ``held`` the keys of the
    conditions that hold; ``figures`` hundredths of the score that leads, ``model`` (id, name) of it."""

    pk: int
    country: str = ""
    held: frozenset[str] = frozenset()
    figures: Mapping[str, int] | None = None
    model: tuple[int, str] | None = None
    owner: Owner | None = None


# Rules


def read_rules() -> list[Rule]:
    """Every rule in the order of asking, those that are off too: the ledger names them. One query."""
    return [read_rule(row) for row in RoutingRule.objects.select_related("model").in_order()]


def never_asked(rules: Sequence[tuple[Rule, Pool | None]]) -> dict[int, str]:
    """Of rules in the order of asking, each with its pool: those that no lead gets as far as, since rules
    before them ask for nothing but a country and keep what they place; by primary key, with the name of the
    last of those. Pure."""
    found: dict[int, str] = {}
    taken: set[str] = set()
    every = last = ""
    for rule, pool in rules:
        if (
            not rule.is_on
            or rule.broken
            or rule.to == RoutingRule.To.OWNER
            or pool is None
            or not pool.is_active
        ):
            continue
        here = set(pool.countries) if rule.to == RoutingRule.To.TERRITORY else set()
        if every or (here and here <= taken):
            found[rule.pk] = every or last
        elif not (rule.goes_on or rule.parts or rule.scores or rule.model):
            taken, last = taken | here, rule.name
            every = "" if here else rule.name
    return found


def read_rule(row: RoutingRule) -> Rule:
    """``row`` ready to be asked. One that cannot be read holds for nobody, and says why."""
    parts: tuple[tuple[str, str], ...] = ()
    broken = ""
    try:
        if row.when is not None:
            parts = parts_of(row.when)
    except ConditionError as error:
        broken = str(error)
    return Rule(
        pk=row.pk or 0,
        name=row.name,
        position=row.position,
        is_on=row.is_on,
        to=row.to,
        pool_id=row.pool_id,
        parts=parts,
        scores=row.scores,
        model=(row.model.pk, row.model.name) if row.model else None,
        waits=row.waits,
        goes_on=row.goes_on,
        broken=broken,
    )


def parts_of(when: Any) -> tuple[tuple[str, str], ...]:
    """The parts of a condition that have to hold together: key → what it says. Raises ConditionError."""
    return tuple((key_of(part), sentence_of(part)) for part in _parts(when))


def _parts(when: Any) -> list[Any]:
    """What has to hold together, one by one, so that it can be said which of it does not."""
    condition = parse(when, facts_only=True)
    return list(when["all"]) if isinstance(condition, Group) and condition.how == "all" else [when]


def key_of(condition: Any) -> str:
    """The condition as a text, the same for the same condition."""
    return json.dumps(condition, sort_keys=True, ensure_ascii=False)


@lru_cache(maxsize=1000)
def _parsed(key: str) -> Condition:
    return parse(json.loads(key), facts_only=True)


def sentence_of(condition: Any) -> str:
    """ "the company's staff is at least 500"."""
    return sentences.of_condition(_parsed(key_of(condition)), {})


# Leads


def ask(
    *, lead_ids: Sequence[int], rules: Iterable[Rule], preferences: Collection[str] = (), at: datetime
) -> dict[int, AskedLead]:
    """What ``rules`` and ``preferences`` (keys of conditions) want to know of each lead, by id; one that is
    gone is missing. One query, one more for conditions, for scores and for owners, where a rule asks; the
    same for one lead and for a thousand."""
    rules = [rule for rule in rules if rule.is_on and not rule.broken]
    keys = list(dict.fromkeys([*preferences, *(key for rule in rules for key, _ in rule.parts)]))
    wants_scores = any(rule.scores or rule.model for rule in rules)
    wants_owners = any(rule.to == RoutingRule.To.OWNER for rule in rules)
    countries = _countries_of(lead_ids)
    held = _held(lead_ids, keys, at) if keys else {}
    scores = _scores(lead_ids) if wants_scores else {}
    owners = _owners(lead_ids) if wants_owners else {}
    return {
        lead_id: AskedLead(
            pk=lead_id,
            country=country,
            held=held.get(lead_id, frozenset()),
            figures={name: getattr(score, name) for name in FIGURES} if score else None,
            model=(score.model_id, score.model.name) if score else None,
            owner=owners.get(lead_id),
        )
        for lead_id, country in countries.items()
        for score in [scores.get(lead_id)]
    }


def _held(lead_ids: Sequence[int], keys: Sequence[str], at: datetime) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {lead_id: set() for lead_id in lead_ids}
    for first in range(0, len(keys), WIDEST):
        some = tuple(keys[first : first + WIDEST])
        statement, bits = compiled(some)
        sql = f"WITH {statement.ctes}\nSELECT lead_id, {bits} AS bits FROM scored"
        for row in run(sql, statement.binding(ids=list(lead_ids), as_of=at), prepare=len(lead_ids) == 1):
            found[row["lead_id"]].update(
                key for key, bit in zip(some, row["bits"], strict=True) if bit == "1"
            )
    return {lead_id: frozenset(keys_held) for lead_id, keys_held in found.items()}


@lru_cache(maxsize=16)
def compiled(keys: tuple[str, ...]) -> tuple[Statement, str]:
    """The statement that asks these conditions, and the column that answers them, a digit each."""
    rules = tuple(
        RuleSpec(key=f"c{n}", label="", dimension="fit", when=_parsed(key), points=1)
        for n, key in enumerate(keys)
    )
    ruleset = Ruleset("routing", 0, {}, {}, rules, (), (), ())
    statement = compile_ruleset(ruleset, {}, asked=Asked.IDS, adjusted=False)
    return statement, " || ".join(f"CASE WHEN r{n} <> 0 THEN '1' ELSE '0' END" for n in range(len(keys)))


def _countries_of(lead_ids: Sequence[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.id, upper(coalesce(nullif(l.country, ''), c.country, '')) FROM leads_lead l"
            " LEFT JOIN leads_company c ON c.id = l.company_id WHERE l.id = ANY(%s)",
            [list(lead_ids)],
        )
        return dict(cursor.fetchall())


def _scores(lead_ids: Sequence[int]) -> dict[int, Score]:
    """The score of each lead that leads: the highest over its model's line."""
    scores = Score.objects.filter(lead__in=lead_ids).select_related("model")
    return {score.lead_id: score for score in scores.leading_first().distinct("lead_id")}


def _owners(lead_ids: Sequence[int]) -> dict[int, Owner]:
    """Whoever has the account and still works here: the lead's own rep, else who was named for the company,
    else who owns an open or won lead of it, the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(_OWNERS, [list(lead_ids)])
        return {row[0]: Owner(row[1], row[2], row[3], tuple(row[4])) for row in cursor.fetchall()}


_OWNERS = """
SELECT l.id, coalesce(own.id, named.id, other.id), coalesce(own.name, named.name, other.name),
  own.id IS NOT NULL,
  ARRAY(SELECT m.pool_id FROM handoff_poolmember m WHERE m.user_id = coalesce(own.id, named.id, other.id))
FROM leads_lead l
LEFT JOIN leads_company firm ON firm.id = l.company_id
LEFT JOIN accounts_user own ON own.id = l.owner_id AND own.is_active AND own.role IN ('rep', 'manager')
LEFT JOIN accounts_user named
  ON named.id = firm.owner_id AND named.is_active AND named.role IN ('rep', 'manager')
LEFT JOIN LATERAL (
  SELECT u.id, u.name FROM leads_lead c
  JOIN accounts_user u ON u.id = c.owner_id AND u.is_active AND u.role IN ('rep', 'manager')
  WHERE c.company_id = l.company_id AND c.id <> l.id AND c.stage IN ('sql', 'opportunity', 'customer')
  ORDER BY c.stage_at DESC, c.id DESC LIMIT 1
) other ON own.id IS NULL AND named.id IS NULL
WHERE l.id = ANY(%s) AND coalesce(own.id, named.id, other.id) IS NOT NULL
"""


# Words


def _why_not_scored(scores: Mapping[str, Mapping[str, int]], figures: Mapping[str, int] | None) -> str:
    if not scores:
        return ""
    if figures is None:
        return "asks for a score, and this lead has none"
    for figure, bounds in scores.items():
        points = figures[figure] / HUNDREDTHS
        if "at_least" in bounds and points < bounds["at_least"]:
            return f"{figure} is {points:g}, it takes {bounds['at_least']} or more"
        if "below" in bounds and points >= bounds["below"]:
            return f"{figure} is {points:g}, it takes less than {bounds['below']}"
    return ""


def said_of(rule: Rule, *, pool: str = "", countries: Sequence[str] = ()) -> str:
    """The rule as a sentence: "When the company's staff is at least 500: to Key accounts; with nobody there,
    the next rules are asked"."""
    asked = asked_of(rule)
    if rule.to == RoutingRule.To.TERRITORY and countries:
        asked.insert(0, f"the lead is from {_countries(countries)}")
    words = f"When {' and '.join(asked)}" if asked else "Every lead"
    if rule.to == RoutingRule.To.OWNER:
        away = "waits for them when they are away" if rule.waits else "goes on when they are away"
        return f"{words}: to the account owner; {away}."
    return f"{words}: to {pool}{'; with nobody there the next rules are asked' if rule.goes_on else ''}."


def asked_of(rule: Rule) -> list[str]:
    """What the rule asks, each in words: "intent is 26 or more"."""
    asked = [said for _, said in rule.parts]
    asked += [
        " and ".join(
            ([f"{figure} is {bounds['at_least']} or more"] if "at_least" in bounds else [])
            + ([f"{figure} is below {bounds['below']}"] if "below" in bounds else [])
        )
        for figure, bounds in (rule.scores or {}).items()
    ]
    if rule.model:
        asked.append(f"“{rule.model[1]}” leads")
    return asked


def _countries(codes: Sequence[str]) -> str:
    return ", ".join(codes)
