"""What the mapping screen does: offer a sample's fields, and make a kind of event of those pointed at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from capture.cleaning import Refused
from capture.imports import recognising

from . import mapping as language
from . import paths

#: So many places are offered where events may stand.
MOST_LISTS = 40
EMPTY: dict[str, Any] = {"kinds": []}
#: A shorter number is a count, and no seconds since 1970.
SHORTEST_MOMENT = 10


@dataclass(frozen=True, slots=True)
class Pointed:
    """What somebody chose: paths of the sample's fields, and what they are. ``when`` are fields in which
    other events of this kind hold the same as the sample."""

    events: str = ""
    when: Sequence[str] = ()
    type: str = ""
    email: str = ""
    occurred_at: str = ""
    event_id: str = ""
    external_id: str = ""
    name: str = ""
    family: str = ""
    title: str = ""
    phone: str = ""
    company: str = ""
    mail: str = field(default="", metadata={"choices": ("", "off", "on")})
    known_only: bool = False


def places(body: object) -> list[tuple[str, str]]:
    """Where in ``body`` events may stand, with words: the whole body, and the lists and objects in it."""
    offered = [("", "each of the list" if isinstance(body, list) else "the whole body")]

    def look(value: object, path: str, depth: int) -> None:
        opened = paths.opened_text(value)
        if opened is not None:
            value, path = opened, f"{path}{{}}"
            offered.append((path, f"{path}: JSON in a text"))
        if depth > 4 or not isinstance(value, dict | list):
            return
        if isinstance(value, list):
            if path and any(isinstance(one, dict) for one in value):
                offered.append((f"{path}[]", f"{path}: each of a list of {len(value)}"))
            for one in value[:1]:
                look(one, f"{path}[]" if path else "", depth + 1)
            return
        if path and opened is None and not path.endswith("[]"):
            offered.append((path, path))
        for name, below in value.items():
            look(below, paths.joined(path, str(name)), depth + 1)

    if isinstance(body, dict):
        look(body, "", 0)
    return offered[:MOST_LISTS]


def event_of(mapping: Mapping[str, Any] | None, body: object, events: str) -> Any:
    """The event of ``body`` that one points at: the first that no kind fits, else the first. None when there
    is none at ``events``."""
    found = language.events_in({"events": events}, body)
    unknown = (one for one in found if mapping is None or language.kind_of(mapping, one, body) is None)
    return next(unknown, found[0] if found else None)


def offered(event: object, body: object) -> list[paths.Field]:
    """The fields that may be pointed at, with what the sample holds there: those of the event, and those
    around it."""
    inside = [one for one in paths.fields(event) if one.path]
    if event is body or not isinstance(body, dict):
        return inside
    around = {name: one for name, one in body.items() if not isinstance(one, dict | list)}
    return inside + [
        paths.Field(0, one.name, f"$.{one.path}", one.shown)
        for one in paths.fields(around)
        if one.path and "{}" not in one.path
    ]


def guessed(offered: Sequence[paths.Field]) -> dict[str, str]:
    """What fields are, by how they are called and what the sample holds, to be looked over: field of
    ``Pointed`` to path. Ids are never guessed: a wrong one would make one of many events or people."""
    single = [one for one in offered if one.path and "[]" not in one.path]
    guesses = recognising.recognise("leads", [(one.name, [one.shown]) for one in single])
    found: dict[str, str] = {}
    for one, guess in zip(single, guesses, strict=True):
        if guess.target in _GUESSED and (guess.sure or guess.target == "email"):
            found.setdefault(_GUESSED[guess.target], one.path)
    told = (one.path for one in single if one.name.lower().replace("_", "") in _TELLING)
    moments = (one.path for one in single if _is_moment(one.shown))
    return {**found, "when": next(told, ""), "occurred_at": next(moments, "")}


#: What columns of lists are called, fields of posts are, too.
_GUESSED = {
    "email": "email",
    "name": "name",
    "first_name": "name",
    "last_name": "family",
    "title": "title",
    "phone": "phone",
    "company": "company",
}
_TELLING = frozenset(
    {"event", "eventtype", "eventname", "type", "action", "recordtype", "kind", "trigger", "topic"}
)


def _is_moment(text: str) -> bool:
    if len(text) < SHORTEST_MOMENT:
        return False
    try:
        language.moment(text, zone="UTC", field="")
    except Refused:
        return False
    return True


def kind(pointed: Pointed, *, event: object, body: object, label: str) -> dict[str, Any]:
    """The kind of event that was pointed at; ``label`` names it, with what tells it from others."""
    when = [
        {"field": path, "is": [text]}
        for path in dict.fromkeys(pointed.when)
        if path and (text := _first(path, event, body))
    ]
    told = ", ".join(condition["is"][0] for condition in when)
    made: dict[str, Any] = {
        "name": (f"{label}: {told}" if told else label)[:120],
        "when": when,
        "type": pointed.type or None,
    }
    for name in ("email", "occurred_at", "event_id", "external_id"):
        if path := getattr(pointed, name):
            made[name] = path
    lead: dict[str, Any] = {name: path for name in ("title", "phone") if (path := getattr(pointed, name))}
    if names := [path for path in (pointed.name, pointed.family) if path]:
        lead["name"] = {"join": names} if len(names) > 1 else names[0]
    if lead:
        made["lead"] = lead
    if pointed.company:
        made["company"] = {"name": pointed.company}
    if pointed.mail:
        made["consent"] = {"email": pointed.mail == "on"}
    if pointed.known_only:
        made["known_only"] = True
    return made


def _first(path: str, event: object, body: object) -> str:
    return next((text for one in paths.find(path, event, body) if (text := paths.as_text(one))), "")


def with_kind(mapping: Mapping[str, Any] | None, made: Mapping[str, Any], *, events: str) -> dict[str, Any]:
    """``mapping`` with the kind ``made``: in place of the one for the same events, else before the others,
    those with more conditions first."""
    held = dict(mapping or EMPTY)
    kinds = list(held["kinds"])
    same = [place for place, one in enumerate(kinds) if one.get("when", []) == made["when"]]
    if same:
        kinds[same[0]] = dict(made)
    else:
        fewer = (place for place, one in enumerate(kinds) if len(one.get("when", [])) <= len(made["when"]))
        kinds.insert(next(fewer, len(kinds)), dict(made))
    before = held.get("events", "")
    known = [before] if isinstance(before, str) else list(before)
    if not held["kinds"]:
        known = []
    every = [events, *(one for one in known if one != events)]
    # The whole body has events wherever one looks; so it comes last.
    every.sort(key=lambda path: path == "")
    return {**held, "kinds": kinds, "events": every[0] if len(every) == 1 else every}


def without_kind(mapping: Mapping[str, Any], place: int) -> dict[str, Any]:
    return {**mapping, "kinds": [one for number, one in enumerate(mapping["kinds"]) if number != place]}


def with_type(mapping: Mapping[str, Any], place: int, name: str, key: str) -> dict[str, Any]:
    """``mapping`` with ``name`` in the table of types of the kind at ``place``; without ``key`` it is taken
    out. Raises KeyError when that kind has no table."""
    kinds = [dict(one) for one in mapping["kinds"]]
    spec = kinds[place].get("type")
    if not isinstance(spec, dict):
        raise KeyError(place)
    others = {text: told for text, told in spec["values"].items() if text.lower() != name.lower()}
    kinds[place]["type"] = {**spec, "values": {**others, name: key} if key else others}
    return {**mapping, "kinds": kinds}
