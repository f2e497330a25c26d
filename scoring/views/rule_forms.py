"""One part's form made ready to draw: its controls, what is wrong with each, what the live version says."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import available_timezones

from leads.stages import Stage
from scoring import control_names, controls, drafting, forms, phrases
from scoring.controls import Known
from scoring.dimensions import GRADES, Dimension
from scoring.faults import ConditionError
from scoring.forms import PartForm
from scoring.kinds import Places
from scoring.models import ModelVersion
from scoring.overlaps import overlaps
from scoring.parts import LISTS, NoSuchPart, Place, key_for, keys_of, part_of
from scoring.phrases import Phrase
from scoring.posting import nodes_of
from scoring.ruleset import Ruleset
from scoring.sentences import group_named
from scoring.stored import activity_types, read

_DIMENSIONS = [(value, label.lower()) for value, label in Dimension.choices]
_COUNTS = [("once", "once"), ("each", "each time"), ("tiers", "by how often")]
_PERIODS = [("day", "a day"), ("week", "a week"), ("month", "a month"), ("ever", "in all")]
_FADING = [
    ("", "never"),
    ("half_life", "by half every"),
    ("linear", "by a share every"),
    ("drop", "by a share after"),
]
_STAGES = [("sql", "SQL, handed to sales"), ("mql", "MQL, with marketing")]
#: What a control was in the live version is shown in these words.
_CHOICES = {
    "dimension": dict(_DIMENSIONS),
    "count": dict(_COUNTS),
    "per-period": dict(_PERIODS),
    "decay-kind": dict(_FADING),
    "stage": {Stage.SQL.value: "SQL", Stage.MQL.value: "MQL"},
}


@dataclass(frozen=True, slots=True)
class Trial:
    """A form held against the version it belongs to. ``faults`` as ``drafting.faults_of`` has them;
    ``about`` is the dimension that it moves; ``ruleset`` the version with the part in it, None while anything
    is wrong. ``is_saved``: the version says the same already."""

    version: ModelVersion
    place: Place
    part: dict[str, Any]
    about: str
    faults: list[tuple[str, str]]
    errors: dict[str, str]
    places: Places
    known: Known
    ruleset: Ruleset | None
    is_saved: bool
    phrases: list[Phrase] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        *,
        version: ModelVersion,
        data: Mapping[str, Any],
        place: Place,
        form: PartForm,
        known: Known | None = None,
    ) -> "Trial":
        """12 queries, 2 fewer with ``known``."""
        is_group = place.kind == "group"
        named, otherwise = (form.get("name"), "") if is_group else (form.get("label"), "part")
        key = place.key or key_for(named, keys_of(data, place.kind), otherwise=otherwise)
        part, places = forms.said(form, key)
        faults = drafting.faults_of(data, place, part)
        known = known or controls.known()
        ruleset, said = None, list[Phrase]()
        if not faults:
            ruleset = drafting.supposed(version=version, place=place, part={**part, "on": True})
            said = phrases.of_part(kind=place.kind, key=key, part=part, ruleset=ruleset, labels=known.labels)
            if not part.get("on", True):
                ruleset = drafting.supposed(version=version, place=place, part=part)
        errors = forms.errors_of(faults, places)
        about = _about(place, part, data)
        saved = place.key in keys_of(data, place.kind) and part == _as_typed(data, place)
        return cls(version, place, part, about, faults, errors, places, known, ruleset, saved, said)

    def refused(self, faults: list[tuple[str, str]]) -> "Trial":
        """The same with what was found wrong when it was to be saved: another part may have changed since."""
        return replace(self, faults=faults, errors=forms.errors_of(faults, self.places), ruleset=None)


def _as_typed(data: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The stored part in the words of its form, where what is left out and what is said anyway are one."""
    return forms.said(forms.of_part(place.kind, part_of(data, place)), place.key)[0]


def _about(place: Place, part: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """The dimension of a rule, of a group's rules, or of what a line asks otherwise than in ``data``, the
    version as it is saved; intent for a part that has none."""
    named = [*Dimension.values, "total"]
    said = ""
    match place.kind:
        case "rule":
            said = part.get("dimension", "")
        case "group":
            said = next((rule["dimension"] for rule in data["rules"] if rule.get("group") == place.key), "")
        case "line":
            least = part.get("min", {})
            before = part_of(data, place)["min"] if place.key in keys_of(data, "line") else {}
            changed = [name for name in named if least.get(name) != before.get(name)]
            said = next(iter([*changed, *least]), "")
    return said if said in named else Dimension.INTENT.value


def words_of(version: ModelVersion, place: Place, part: Mapping[str, Any], known: Known) -> list[Phrase]:
    """What a part that is stored in ``version`` says; [] for one that cannot be computed. 6 queries."""
    try:
        ruleset = read(version, activity_types())
        return phrases.of_part(
            kind=place.kind, key=place.key, part=part, ruleset=ruleset, labels=known.labels
        )
    except (ConditionError, LookupError):
        return []


def form_view(
    form: PartForm,
    trial: Trial,
    *,
    data: Mapping[str, Any],
    live: Mapping[str, Any] | None,
    place: Place,
    errors: Mapping[str, str],
) -> dict[str, Any]:
    """Everything ``scoring/_part_form.html`` draws."""
    nodes = [node for root in form.roots.values() for _, node in nodes_of(root, "")]
    when = form.roots.get("when")
    single = when is not None and len(when.parts) == 1 and when.parts[0].kind == "activity"
    graded = "grades" in data
    view: dict[str, Any] = {
        "kind": form.kind,
        "values": form.values,
        "is_on": form.is_on,
        "conditions": {
            name: controls.drawn(root, name, trial.known, errors, facts_only=name == "applies")
            for name, root in form.roots.items()
        },
        "errors": errors,
        "summary": [
            (f"id_{control}", control_names.named(control, text))
            for control, text in errors.items()
            if control
        ],
        "general": errors.get("", ""),
        "was": (was := _was(form, live, place)),
        # Controls whose names a template cannot say.
        **{name.replace("-", "_"): form.values.get(name, "") for name in _HYPHENED},
        "stages": _STAGES,
        "dimensions": _DIMENSIONS,
        "graded": graded,
    }
    match form.kind:
        case "rule":
            view |= _rule_view(form, data, single, nodes)
        case "line":
            view |= _line_view(form, graded, was)
        case "group":
            view["groups"] = _groups([key for key in keys_of(data, "group") if key != place.key])
        case "settings":
            view |= {"grades": GRADES, "zones": sorted(available_timezones())}
            view["ceilings"] = _figures(form, "ceiling-", Dimension.choices, was)
    if form.kind == "rule":
        found = overlaps(trial.part, key=place.key, rules=data.get("rules", []), labels=trial.known.labels)
        view["same"] = [one for one in found if not one.about]
        view["counted"] = [one for one in found if one.about]
    if form.kind in ("rule", "trigger", "blocker"):
        view["places"] = _places(data, place)
        view["comes_after"] = form.values.get("place") or _comes_after(data, place, form.get("dimension"))
    return view


_HYPHENED = ("per-times", "per-period", "decay-days", "decay-percent")


def _rule_view(form: PartForm, data: Mapping[str, Any], single: bool, nodes: list[Any]) -> dict[str, Any]:
    """Settings that fit what the rule asks; one that is set is shown in any case, to be taken out again."""
    count = form.get("count") or "once"
    facts = any(node.kind == "field" for node in nodes)
    did = any(node.kind == "activity" for node in nodes)
    groups = _groups(keys_of(data, "group"))
    tiers = [
        (n + 1, times, points, f"tier-times-{n}", f"tier-points-{n}")
        for n, (times, points) in enumerate(form.tiers or [("", "")])
    ]
    return {
        "counts": _COUNTS,
        "count": count,
        "shows_count": single or count != "once",
        "shows_cap": count == "each",
        "shows_per": count != "once",
        "shows_window": bool(single and not (form.roots["when"].parts[0].get("days")))
        or form.get("window_days"),
        "shows_decay": (did and count != "tiers") or form.get("decay-kind"),
        "shows_mismatch": facts or form.get("mismatch") not in ("", "0"),
        "periods": _PERIODS,
        "fadings": _FADING,
        "fading": form.get("decay-kind"),
        "groups": groups,
        "tiers": tiers,
    }


def _groups(keys: list[str]) -> list[tuple[str, str]]:
    return [(key, group_named(key)) for key in keys]


def _line_view(form: PartForm, graded: bool, was: Mapping[str, str]) -> dict[str, Any]:
    minimums = _figures(form, "min-", [*Dimension.choices, ("total", "Total")], was)
    for minimum in minimums:
        if graded and minimum["name"] == "min-fit" and minimum["value"].isdecimal():
            minimum["value"] = GRADES[min(int(minimum["value"]), len(GRADES) - 1)]
        minimum["grades"] = GRADES if graded and minimum["name"] == "min-fit" else ()
    return {"minimums": minimums}


def _figures(
    form: PartForm, start: str, labels: list[tuple[str, str]], was: Mapping[str, str]
) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{start}{name}",
            "label": label,
            "value": form.values.get(f"{start}{name}", ""),
            "was": was.get(f"{start}{name}".replace("-", "_"), ""),
        }
        for name, label in labels
    ]


def _was(form: PartForm, live: Mapping[str, Any] | None, place: Place) -> dict[str, str]:
    """Control → what it says in the live version, where that is something else."""
    if live is None or not place.key:
        return {}
    try:
        old = forms.of_part(place.kind, part_of(live, place))
    except NoSuchPart:
        return {}
    was = {}
    for key, before in old.values.items():
        if key in ("on", "label", "group") or form.values.get(key, "").strip() == before:
            continue
        was[key.replace("-", "_")] = _CHOICES.get(key, {}).get(before, before)
    return was


def _places(data: Mapping[str, Any], place: Place) -> list[tuple[str, str]]:
    """What a part may come after: "" for first."""
    parts = data.get(LISTS[place.kind], [])
    return [
        ("", "first"),
        *((part["key"], f"after “{part['label']}”") for part in parts if part["key"] != place.key),
    ]


def _comes_after(data: Mapping[str, Any], place: Place, dimension: str) -> str:
    """A new rule comes after those of its dimension, anything else that is new after all."""
    keys = keys_of(data, place.kind)
    if place.key in keys:
        at = keys.index(place.key)
        return keys[at - 1] if at else ""
    rules = data.get("rules", []) if place.kind == "rule" else []
    alike = [rule["key"] for rule in rules if rule.get("dimension") == dimension]
    return (alike or keys or [""])[-1]
