"""The parts of a version as the rule page lists them, each with its address, its points and what it does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from . import sentences
from .models import ModelVersion
from .parts import Place, keys_of, part_of
from .ruleset import Fading

#: Section of the list → what it says of itself.
_ABOUT = {
    "Intent": "what they ask for",
    "Engagement": "what they read",
    "Fit": "who they are",
    "Against": "what takes points away",
    "Lines": "what brings a lead to a stage",
    "Triggers": "whatever the points",
    "Blockers": "never handed to sales",
    "Model": "what holds for all rules",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One part: its name, points and a few words. ``change`` is "new" or "edited" beside the live version;
    ``off`` says that it counts for nothing, ``broken`` why it cannot be computed."""

    place: Place
    label: str
    url: str
    note: str
    points: int | None = None
    change: str = ""
    off: bool = False
    broken: str = ""

    @property
    def is_against(self) -> bool:
        return self.points is not None and self.points < 0


@dataclass(frozen=True, slots=True)
class Section:
    label: str
    about: str
    entries: tuple[Entry, ...]
    #: The query of a new part of this section; "" where none can be added.
    add: str = ""


def sections(
    *,
    version: ModelVersion,
    data: Mapping[str, Any],
    live: Mapping[str, Any] | None,
    search: str = "",
    query: Mapping[str, str] | None = None,
    rates: Mapping[str, str] | None = None,
) -> list[Section]:
    """What ``data``, the model file of ``version``, is made of; only what ``search`` is found in. ``live`` is
    the file of the live version, to mark what differs. ``query`` goes into every address. ``rates``: rule of
    the live version → how those fared for whom it fired, which is said instead of how it counts; of a rule
    that counts otherwise by now it is said to be the live one's. 3 queries."""
    broken = {
        (kind, part.key): part.disabled_reason
        for kind, parts in (
            ("rule", version.rules),
            ("trigger", version.stage_triggers),
            ("blocker", version.blockers),
        )
        for part in parts.exclude(disabled_at=None)
    }
    entries = [
        _entry(place, part, live, broken.get((place.kind, place.key), ""), query or {}, rates or {})
        for place, part in _parts(data)
    ]
    if wanted := search.strip().lower():
        entries = [entry for entry in entries if wanted in f"{entry.label} {entry.note}".lower()]
    listed: dict[str, list[Entry]] = {label: [] for label in _ABOUT}
    for entry in entries:
        part = part_of(data, entry.place)
        listed[_section(entry, part)].append(entry)
    adds = {
        "Intent": "new=rule&dimension=intent",
        "Engagement": "new=rule&dimension=engagement",
        "Fit": "new=rule&dimension=fit",
        "Lines": "new=line",
        "Triggers": "new=trigger",
        "Blockers": "new=blocker",
        "Model": "new=group",
    }
    return [
        Section(label, _ABOUT[label], tuple(found), adds.get(label, ""))
        for label, found in listed.items()
        if found or not wanted
    ]


def _parts(data: Mapping[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    for kind in ("rule", "line", "trigger", "blocker", "settings", "group"):
        for key in keys_of(data, kind):
            place = Place(kind, key)
            yield place, part_of(data, place)


def _section(entry: Entry, part: Mapping[str, Any]) -> str:
    match entry.place.kind:
        case "rule":
            return "Against" if entry.is_against else str(part["dimension"]).capitalize()
        case "line" | "trigger" | "blocker":
            return f"{entry.place.kind.capitalize()}s"
    return "Model"


def _entry(
    place: Place,
    part: Mapping[str, Any],
    live: Mapping[str, Any] | None,
    broken: str,
    query: Mapping[str, str],
    rates: Mapping[str, str],
) -> Entry:
    off = not part.get("on", True)
    tiers = part.get("tiers")
    rate = _rate(place, part, live, rates)
    return Entry(
        place=place,
        label=label_of(place, part),
        url="?" + urlencode({**query, place.kind: place.key}),
        note="off" if off else "cannot be computed" if broken else rate or _note(place, part),
        points=tiers[-1]["points"] if tiers else part.get("points"),
        change=changed(place, part, live),
        off=off,
        broken=broken,
    )


def _rate(
    place: Place, part: Mapping[str, Any], live: Mapping[str, Any] | None, rates: Mapping[str, str]
) -> str:
    if place.kind != "rule" or place.key not in rates:
        return ""
    rate = rates[place.key]
    if live is None:
        return rate
    then = part_of(live, place)
    return rate if {**then, "label": part["label"]} == part else f"as live: {rate}"


def changed(place: Place, part: Mapping[str, Any], live: Mapping[str, Any] | None) -> str:
    """ "new", "edited", or "" for a part that is as in ``live``."""
    if live is None:
        return ""
    try:
        return "" if part_of(live, place) == part else "edited"
    except LookupError:
        return "new"


def label_of(place: Place, part: Mapping[str, Any]) -> str:
    match place.kind:
        case "line":
            return f"{part['stage'].upper()} line"
        case "group":
            return f"Group “{sentences.group_named(place.key)}”"
        case "settings":
            return "Model settings"
    return str(part["label"])


def called(place: Place, part: Mapping[str, Any]) -> str:
    """The part in the middle of a sentence: "“Viewed pricing”", "the group “staff”", "the SQL line"."""
    label = label_of(place, part)
    match place.kind:
        case "group":
            return f"the g{label[1:]}"
        case "line":
            return f"the {label}"
    return f"“{label}”"


def _note(place: Place, part: Mapping[str, Any]) -> str:
    """A few words for the second row: how it counts."""
    match place.kind:
        case "rule":
            return _how(part)
        case "line":
            return " and ".join(f"{name} {least}" for name, least in part["min"].items())
        case "trigger":
            return f"to {part['stage'].upper()}"
        case "group":
            within = f", within “{sentences.group_named(part['within'])}”" if "within" in part else ""
            return f"{part['cap']} points at most{within}"
        case "settings":
            return "ceilings, grades, whom it is for"
    return ""


def _how(rule: Mapping[str, Any]) -> str:
    said = []
    if rule.get("count") == "each" and "cap" not in rule:
        said.append("each time")
    elif rule.get("count") == "tiers":
        said.append("by how often")
    if "cap" in rule:
        said.append(f"{rule['cap']} at most")
    if "per" in rule:
        period = "in all" if rule["per"]["period"] == "ever" else f"a {rule['per']['period']}"
        said.append(f"{rule['per']['times']} {period}")
    if "group" in rule:
        said.append(f"group “{sentences.group_named(rule['group'])}”")
    if "decay" in rule:
        said.append(sentences.of_fading(Fading(**rule["decay"])))
    return ", ".join(said)
