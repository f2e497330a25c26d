"""What a rule could look at, out of what is stored of decided leads: values seen often enough, thresholds of
numbers, how often something was done. And what is left out, because it would give the outcome away.

Whether a candidate is true of a lead is asked of the same statement that scores leads, as of the moment
before the lead's own decision; so what was filled in later is not seen.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leads.models import ActivityType

from .backtest import CHUNK
from .compiling import Asked, FactSource, compile_ruleset
from .conditions import ConditionError, parse
from .fields import FIELDS, Type, find
from .leaks import leak
from .outcomes import Decided
from .ruleset import Ruleset, RuleSpec
from .sentences import name_of
from .statement import Row, run
from .stored import activity_types

#: Facts that a rule may be made of, besides attributes and activity types.
FACTS = (
    "source", "campaign", "country", "city", "seniority", "department", "free_mail", "throwaway_mail",
    "phone", "company.industry", "company.country", "company.city", "company.employees", "company.revenue",
)  # fmt: skip
_TRUTHS = ("free_mail", "throwaway_mail")
#: A value, or so many times, is looked at when it is seen of so many leads (fewer when there are few leads).
LEAST_SEEN = 25
FEWEST_SEEN = 8
TIMES = (1, 2, 3, 4, 6, 9, 15)
#: The most values of one fact.
MOST_VALUES = 60
#: Conditions asked in one statement; PostgreSQL has a most of columns.
WIDEST = 400
#: Where numbers are cut, in parts of those that are known.
QUANTILES = [n / 14 for n in range(1, 14)]

Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A condition that a rule may have. ``of`` names the fact or the activity type; ``value`` is the one it
    equals, so that values worth the same become one rule."""

    of: str
    label: str
    dimension: str
    when: dict[str, Any]
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A fact or an activity type to learn from, and of how many decided leads it is known."""

    name: str
    label: str
    leads: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not learned from, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Which candidate is true of which outcome: a row for each outcome, a column for each candidate."""

    candidates: tuple[Candidate, ...]
    bits: Bits
    left_out: tuple[LeftOut, ...]


def sources(known: Sequence[Decided]) -> list[Source]:
    """Facts, attributes and activity types that are known of some of the decided leads, as they are now; the
    commonest first. Two statements."""
    values = {"ids": [one.lead_id for one in known]}
    named = [
        Source(row["field"], _label(row["field"]), row["n"]) for row in run(_SUMMARY, values, prepare=False)
    ]
    labels = dict(ActivityType.objects.values_list("key", "label"))
    done = [Source(row["key"], labels[row["key"]], row["n"]) for row in run(_DONE, values, prepare=False)]
    return sorted(named, key=lambda one: -one.leads) + sorted(done, key=lambda one: -one.leads)


def seen(known: Sequence[Decided], *, among: Iterable[str] | None = None) -> Seen:
    """Candidates from ``among`` (names of sources; None for all), without those that give the outcome away
    and those that are true of too few or of nearly all. Four statements."""
    chosen = None if among is None else set(among)
    left_out: list[LeftOut] = []
    offered = _offered(known, chosen, left_out)
    bits = matrix([one.when for one in offered], known)
    good = np.array([one.good for one in known], dtype=np.bool_)
    known_now = {one.name: one.leads for one in sources(known)}
    least = max(FEWEST_SEEN, min(LEAST_SEEN, len(known) // 40))
    keep: list[int] = []
    for name in dict.fromkeys(one.of for one in offered):
        columns = [n for n, one in enumerate(offered) if one.of == name]
        now = known_now.get(name, 0)
        now = now if now >= FEWEST_SEEN else 0
        if reason := leak(offered[columns[0]].when, bits[:, columns], good, known_now=now):
            left_out.append(LeftOut(name, reason))
            continue
        keep += [n for n in columns if least <= int(bits[:, n].sum()) <= len(known) - least]
    return Seen(tuple(offered[n] for n in keep), bits[:, keep], tuple(left_out))


def facts(known: Sequence[Decided]) -> list[Candidate]:
    """Conditions on facts alone, numbers from below, too: what a rule against some leads may look at."""
    found: list[Candidate] = []
    for one in _offered(known, None, []):
        if "activity" in one.when or one.when["op"] == "known":
            continue
        found.append(one)
        if one.when["op"] == "gte":
            least = one.when["value"]
            label = f"{_label(one.of)}: under {least:,}"
            found.append(Candidate(one.of, label, "fit", {"field": one.of, "op": "lt", "value": least}))
    return found


def matrix(conditions: Sequence[dict[str, Any]], known: Sequence[Decided]) -> Bits:
    """1 where a condition (column) held of a lead (row) just before its decision, by the statement that
    scores leads. One statement for each 400 conditions and 50,000 outcomes."""
    blocks = [_block(conditions[n : n + WIDEST], known) for n in range(0, len(conditions), WIDEST)]
    return np.hstack(blocks) if blocks else np.zeros((len(known), 0), dtype=np.uint8)


def _block(conditions: Sequence[dict[str, Any]], known: Sequence[Decided]) -> Bits:
    types = activity_types()
    # As engagement, so that what came before a restart does not count, as it will not for the rule.
    rules = tuple(
        RuleSpec(key=f"c{n}", label="", dimension="engagement", when=parse(when, types=types), points=1)
        for n, when in enumerate(conditions)
    )
    ruleset = Ruleset("candidates", 0, {}, {}, rules, (), (), ())
    statement = compile_ruleset(ruleset, types, asked=Asked.MOMENTS, source=FactSource.HISTORY)
    bits = " || ".join(f"CASE WHEN r{n} <> 0 THEN '1' ELSE '0' END" for n in range(len(rules)))
    sql = f"WITH {statement.ctes}\nSELECT n, {bits} AS bits FROM scored"
    found = np.zeros((len(known), len(rules)), dtype=np.uint8)
    for first in range(0, len(known), CHUNK):
        some = known[first : first + CHUNK]
        asked = {"ids": [one.lead_id for one in some], "moments": [one.as_of for one in some]}
        rows: list[Row] = run(sql, statement.binding(**asked), prepare=False)
        digits = np.frombuffer("".join(row["bits"] for row in rows).encode(), dtype=np.uint8) - ord("0")
        found[[first + row["n"] - 1 for row in rows]] = digits.reshape(len(rows), len(rules))
    return found


# Which candidates there are


def _offered(known: Sequence[Decided], chosen: set[str] | None, left_out: list[LeftOut]) -> list[Candidate]:
    """Those that the language takes: a stored country that is none is no value to compare with."""
    types = activity_types()
    return [one for one in _thinkable(known, chosen, left_out) if _is_said(one, types)]


def _is_said(candidate: Candidate, types: Mapping[str, int]) -> bool:
    try:
        parse(candidate.when, types=types)
    except ConditionError:
        return False
    return True


def _thinkable(
    known: Sequence[Decided], chosen: set[str] | None, left_out: list[LeftOut]
) -> Iterator[Candidate]:
    ids = {"ids": [one.lead_id for one in known]}
    facts = [row for row in run(_SUMMARY, ids, prepare=False) if chosen is None or row["field"] in chosen]
    numbers = [row["field"] for row in facts if _is_number(row)]
    cuts = {
        row["field"]: row["cuts"]
        for row in run(_CUTS, {**ids, "fields": numbers, "parts": QUANTILES}, prepare=False)
    }
    common: dict[str, list[str]] = {}
    for row in run(_VALUES, {**ids, "most": MOST_VALUES, "least": FEWEST_SEEN}, prepare=False):
        common.setdefault(row["field"], []).append(row["value"])
    for row in facts:
        name = row["field"]
        if name in _TRUTHS:
            yield Candidate(
                name,
                FIELDS[name].label[:1].upper() + FIELDS[name].label[1:],
                "fit",
                {"field": name, "op": "is_true"},
            )
        elif name.startswith("attributes.") and row["n"] > 50 and row["different"] > 0.95 * row["n"]:
            left_out.append(
                LeftOut(name, "Nearly every lead has another value: a number or a name, not a quality.")
            )
        else:
            yield Candidate(name, f"{_label(name)}: known", "fit", {"field": name, "op": "known"})
            if name in cuts:
                yield from _thresholds(name, cuts[name])
            elif name != "phone":
                yield from _equal(name, common.get(name, []))
    for row in run(_DONE, ids, prepare=False):
        if chosen is None or row["key"] in chosen:
            yield from _done(row)


def _is_number(row: Row) -> bool:
    """Whether thresholds make sense: a number by its kind, or by its looks, with more than a few values."""
    field = find(row["field"])
    if field is not None and field.type == Type.NUMBER:
        return True
    return bool(row["numbers"] == row["n"] and row["different"] > len(TIMES))


def _equal(name: str, values: Iterable[str]) -> Iterator[Candidate]:
    for value in values:
        yield Candidate(
            name, f"{_label(name)}: {value}"[:160], "fit", {"field": name, "op": "eq", "value": value}, value
        )


def _thresholds(name: str, quantiles: Iterable[float]) -> Iterator[Candidate]:
    for least in dict.fromkeys(_round(float(value)) for value in quantiles):
        yield Candidate(
            name, f"{_label(name)}: {least:,} or more", "fit", {"field": name, "op": "gte", "value": least}
        )


def _round(value: float) -> int | float:
    """To two digits that count, as a person would write it."""
    if value == 0:
        return 0
    digits = 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    return int(rounded) if rounded == int(rounded) else rounded


def _done(row: Row) -> Iterator[Candidate]:
    dimension = "intent" if row["is_intent"] else "engagement"
    for times in TIMES:
        if times <= row["most"]:
            often = "" if times == 1 else f", {times} times or more"
            yield Candidate(
                row["key"],
                f"{row['label']}{often}",
                dimension,
                {"activity": [row["key"]], "at_least": times},
            )


def _label(name: str) -> str:
    field = find(name)
    return name if field is None else name_of(field)


# What is stored


def _columns() -> str:
    plain = [name for name in FACTS if name in FIELDS and name not in _TRUTHS]
    pairs = [f"('{name}', ({FIELDS[name].column})::text)" for name in plain]
    return ", ".join([*pairs, *(f"('{name}', nullif(l.email, ''))" for name in _TRUTHS if name in FIELDS)])


_FACTS = f"""
WITH facts AS (
  SELECT x.field, btrim(x.value) AS value
  FROM unnest(%(ids)s::bigint[]) AS w (id)
  JOIN leads_lead l ON l.id = w.id
  LEFT JOIN leads_company c ON c.id = l.company_id
  CROSS JOIN LATERAL (
    SELECT * FROM (VALUES {_columns()}) AS plain (field, value)
    UNION ALL
    SELECT 'attributes.' || key, value #>> '{{}}' FROM jsonb_each(l.attributes)
    WHERE jsonb_typeof(value) IN ('string', 'number', 'boolean') AND length(key) BETWEEN 1 AND 100
    UNION ALL
    SELECT 'company.attributes.' || key, value #>> '{{}}' FROM jsonb_each(c.attributes)
    WHERE jsonb_typeof(value) IN ('string', 'number', 'boolean') AND length(key) BETWEEN 1 AND 100
  ) x
  WHERE btrim(x.value) <> '' AND length(x.value) <= 160
)"""
_NUMBER = "value ~ '^[+-]?[0-9]{1,15}(\\.[0-9]{1,15})?$'"
_SUMMARY = f"""{_FACTS}
SELECT field, count(*) AS n, count(DISTINCT value) AS different, count(*) FILTER (WHERE {_NUMBER}) AS numbers
FROM facts GROUP BY field ORDER BY field
"""
_CUTS = f"""{_FACTS}
SELECT field, percentile_disc(%(parts)s::float8[]) WITHIN GROUP (
  ORDER BY CASE WHEN {_NUMBER} THEN value::numeric END) AS cuts
FROM facts WHERE field = ANY(%(fields)s::text[]) GROUP BY field
"""
_VALUES = f"""{_FACTS}
SELECT field, value FROM (
  SELECT field, value, count(*) AS n,
    row_number() OVER (PARTITION BY field ORDER BY count(*) DESC, value) AS place
  FROM facts GROUP BY field, value
) v WHERE n >= %(least)s::int AND place <= %(most)s::int ORDER BY field, value
"""
_DONE = """
SELECT t.key, t.label, t.is_intent, count(*) AS n, max(times) AS most
FROM (
  SELECT a.lead_id, a.type_id, count(*) AS times FROM leads_activity a
  WHERE a.lead_id = ANY(%(ids)s::bigint[]) AND a.voided_at IS NULL GROUP BY a.lead_id, a.type_id
) d JOIN leads_activitytype t ON t.id = d.type_id
GROUP BY t.key, t.label, t.is_intent ORDER BY t.key
"""
