"""What a lead, marketing or sales could yet do about a score: the activities and the unknown facts that a
version's rules and triggers ask for. What is known and does not match is never among them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from leads.models import Lead
from leads.titles import DEPARTMENTS, SENIORITY

from . import sentences
from .conditions import Condition, Fact, Group, Happened
from .countries import REGIONS
from .dimensions import SALES_STAGE
from .fields import ATTRIBUTES, FIELDS, Field, Type
from .ruleset import Ruleset, RuleSpec
from .supposing import Change, Done, Learned

#: One proposal has at most so many steps, and a step repeats an activity at most so often.
MOST_STEPS = 3
MOST_TIMES = 5
#: What nobody would ask a lead to do, and what only the system writes down.
_NOT_ASKED_FOR = frozenset(
    {"unsubscribed", "email_bounced", "spam_complaint", "call_unanswered", "meeting_cancelled"}
    | {"lead_created", "deal_won", "deal_lost", "email_delivered", "ad_impression"}
)
#: Facts that somebody can find out. The others say where a lead came from, or who it is.
_LEARNED = frozenset(
    {"title", "seniority", "department", "phone", "country", "city"}
    | {name for name in FIELDS if name.startswith("company.")} - {"company.domain"}
)
_MOST_OF_ONE = 40
_SOME_COUNTRIES = ("DE", "US", "BR", "JP", "ZA", "AU")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Changes to be made together. ``origin`` is the part of the version that asks for them, and ``said``
    what it calls the fact it wants to know."""

    changes: tuple[Change, ...]
    origin: str
    said: str = ""

    @property
    def actions(self) -> int:
        """How many things somebody has to do."""
        return sum(change.times if isinstance(change, Done) else 1 for change in self.changes)


def candidates(*, ruleset: Ruleset, lead: Lead, today: date) -> list[Candidate]:
    """Everything that any rule or any trigger of the SQL line asks for and that may yet come true, by itself
    or as its own condition puts it together; each once. Some of it will not help: the statement decides."""
    found: dict[tuple[Change, ...], Candidate] = {}
    lines = [line for line in ruleset.lines if line.stage == SALES_STAGE]
    asked = {name for line in lines for name in line.minimums}
    parts = [
        (f"rule:{rule.key}", rule.label, rule.when, _repeats(rule))
        for rule in ruleset.rules
        if _gives(rule) and (rule.dimension in asked or "total" in asked)
    ]
    parts += [
        (f"trigger:{trigger.key}", "", trigger.when, 1)
        for trigger in ruleset.triggers
        if trigger.stage == SALES_STAGE
    ]
    for origin, said, when, repeats in parts:
        for candidate in _of(when, origin, said, repeats, lead, today):
            found.setdefault(candidate.changes, candidate)
    return list(found.values())


def _gives(rule: RuleSpec) -> bool:
    return rule.points > 0 or any(tier.points > 0 for tier in rule.tiers)


def _repeats(rule: RuleSpec) -> int:
    """How often more an activity may earn the rule's points."""
    if rule.tiers:
        return min(MOST_TIMES, max(tier.times for tier in rule.tiers))
    return MOST_TIMES if rule.each else 1


def _of(
    when: Condition, origin: str, said: str, repeats: int, lead: Lead, today: date
) -> Iterator[Candidate]:
    for changes in _ways(when, lead, today)[:_MOST_OF_ONE]:
        label = said if isinstance(when, Fact) or len(changes) == 1 else ""
        yield Candidate(changes, origin, label)
        match changes:
            case (Done() as done,):
                for times in range(done.times + 1, repeats + 1):
                    yield Candidate((replace(done, times=times),), origin, label)


def _ways(condition: Condition, lead: Lead, today: date) -> list[tuple[Change, ...]]:
    """Sets of changes that may make ``condition`` hold; of an “all” also those for only some of its parts,
    because the others may hold already."""
    match condition:
        case Fact():
            name = "title" if condition.field.type == Type.CHOICE else condition.field.name
            value = _sample(condition, today) if _is_unknown(condition.field, lead) else None
            return [] if value is None else [(Learned(name, value),)]
        case Happened():
            return list(_doing(condition, today))
        case Group(how="any", parts=parts):
            return [way for part in parts for way in _ways(part, lead, today)]
        case Group(how="all", parts=parts):
            sets: list[tuple[Change, ...]] = [()]
            for part in parts:
                more = _ways(part, lead, today)
                sets += [one + way for one in sets for way in more if len(one) + len(way) <= MOST_STEPS][
                    :_MOST_OF_ONE
                ]
            return sorted((one for one in sets if one), key=len)
    return []


def _doing(test: Happened, today: date) -> Iterator[tuple[Change, ...]]:
    """The activity, as often as it may take: how often it was done already, the statement knows."""
    if not test.needs_one:
        return
    properties = _properties(test.where, today)
    if properties is None:
        return
    first: tuple[Change, ...] = ()
    if test.after is not None:
        earlier = _properties(test.after.where, today)
        if earlier is None:
            return
        first = (Done(test.after.types[0], earlier),)
    for key in test.types:
        if key in _NOT_ASKED_FOR:
            continue
        for times in range(1, min(test.at_least, MOST_TIMES) + 1):
            yield (Done(key, properties, times),)
            if first:
                yield (*first, Done(key, properties, times))


def _properties(where: tuple[Fact, ...], today: date) -> Mapping[str, Any] | None:
    """Properties of an activity that pass; None when there is no telling which would."""
    found: dict[str, Any] = {}
    for test in where:
        value = _sample(test, today)
        if value is None or test.field.key is None or test.field.key in found:
            return None
        found[test.field.key] = value
    return found


def _is_unknown(field: Field, lead: Lead) -> bool:
    """Whether somebody could still find it out."""
    for prefix, column in ATTRIBUTES.items():
        if field.name.startswith(prefix):
            of = lead.company if column.startswith("c.") else lead
            return of is None or _is_blank(of.attributes.get(field.name.removeprefix(prefix)))
    of_company, _, name = ("title" if field.type == Type.CHOICE else field.name).rpartition(".")
    if field.name not in _LEARNED:
        return False
    of = lead.company if of_company else lead
    return of is None or _is_blank(getattr(of, name, None))


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip(" "))


def _sample(test: Fact, today: date) -> Any:
    """A value that passes the test; None when none comes to mind."""
    if test.op.name in ("last_days", "next_days"):
        return today.isoformat()
    first = test.values[0] if test.values else None
    if isinstance(first, Decimal) or test.field.type == Type.NUMBER:
        found = _number(test.op.name, [value for value in test.values if isinstance(value, Decimal)])
        return None if test.field.name == "company.employees" and isinstance(found, float) else found
    if test.field.type == Type.CHOICE:
        return _title(test)
    if test.field.type == Type.COUNTRY:
        return _country(test)
    text = str(first)
    match test.op.name:
        case "eq" | "in" | "contains" | "starts" | "ends" | "word":
            return text
        case "includes" | "includes_all":
            return [str(value) for value in test.values]
        case "like":
            return text.replace("*", "") or "something"
        case "ne" | "not_in":
            taken = {str(value).strip().lower() for value in test.values}
            return next(word for word in ("another", "none of them", "something else") if word not in taken)
        case "is_numeric":
            return "1"
        case "is_true" | "is_false":
            return None if test.field.type == Type.BOOLEAN else test.op.name == "is_true"
        case "known":
            return {Type.DATE: today.isoformat(), Type.TEXT: "known"}.get(test.field.type, "known")
        case "before":
            return _day(text, -1)
        case "after":
            return _day(text, 1)
    return None


def _title(test: Fact) -> str | None:
    """A job title in which the level or the department is found."""
    words = {**SENIORITY, **DEPARTMENTS}
    wanted = set(test.values) if test.op.name in ("eq", "in") else set()
    if test.op.name in ("ne", "not_in"):
        wanted = {name for name in test.field.choices if name not in test.values}
    if test.op.name == "known":
        wanted = set(test.field.choices)
    return next((words[name].split("|")[0] for name in test.field.choices if name in wanted & {*words}), None)


def _country(test: Fact) -> str | None:
    """A country that passes, as its code."""
    values = {str(value) for value in test.values}
    regions = {code for name in values for code in REGIONS.get(name, ())}
    match test.op.name:
        case "eq" | "in":
            return min(values)
        case "in_region":
            return min(regions, default=None)
        case "ne" | "not_in" | "not_in_region" | "known":
            return next((code for code in _SOME_COUNTRIES if code not in values | regions), None)
    return None


def _number(op: str, values: list[Decimal]) -> int | float | None:
    """A number that passes, whole where one does: staff come in ones."""
    if op == "known":
        return 1
    if not values:
        return None
    low, high = values[0], values[-1]
    whole = int(low.to_integral_value(rounding="ROUND_CEILING"))
    match op:
        case "eq" | "in":
            found: int | float = next((int(v) for v in values if v == v.to_integral_value()), float(low))
        case "ne" | "not_in":
            found = int(max(values)) + 1
        case "gt":
            found = int(low.to_integral_value(rounding="ROUND_FLOOR")) + 1
        case "gte":
            found = whole
        case "lt":
            found = whole - 1
        case "lte":
            found = int(low.to_integral_value(rounding="ROUND_FLOOR"))
        case "between":
            if whole > high:
                return None
            found = whole
        case _:
            return None
    return found if 0 <= found <= 2**31 - 1 else None


def _day(text: str, days: int) -> str | None:
    try:
        return (date.fromisoformat(text) + timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return None


def fact_in_words(name: str) -> str:
    """ "the company's staff", for a step that asks to find it out."""
    for prefix in ATTRIBUTES:
        if name.startswith(prefix):
            return f"“{name.removeprefix(prefix)}”"
    return FIELDS[name].label if name in FIELDS else sentences.sentence(name)
