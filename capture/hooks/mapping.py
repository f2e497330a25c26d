"""What a payload means, as one JSON document checked by ``mapping.schema.json``: which of its events is which
activity, of whom, when. ``docs/hooks.md`` explains it. Pure, but for the look at the activity types."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr, parsedate_to_datetime
from functools import cache
from pathlib import Path as File
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from capture import cleaning
from capture.cleaning import Refused
from capture.intake import CLAIMED, TOLERATED_AHEAD, WRONGEST_CLOCK
from capture.mapping import MappingError
from leads.models import ActivityType

from . import paths

SCHEMA = File(__file__).with_name("mapping.schema.json")
#: Events of one body; more wait as a whole.
MOST_EVENTS = 1_000
#: What nobody pointed at is kept with the properties, up to so many bytes as JSON.
MOST_KEPT = 16 * 1024
#: So many attributes are taken at once with "*".
MOST_ATTRIBUTES = 50
#: Seconds since 1970 are smaller; what is larger counts milliseconds, or microseconds.
_MILLI = 1e11
LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class Mapped:
    """One event about one person, as the mapping reads it, checked. ``place`` counts the events of the body;
    an event about several people comes once for each. ``type`` is None when it is no activity."""

    place: int
    kind: str
    type: str | None
    event_id: str
    email: str | None
    external_id: str | None
    anonymous_ids: tuple[str, ...]
    occurred_at: datetime
    properties: dict[str, Any]
    lead: dict[str, Any]
    company: dict[str, Any]
    consent: dict[str, bool]
    known_only: bool
    keep_unknown: bool
    wait: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why the event at ``place`` cannot be taken as it is: ``field`` of ours, or ""."""

    place: int
    field: str
    reason: str
    kind: str = ""


@dataclass(slots=True)
class _Reader:
    """One event while it is read; remembers which paths were used."""

    event: Any
    body: Any
    used: list[paths.Path] = field(default_factory=list)

    def all(self, spec: object) -> list[Any]:
        """Every value of the first path of ``spec`` that leads to one."""
        for path in [spec] if isinstance(spec, str) else spec if isinstance(spec, list) else []:
            self.used.append(paths.read(path))
            found = [
                value for value in paths.find(path, self.event, self.body) if value not in (None, "", [])
            ]
            if found:
                return found
        return []

    def text(self, spec: object) -> str:
        """The first that is a single value."""
        return next((text for value in self.all(spec) if (text := paths.as_text(value))), "")

    def value(self, spec: object) -> Any:
        """What a value of the mapping makes of the event; None for nothing."""
        if not isinstance(spec, dict):
            found = self.all(spec)
            return found[0] if len(found) == 1 else found or None
        if "constant" in spec:
            return spec["constant"]
        value = self.value(spec.get("field"))
        if value is None and "join" in spec:
            value = " ".join(text for path in spec["join"] if (text := self.text(path))) or None
        table = {name.lower(): told for name, told in spec.get("values", {}).items()}
        if table or "otherwise" in spec:
            return table.get(paths.as_text(value).lower(), spec.get("otherwise", value))
        return value


def read(
    mapping: Mapping[str, Any], body: object, *, at: datetime, key: str, done: Sequence[int] = ()
) -> list[Mapped | Waiting]:
    """What ``body``, which arrived ``at``, means by ``mapping``, in the order of its events. ``key`` is the
    body's own, from which events without an id get one: the same body always gives the same ids. Events at
    the places ``done`` are left out. Nothing is raised for what a stranger sent."""
    events = _events(mapping, body)
    if len(events) > MOST_EVENTS:
        return [Waiting(0, "", f"The body holds {len(events):,} events; {MOST_EVENTS:,} are read at most.")]
    if not events:
        return [Waiting(0, "", "The body holds no event where the mapping looks for them.")]
    told: list[Mapped | Waiting] = []
    for place, event in enumerate(events):
        if place in done:
            continue
        kind = kind_of(mapping, event, body)
        if kind is None:
            if mapping.get("otherwise") != "keep":
                told.append(Waiting(place, "", "No kind of the mapping fits."))
            continue
        try:
            told += _mapped(mapping, kind, event, body, place=place, at=at, key=key)
        except Refused as refused:
            told.append(Waiting(place, refused.field, refused.reason, kind["name"]))
        except paths.BadPath as bad:
            told.append(Waiting(place, "", str(bad), kind["name"]))
    return told


def _events(mapping: Mapping[str, Any], body: object) -> list[Any]:
    spec = mapping.get("events", "")
    for path in [spec] if isinstance(spec, str) else spec:
        if found := paths.find(path, body, body):
            # A body that is a list is a list of events, without anybody saying so.
            return found[0] if not path and isinstance(found[0], list) else found
    return []


def events_in(mapping: Mapping[str, Any], body: object) -> list[Any]:
    """The events of ``body``, as far as one shows them."""
    return _events(mapping, body)[:MOST_EVENTS]


def kind_of(mapping: Mapping[str, Any], event: object, body: object) -> dict[str, Any] | None:
    """The first kind whose conditions the event meets."""
    for kind in mapping["kinds"]:
        if all(_meets(condition, event, body) for condition in kind.get("when", [])):
            found: dict[str, Any] = kind
            return found
    return None


def _meets(condition: Mapping[str, Any], event: object, body: object) -> bool:
    values = [value for path in _each(condition["field"]) for value in paths.find(path, event, body)]
    texts = [paths.as_text(value).lower() for value in values]
    if "filled" in condition:
        return any(value not in (None, "", [], {}) for value in values) is bool(condition["filled"])
    if "has" in condition:
        return any(condition["has"].lower() in text for text in texts)
    named = {one.strip().lower() for one in condition.get("is", condition.get("not", ()))}
    return any(text in named for text in texts) == ("is" in condition)


def _mapped(
    mapping: Mapping[str, Any],
    kind: Mapping[str, Any],
    event: object,
    body: object,
    *,
    place: int,
    at: datetime,
    key: str,
) -> Iterator[Mapped]:
    reader = _Reader(event, body)
    type_key = _type(kind, reader)
    emails = [
        cleaning.email(_address(text)) for value in reader.all(kind.get("email")) if (text := _text(value))
    ]
    external_id = cleaning.line(reader.text(kind.get("external_id")), field="external_id", most=128) or None
    browsers = tuple(
        cleaning.anonymous_id(text) for path in _each(kind.get("anonymous_id")) if (text := reader.text(path))
    )
    if not (emails or external_id or browsers):
        raise Refused("email", kind.get("wait") or "Nobody is named: no e-mail address, no id.")
    occurred_at, claimed = _occurred_at(kind, reader, mapping.get("zone", "UTC"), at)
    told = reader.text(kind.get("event_id")) or f"{key}:{place}"
    named = {
        name: value
        for name, spec in kind.get("properties", {}).items()
        if (value := reader.value(spec)) not in (None, "")
    }
    lead, company = (_facts(kind.get(part, {}), reader) for part in ("lead", "company"))
    properties = _properties(named, reader, claimed)
    for number, email in enumerate(dict.fromkeys(emails) or [None]):
        yield Mapped(
            place=place,
            kind=kind["name"],
            type=type_key,
            event_id=_event_id(told if len(emails) < 2 else f"{told}:{email}"),
            email=email,
            external_id=external_id,
            anonymous_ids=browsers if number == 0 else (),
            occurred_at=occurred_at,
            properties=properties,
            lead=lead,
            company=company,
            consent=kind.get("consent", {}),
            known_only=kind.get("known_only", False),
            keep_unknown=kind.get("keep_unknown", False),
            wait=kind.get("wait", ""),
        )


def _type(kind: Mapping[str, Any], reader: _Reader) -> str | None:
    spec = kind.get("type")
    if not isinstance(spec, dict):
        return spec
    name = reader.text(spec["field"])
    table = {text.strip().lower(): told for text, told in spec["values"].items()}
    if name.lower() not in table:
        raise Refused("type", f"No activity type is chosen for “{name[:120]}”.")
    told: str | None = table[name.lower()]
    return told


def _text(value: object) -> str:
    return paths.as_text(value)


def _address(text: str) -> str:
    """The address in "Ada Byron <ada@firm.example>"."""
    return parseaddr(text)[1] or text if "<" in text else text


def _each(spec: object) -> list[str]:
    return [spec] if isinstance(spec, str) else spec if isinstance(spec, list) else []


def _event_id(text: str) -> str:
    """``text``, or what stands for it when it is longer than an id may be or holds what no id may."""
    try:
        return cleaning.line(text, field="event_id", most=128, least=1)
    except Refused:
        return "sha256:" + hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _occurred_at(
    kind: Mapping[str, Any], reader: _Reader, zone: str, at: datetime
) -> tuple[datetime, datetime | None]:
    """When it happened by our clock, and what was claimed when that lies well ahead (F13): a meeting next
    week was booked now."""
    told = reader.text(kind.get("occurred_at"))
    if not told:
        return at, None
    occurred_at = moment(told, zone=zone, field="occurred_at")
    if sent := reader.text(kind.get("sent_at")):
        wrong_by = moment(sent, zone=zone, field="sent_at") - at
        if abs(wrong_by) <= WRONGEST_CLOCK:
            occurred_at -= wrong_by
    if occurred_at > at:
        return at, occurred_at if occurred_at > at + TOLERATED_AHEAD else None
    return occurred_at, None


def moment(text: str, *, zone: str, field: str) -> datetime:
    """``text`` as an aware moment: ISO 8601 with any number of decimals, seconds, milliseconds or
    microseconds since 1970, or as in a mail header. A time without a zone is in ``zone``. Raises Refused."""
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        for _ in range(2):
            number = number / 1000 if number >= _MILLI else number
        if not 0 < number < _MILLI:  # NaN is neither
            raise Refused(field, f"“{text[:40]}” is not a time.")
        whole, _, decimals = text.partition(".")
        if decimals.isdecimal() and len(whole) <= 11:  # exactly, where a float would round
            return datetime.fromtimestamp(int(whole), UTC) + timedelta(
                microseconds=int(decimals[:6].ljust(6, "0"))
            )
        return datetime.fromtimestamp(number, UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, IndexError, TypeError):
            raise Refused(field, f"“{text[:40]}” is not a time.") from None
    if at.utcoffset() is None:
        at = at.replace(tzinfo=ZoneInfo(zone))
    if not 1970 <= at.year <= 9998:
        raise Refused(field, "Must lie between 1970 and 9998.")
    return at


def _facts(specs: Mapping[str, Any], reader: _Reader) -> dict[str, Any]:
    """What is known of a lead or a company, as the API takes it; empty values are left out."""
    facts: dict[str, Any] = {}
    for name, spec in specs.items():
        if name == "attributes":
            rest = reader.value(spec["*"]) if "*" in spec else None
            facts[name] = {
                attribute: value
                for attribute, below in spec.items()
                if attribute != "*" and (value := reader.value(below)) not in (None, "")
            } | (_others(rest, specs, spec["*"]) if isinstance(rest, dict) else {})
        elif (value := reader.value(spec)) not in (None, ""):
            facts[name] = value if isinstance(value, int | float) and name in ("employees",
            "revenue") else _text( value[0] if isinstance(value, list)
            else value
            )  # fmt: skip
    return {name: value for name, value in facts.items() if value not in (None, "", {})}


def _others(rest: Mapping[str, Any], specs: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The single values of the object at ``where`` that no other fact is taken from; an address is none."""
    told = json.dumps(specs)
    named = {name for name in rest if f'"{paths.joined(where, str(name))}"' in told} | {"email"}
    singles = {name: one for name, one in rest.items() if name not in named and paths.as_text(one)}
    return {str(name)[:64]: one for name, one in list(singles.items())[:MOST_ATTRIBUTES]}


def _properties(named: dict[str, Any], reader: _Reader, claimed: datetime | None) -> dict[str, Any]:
    """What was pointed at, and beside it what was not, as far as it can be stored and is not too much; names
    that were left out are named."""
    properties = cleaning.json_object(named, field="properties")
    if claimed is not None:
        properties = {**properties, CLAIMED: claimed.isoformat()}
    left, room = [], MOST_KEPT
    for name, value in paths.without(reader.event, reader.used).items():
        if name in properties or value in (None, "", [], {}):
            continue
        try:
            cleaning.json_object({name: value}, field="properties")
        except Refused:
            left.append(name)
            continue
        size = len(json.dumps({name: value}, ensure_ascii=False).encode(errors="replace"))
        if size > room:
            left.append(name)
            continue
        room -= size
        properties[name] = value
    if left:
        properties[LEFT_OUT] = [
            name[:64].replace("\0", "").encode(errors="replace").decode() for name in left[:20]
        ]
    return properties


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def check(data: object) -> dict[str, Any]:
    """``data`` if it is a whole mapping whose paths and activity types exist. Raises MappingError with the
    JSON path of each problem. One query."""
    problems = []
    for error in _validator().iter_errors(data):
        deepest = best_match([error]) or error
        problems.append((deepest.json_path, deepest.message[:300]))
    if not problems and isinstance(data, dict):
        problems = [*_unknown_zone(data), *_bad_paths(data), *_unknown_types(data)]
    if problems or not isinstance(data, dict):
        raise MappingError(problems)
    return data


def _unknown_zone(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    try:
        ZoneInfo(data.get("zone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return [("$.zone", f"There is no time zone “{data['zone']}”.")]
    return []


def _unknown_types(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    known = {None, *ActivityType.objects.values_list("key", flat=True)}
    told = []
    for place, kind in enumerate(data["kinds"]):
        spec = kind.get("type")
        if isinstance(spec, dict):
            told += [(f"$.kinds[{place}].type.values.{name}", key) for name, key in spec["values"].items()]
        else:
            told.append((f"$.kinds[{place}].type", spec))
    return [(path, f"There is no activity type “{key}”.") for path, key in told if key not in known]


def _bad_paths(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for where, path in _paths_in(data, "$"):
        try:
            paths.read(path)
        except paths.BadPath as bad:
            yield where, str(bad)


#: Members that hold no paths.
_NO_PATHS = frozenset(
    {
        "description",
        "ids_of",
        "zone",
        "otherwise",
        "constant",
        "values",
        "is",
        "not",
        "has",
        "wait",
        "consent",
    }
)


def _paths_in(value: object, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _paths_in(one, f"{where}[{place}]")
    elif isinstance(value, dict):
        is_kind = where.startswith("$.kinds[") and where.endswith("]") and where.count("[") == 1
        for name, below in value.items():
            says_no_path = name in _NO_PATHS or (
                is_kind and name in ("name", "type") and isinstance(below, str)
            )
            if not says_no_path:
                yield from _paths_in(below, f"{where}.{name}")
