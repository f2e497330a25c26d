"""How the columns of a file become leads, companies, activities and outcomes: one JSON document, checked by
``mapping.schema.json``; ``values`` turns it into functions of a row. ``docs/importing.md`` explains it."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from leads.models import ActivityType

from .values import Columns

SCHEMA = Path(__file__).with_name("mapping.schema.json")


class MappingError(ValueError):
    """The mapping, or the file it is used on, is not right; each problem is (where, what)."""

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{where}: {what}" for where, what in self.problems))


#: What a mapping must have for each kind of import.
NEEDS = {"leads": "match", "companies": "company", "activities": "activities", "outcomes": "outcome"}


def load(path: Path, *, kind: str | None = None, source: str | None = None) -> dict[str, Any]:
    """The mapping in ``path``, checked; ``kind`` and ``source`` replace its own. Raises MappingError with the
    JSON path of each problem."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise MappingError([(str(path), f"cannot be read: {error}")]) from None
    if isinstance(data, dict):
        data = {"kind": "leads", **data, **({"kind": kind} if kind else {})}
        data = {"source": "import", **data, **({"source": source} if source else {})}
    return check(data)


def check(data: Any) -> dict[str, Any]:
    """``data`` if it is a whole mapping. Raises MappingError."""
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    problems = []
    for error in validator.iter_errors(data):
        deepest = best_match([error]) or error
        problems.append((deepest.json_path, deepest.message))
    if not problems:
        problems = [*_unknown_zone(data), *_unknown_types(data)]
        if not data["match"] and not data.get("look_alikes"):
            problems.append(("$.match", "Names no column to match by."))
        if NEEDS[data["kind"]] not in data:
            problems.append((f"$.{NEEDS[data['kind']]}", f"Is needed to import {data['kind']}."))
    if problems:
        raise MappingError(problems)
    mapping: dict[str, Any] = data
    return mapping


def _unknown_zone(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    try:
        ZoneInfo(data.get("zone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return [("$.zone", f"There is no time zone “{data['zone']}”.")]
    return []


def _unknown_types(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    known = set(ActivityType.objects.values_list("key", flat=True))
    return [(path, f"There is no activity type “{key}”.") for path, key in _types(data) if key not in known]


def _types(data: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for position, activity in enumerate(data.get("activities", [])):
        path, kind = f"$.activities[{position}].type", activity["type"]
        if isinstance(kind, str):
            yield path, kind
            continue
        for value, key in kind["values"].items():
            if key is not None:
                yield f"{path}.values.{value}", key
        if kind.get("otherwise") is not None:
            yield f"{path}.otherwise", kind["otherwise"]


def columns_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Every column that the mapping reads, with the JSON path of the first place that does."""
    found: dict[str, str] = {}
    for path, spec in _specs(data):
        for place, column in _columns_in(path, spec):
            found.setdefault(column, place)
    return found


def _specs(data: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Each value, moment, count and condition of the mapping, with its JSON path."""
    yield from _members(data["match"], "$.match")
    if "created_at" in data:
        yield "$.created_at", data["created_at"]
    if isinstance(data.get("stage"), dict):
        yield "$.stage.mql", data["stage"]["mql"]
    if "join" in data:
        yield "$.join.column", data["join"]["column"]
    for part in ("lead", "company", "outcome"):
        yield from _members(data.get(part, {}), f"$.{part}")
    for position, consent in enumerate(data.get("consent", [])):
        yield from _members({**consent, "channel": None}, f"$.consent[{position}]")
    for position, activity in enumerate(data.get("activities", [])):
        kind = activity["type"] if isinstance(activity["type"], dict) else None
        yield from _members({**activity, "undated": None, "type": kind}, f"$.activities[{position}]")


def _members(part: Mapping[str, Any], path: str) -> Iterable[tuple[str, Any]]:
    for name, spec in part.items():
        if name in ("attributes", "properties"):
            for key, below in spec.items():
                yield f"{path}.{name}.{key}", below
        else:
            yield f"{path}.{name}", spec


def _columns_in(path: str, spec: Any) -> Iterable[tuple[str, str]]:
    if isinstance(spec, str):
        yield path, spec
    elif isinstance(spec, list):
        for position, one in enumerate(spec):
            yield from _columns_in(f"{path}[{position}]", one)
    elif isinstance(spec, dict):
        for name in ("column", "first", "join", "product"):
            if name in spec:
                yield from _columns_in(f"{path}.{name}", spec[name])


def distinct(header: Sequence[str]) -> list[str]:
    """A name for every column: its heading, "Email (2)" for the second of two, "Column 5" for one without."""
    names = [name.strip() for name in header]
    seen: Counter[str] = Counter()
    found = []
    for place, name in enumerate(names, start=1):
        seen[name] += 1
        if not name:
            name = f"Column {place}"
        elif names.count(name) > 1:
            name = f"{name} ({seen[name]})"
        found.append(name)
    return found


def columns(data: Mapping[str, Any], header: Sequence[str]) -> Columns:
    """Find the mapping's columns in ``header``; those that stand there twice, or without a heading, by the
    names that ``distinct`` gives them. Raises MappingError naming those that are missing (with a guess) or
    appear twice."""
    names = [name.strip() for name in header]
    numbered = {name: place for place, name in enumerate(distinct(header)) if name != names[place]}
    problems = []
    for column, path in columns_of(data).items():
        count = names.count(column.strip()) or int(column.strip() in numbered)
        if count == 0:
            guess = get_close_matches(column, names, n=1, cutoff=0.6)
            hint = f" Did you mean “{guess[0]}”?" if guess else ""
            problems.append((path, f"The file has no column “{column}”.{hint}"))
        elif count > 1:
            problems.append((path, f"The file has the column “{column}” {count} times."))
    if problems:
        problems.append(("the file's columns", ", ".join(f"“{name}”" for name in names[:50])))
        raise MappingError(problems)
    empty = frozenset({"", *(text.strip().lower() for text in data.get("empty", []))})
    return Columns(
        {**numbered, **{name: place for place, name in reversed(list(enumerate(names)))}},
        empty,
        ZoneInfo(data.get("zone", "UTC")),
    )
