"""Where in a payload something stands, as text: ``message.headers.to``.

A step is a name (``event-data``, or ``"odd.name"`` in quotes), ``[]`` for each of a list, ``[2]`` for one by
its place, ``[type=email]`` for those whose ``type`` is ``email``, and ``{}`` for text that holds JSON. ``$``
at the start begins at the whole body and not at the event.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from capture.cleaning import OddNumber
from capture.reading import NotJson, parse

#: Longest path, and most steps of one: as deep as any payload worth reading.
LONGEST, MOST_STEPS = 400, 24
#: So many values are taken from one path.
MOST_VALUES = 1_000
#: So many fields of a payload are listed, so deep, and so much of each value is shown.
MOST_FIELDS, DEEPEST, SHOWN = 400, 16, 200

_TOKEN = re.compile(
    r"""\.? (?: "(?P<quoted>(?:[^"\\]|\\.)*)" | (?P<name>[^.\[\]{}"]+) )
      | (?P<each>\[\]) | \[(?P<place>\d{1,4})\] | (?P<json>\{\})
      | \[(?P<where>[^=\]\[]+)=(?: "(?P<told>(?:[^"\\]|\\.)*)" | (?P<is>[^\]"]*) )\]""",
    re.VERBOSE,
)
#: What tells the members of a list apart, in the order in which they are looked for.
_TELLS = ("type", "name", "key", "question", "label", "field", "ref")


class BadPath(ValueError):
    """The text is no path; the message says where it stops being one."""


@dataclass(frozen=True, slots=True)
class Step:
    """``kind`` is name, each, place, where or json; ``name`` and ``value`` go with some of them."""

    kind: str
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """A path that was read; ``from_body`` when it begins at the whole body."""

    steps: tuple[Step, ...]
    from_body: bool


@lru_cache(maxsize=4096)
def read(text: str) -> Path:
    """``text`` as a path; "" is the event itself. Raises BadPath."""
    if len(text) > LONGEST:
        raise BadPath(f"A path may have {LONGEST} characters at most.")
    from_body = text == "$" or text.startswith(("$.", "$[", "${"))
    rest = text[1:] if from_body else text
    steps: list[Step] = []
    at = 0
    while at < len(rest):
        token = _TOKEN.match(rest, at)
        if token is None or (token.group().startswith(".") and not steps and not from_body):
            raise BadPath(f"“{text[:80]}” is not a path: look at “{rest[at : at + 20]}”.")
        is_name = (token["quoted"] if token["name"] is None else token["name"]) is not None
        if is_name and steps and not token.group().startswith("."):
            raise BadPath(f"“{text[:80]}” is not a path: a dot is missing before “{rest[at : at + 20]}”.")
        steps.append(_step(token))
        at = token.end()
    if len(steps) > MOST_STEPS:
        raise BadPath(f"A path may have {MOST_STEPS} steps at most.")
    return Path(tuple(steps), from_body)


def _step(token: re.Match[str]) -> Step:
    if token["each"]:
        return Step("each")
    if token["json"]:
        return Step("json")
    if token["place"] is not None:
        return Step("place", value=token["place"])
    if token["where"] is not None:
        value = token["is"] if token["told"] is None else _unquoted(token["told"])
        return Step("where", token["where"], value)
    return Step("name", token["name"] if token["quoted"] is None else _unquoted(token["quoted"]))


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        raise BadPath(f"“{text[:40]}” is not text in quotes.") from None


def find(text: str, event: object, body: object) -> list[Any]:
    """Every value at the path ``text``, in order; [] when there is none. Raises BadPath."""
    path = read(text)
    found: list[Any] = [body if path.from_body else event]
    for step in path.steps:
        found = [below for value in found for below in _below(value, step)][:MOST_VALUES]
    return found


def _below(value: Any, step: Step) -> list[Any]:
    if step.kind == "name":
        return [value[step.name]] if isinstance(value, dict) and step.name in value else []
    if step.kind == "json":
        opened = opened_text(value)
        return [] if opened is None else [opened]
    if not isinstance(value, list):
        return []
    if step.kind == "each":
        return value
    if step.kind == "place":
        place = int(step.value)
        return value[place : place + 1]
    return [one for one in value if _tells(one, step.name) == step.value]


def _tells(one: object, names: str) -> str | None:
    for name in names.split("."):
        if not isinstance(one, dict) or name not in one:
            return None
        one = one[name]
    return as_text(one)


def opened_text(value: object) -> Any:
    """The object or list that the text ``value`` holds as JSON, else None."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return None
    try:
        opened = parse(value.encode(errors="surrogatepass"))
    except NotJson:
        return None
    return opened if isinstance(opened, dict | list) else None


def as_text(value: object) -> str:
    """A single value as the text one compares it by; "" for nothing, lists and objects."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return ""


def without(event: object, taken: list[Path]) -> dict[str, Any]:
    """``event`` without the single values at the paths ``taken``, and with text that one of them opened as
    what it holds: what nobody pointed at. {} when it is no object. Nothing is changed in place."""
    if not isinstance(event, dict):
        return {}
    left: dict[str, Any] = event
    for path in taken:
        if not path.from_body and path.steps:
            left = _pruned(left, path.steps)
    return left


def _pruned(value: Any, steps: tuple[Step, ...]) -> Any:
    step, below = steps[0], steps[1:]
    if step.kind == "json":
        opened = opened_text(value)
        return _pruned(opened, below) if opened is not None and below else value
    if isinstance(value, list):
        return [_pruned(one, below) for one in value] if step.kind == "each" and below else value
    if step.kind != "name" or not isinstance(value, dict) or step.name not in value:
        return value
    others = {name: one for name, one in value.items() if name != step.name}
    if not below:
        return others
    kept = _pruned(value[step.name], below)
    return {**others, step.name: kept} if kept not in ({}, []) else others


@dataclass(frozen=True, slots=True)
class Field:
    """One row of a payload as it is shown: ``path`` is "" for an object or a list, which have rows of their
    own, ``depth`` from 0."""

    depth: int
    name: str
    path: str
    shown: str


def fields(value: object) -> list[Field]:
    """Every field of ``value`` with the path that leads there, text that holds JSON opened; as many as a page
    shows. Members of lists are named by what tells them apart, else by their place."""
    rows: list[Field] = []
    for row in _fields(value, "", "", 0):
        rows.append(row)
        if len(rows) == MOST_FIELDS:
            break
    return rows


def _fields(value: object, path: str, name: str, depth: int) -> Iterator[Field]:
    if depth > DEEPEST:
        return
    if isinstance(value, str) and (opened := opened_text(value)) is not None:
        value, path = opened, f"{path}{{}}"
    if not isinstance(value, dict | list):
        yield Field(depth, name, path, shown(value))
        return
    if name:
        size = f"{len(value)} field" if isinstance(value, dict) else f"list of {len(value)}"
        yield Field(depth, name, "", size + ("s" if isinstance(value, dict) and len(value) != 1 else ""))
        depth += 1
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _fields(below, joined(path, str(key)), str(key), depth)
        return
    if all(not isinstance(one, dict | list) for one in value):
        yield Field(depth, "each", f"{path}[]", ", ".join(shown(one) for one in value)[:SHOWN])
        return
    for place, one in enumerate(value[:50]):
        told = _told(one, value)
        step, label = (f"[{told[0]}={quoted_value(told[1])}]", f"{told[0]}: {told[1]}") if told else (
            "[]" if place == 0 else f"[{place}]",
            str(place + 1),
        )  # fmt: skip
        yield from _fields(one, f"{path}{step}", label[:60], depth)


def _told(one: object, every: list[Any]) -> tuple[str, str] | None:
    """What tells ``one`` from the others: a name and a value that no other one has."""
    for name in _TELLS if len(every) > 1 else ():
        value = _tells(one, name)
        if value and len(value) <= 80 and [_tells(other, name) for other in every].count(value) == 1:
            return name, value
    return None


def joined(path: str, name: str) -> str:
    """The path of ``name`` below ``path``."""
    plain = name and _TOKEN.fullmatch(name) and not name.startswith((".", "$", " ")) and name == name.strip()
    step = name if plain else json.dumps(name, ensure_ascii=False)
    return f"{path}.{step}" if path else step


def quoted_value(value: str) -> str:
    return value if re.fullmatch(r'[^\]"]*', value) and value == value.strip() else json.dumps(value)


def shown(value: object) -> str:
    """``value`` on one line, cut short."""
    if value is None:
        return "nothing"
    if isinstance(value, OddNumber):
        return "a number that cannot be stored"
    text = as_text(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
