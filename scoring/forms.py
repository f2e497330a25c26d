"""A part of a version as a form: its own controls, and those of its conditions (``building``). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import building, posting
from .dimensions import Dimension
from .kinds import Node, Places, Posted, whole
from .sentences import group_named

#: Kind of part → the conditions it has.
CONDITIONS = {"rule": ("when", "unless"), "trigger": ("when", "unless"), "blocker": ("when", "unless"),
              "settings": ("applies",), "line": (), "group": ()}  # fmt: skip
#: The condition's name in a file, where it is another one.
_KEYS = {"applies": "applies_to"}
#: Controls of a rule with one whole number each, as the file has them.
_NUMBERS = ("points", "mismatch", "cap", "window_days")
MINIMUMS = (*Dimension.values, "total")


@dataclass(slots=True)
class PartForm:
    """``values`` by control, ``roots`` the conditions by name, ``tiers`` as (times, points) texts."""

    kind: str
    values: dict[str, str] = field(default_factory=dict)
    roots: dict[str, Node] = field(default_factory=dict)
    tiers: list[tuple[str, str]] = field(default_factory=list)

    def get(self, key: str) -> str:
        return self.values.get(key, "").strip()

    @property
    def is_on(self) -> bool:
        return self.get("on") == "on"


def new(kind: str, dimension: str = "") -> PartForm:
    """The form of a part that is not there yet."""
    form = PartForm(kind, {"on": "on", "dimension": dimension or "intent", "points": "5", "count": "once"})
    form.values |= {"stage": "sql", "leave": "0", "time_zone": "UTC"}
    for name in CONDITIONS[kind]:
        form.roots[name] = building.show(None)
    if "when" in form.roots:
        form.roots["when"].parts.append(Node("new"))
    if "unless" in form.roots:
        form.roots["unless"].values["how"] = "any"
    if kind == "rule":
        form.values["points"] = ""
    return form


def of_part(kind: str, part: Mapping[str, Any]) -> PartForm:
    """The form of a part of a model file."""
    form = new(kind)
    form.values = {"on": "on" if part.get("on", True) else ""}
    for name in CONDITIONS[kind]:
        form.roots[name] = building.show(part.get(_KEYS.get(name, name)))
    if "unless" in form.roots and not form.roots["unless"].parts:
        form.roots["unless"].values["how"] = "any"
    form.values |= {
        key: _text(part[key])
        for key in (
            "label",
            "dimension",
            "group",
            "count",
            "stage",
            "leave",
            "cool_down_days",
            "cap",
            "within",
        )
        if key in part
    }
    match kind:
        case "rule":
            form.values |= {key: _text(part[key]) for key in _NUMBERS if key in part}
            form.values.setdefault("count", "once")
            for key in ("per", "decay"):
                form.values |= {f"{key}-{name}": _text(value) for name, value in part.get(key, {}).items()}
            form.tiers = [(_text(tier["times"]), _text(tier["points"])) for tier in part.get("tiers", [])]
        case "line":
            form.values |= {f"min-{name}": _text(least) for name, least in part["min"].items()}
        case "group":
            form.values["name"] = group_named(part["key"])
        case "settings":
            form.values["time_zone"] = part.get("time_zone", "UTC")
            form.values["grades"] = part.get("grades", {}).get("from", "")
            form.values |= {f"ceiling-{name}": _text(most) for name, most in part.get("ceilings", {}).items()}
    return form


def of_post(kind: str, data: Posted) -> PartForm:
    """The form as it was posted, whatever it says."""
    form = PartForm(kind)
    form.values = {key: values[-1] for key, values in data.items() if values}
    for name in CONDITIONS[kind]:
        form.roots[name] = posting.posted(data, name)
        posting.settle(form.roots[name])
    pairs = zip(data.get("tier-times", ()), data.get("tier-points", ()), strict=False)
    form.tiers = [
        (times.strip(), points.strip()) for times, points in pairs if times.strip() or points.strip()
    ]
    return form


def act(form: PartForm, action: str) -> str:
    """Do what a button of the form says (``add:tier``, or one of ``posting.act``). Returns the control that
    takes the focus."""
    if action == "add:tier":
        form.tiers.append(("", ""))
        return f"tier-times-{len(form.tiers) - 1}"
    focus = posting.act(form.roots, action)
    for root in form.roots.values():
        posting.settle(root)
    return focus


def said(form: PartForm, key: str) -> tuple[dict[str, Any], Places]:
    """The part of a model file that the form describes, not checked yet, and which control says what."""
    places: Places = {"$.key": "name" if form.kind == "group" else "label"}
    part: dict[str, Any] = {}
    if form.kind not in ("line", "settings"):
        part["key"] = key
    if form.kind in ("rule", "trigger", "blocker"):
        part["label"] = form.get("label")
        places["$.label"] = "label"
        if not form.is_on:
            part["on"] = False
    for name in CONDITIONS[form.kind]:
        path = f"$.{_KEYS.get(name, name)}"
        condition = building.said(form.roots[name], name=name, path=path, places=places)
        if condition is not None or name == "when":
            part[_KEYS.get(name, name)] = condition
    {"rule": _say_rule, "line": _say_line, "group": _say_group, "settings": _say_model}.get(
        form.kind, _say_stage
    )(form, part, places)
    return part, places


def _say_rule(form: PartForm, part: dict[str, Any], places: Places) -> None:
    part["dimension"] = form.get("dimension")
    if form.get("group"):
        part["group"] = form.get("group")
    count = form.get("count") or "once"
    part["count"] = count
    for key in ("dimension", "group", "count", *_NUMBERS):
        places[f"$.{key}"] = key
    if count == "tiers":
        part["tiers"] = [{"times": whole(times), "points": whole(points)} for times, points in form.tiers]
        places |= {"$.tiers": "tier-times-0", "$.points": "tier-times-0"}
        for n in range(len(form.tiers)):
            places |= {f"$.tiers[{n}].{key}": f"tier-{key}-{n}" for key in ("times", "points")}
    else:
        part["points"] = whole(form.get("points"))
    if form.get("mismatch") not in ("", "0"):
        part["mismatch"] = whole(form.get("mismatch"))
    if count == "each" and form.get("cap"):
        part["cap"] = whole(form.get("cap"))
    if form.get("window_days"):
        part["window_days"] = whole(form.get("window_days"))
    if count != "once" and form.get("per-times"):
        part["per"] = {"times": whole(form.get("per-times")), "period": form.get("per-period")}
    places |= {"$.per": "per-times", "$.per.period": "per-period"}
    if form.get("decay-kind"):
        part["decay"] = {"kind": form.get("decay-kind"), "days": whole(form.get("decay-days"))}
        if form.get("decay-percent") and form.get("decay-kind") != "half_life":
            part["decay"]["percent"] = whole(form.get("decay-percent"))
    places |= {"$.decay": "decay-kind", "$.decay.days": "decay-days", "$.decay.percent": "decay-percent"}


def _say_stage(form: PartForm, part: dict[str, Any], places: Places) -> None:
    """A trigger leads to a stage; a blocker has nothing but its conditions."""
    if form.kind == "trigger":
        part["stage"] = form.get("stage")
        places["$.stage"] = "stage"


def _say_line(form: PartForm, part: dict[str, Any], places: Places) -> None:
    part["stage"] = form.get("stage")
    part["min"] = {}
    places |= {"$.stage": "stage", "$.min": "min-intent"}
    for name in MINIMUMS:
        places[f"$.min.{name}"] = f"min-{name}"
        if form.get(f"min-{name}"):
            part["min"][name] = whole(form.get(f"min-{name}"))
    for key in ("leave", "cool_down_days"):
        places[f"$.{key}"] = key
        if form.get(key):
            part[key] = whole(form.get(key))


def _say_group(form: PartForm, part: dict[str, Any], places: Places) -> None:
    part["cap"] = whole(form.get("cap"))
    if form.get("within"):
        part["within"] = form.get("within")
    places |= {"$.cap": "cap", "$.within": "within"}


def _say_model(form: PartForm, part: dict[str, Any], places: Places) -> None:
    if form.get("time_zone") not in ("", "UTC"):
        part["time_zone"] = form.get("time_zone")
    if form.get("grades"):
        part["grades"] = {"from": form.get("grades")}
    ceilings = {
        name: whole(form.get(f"ceiling-{name}")) for name in Dimension.values if form.get(f"ceiling-{name}")
    }
    if ceilings:
        part["ceilings"] = ceilings
    places |= {"$.time_zone": "time_zone", "$.grades": "grades"}
    places |= {f"$.ceilings.{name}": f"ceiling-{name}" for name in Dimension.values}


#: What a fault says of JSON → the same for somebody who fills in a form.
_PLAIN = {
    "Give a number, without quotes.": "Give a number.",
    "Give a text in quotes.": "Give a text.",
    "Give two numbers: [from, to].": "Give two numbers.",
    "Give a list of values.": "Give at least one value.",
    "The text is empty; use “unknown” to ask for empty.": "Give a value, or ask whether it is unknown.",
}
_BEGINNINGS = {
    "A condition has exactly one of": "Choose what the condition asks about.",
    "A condition is an object": "Say what it asks: at least one condition is needed.",
    "Give a list of 1 to 50 conditions": "The group is empty. Add a condition or remove the group.",
    "There is no field 'attributes.": "Name the attribute.",
    "There is no field 'company.attributes.": "Name the attribute.",
    "Use lower-case letters, digits": "Give the group a name, with a letter from a to z in it.",
    "Give a label of 1 to": "Give it a name of at most 160 characters.",
    "Give a list of 1 to 100 activity types": "Choose at least one activity.",
    "Give a list of stages": "Choose at least one stage.",
    "Give a list of 1 to 20 tiers": "Say how many points for how many times, on at least one row.",
}


def plain(message: str) -> str:
    """What a fault says, for somebody who fills in a form and sees no JSON."""
    if message in _PLAIN:
        return _PLAIN[message]
    if message.endswith("needs a value."):
        return "Give a value."
    return next((said for start, said in _BEGINNINGS.items() if message.startswith(start)), message)


def errors_of(faults: list[tuple[str, str]], places: Places) -> dict[str, str]:
    """Control → all that is wrong with it; under "" what belongs to none."""
    errors: dict[str, list[str]] = {}
    for path, message in faults:
        control, said = building.place_of(path, places) if path else "", plain(message)
        if said not in errors.setdefault(control, []):
            errors[control].append(said)
    return {control: " ".join(said) for control, said in errors.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
