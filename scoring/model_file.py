"""A model as one JSON document: load it as a draft, save a version. ``docs/scoring.md`` has the schema."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from .conditions import ConditionError, Faults, parse
from .dimensions import LINE_STAGES, MOST_CEILING, MOST_POINTS, Dimension
from .models import Blocker, Line, ModelVersion, Rule, RuleGroup, ScoringModel, Trigger
from .models.model_version import KEY
from .ruleset import check_rule
from .stored import activity_types

if TYPE_CHECKING:
    from accounts.models import User

SCHEMA = Path(__file__).with_name("model_file.schema.json")
STARTERS = Path(__file__).with_name("starters")
MOST_PARTS = 500
LONGEST_LABEL = 160


class ModelFileError(ValueError):
    """Everything that is wrong with a model file, as (JSON path, what would be right)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in problems))
        self.problems = problems


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
    version = new_draft(model=model, by=by, ceilings=data.get("ceilings", {}))
    groups = {
        group["key"]: RuleGroup.objects.create(version=version, key=group["key"], cap=group["cap"])
        for group in data.get("groups", [])
    }
    Rule.objects.bulk_create(_rule(version, groups, n, rule) for n, rule in enumerate(data.get("rules", [])))
    Line.objects.bulk_create(
        Line(
            version=version,
            stage=line["stage"],
            leave=line.get("leave", 0),
            **{f"min_{name}": least for name, least in line["min"].items()},
        )
        for line in data.get("lines", [])
    )
    Trigger.objects.bulk_create(
        Trigger(version=version, position=n, **trigger) for n, trigger in enumerate(data.get("triggers", []))
    )
    Blocker.objects.bulk_create(
        Blocker(version=version, position=n, **blocker) for n, blocker in enumerate(data.get("blockers", []))
    )
    return version


def new_draft(*, model: ScoringModel, by: "User | None", ceilings: Mapping[str, int | None]) -> ModelVersion:
    """An empty draft with the next number. Two at once wait for each other."""
    ScoringModel.objects.select_for_update(no_key=True).get(pk=model.pk)
    last = model.versions.aggregate(last=Max("number"))["last"] or 0
    return ModelVersion.objects.create(
        model=model,
        number=last + 1,
        created_by=by,
        **{f"ceiling_{dimension}": most for dimension, most in ceilings.items()},
    )


def save(*, version: ModelVersion) -> dict[str, Any]:
    """``version`` as a model file; loading it makes an equal draft. Parts that are off are in it too."""
    data: dict[str, Any] = {"model": version.model.key}
    if ceilings := {name: most for name, most in version.ceilings.items() if most is not None}:
        data["ceilings"] = ceilings
    if groups := [{"key": group.key, "cap": group.cap} for group in version.groups.order_by("id")]:
        data["groups"] = groups
    data["rules"] = [
        {
            "key": rule.key,
            "label": rule.label,
            "dimension": rule.dimension,
            **({"group": rule.group.key} if rule.group else {}),
            "when": rule.when,
            **rule.settings(),
        }
        for rule in version.rules.select_related("group").order_by("position", "id")
    ]
    data["lines"] = [
        {"stage": line.stage, "min": line.minimums, "leave": line.leave}
        for line in version.lines.order_by("id")
    ]
    data["triggers"] = [
        {"key": trigger.key, "label": trigger.label, "stage": trigger.stage, "when": trigger.when}
        for trigger in version.stage_triggers.order_by("position", "id")
    ]
    data["blockers"] = [
        {"key": blocker.key, "label": blocker.label, "when": blocker.when}
        for blocker in version.blockers.order_by("position", "id")
    ]
    return data


def _rule(
    version: ModelVersion, groups: Mapping[str, RuleGroup], position: int, data: Mapping[str, Any]
) -> Rule:
    per, decay = data.get("per") or {}, data.get("decay") or {}
    return Rule(
        version=version,
        position=position,
        key=data["key"],
        label=data["label"],
        dimension=data["dimension"],
        group=groups[data["group"]] if data.get("group") else None,
        when=data["when"],
        points=data["points"],
        count=data.get("count", Rule.Count.ONCE),
        cap=data.get("cap"),
        per_times=per.get("times"),
        per_period=per.get("period", ""),
        window_days=data.get("window_days"),
        decay_kind=decay.get("kind", ""),
        decay_days=decay.get("days"),
        decay_percent=decay.get("percent"),
    )


# Checking


def check(data: Any, *, types: Mapping[str, int]) -> None:
    """Raises ModelFileError with every problem of ``data``."""
    try:
        _Checker(types).check(data)
    except ConditionError as error:
        raise ModelFileError(error.faults) from None


class _Checker:
    """Reads a file part by part; no fault hides another."""

    def __init__(self, types: Mapping[str, int]) -> None:
        self.types = types
        self._groups: dict[str, str | None] = {}

    def check(self, data: Any) -> None:
        if not isinstance(data, dict):
            raise ConditionError("$", "A model file is a JSON object.")
        parts = {
            "groups": self._group,
            "rules": self._rule,
            "lines": self._line,
            "triggers": self._trigger,
            "blockers": self._blocker,
        }
        with Faults() as faults:
            faults.of(_only, data, "$", "model", "ceilings", *parts)
            faults.of(_key, data, "model", "$")
            faults.of(self._ceilings, data.get("ceilings", {}))
            for name, one in parts.items():
                faults.of(self._parts, data.get(name, []), f"$.{name}", one)

    def _parts(self, parts: Any, path: str, check: Callable[[dict[str, Any], str, Faults], None]) -> None:
        if not isinstance(parts, list) or len(parts) > MOST_PARTS:
            raise ConditionError(path, f"Give a list of at most {MOST_PARTS}.")
        seen: set[str] = set()
        with Faults() as faults:
            for n, part in enumerate(parts):
                faults.of(self._part, part, f"{path}[{n}]", check, seen)

    def _part(
        self,
        part: Any,
        path: str,
        check: Callable[[dict[str, Any], str, Faults], None],
        seen: set[str],
    ) -> None:
        if not isinstance(part, dict):
            raise ConditionError(path, "Give an object.")
        with Faults() as faults:
            check(part, path, faults)
            if isinstance(key := part.get("key"), str):
                if key in seen:
                    faults.found.append((f"{path}.key", f"“{key}” is there already."))
                seen.add(key)

    def _ceilings(self, ceilings: Any) -> None:
        if not isinstance(ceilings, dict):
            raise ConditionError("$.ceilings", "Give an object: dimension to points.")
        with Faults() as faults:
            faults.of(_only, ceilings, "$.ceilings", *Dimension.values)
            for dimension in (name for name in Dimension.values if name in ceilings):
                faults.of(_whole, ceilings, dimension, "$.ceilings", 1, MOST_CEILING)

    def _group(self, group: dict[str, Any], path: str, faults: Faults) -> None:
        faults.of(_only, group, path, "key", "cap")
        faults.of(_key, group, "key", path)
        faults.of(_whole, group, "cap", path, 1, MOST_CEILING)
        if isinstance(group.get("key"), str):
            self._groups[group["key"]] = None

    def _rule(self, rule: dict[str, Any], path: str, faults: Faults) -> None:
        faults.of(
            _only, rule, path, "key", "label", "dimension", "group", "when", "points", "count", "cap", "per",
            "window_days", "decay",
        )  # fmt: skip
        faults.of(_key, rule, "key", path)
        faults.of(_label, rule, path)
        faults.of(_choice, rule, "dimension", path, Dimension.values)
        when = faults.of(parse, rule.get("when"), types=self.types, path=f"{path}.when")
        faults.of(_whole, rule, "points", path, -MOST_POINTS, MOST_POINTS)
        if "count" in rule:
            faults.of(_choice, rule, "count", path, Rule.Count.values)
        for key, most in (("cap", MOST_CEILING), ("window_days", 3650)):
            if key in rule:
                faults.of(_whole, rule, key, path, 1, most)
        if "per" in rule:
            faults.of(self._per, rule, path)
        if "decay" in rule:
            faults.of(self._decay, rule, path)
        if when is not None:
            faults.of(check_rule, rule, when, path)
        if "group" in rule:
            faults.of(self._member, rule, path)

    def _per(self, rule: dict[str, Any], path: str) -> None:
        _object(rule, "per", path)
        per, path = rule["per"], f"{path}.per"
        with Faults() as faults:
            faults.of(_only, per, path, "times", "period")
            faults.of(_whole, per, "times", path, 1, 1000)
            faults.of(_choice, per, "period", path, Rule.Period.values)

    def _decay(self, rule: dict[str, Any], path: str) -> None:
        _object(rule, "decay", path)
        decay, path = rule["decay"], f"{path}.decay"
        with Faults() as faults:
            faults.of(_only, decay, path, "kind", "days", "percent")
            faults.of(_choice, decay, "kind", path, Rule.Decay.values)
            faults.of(_whole, decay, "days", path, 1, 3650)
            if "percent" in decay:
                if decay.get("kind") == Rule.Decay.HALF_LIFE:
                    faults.found.append((f"{path}.percent", "A half-life needs no percent."))
                else:
                    faults.of(_whole, decay, "percent", path, 1, 100)

    def _member(self, rule: dict[str, Any], path: str) -> None:
        key, path = rule["group"], f"{path}.group"
        if not isinstance(key, str) or key not in self._groups:
            raise ConditionError(path, f"There is no group {key!r}.")
        dimension = rule.get("dimension")
        if dimension not in Dimension.values:
            return  # said already
        if self._groups[key] not in (None, dimension):
            raise ConditionError(
                path, f"The rules of “{key}” are about {self._groups[key]}; a group has one dimension."
            )
        self._groups[key] = dimension

    def _line(self, line: dict[str, Any], path: str, faults: Faults) -> None:
        faults.of(_only, line, path, "stage", "min", "leave")
        faults.of(_choice, line, "stage", path, LINE_STAGES)
        faults.of(self._minimums, line, path)
        if "leave" in line:
            faults.of(_whole, line, "leave", path, 0, MOST_CEILING)

    def _minimums(self, line: dict[str, Any], path: str) -> None:
        _object(line, "min", path)
        least, path = line["min"], f"{path}.min"
        if not least:
            raise ConditionError(path, "A line asks for at least one minimum.")
        with Faults() as faults:
            faults.of(_only, least, path, *Dimension.values, "total")
            for name in (name for name in (*Dimension.values, "total") if name in least):
                faults.of(_whole, least, name, path, -MOST_CEILING, MOST_CEILING)

    def _trigger(self, trigger: dict[str, Any], path: str, faults: Faults) -> None:
        faults.of(_only, trigger, path, "key", "label", "stage", "when")
        faults.of(_key, trigger, "key", path)
        faults.of(_label, trigger, path)
        faults.of(_choice, trigger, "stage", path, LINE_STAGES)
        faults.of(parse, trigger.get("when"), types=self.types, path=f"{path}.when")

    def _blocker(self, blocker: dict[str, Any], path: str, faults: Faults) -> None:
        faults.of(_only, blocker, path, "key", "label", "when")
        faults.of(_key, blocker, "key", path)
        faults.of(_label, blocker, path)
        faults.of(parse, blocker.get("when"), types=self.types, path=f"{path}.when")


def _only(data: Mapping[str, Any], path: str, *allowed: str) -> None:
    with Faults() as faults:
        faults.found += [
            (f"{path}.{key}", f"Unknown key; allowed here: {', '.join(allowed)}.")
            for key in data
            if key not in allowed
        ]


def _object(data: Mapping[str, Any], key: str, path: str) -> None:
    if not isinstance(data.get(key), dict):
        raise ConditionError(f"{path}.{key}", "Give an object.")


def _key(data: Mapping[str, Any], key: str, path: str) -> None:
    value = data.get(key)
    try:
        KEY(value if isinstance(value, str) else "")
    except ValidationError as error:
        raise ConditionError(f"{path}.{key}", error.messages[0]) from None


def _label(data: Mapping[str, Any], path: str) -> None:
    label = data.get("label")
    if (
        not isinstance(label, str)
        or not label.strip()
        or len(label) > LONGEST_LABEL
        or not label.isprintable()
    ):
        raise ConditionError(f"{path}.label", f"Give a label of 1 to {LONGEST_LABEL} characters.")


def _choice(data: Mapping[str, Any], key: str, path: str, allowed: Any) -> None:
    if data.get(key) not in list(allowed):
        raise ConditionError(f"{path}.{key}", f"Give one of {', '.join(allowed)}.")


def _whole(data: Mapping[str, Any], key: str, path: str, least: int, most: int) -> None:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConditionError(f"{path}.{key}", f"Give a whole number from {least:,} to {most:,}.")
