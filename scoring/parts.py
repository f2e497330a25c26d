"""The parts of a version: their kinds, keys, and where each is in its model file. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify

#: Kind of part → its list in a model file. Settings of the model itself have none.
LISTS = {"rule": "rules", "line": "lines", "trigger": "triggers", "blocker": "blockers", "group": "groups"}
KINDS = (*LISTS, "settings")
SETTINGS = ("applies_to", "time_zone", "grades", "ceilings")


class NoSuchPart(LookupError):
    """The version has no such part: it never had, or somebody deleted it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part is in a model file: its kind, and its key ("" for a new one)."""

    kind: str
    key: str = ""


def part_of(data: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The part of a model file at ``place``. Raises NoSuchPart."""
    if place.kind == "settings":
        return {name: data[name] for name in SETTINGS if name in data}
    return dict(data[LISTS[place.kind]][index_of(data, place)])


def keys_of(data: Mapping[str, Any], kind: str) -> list[str]:
    """The keys of the parts of one kind, in their order. A line that names none has a stage and a number
    instead: "sql-1"."""
    if kind == "settings":
        return ["model"]
    parts = data.get(LISTS[kind], [])
    return _line_keys(parts) if kind == "line" else [part["key"] for part in parts]


def _line_keys(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    named = {line["key"] for line in lines if line.get("key")}
    counted: dict[str, int] = {}
    keys = []
    for line in lines:
        stage = line["stage"]
        counted[stage] = counted.get(stage, 0) + 1
        while not line.get("key") and f"{stage}-{counted[stage]}" in named:
            counted[stage] += 1
        keys.append(line.get("key") or f"{stage}-{counted[stage]}")
    return keys


def without_counted_keys(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """``lines``, each with its key, as they stand in a file: without keys where counting gives the same."""
    bare = [{name: value for name, value in line.items() if name != "key"} for line in lines]
    return bare if _line_keys(bare) == _line_keys(lines) else lines


def stamp(part: Mapping[str, Any]) -> str:
    """A short text that is another one when the part says something else, whatever its key."""
    said = json.dumps(
        {name: value for name, value in part.items() if name != "key"}, sort_keys=True, ensure_ascii=False
    )
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def key_for(label: str, taken: list[str], *, otherwise: str = "part") -> str:
    """A key out of a name, that no other part has: "under-50-staff". ``otherwise`` for a name without a
    letter from a to z."""
    base = re.sub(r"^[^a-z]+", "", slugify(label))[:56] or otherwise
    key, n = base, 1
    while base and key in taken:
        n += 1
        key = f"{base}-{n}"
    return key


def index_of(data: Mapping[str, Any], place: Place) -> int:
    try:
        return keys_of(data, place.kind).index(place.key)
    except ValueError:
        raise NoSuchPart(f"There is no {place.kind} {place.key!r}.") from None


def path_of(data: Mapping[str, Any], place: Place) -> str:
    if place.kind == "settings":
        return "$"
    name = LISTS[place.kind]
    keys = keys_of(data, place.kind)
    return f"$.{name}[{keys.index(place.key) if place.key in keys else len(keys) - 1}]"


def is_within(path: str, own: str) -> bool:
    if own == "$":
        return path.startswith(tuple(f"$.{name}" for name in SETTINGS))
    return path == own or path.startswith(f"{own}.")


def name_of(data: Mapping[str, Any], path: str) -> str:
    """What people call the part that a path is in: "“Viewed pricing”"."""
    found = re.match(r"\$\.(\w+)\[(\d+)\]", path)
    if not found:
        return "The model"
    part = data[found[1]][int(found[2])]
    return f"“{part.get('label') or part.get('key') or part.get('stage', '').upper() + ' line'}”"
