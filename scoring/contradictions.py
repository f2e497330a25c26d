"""Conditions that can never hold, whoever the lead is: "over 500 staff and under 20".

The condition is taken apart into the ways in which it could hold, each a list of tests; it is impossible when
every way contradicts itself. What is found is certain; what is too large to take apart is let pass.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from . import countries, sentences
from .conditions import Condition, Fact, Group, Happened, InStage, Test
from .fields import Type

#: Ways that are looked at, at most.
MOST_WAYS = 500


@dataclass(frozen=True, slots=True)
class Clash:
    """Two tests that cannot both hold; the second may be one that must not."""

    one: Test
    other: Test
    #: Whether the condition asks that ``other`` does not hold.
    negated: bool = False


def never_holds(
    when: Condition, unless: Condition | None = None, labels: Mapping[str, str] | None = None
) -> str:
    """A sentence that says why ``when`` can never hold while ``unless`` does not; "" when it might.
    ``labels`` maps activity type keys to their labels."""
    clash = clash_in(when, unless)
    if clash is None:
        return ""
    known = labels if labels is not None else _Plain()
    one, other = (sentences.of_condition(test, known) for test in (clash.one, clash.other))
    if clash.one == clash.other:
        return f"It can never hold: it asks that {one}, and that it is not so."
    also = f"it is not so that {other}" if clash.negated else other
    return f"It can never hold: it asks that {one}, and that {also}."


class _Plain(dict[str, str]):
    """Keys said as words, where no labels are at hand."""

    def get(self, key: str, default: Any = None) -> str:
        return key.replace("_", " ")


def clash_in(when: Condition, unless: Condition | None = None) -> Clash | None:
    """Why ``when`` can never hold while ``unless`` does not; None when it might."""
    asked = when if unless is None else Group("all", (when, Group("none", (unless,))))
    first: Clash | None = None
    for n, way in enumerate(_ways(asked, True)):
        clash = _clash(way)
        if clash is None or n >= MOST_WAYS:
            return None
        first = first or clash
    return first


_Literal = tuple[Test, bool]


def _ways(condition: Condition, holds: bool) -> Iterator[list[_Literal]]:
    """Each list of tests, with whether they hold, that makes ``condition`` hold, or not."""
    if not isinstance(condition, Group):
        yield [(condition, holds)]
        return
    wanted = holds if condition.how != "none" else not holds
    # "Not any" is "none of", "not all" is "one not".
    together = (condition.how == "all") == wanted
    if together:
        parts = [partial(_ways, part, wanted) for part in condition.parts]
        for several in _product(parts):
            yield [literal for way in several for literal in way]
    else:
        for part in condition.parts:
            yield from _ways(part, wanted)


def _product(
    parts: Sequence[Callable[[], Iterator[list[_Literal]]]],
) -> Iterator[tuple[list[_Literal], ...]]:
    """All combinations, without making more of them than are asked for."""
    if not parts:
        yield ()
        return
    first, *rest = parts
    for way in first():
        for others in _product(rest):
            yield (way, *others)


def _clash(way: list[_Literal]) -> Clash | None:
    held = [test for test, holds in way if holds]
    for test, other in itertools.product(held, (test for test, holds in way if not holds)):
        if test == other or _implies_known(test, other):
            return Clash(test, other, negated=True)
    for one, other in itertools.combinations(held, 2):
        if _exclude(one, other) or _exclude(other, one):
            return Clash(one, other)
    return None


def _implies_known(test: Test, other: Test) -> bool:
    """Whatever is asked of a fact, but that it is unknown, needs it to be known."""
    return (
        isinstance(test, Fact)
        and isinstance(other, Fact)
        and test.field == other.field
        and other.op.name == "known"
        and test.op.name != "unknown"
    )


def _exclude(one: Test, other: Test) -> bool:
    match one, other:
        case Fact(), Fact():
            return one.field == other.field and _facts_exclude(one, other)
        case Happened(), Happened():
            return _never_so_often(one, other)
        case InStage(), InStage():
            return not set(one.stages) & set(other.stages)
    return False


def _facts_exclude(one: Fact, other: Fact) -> bool:
    if one.op.name == "unknown":
        return other.op.name != "unknown"
    if {one.op.name, other.op.name} == {"is_true", "is_false"}:
        return True
    ours, theirs = _values(one), _values(other)
    if ours is not None and theirs is not None:
        return not ours & theirs
    if (bounds := _interval(one)) and (others := _interval(other)):
        return _empty(*max(bounds[0], others[0]), *_least(bounds[1], others[1]))
    return _days_exclude(one, other)


def _values(test: Fact) -> set[str] | None:
    """The only texts with which the test holds; None when there are others."""
    if test.op.name == "in_region":
        return {code.lower() for region in test.values for code in countries.REGIONS[str(region)]}
    if test.op.name in ("eq", "in") and isinstance(test.values[0], str):
        return {str(value).strip(" ").lower() for value in test.values}
    return None


_Bound = tuple[Decimal, bool]
_LOWEST, _HIGHEST = (Decimal("-Infinity"), False), (Decimal("Infinity"), False)


def _interval(test: Fact) -> tuple[_Bound, _Bound] | None:
    """From where to where a number must be, each with whether the end itself is left out."""
    if not test.values or isinstance(test.values[0], str) or test.op.moves:
        return None
    numbers = [Decimal(value) for value in test.values]
    match test.op.name:
        case "gt":
            return (numbers[0], True), _HIGHEST
        case "gte":
            return (numbers[0], False), _HIGHEST
        case "lt":
            return _LOWEST, (numbers[0], True)
        case "lte":
            return _LOWEST, (numbers[0], False)
        case "between" | "eq" | "in":
            return (min(numbers), False), (max(numbers), False)
    return None


def _least(one: _Bound, other: _Bound) -> _Bound:
    """The lower of two upper ends; of equal ones that which leaves the end out."""
    return min(one, other, key=lambda bound: (bound[0], not bound[1]))


def _empty(low: Decimal, low_open: bool, high: Decimal, high_open: bool) -> bool:
    return low > high or (low == high and (low_open or high_open))


def _days_exclude(one: Fact, other: Fact) -> bool:
    if one.field.type not in (Type.DATE, Type.ANY):
        return False
    match one.op.name, other.op.name:
        case "before", "after":
            return str(one.values[0]) <= _day_after(str(other.values[0]))
        case "last_days", "older_days":
            return int(other.values[0]) >= int(one.values[0])
        case "next_days", "older_days":
            return True
    return False


def _day_after(day: str) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    except ValueError:  # 31 February, or the last day there is
        return day


def _never_so_often(one: Happened, other: Happened) -> bool:
    """So often at least, and less often of the same or of more."""
    if other.at_most is None or other.at_most >= one.at_least:
        return False
    wider = other.within_days is None or (
        one.within_days is not None and one.within_days <= other.within_days
    )
    same = not other.where and other.after is None
    same = same or (one.where, one.after) == (other.where, other.after)
    return wider and same and set(one.types) <= set(other.types)
