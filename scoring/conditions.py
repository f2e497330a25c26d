"""What a rule asks: a typed tree of all, any and none over facts and activities, read from JSON.

    {"all": [{"activity": ["demo_request"], "within_days": 90},
             {"field": "title", "op": "word", "value": "head"}]}

Each test is true or false. A test of an unknown fact is false, whatever it asks, except for ``unknown``.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, cast

from leads.stages import Stage

from . import fields
from .faults import ConditionError, Faults, TooMuch, only, raise_all, whole
from .operators import OPERATORS, BadValue, Operator, read_value

__all__ = ["ConditionError", "Faults", "TooMuch"]

DEEPEST = 8
MOST_TESTS = 100
MOST_PARTS = 50
MOST_TYPES = 100
#: Characters of all texts that a condition looks for within values, and the operators that do.
MOST_SOUGHT = 800
_SOUGHT = ("contains", "word", "like", "ends")
MOST_PROPERTIES = 10
MOST_TIMES = 1000
LONGEST_WINDOW = 3650
LONGEST_STEP = LONGEST_WINDOW * 24 * 60

How = Literal["all", "any", "none"]


@dataclass(frozen=True, slots=True)
class Group:
    """All, any or none of its parts."""

    how: How
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the lead or its company, or a property of an activity, compared with values."""

    field: fields.Field
    op: Operator
    values: tuple[str, ...] | tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an activity must follow: another one of ``types``, less than ``within_minutes`` before it."""

    types: tuple[str, ...]
    where: tuple[Fact, ...]
    within_minutes: int


@dataclass(frozen=True, slots=True)
class Happened:
    """How often the lead did one of ``types`` (activity type keys), in the last days or ever."""

    types: tuple[str, ...]
    where: tuple[Fact, ...]
    at_least: int
    at_most: int | None
    within_days: int | None
    after: Earlier | None = None

    @property
    def needs_one(self) -> bool:
        """Whether it is false for a lead that never did it, so that an activity can earn points."""
        return self.at_least > 0


@dataclass(frozen=True, slots=True)
class Colleagues:
    """How many other leads of the company did one of ``types`` in the last days."""

    types: tuple[str, ...]
    where: tuple[Fact, ...]
    at_least: int
    within_days: int


@dataclass(frozen=True, slots=True)
class InStage:
    """The lead stands in one of ``stages`` and has stood there for so many days."""

    stages: tuple[str, ...]
    for_days: int


Test = Fact | Happened | Colleagues | InStage
Condition = Group | Test


def tests_of(condition: Condition) -> Iterator[Test]:
    """The tests at the leaves, left to right."""
    if isinstance(condition, Group):
        for part in condition.parts:
            yield from tests_of(part)
    else:
        yield condition


def needs_activity(condition: Condition) -> bool:
    """Whether it is false for a lead that did nothing, so that its points can fade."""
    match condition:
        case Happened():
            return condition.needs_one
        case Group(how="all", parts=parts):
            return any(needs_activity(part) for part in parts)
        case Group(how="any", parts=parts):
            return all(needs_activity(part) for part in parts)
    return False


def parse(
    data: Any, *, types: Collection[str] | None = None, path: str = "$", facts_only: bool = False
) -> Condition:
    """Read a condition from JSON. ``types`` are the activity types there are; None leaves them unchecked.
    With ``facts_only`` it may ask about facts of the lead and its company and nothing else.
    Raises ConditionError with the JSON path of everything that is wrong."""
    tests = 0
    readers: dict[str, Callable[[Mapping[str, Any], str], Condition]] = {"field": _fact}
    if not facts_only:
        readers |= {
            "activity": lambda node, at: _happened(node, at, types),
            "colleagues": lambda node, at: _colleagues(node, at, types),
            "stage": _stage,
        }
    kinds = ["all", "any", "none", *readers]

    def read(node: Any, at: str, depth: int) -> Condition:
        nonlocal tests
        if depth > DEEPEST:
            raise ConditionError(at, f"Conditions nest at most {DEEPEST} deep.")
        tests += 1
        if tests > MOST_TESTS:
            raise TooMuch(at, f"A condition has at most {MOST_TESTS} tests.")
        if not isinstance(node, dict):
            raise ConditionError(at, f"A condition is an object with {_or(kinds)}.")
        named = [kind for kind in kinds if kind in node]
        if len(named) != 1:
            raise ConditionError(at, f"A condition has exactly one of {_or(kinds, 'and')}.")
        [kind] = named
        return readers[kind](node, at) if kind in readers else group(cast("How", kind), node, at, depth)

    def group(how: How, node: Mapping[str, Any], at: str, depth: int) -> Group:
        with Faults() as faults:
            faults.of(only, node, [how], at)
            parts = node[how]
            if not isinstance(parts, list) or not 0 < len(parts) <= MOST_PARTS:
                raise ConditionError(f"{at}.{how}", f"Give a list of 1 to {MOST_PARTS} conditions.")
            below = [faults.of(read, part, f"{at}.{how}[{n}]", depth + 1) for n, part in enumerate(parts)]
        return Group(how, tuple(cast("list[Condition]", below)))

    condition = read(data, path, 1)
    _not_too_much_to_look_for(condition, path)
    return condition


def _not_too_much_to_look_for(condition: Condition, path: str) -> None:
    """Looking for a text in the worst of values takes as long as both are long (4 µs a character)."""
    facts: list[Fact] = []
    for test in tests_of(condition):
        facts += [test] if isinstance(test, Fact) else getattr(test, "where", ())
        facts += test.after.where if isinstance(test, Happened) and test.after else ()
    sought = sum(len(str(text)) for fact in facts if fact.op.name in _SOUGHT for text in fact.values)
    if sought > MOST_SOUGHT:
        raise TooMuch(
            path,
            f"The texts to look for have {sought:,} characters together; {MOST_SOUGHT:,} are the most."
            " Where the whole value is meant, “is one of” takes 500.",
        )


def _fact(node: Mapping[str, Any], at: str) -> Fact:
    with Faults() as faults:
        faults.of(only, node, ["field", "op", "value"], at)
        field = faults.of(_field, node["field"], at)
        compared = faults.of(_compared, node, field, at) if field else None
    return cast("Fact", compared)


def _field(name: Any, at: str) -> fields.Field:
    field = fields.find(name) if isinstance(name, str) else None
    if field is None:
        known = ", ".join([*fields.FIELDS, *(f"{prefix}…" for prefix in reversed(fields.ATTRIBUTES))])
        raise ConditionError(f"{at}.field", f"There is no field {name!r}. Fields: {known}.")
    return field


def _compared(node: Mapping[str, Any], field: fields.Field, at: str) -> Fact:
    name = node.get("op")
    operator = OPERATORS.get(name) if isinstance(name, str) else None
    if operator is None or not operator.fits(field):
        fitting = ", ".join(op.name for op in OPERATORS.values() if op.fits(field))
        problem = "Say how to compare" if name is None else f"{name!r} does not fit"
        raise ConditionError(f"{at}.op", f"{problem}; for {field.name} use one of {fitting}.")
    if operator.takes == "nothing":
        if node.get("value") is not None:
            raise ConditionError(f"{at}.value", f"“{operator.name}” takes no value.")
    elif "value" not in node:
        raise ConditionError(f"{at}.value", f"“{operator.name}” needs a value.")
    try:
        return Fact(field, operator, read_value(operator, field, node.get("value")))
    except BadValue as error:
        raise ConditionError(f"{at}.value", str(error)) from None


def _happened(node: Mapping[str, Any], at: str, known: Collection[str] | None) -> Happened:
    allowed = ["activity", "where", "at_least", "at_most", "exactly", "within_days", "after"]
    with Faults() as faults:
        faults.of(only, node, allowed, at)
        types = faults.of(_types, node, "activity", at, known)
        times = faults.of(_times, node, at)
        where = faults.of(_where, node.get("where", []), f"{at}.where")
        within_days = faults.of(_if_there, node, "within_days", at, 1, LONGEST_WINDOW)
        after = faults.of(_earlier, node["after"], f"{at}.after", known) if "after" in node else None
    at_least, at_most = cast("tuple[int, int | None]", times)
    return Happened(
        types=cast("tuple[str, ...]", types),
        where=cast("tuple[Fact, ...]", where),
        at_least=at_least,
        at_most=at_most,
        within_days=within_days,
        after=after,
    )


def _earlier(node: Any, at: str, known: Collection[str] | None) -> Earlier:
    if not isinstance(node, dict):
        raise ConditionError(at, "Give an object with activity and within_minutes.")
    with Faults() as faults:
        faults.of(only, node, ["activity", "where", "within_minutes"], at)
        types = faults.of(_types, node, "activity", at, known)
        where = faults.of(_where, node.get("where", []), f"{at}.where")
        minutes = faults.of(whole, node, "within_minutes", at, 1, LONGEST_STEP)
    return Earlier(cast("tuple[str, ...]", types), cast("tuple[Fact, ...]", where), cast("int", minutes))


def _colleagues(node: Mapping[str, Any], at: str, known: Collection[str] | None) -> Colleagues:
    with Faults() as faults:
        faults.of(only, node, ["colleagues", "where", "at_least", "within_days"], at)
        types = faults.of(_types, node, "colleagues", at, known)
        where = faults.of(_where, node.get("where", []), f"{at}.where")
        at_least = faults.of(_if_there, node, "at_least", at, 1, MOST_TIMES)
        within_days = faults.of(whole, node, "within_days", at, 1, LONGEST_WINDOW)
    return Colleagues(
        types=cast("tuple[str, ...]", types),
        where=cast("tuple[Fact, ...]", where),
        at_least=at_least or 1,
        within_days=cast("int", within_days),
    )


def _stage(node: Mapping[str, Any], at: str) -> InStage:
    with Faults() as faults:
        faults.of(only, node, ["stage", "for_days"], at)
        for_days = faults.of(_if_there, node, "for_days", at, 0, LONGEST_WINDOW)
        stages = node["stage"]
        if not isinstance(stages, list) or not stages:
            raise ConditionError(f"{at}.stage", f"Give a list of stages: {', '.join(Stage.values)}.")
        faults.found += [
            (f"{at}.stage[{n}]", f"There is no stage {stage!r}. Stages: {', '.join(Stage.values)}.")
            for n, stage in enumerate(stages)
            if stage not in Stage.values
        ]
    return InStage(tuple(dict.fromkeys(stages)), for_days or 0)


def _types(node: Mapping[str, Any], key: str, at: str, known: Collection[str] | None) -> tuple[str, ...]:
    types = node.get(key)
    if not isinstance(types, list) or not 0 < len(types) <= MOST_TYPES:
        raise ConditionError(f"{at}.{key}", f"Give a list of 1 to {MOST_TYPES} activity types.")
    raise_all(
        (f"{at}.{key}[{n}]", f"There is no activity type {one!r}.")
        for n, one in enumerate(types)
        if not isinstance(one, str) or (known is not None and one not in known)
    )
    return tuple(dict.fromkeys(types))


def _times(node: Mapping[str, Any], at: str) -> tuple[int, int | None]:
    """How often at least, and at most."""
    if "exactly" in node and ("at_least" in node or "at_most" in node):
        raise ConditionError(f"{at}.exactly", "Use exactly, or at_least and at_most, not both.")
    with Faults() as faults:
        exactly = faults.of(_if_there, node, "exactly", at, 0, MOST_TIMES)
        at_most = faults.of(_if_there, node, "at_most", at, 0, MOST_TIMES) if exactly is None else exactly
        at_least = faults.of(_if_there, node, "at_least", at, 1, MOST_TIMES) if exactly is None else exactly
    if at_least is None:
        at_least = 1 if at_most is None else 0
    if at_most is not None and at_least > at_most:
        raise ConditionError(f"{at}.at_most", "at_most must not be smaller than at_least.")
    return at_least, at_most


def _where(tests: Any, at: str) -> tuple[Fact, ...]:
    if not isinstance(tests, list) or len(tests) > MOST_PROPERTIES:
        raise ConditionError(at, f"Give a list of at most {MOST_PROPERTIES} property tests.")
    with Faults() as faults:
        read = [faults.of(_property, test, f"{at}[{n}]") for n, test in enumerate(tests)]
    return tuple(cast("list[Fact]", read))


def _property(test: Any, at: str) -> Fact:
    if not isinstance(test, dict):
        raise ConditionError(at, "A property test is an object with property, op and value.")
    with Faults() as faults:
        faults.of(only, test, ["property", "op", "value"], at)
        key = test.get("property")
        if not isinstance(key, str) or not 0 < len(key) <= fields.LONGEST_KEY or "\x00" in key:
            raise ConditionError(f"{at}.property", "Name the property of the activity.")
        compared = faults.of(_compared, test, fields.of_property(key), at)
    return cast("Fact", compared)


def _if_there(node: Mapping[str, Any], key: str, at: str, least: int, most: int) -> int | None:
    return whole(node, key, at, least, most) if key in node else None


def _or(words: Collection[str], last: str = "or") -> str:
    *most, end = words
    return f"{', '.join(most)} {last} {end}"
