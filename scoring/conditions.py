"""What a rule asks: a typed tree of all, any and none over facts and activities, read from JSON.

    {"all": [{"activity": ["demo_request"], "within_days": 90},
             {"field": "title", "op": "word", "value": "head"}]}

Each test is true or false. A test of an unknown fact is false, whatever it asks, except for ``unknown``.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, ParamSpec, TypeVar, cast

from . import fields
from .operators import OPERATORS, BadValue, Operator, read_value

DEEPEST = 8
MOST_TESTS = 100
MOST_PARTS = 50
MOST_TYPES = 100
MOST_PROPERTIES = 10
MOST_TIMES = 1000
LONGEST_WINDOW = 3650

P = ParamSpec("P")
T = TypeVar("T")
How = Literal["all", "any", "none"]


class ConditionError(ValueError):
    """A condition that cannot be read. ``faults`` are all that is wrong: where in it, and what would be
    right."""

    def __init__(self, path: str, message: str, *others: tuple[str, str]) -> None:
        self.faults = [(path, message), *others]
        super().__init__("; ".join(f"{where}: {what}" for where, what in self.faults))


class TooMuch(ConditionError):
    """So large that nobody reads on."""


class Faults:
    """Gathers what is wrong, so that one fault does not hide the next:

        with Faults() as faults:
            key = faults.of(_key, rule)
            points = faults.of(_points, rule)

    Leaving it raises one ConditionError with all of them, in that order; one that is raised within, and so
    ends the reading, comes last."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def __enter__(self) -> "Faults":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, ConditionError) and not isinstance(error, TooMuch):
            self.found += error.faults
        elif error is not None:
            return
        if self.found:
            raise ConditionError(*self.found[0], *self.found[1:]) from None

    def of(self, check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What ``check`` answers; None when it found faults."""
        try:
            return check(*args, **kwargs)
        except TooMuch:
            raise
        except ConditionError as error:
            self.found += error.faults
            return None


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
class Happened:
    """How often the lead did one of ``types`` (activity type keys), in the last days or ever."""

    types: tuple[str, ...]
    where: tuple[Fact, ...]
    at_least: int
    at_most: int | None
    within_days: int | None

    @property
    def needs_one(self) -> bool:
        """Whether it is false for a lead that never did it, so that an activity can earn points."""
        return self.at_least > 0


Condition = Group | Fact | Happened


def parse(data: Any, *, types: Collection[str] | None = None, path: str = "$") -> Condition:
    """Read a condition from JSON. ``types`` are the activity types there are; None leaves them unchecked.
    Raises ConditionError with the JSON path of everything that is wrong."""
    tests = 0

    def read(node: Any, at: str, depth: int) -> Condition:
        nonlocal tests
        if depth > DEEPEST:
            raise ConditionError(at, f"Conditions nest at most {DEEPEST} deep.")
        tests += 1
        if tests > MOST_TESTS:
            raise TooMuch(at, f"A condition has at most {MOST_TESTS} tests.")
        if not isinstance(node, dict):
            raise ConditionError(at, "A condition is an object with all, any, none, field or activity.")
        kinds = [kind for kind in ("all", "any", "none", "field", "activity") if kind in node]
        if len(kinds) != 1:
            raise ConditionError(at, "A condition has exactly one of all, any, none, field and activity.")
        if kinds[0] == "field":
            return _fact(node, at)
        if kinds[0] == "activity":
            return _happened(node, at, types)
        with Faults() as faults:
            faults.of(_only, node, {kinds[0]}, at)
            parts = node[kinds[0]]
            if not isinstance(parts, list) or not 0 < len(parts) <= MOST_PARTS:
                raise ConditionError(f"{at}.{kinds[0]}", f"Give a list of 1 to {MOST_PARTS} conditions.")
            below = [
                faults.of(read, part, f"{at}.{kinds[0]}[{n}]", depth + 1) for n, part in enumerate(parts)
            ]
        return Group(cast("How", kinds[0]), tuple(cast("list[Condition]", below)))

    return read(data, path, 1)


def _fact(node: Mapping[str, Any], at: str) -> Fact:
    with Faults() as faults:
        faults.of(_only, node, {"field", "op", "value"}, at)
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
    if operator is None or field.type not in operator.types:
        fitting = ", ".join(op.name for op in OPERATORS.values() if field.type in op.types)
        problem = "Say how to compare" if name is None else f"{name!r} does not fit"
        raise ConditionError(f"{at}.op", f"{problem}; for {field.name} use one of {fitting}.")
    if operator.takes == "nothing":
        if node.get("value") is not None:
            raise ConditionError(f"{at}.value", f"“{operator.name}” takes no value.")
    elif "value" not in node:
        raise ConditionError(f"{at}.value", f"“{operator.name}” needs a value.")
    try:
        return Fact(field, operator, read_value(operator, field.type, node.get("value")))
    except BadValue as error:
        raise ConditionError(f"{at}.value", str(error)) from None


def _happened(node: Mapping[str, Any], at: str, known: Collection[str] | None) -> Happened:
    with Faults() as faults:
        faults.of(_only, node, {"activity", "where", "at_least", "at_most", "exactly", "within_days"}, at)
        types = faults.of(_types, node["activity"], at, known)
        times = faults.of(_times, node, at)
        where = faults.of(_where, node.get("where", []), f"{at}.where")
        within_days = faults.of(_whole, node, "within_days", at, 1, LONGEST_WINDOW)
    at_least, at_most = cast("tuple[int, int | None]", times)
    return Happened(
        types=cast("tuple[str, ...]", types),
        where=cast("tuple[Fact, ...]", where),
        at_least=at_least,
        at_most=at_most,
        within_days=within_days,
    )


def _types(types: Any, at: str, known: Collection[str] | None) -> tuple[str, ...]:
    if not isinstance(types, list) or not 0 < len(types) <= MOST_TYPES:
        raise ConditionError(f"{at}.activity", f"Give a list of 1 to {MOST_TYPES} activity types.")
    _raise_all(
        (f"{at}.activity[{n}]", f"There is no activity type {key!r}.")
        for n, key in enumerate(types)
        if not isinstance(key, str) or (known is not None and key not in known)
    )
    return tuple(dict.fromkeys(types))


def _times(node: Mapping[str, Any], at: str) -> tuple[int, int | None]:
    """How often at least, and at most."""
    if "exactly" in node and ("at_least" in node or "at_most" in node):
        raise ConditionError(f"{at}.exactly", "Use exactly, or at_least and at_most, not both.")
    with Faults() as faults:
        exactly = faults.of(_whole, node, "exactly", at, 0, MOST_TIMES)
        at_most = faults.of(_whole, node, "at_most", at, 0, MOST_TIMES) if exactly is None else exactly
        at_least = faults.of(_whole, node, "at_least", at, 1, MOST_TIMES) if exactly is None else exactly
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
        faults.of(_only, test, {"property", "op", "value"}, at)
        key = test.get("property")
        if not isinstance(key, str) or not 0 < len(key) <= fields.LONGEST_KEY or "\x00" in key:
            raise ConditionError(f"{at}.property", "Name the property of the activity.")
        compared = faults.of(_compared, test, fields.of_property(key), at)
    return cast("Fact", compared)


def _whole(node: Mapping[str, Any], key: str, at: str, least: int, most: int) -> int | None:
    if key not in node:
        return None
    value = node[key]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConditionError(f"{at}.{key}", f"Give a whole number from {least} to {most}.")
    return value


def _only(node: Mapping[str, Any], allowed: set[str], at: str) -> None:
    said = f"Unknown key; allowed here: {', '.join(sorted(allowed))}."
    _raise_all((f"{at}.{key}", said) for key in node if key not in allowed)


def _raise_all(found: Iterable[tuple[str, str]]) -> None:
    with Faults() as faults:
        faults.found += found


def tests_of(condition: Condition) -> Iterator[Fact | Happened]:
    """The tests at the leaves, left to right."""
    if isinstance(condition, Group):
        for part in condition.parts:
            yield from tests_of(part)
    else:
        yield condition
