"""A model as one JSON document: load it as a draft, save a version. ``docs/scoring.md`` has the schema."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from .conditions import ConditionError, parse
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
    """Raises ModelFileError with every problem of ``data``: the first of each part."""
    checker = _Checker(types)
    checker.check(data)
    if checker.problems:
        raise ModelFileError(checker.problems)


class _Checker:
    """Reads a file's parts one by one; a part with a problem does not hide those of the others."""

    def __init__(self, types: Mapping[str, int]) -> None:
        self.types = types
        self.problems: list[tuple[str, str]] = []
        self._groups: dict[str, str | None] = {}

    def check(self, data: Any) -> None:
        if not isinstance(data, dict):
            self.problems.append(("$", "A model file is a JSON object."))
            return
        self._try(
            lambda: _only(data, "$", "model", "ceilings", "groups", "rules", "lines", "triggers", "blockers")
        )
        self._try(lambda: _key(data, "model", "$"))
        self._try(lambda: self._ceilings(data.get("ceilings", {})))
        self._parts(data, "groups", self._group)
        self._parts(data, "rules", self._rule)
        self._parts(data, "lines", self._line)
        self._parts(data, "triggers", self._trigger)
        self._parts(data, "blockers", self._blocker)

    def _try(self, check: Callable[[], None]) -> None:
        try:
            check()
        except ConditionError as error:
            self.problems.append((error.path, error.message))

    def _parts(self, data: dict[str, Any], name: str, check: Callable[[dict[str, Any], str], None]) -> None:
        parts = data.get(name, [])
        if not isinstance(parts, list) or len(parts) > MOST_PARTS:
            self.problems.append((f"$.{name}", f"Give a list of at most {MOST_PARTS}."))
            return
        seen: set[str] = set()
        for n, part in enumerate(parts):
            path = f"$.{name}[{n}]"

            def one(part: Any = part, path: str = path) -> None:
                if not isinstance(part, dict):
                    raise ConditionError(path, "Give an object.")
                check(part, path)
                if (key := part.get("key")) is not None:
                    if key in seen:
                        raise ConditionError(f"{path}.key", f"“{key}” is there already.")
                    seen.add(key)

            self._try(one)

    def _ceilings(self, ceilings: Any) -> None:
        if not isinstance(ceilings, dict):
            raise ConditionError("$.ceilings", "Give an object: dimension to points.")
        _only(ceilings, "$.ceilings", *Dimension.values)
        for dimension in ceilings:
            _whole(ceilings, dimension, "$.ceilings", 1, MOST_CEILING)

    def _group(self, group: dict[str, Any], path: str) -> None:
        _only(group, path, "key", "cap")
        _key(group, "key", path)
        _whole(group, "cap", path, 1, MOST_CEILING)
        self._groups[group["key"]] = None

    def _rule(self, rule: dict[str, Any], path: str) -> None:
        _only(
            rule, path, "key", "label", "dimension", "group", "when", "points", "count", "cap", "per",
            "window_days", "decay",
        )  # fmt: skip
        _key(rule, "key", path)
        _label(rule, path)
        _choice(rule, "dimension", path, Dimension.values)
        when = parse(rule.get("when"), types=self.types, path=f"{path}.when")
        _whole(rule, "points", path, -MOST_POINTS, MOST_POINTS)
        if "count" in rule:
            _choice(rule, "count", path, Rule.Count.values)
        for key, most in (("cap", MOST_CEILING), ("window_days", 3650)):
            if key in rule:
                _whole(rule, key, path, 1, most)
        if "per" in rule:
            _object(rule, "per", path, "times", "period")
            _whole(rule["per"], "times", f"{path}.per", 1, 1000)
            _choice(rule["per"], "period", f"{path}.per", Rule.Period.values)
        if "decay" in rule:
            self._decay(rule, path)
        check_rule(rule, when, path)
        if "group" in rule:
            self._member(rule, path)

    def _decay(self, rule: dict[str, Any], path: str) -> None:
        _object(rule, "decay", path, "kind", "days", "percent")
        path = f"{path}.decay"
        decay = rule["decay"]
        _choice(decay, "kind", path, Rule.Decay.values)
        _whole(decay, "days", path, 1, 3650)
        if "percent" in decay:
            if decay["kind"] == Rule.Decay.HALF_LIFE:
                raise ConditionError(f"{path}.percent", "A half-life needs no percent.")
            _whole(decay, "percent", path, 1, 100)

    def _member(self, rule: dict[str, Any], path: str) -> None:
        key, path = rule["group"], f"{path}.group"
        if not isinstance(key, str) or key not in self._groups:
            raise ConditionError(path, f"There is no group {key!r}.")
        if self._groups[key] not in (None, rule["dimension"]):
            raise ConditionError(
                path, f"The rules of “{key}” are about {self._groups[key]}; a group has one dimension."
            )
        self._groups[key] = rule["dimension"]

    def _line(self, line: dict[str, Any], path: str) -> None:
        _only(line, path, "stage", "min", "leave")
        _choice(line, "stage", path, LINE_STAGES)
        _object(line, "min", path, *Dimension.values, "total")
        if not line["min"]:
            raise ConditionError(f"{path}.min", "A line asks for at least one minimum.")
        for name in line["min"]:
            _whole(line["min"], name, f"{path}.min", -MOST_CEILING, MOST_CEILING)
        if "leave" in line:
            _whole(line, "leave", path, 0, MOST_CEILING)

    def _trigger(self, trigger: dict[str, Any], path: str) -> None:
        _only(trigger, path, "key", "label", "stage", "when")
        _key(trigger, "key", path)
        _label(trigger, path)
        _choice(trigger, "stage", path, LINE_STAGES)
        parse(trigger.get("when"), types=self.types, path=f"{path}.when")

    def _blocker(self, blocker: dict[str, Any], path: str) -> None:
        _only(blocker, path, "key", "label", "when")
        _key(blocker, "key", path)
        _label(blocker, path)
        parse(blocker.get("when"), types=self.types, path=f"{path}.when")


def _only(data: Mapping[str, Any], path: str, *allowed: str) -> None:
    for key in data:
        if key not in allowed:
            raise ConditionError(f"{path}.{key}", f"Unknown key; allowed here: {', '.join(allowed)}.")


def _object(data: Mapping[str, Any], key: str, path: str, *allowed: str) -> None:
    if not isinstance(data.get(key), dict):
        raise ConditionError(f"{path}.{key}", f"Give an object with {', '.join(allowed)}.")
    _only(data[key], f"{path}.{key}", *allowed)


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
