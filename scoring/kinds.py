"""The kinds of condition as forms: how each is shown and said. A new kind is one entry in ``KINDS`` and one
in the template. Pure; ``building`` puts them together.

A form is a tree of ``Node``. The name of each control is the way to its node: ``when-1-0-op`` is the operator
of the first part of the second part of ``when``. What the controls cannot say is kept as JSON, a node too.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from . import fields
from .fields import Type
from .operators import OPERATORS, Takes

#: Control name → what was posted for it, in order: a QueryDict's ``lists()``.
Posted = Mapping[str, Sequence[str]]
#: JSON path → the control that said what stands there.
Places = dict[str, str]

UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}
#: How often: the word posted, and the words on the page.
TIMES = {"least": "at least", "most": "at most", "exactly": "exactly", "between": "from"}
_ATTRIBUTES = tuple(prefix.removesuffix(".") for prefix in fields.ATTRIBUTES)


@dataclass(slots=True)
class Node:
    """A part of a condition as the form has it. ``kind`` is a key of ``KINDS``, or ``group``, ``json``,
    ``new`` (nothing chosen yet), ``property`` or ``after``. ``values`` are single controls, ``lists`` those
    that may be there several times."""

    kind: str
    values: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    parts: list["Node"] = field(default_factory=list)
    where: list["Node"] = field(default_factory=list)
    after: "Node | None" = None

    def get(self, key: str) -> str:
        return self.values.get(key, "").strip()


class Saying(NamedTuple):
    """Where one is while a form is turned into JSON."""

    name: str
    path: str
    places: Places

    def at(self, key: str, control: str) -> None:
        self.places[f"{self.path}.{key}"] = f"{self.name}-{control}"

    def below(self, name: str, path: str) -> "Saying":
        return Saying(f"{self.name}-{name}", f"{self.path}.{path}", self.places)


def whole(text: str) -> Any:
    """A whole number; what is none stays a text, for whoever checks it to refuse."""
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else text


def _number(text: str) -> Any:
    try:
        return whole(text) if re.fullmatch(r"-?\d{1,18}", text) else float(text)
    except ValueError:
        return text


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(value)
    return value if isinstance(value, str) else repr(value)


class Kind(NamedTuple):
    show: Callable[[Mapping[str, Any]], Node]
    say: Callable[[Node, Saying], dict[str, Any]]


def field_of(node: Node) -> fields.Field | None:
    """What a comparison is about: a fact, or a property of an activity."""
    if node.kind == "property":
        return fields.of_property(node.get("property")) if node.get("property") else None
    what = node.get("what").removeprefix("field:")
    return fields.find(f"{what}.{node.get('key')}" if what in _ATTRIBUTES else what)


def type_of(node: Node) -> Type:
    """The type of what a comparison is about, also of an attribute that is not named yet."""
    about = field_of(node)
    return about.type if about else Type.ANY


def read_as_numbers(node: Node) -> bool:
    """Whether the values of an attribute or a property are meant as numbers."""
    return type_of(node) == Type.NUMBER or (type_of(node) == Type.ANY and node.get("as") == "number")


def is_chosen(node: Node) -> bool:
    """Whether the values are some of a few known ones, each with a box to tick."""
    operator = OPERATORS.get(node.get("op"))
    if operator is None:
        return False
    return operator.takes == Takes.REGION or (operator.takes == Takes.SOME and type_of(node) == Type.CHOICE)


def _show_comparison(node: Node, test: Mapping[str, Any]) -> Node:
    node.values["op"] = test["op"]
    operator = OPERATORS[test["op"]]
    value: Any = test.get("value")
    match operator.takes:
        case Takes.NOTHING:
            return node
        case Takes.PAIR:
            node.values |= {"value": _text(value[0]), "to": _text(value[1])}
        case Takes.SOME | Takes.TEXT | Takes.REGION:
            several = value if isinstance(value, list) else [value]
            if is_chosen(node):
                node.lists["chosen"] = [_text(one) for one in several]
            else:
                node.values["value"] = "\n".join(_text(one) for one in several)
        case _:
            node.values["value"] = _text(value)
    if type_of(node) == Type.ANY and operator.takes in (Takes.ONE, Takes.SOME):
        several = value if isinstance(value, list) else [value]
        if all(isinstance(one, int | float) for one in several):
            node.values["as"] = "number"
    return node


def _say_comparison(node: Node, saying: Saying) -> dict[str, Any]:
    saying.at("op", "op")
    saying.at("value", "value")
    operator = OPERATORS.get(node.get("op"))
    said: dict[str, Any] = {"op": node.get("op")}
    if operator is None or operator.takes == Takes.NOTHING:
        return said
    raw = node.values.get("value", "")
    match operator.takes:
        case Takes.PAIR:
            return {**said, "value": [_number(node.get("value")), _number(node.get("to"))]}
        case Takes.SOME | Takes.TEXT | Takes.REGION if is_chosen(node):
            values: list[Any] = list(node.lists.get("chosen", []))
        case Takes.SOME | Takes.TEXT | Takes.REGION:
            lines = [line for line in raw.replace("\r", "").split("\n") if line.strip()]
            numbers = operator.takes == Takes.SOME and read_as_numbers(node)
            values = [_number(line.strip()) if numbers else line for line in lines]
        case _:
            if not raw.strip():
                return said
            number = operator.takes == Takes.NUMBER or (operator.takes == Takes.ONE and read_as_numbers(node))
            if operator.takes == Takes.DAYS:
                return {**said, "value": whole(raw.strip())}
            return {**said, "value": _number(raw.strip()) if number else raw}
    if not values:
        return said
    return {**said, "value": values[0] if operator.takes != Takes.SOME and len(values) == 1 else values}


def _show_fact(test: Mapping[str, Any]) -> Node:
    node, name = Node("field"), test["field"]
    for prefix in fields.ATTRIBUTES:
        if name.startswith(prefix):
            node.values |= {"what": f"field:{prefix.removesuffix('.')}", "key": name.removeprefix(prefix)}
            break
    else:
        node.values["what"] = f"field:{name}"
    return _show_comparison(node, test)


def _say_fact(node: Node, saying: Saying) -> dict[str, Any]:
    what = node.get("what").removeprefix("field:")
    saying.at("field", "key" if what in _ATTRIBUTES else "what")
    name = f"{what}.{node.get('key')}" if what in _ATTRIBUTES else what
    return {"field": name, **_say_comparison(node, saying)}


def _show_where(tests: Sequence[Mapping[str, Any]]) -> list[Node]:
    return [_show_comparison(Node("property", {"property": test["property"]}), test) for test in tests]


def _say_where(node: Node, saying: Saying) -> dict[str, Any]:
    tests = []
    for n, test in enumerate(node.where):
        below = saying.below(f"where-{n}", f"where[{n}]")
        below.places[below.path] = f"{below.name}-property"
        below.at("property", "property")
        tests.append({"property": test.get("property"), **_say_comparison(test, below)})
    return {"where": tests} if tests else {}


def _types(node: Node) -> list[str]:
    """The activity types chosen: the first is what the condition asks about."""
    first = [node.get("what").removeprefix("did:")] if node.kind == "activity" else []
    return [key for key in [*first, *node.lists.get("type", [])] if key]


def _show_activity(test: Mapping[str, Any]) -> Node:
    first, *others = test["activity"]
    node = Node("activity", {"what": f"did:{first}", "how": "least", "n": "1"}, {"type": others})
    if "exactly" in test:
        node.values |= {"how": "exactly", "n": _text(test["exactly"])}
    elif "at_least" in test and "at_most" in test:
        node.values |= {"how": "between", "n": _text(test["at_least"]), "m": _text(test["at_most"])}
    elif "at_most" in test:
        node.values |= {"how": "most", "n": _text(test["at_most"])}
    elif "at_least" in test:
        node.values["n"] = _text(test["at_least"])
    if "within_days" in test:
        node.values["days"] = _text(test["within_days"])
    node.where = _show_where(test.get("where", []))
    if "after" in test:
        node.after = _show_after(test["after"])
    return node


def _show_after(after: Mapping[str, Any]) -> Node:
    minutes = after["within_minutes"]
    unit, size = next(
        (unit, size) for unit, size in reversed(UNITS.items()) if minutes % size == 0 and minutes
    )
    values = {"n": str(minutes // size), "unit": unit}
    return Node("after", values, {"type": list(after["activity"])}, where=_show_where(after.get("where", [])))


def _say_activity(node: Node, saying: Saying) -> dict[str, Any]:
    for key, control in (("activity", "what"), ("within_days", "days"), ("at_least", "n"), ("exactly", "n")):
        saying.at(key, control)
    said: dict[str, Any] = {"activity": _types(node), **_say_where(node, saying)}
    how, n = node.get("how"), whole(node.get("n") or "1")
    saying.at("at_most", "m" if how == "between" else "n")
    match how:
        case "between":
            said |= {"at_least": n, "at_most": whole(node.get("m"))}
        case "most":
            said["at_most"] = n
        case "exactly":
            said["exactly"] = n
        case _ if n != 1:
            said["at_least"] = n
    if node.get("days"):
        said["within_days"] = whole(node.get("days"))
    if node.after is not None:
        said["after"] = _say_after(node.after, saying.below("after", "after"))
    return said


def _say_after(node: Node, saying: Saying) -> dict[str, Any]:
    saying.places[saying.path] = f"{saying.name}-n"
    saying.at("activity", "type")
    saying.at("within_minutes", "n")
    count = whole(node.get("n"))
    minutes = count * UNITS.get(node.get("unit"), 1) if isinstance(count, int) else count
    return {"activity": _types(node), **_say_where(node, saying), "within_minutes": minutes}


def _show_colleagues(test: Mapping[str, Any]) -> Node:
    values = {"what": "colleagues", "n": _text(test.get("at_least", 1)), "days": _text(test["within_days"])}
    types = {"type": list(test["colleagues"])}
    return Node("colleagues", values, types, where=_show_where(test.get("where", [])))


def _say_colleagues(node: Node, saying: Saying) -> dict[str, Any]:
    for key, control in (("colleagues", "type"), ("at_least", "n"), ("within_days", "days")):
        saying.at(key, control)
    return {
        "colleagues": _types(node),
        **_say_where(node, saying),
        "at_least": whole(node.get("n") or "1"),
        "within_days": whole(node.get("days")),
    }


def _show_stage(test: Mapping[str, Any]) -> Node:
    values = {"what": "stage", "days": _text(test["for_days"]) if test.get("for_days") else ""}
    return Node("stage", values, {"stage": list(test["stage"])})


def _say_stage(node: Node, saying: Saying) -> dict[str, Any]:
    saying.at("stage", "stage")
    saying.at("for_days", "days")
    said: dict[str, Any] = {"stage": list(node.lists.get("stage", []))}
    if node.get("days"):
        said["for_days"] = whole(node.get("days"))
    return said


#: The key that marks the kind in JSON → how it is shown and said. ``what`` of a node leads here.
KINDS: dict[str, Kind] = {
    "field": Kind(_show_fact, _say_fact),
    "activity": Kind(_show_activity, _say_activity),
    "colleagues": Kind(_show_colleagues, _say_colleagues),
    "stage": Kind(_show_stage, _say_stage),
}
#: How ``what`` of a node begins → the kind it makes it.
KIND_OF = {"field": "field", "did": "activity", "colleagues": "colleagues", "stage": "stage"}
