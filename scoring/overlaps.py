"""Rules of one version that give points for the same thing: their points are added, which is easily forgotten
when one of them is written. Pure; conditions are read as JSON, since the one that is typed may be broken."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .sentences import last, lower, or_

#: Operators that hold for the values that they name and for no other.
_NAMING = ("eq", "in")


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another rule that is on and counts some of the same. ``about`` says what, for what leads do: "viewed
    pricing in the last 7 days"; "" where it is a fact of the lead. ``dimension`` is the rule's, where it is
    another one."""

    key: str
    label: str
    points: int | None
    dimension: str
    about: str


@dataclass(frozen=True, slots=True)
class _Counted:
    """Activities that a condition counts: by the lead, or by its ``colleagues``."""

    colleagues: bool
    types: frozenset[str]
    days: int | None
    where: tuple[Mapping[str, Any], ...]


def overlaps(
    part: Mapping[str, Any], *, key: str, rules: list[Mapping[str, Any]], labels: Mapping[str, str]
) -> list[Overlap]:
    """The other ``rules`` that ask for a fact that the rule ``part`` (stored as ``key``, "" for a new one)
    asks for, or that count activities which it counts, within windows that both look at."""
    facts, counted = _facts_of(part.get("when")), list(_counted_by(part))
    found = []
    for rule in rules:
        if rule["key"] == key or not rule.get("on", True):
            continue
        shared = [said for mine in counted for its in _counted_by(rule) if (said := _both(mine, its, labels))]
        if shared or facts & _facts_of(rule["when"]):
            other = rule["dimension"] if rule["dimension"] != part.get("dimension") else ""
            about = shared[0] if shared else ""
            found.append(Overlap(rule["key"], rule["label"], rule.get("points"), other, about))
    return found


def _both(mine: _Counted, its: _Counted, labels: Mapping[str, str]) -> str:
    """What both count, in words; "" for nothing. Every window ends now: the shorter lies in the longer."""
    types = mine.types & its.types
    if mine.colleagues != its.colleagues or not types or _apart(mine.where, its.where):
        return ""
    days = min((days for days in (mine.days, its.days) if days), default=None)
    said = or_(sorted(lower(labels.get(key, key)) for key in types)) + last(days)
    return f"colleagues who {said}" if mine.colleagues else said


def _apart(mine: tuple[Mapping[str, Any], ...], its: tuple[Mapping[str, Any], ...]) -> bool:
    """Whether no activity can have the properties that both ask for."""
    return any(
        one["property"] == other["property"] and not _named(one) & _named(other)
        for one in mine
        for other in its
        if _named(one) and _named(other)
    )


def _named(test: Mapping[str, Any]) -> set[str]:
    value = test.get("value")
    values = value if isinstance(value, list) else [value]
    return {str(one).casefold() for one in values} if test.get("op") in _NAMING else set()


def _facts_of(condition: Any) -> set[str]:
    """The fields that a condition asks about."""
    if isinstance(condition, list):
        return {name for part in condition for name in _facts_of(part)}
    if not isinstance(condition, dict):
        return set()
    if isinstance(condition.get("field"), str):
        return {condition["field"]}
    return {name for how in ("all", "any", "none") for name in _facts_of(condition.get(how))}


def _counted_by(rule: Mapping[str, Any]) -> Iterator[_Counted]:
    """With the rule's own window, where the condition has none."""
    days = rule.get("window_days")
    for counted in _counted(rule.get("when")):
        yield counted if counted.days or not isinstance(days, int) else replace(counted, days=days)


def _counted(condition: Any) -> Iterator[_Counted]:
    """What a condition counts; not what must not have happened."""
    if isinstance(condition, list):
        for part in condition:
            yield from _counted(part)
    elif isinstance(condition, dict):
        kind = next(
            (name for name in ("activity", "colleagues") if isinstance(condition.get(name), list)), ""
        )
        if kind and 0 not in (condition.get("exactly"), condition.get("at_most")):
            where, days = condition.get("where"), condition.get("within_days")
            tests = where if isinstance(where, list) else []
            yield _Counted(
                kind == "colleagues",
                frozenset(one for one in condition[kind] if isinstance(one, str)),
                days if isinstance(days, int) else None,
                tuple(test for test in tests if isinstance(test, dict) and "property" in test),
            )
        for how in ("all", "any"):
            yield from _counted(condition.get(how))
