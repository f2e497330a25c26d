"""A model as one JSON document: load it as a draft, save a version. ``docs/scoring.md`` has the schema."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from .dimensions import GRADES
from .model_checking import ModelFileError, check, grade_or_points
from .models import Blocker, Line, ModelVersion, Rule, RuleGroup, ScoringModel, Trigger
from .parts import keys_of, without_counted_keys
from .stored import activity_types

if TYPE_CHECKING:
    from accounts.models import User

SCHEMA = Path(__file__).with_name("model_file.schema.json")
STARTERS = Path(__file__).with_name("starters")

__all__ = ["ModelFileError", "check"]


def starter(name: str) -> dict[str, Any]:
    """One of the models that come with the product, by file name."""
    data: dict[str, Any] = json.loads((STARTERS / f"{name}.json").read_text(encoding="utf-8"))
    return data


@transaction.atomic
def load(*, data: Any, by: "User | None" = None) -> ModelVersion:
    """Store ``data`` as a new draft of its model, which is made if need be. Raises ModelFileError with
    everything that is wrong; then nothing is stored."""
    check(data, types=activity_types())
    model, _ = ScoringModel.objects.get_or_create(
        key=data["model"], defaults={"name": data["model"].replace("_", " ").capitalize()}
    )
    version = new_draft(
        model=model,
        by=by,
        applies_to=data.get("applies_to"),
        time_zone=data.get("time_zone", "UTC"),
        grades_from=GRADES.index(data["grades"]["from"]) if "grades" in data else None,
        **{f"ceiling_{dimension}": most for dimension, most in data.get("ceilings", {}).items()},
    )
    groups = _groups(version, data.get("groups", []))
    Rule.objects.bulk_create(
        rule_row(version, groups, n, rule) for n, rule in enumerate(data.get("rules", []))
    )
    Line.objects.bulk_create(
        line_row(version, {**line, "key": key})
        for line, key in zip(data.get("lines", []), keys_of(data, "line"), strict=True)
    )
    Trigger.objects.bulk_create(
        trigger_row(version, n, trigger) for n, trigger in enumerate(data.get("triggers", []))
    )
    Blocker.objects.bulk_create(
        blocker_row(version, n, blocker) for n, blocker in enumerate(data.get("blockers", []))
    )
    return version


def new_draft(*, model: ScoringModel, by: "User | None", **settings: Any) -> ModelVersion:
    """A draft without rules, with the next number. Two at once wait for each other."""
    held = ScoringModel.objects.select_for_update(no_key=True).get(pk=model.pk)
    # The greatest there is may be lower: drafts are discarded; or higher: tests and scripts write rows.
    greatest = model.versions.aggregate(greatest=Max("number"))["greatest"] or 0
    number = max(held.last_number, greatest) + 1
    ScoringModel.objects.filter(pk=model.pk).update(last_number=number)
    return ModelVersion.objects.create(
        model=model,
        number=number,
        created_by=by,
        **settings,
    )


def _groups(version: ModelVersion, data: list[dict[str, Any]]) -> dict[str, RuleGroup]:
    groups = {
        group["key"]: RuleGroup.objects.create(version=version, key=group["key"], cap=group["cap"])
        for group in data
    }
    for group in data:
        if "within" in group:
            RuleGroup.objects.filter(pk=groups[group["key"]].pk).update(within=groups[group["within"]])
    return groups


def save(*, version: ModelVersion) -> dict[str, Any]:
    """``version`` as a model file; loading it makes an equal draft. Parts that are off are in it too."""
    data: dict[str, Any] = {"model": version.model.key}
    if version.applies_to is not None:
        data["applies_to"] = version.applies_to
    if version.time_zone != "UTC":
        data["time_zone"] = version.time_zone
    if version.grades_from is not None:
        data["grades"] = {"from": GRADES[version.grades_from]}
    if ceilings := {name: most for name, most in version.ceilings.items() if most is not None}:
        data["ceilings"] = ceilings
    if groups := [saved_part(group) for group in version.groups.select_related("within").order_by("id")]:
        data["groups"] = groups
    rules = version.rules.select_related("group").order_by("position", "id")
    data["rules"] = [saved_part(rule) for rule in rules]
    data["lines"] = without_counted_keys([saved_part(line) for line in version.lines.order_by("id")])
    triggers, blockers = version.stage_triggers, version.blockers
    data["triggers"] = [saved_part(trigger) for trigger in triggers.order_by("position", "id")]
    data["blockers"] = [saved_part(blocker) for blocker in blockers.order_by("position", "id")]
    return data


def saved_part(part: RuleGroup | Rule | Line | Trigger | Blocker) -> dict[str, Any]:
    """One part, which need not be stored, as it stands in a model file."""
    if isinstance(part, RuleGroup):
        outer = {"within": part.within.key} if part.within else {}
        return {"key": part.key, "cap": part.cap, **outer}
    if isinstance(part, Line):
        rest: dict[str, Any] = {"cool_down_days": part.cool_down_days} if part.cool_down_days else {}
        if part.key:
            rest["key"] = part.key
        return {"stage": part.stage, "min": part.minimums, "leave": part.leave, **rest}
    named = {"key": part.key, "label": part.label}
    if isinstance(part, Rule):
        group = {"group": part.group.key} if part.group else {}
        return {**named, "dimension": part.dimension, **group, **_asked(part), **part.settings()}
    if isinstance(part, Trigger):
        return {**named, "stage": part.stage, **_asked(part)}
    return {**named, **_asked(part)}


def _asked(part: Rule | Trigger | Blocker) -> dict[str, Any]:
    """When it holds, and whether it is on."""
    asked = {"when": part.when}
    if part.unless is not None:
        asked["unless"] = part.unless
    if not part.is_on:
        asked["on"] = False
    return asked


# A part of a file as a row that is not stored yet


def line_row(version: ModelVersion, data: Mapping[str, Any]) -> Line:
    return Line(
        version=version,
        key=data.get("key", ""),
        stage=data["stage"],
        leave=data.get("leave", 0),
        cool_down_days=data.get("cool_down_days", 0),
        **{f"min_{name}": grade_or_points(least) for name, least in data["min"].items()},
    )


def trigger_row(version: ModelVersion, position: int, data: Mapping[str, Any]) -> Trigger:
    return Trigger(version=version, position=position, stage=data["stage"], **_part(data))


def blocker_row(version: ModelVersion, position: int, data: Mapping[str, Any]) -> Blocker:
    return Blocker(version=version, position=position, **_part(data))


def _part(data: Mapping[str, Any]) -> dict[str, Any]:
    """What rules, triggers and blockers share, as columns."""
    return {
        "key": data["key"],
        "label": data["label"],
        "when": data["when"],
        "unless": data.get("unless"),
        "is_on": data.get("on", True),
    }


def rule_row(
    version: ModelVersion, groups: Mapping[str, RuleGroup], position: int, data: Mapping[str, Any]
) -> Rule:
    per, decay, tiers = data.get("per") or {}, data.get("decay") or {}, data.get("tiers")
    return Rule(
        version=version,
        position=position,
        **_part(data),
        dimension=data["dimension"],
        group=groups[data["group"]] if data.get("group") else None,
        points=tiers[-1]["points"] if tiers else data["points"],
        mismatch_points=data.get("mismatch"),
        tiers=tiers,
        count=data.get("count", Rule.Count.ONCE),
        cap=data.get("cap"),
        per_times=per.get("times"),
        per_period=per.get("period", ""),
        window_days=data.get("window_days"),
        decay_kind=decay.get("kind", ""),
        decay_days=decay.get("days"),
        decay_percent=decay.get("percent"),
    )
