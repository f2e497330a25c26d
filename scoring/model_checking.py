"""Everything that is wrong with a model file, each fault with its JSON path."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import connection

from .conditions import LONGEST_WINDOW, Condition, parse
from .contradictions import never_holds
from .dimensions import GRADES, LINE_STAGES, MOST_CEILING, MOST_POINTS, TOP_GRADE, Dimension
from .faults import ConditionError, Faults, only, whole
from .limits import impossible_line, impossible_values
from .models import Rule
from .models.model_version import KEY
from .ruleset import check_rule, check_tiers

MOST_PARTS = 500
LONGEST_LABEL = 160


class ModelFileError(ValueError):
    """Everything that is wrong with a model file, as (JSON path, what would be right)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in problems))
        self.problems = problems


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
        self._graded = False
        self._ceiling: dict[str, int | None] = {}
        #: Group → the dimension its rules are about, once known; and the larger group it is part of.
        self._groups: dict[str, str | None] = {}
        self._within: dict[str, str] = {}

    def check(self, data: Any) -> None:
        if not isinstance(data, dict):
            raise ConditionError("$", "A model file is a JSON object.")
        self._graded = "grades" in data
        parts = {
            "groups": self._group,
            "rules": self._rule,
            "lines": self._line,
            "triggers": self._trigger,
            "blockers": self._blocker,
        }
        with Faults() as faults:
            faults.of(only, data, ["model", "applies_to", "time_zone", "grades", "ceilings", *parts], "$")
            faults.of(_key, data, "model", "$")
            if "applies_to" in data:
                faults.of(parse, data["applies_to"], path="$.applies_to", facts_only=True)
            if "time_zone" in data:
                faults.of(_zone, data["time_zone"], "$.time_zone")
            if "grades" in data:
                faults.of(_grades, data["grades"], "$.grades")
            faults.of(self._ceilings, data.get("ceilings", {}))
            for name, one in parts.items():
                faults.of(self._parts, data.get(name, []), f"$.{name}", one)
                if name == "groups":
                    faults.of(self._nesting, data.get(name, []))

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
        self._ceiling = ceilings
        with Faults() as faults:
            faults.of(only, ceilings, Dimension.values, "$.ceilings")
            for dimension in (name for name in Dimension.values if name in ceilings):
                faults.of(whole, ceilings, dimension, "$.ceilings", 1, MOST_CEILING)
            if self._graded and Dimension.FIT in ceilings:
                faults.found.append(("$.ceilings.fit", "Fit is a grade here, which ends at A+."))

    def _group(self, group: dict[str, Any], path: str, faults: Faults) -> None:
        faults.of(only, group, ["key", "cap", "within"], path)
        faults.of(_key, group, "key", path)
        faults.of(whole, group, "cap", path, 1, MOST_CEILING)
        if isinstance(group.get("key"), str):
            self._groups[group["key"]] = None
            if isinstance(group.get("within"), str):
                self._within[group["key"]] = group["within"]

    def _nesting(self, groups: list[Any]) -> None:
        """Groups are part of groups there are, and none of itself."""
        with Faults() as faults:
            for n, group in enumerate(groups):
                if not isinstance(group, dict) or "within" not in group:
                    continue
                path, outer = f"$.groups[{n}].within", group["within"]
                if not isinstance(outer, str) or outer not in self._groups:
                    faults.found.append((path, f"There is no group {outer!r}."))
                    continue
                passed = {group.get("key")}
                while outer is not None and outer not in passed:
                    passed.add(outer)
                    outer = self._within.get(outer)
                if outer is not None:
                    faults.found.append((path, "Then the group would be part of itself."))

    def _rule(self, rule: dict[str, Any], path: str, faults: Faults) -> None:
        faults.of(
            only, rule,
            ["key", "label", "dimension", "group", "when", "unless", "points", "mismatch", "tiers", "count",
             "cap", "per", "window_days", "decay", "on"],
            path,
        )  # fmt: skip
        faults.of(_named, rule, path)
        faults.of(_choice, rule, "dimension", path, Dimension.values)
        when = self._conditional(rule, path, faults)
        if rule.get("count") == Rule.Count.TIERS:
            faults.of(check_tiers, rule.get("tiers"), f"{path}.tiers", MOST_POINTS)
            if "points" in rule:
                faults.found.append((f"{path}.points", "The tiers say the points."))
        else:
            faults.of(whole, rule, "points", path, -MOST_POINTS, MOST_POINTS)
            if "tiers" in rule:
                faults.found.append((f"{path}.tiers", "Only a rule that counts “tiers” has them."))
        if "mismatch" in rule:
            faults.of(whole, rule, "mismatch", path, -MOST_POINTS, MOST_POINTS)
        if "count" in rule:
            faults.of(_choice, rule, "count", path, Rule.Count.values)
        for key, most in (("cap", MOST_CEILING), ("window_days", LONGEST_WINDOW)):
            if key in rule:
                faults.of(whole, rule, key, path, 1, most)
        if "per" in rule:
            faults.of(self._per, rule, path)
        if "decay" in rule:
            faults.of(self._decay, rule, path)
        if when is not None:
            faults.of(check_rule, _wellformed(rule), when, path, graded=self._graded)
        if "group" in rule:
            faults.of(self._member, rule, path)

    def _per(self, rule: dict[str, Any], path: str) -> None:
        _object(rule, "per", path)
        per, path = rule["per"], f"{path}.per"
        with Faults() as faults:
            faults.of(only, per, ["times", "period"], path)
            faults.of(whole, per, "times", path, 1, 1000)
            faults.of(_choice, per, "period", path, Rule.Period.values)

    def _decay(self, rule: dict[str, Any], path: str) -> None:
        _object(rule, "decay", path)
        decay, path = rule["decay"], f"{path}.decay"
        with Faults() as faults:
            faults.of(only, decay, ["kind", "days", "percent"], path)
            faults.of(_choice, decay, "kind", path, Rule.Decay.values)
            faults.of(whole, decay, "days", path, 1, LONGEST_WINDOW)
            if "percent" in decay:
                if decay.get("kind") == Rule.Decay.HALF_LIFE:
                    faults.found.append((f"{path}.percent", "A half-life needs no percent."))
                else:
                    faults.of(whole, decay, "percent", path, 1, 100)

    def _member(self, rule: dict[str, Any], path: str) -> None:
        key, path = rule["group"], f"{path}.group"
        if not isinstance(key, str) or key not in self._groups:
            raise ConditionError(path, f"There is no group {key!r}.")
        dimension = rule.get("dimension")
        if dimension not in Dimension.values:
            return  # said already
        family = self._family(key)
        for group in family:
            if self._groups[group] not in (None, dimension):
                raise ConditionError(
                    path,
                    f"The rules of “{group}” are about {self._groups[group]}; a group has one dimension.",
                )
        for group in family:
            self._groups[group] = dimension

    def _family(self, key: str) -> list[str]:
        """The group and those around it."""
        family: list[str] = []
        outer: str | None = key
        while outer in self._groups and outer not in family:
            family.append(outer)
            outer = self._within.get(outer)
        return family

    def _line(self, line: dict[str, Any], path: str, faults: Faults) -> None:
        faults.of(only, line, ["key", "stage", "min", "leave", "cool_down_days"], path)
        if "key" in line:
            faults.of(_key, line, "key", path)
        faults.of(_choice, line, "stage", path, LINE_STAGES)
        faults.of(self._minimums, line, path)
        if "leave" in line:
            faults.of(whole, line, "leave", path, 0, MOST_CEILING)
        if "cool_down_days" in line:
            faults.of(whole, line, "cool_down_days", path, 0, LONGEST_WINDOW)
        if isinstance(line.get("min"), dict):
            faults.found += impossible_line(line, self._ceiling, graded=self._graded, path=path)

    def _minimums(self, line: dict[str, Any], path: str) -> None:
        _object(line, "min", path)
        least, path = line["min"], f"{path}.min"
        if not least:
            raise ConditionError(path, "A line asks for at least one minimum.")
        with Faults() as faults:
            faults.of(only, least, [*Dimension.values, "total"], path)
            for name in (name for name in (*Dimension.values, "total") if name in least):
                if self._graded and name == Dimension.FIT:
                    faults.of(_grade, least[name], f"{path}.{name}")
                else:
                    faults.of(whole, least, name, path, -MOST_CEILING, MOST_CEILING)

    def _trigger(self, trigger: dict[str, Any], path: str, faults: Faults) -> None:
        faults.of(only, trigger, ["key", "label", "stage", "when", "unless", "on"], path)
        faults.of(_named, trigger, path)
        faults.of(_choice, trigger, "stage", path, LINE_STAGES)
        self._conditional(trigger, path, faults)

    def _blocker(self, blocker: dict[str, Any], path: str, faults: Faults) -> None:
        faults.of(only, blocker, ["key", "label", "when", "unless", "on"], path)
        faults.of(_named, blocker, path)
        self._conditional(blocker, path, faults)

    def _exception(self, part: dict[str, Any]) -> Condition | None:
        """What the part says under ``unless``; None for nothing that can be read."""
        try:
            return parse(part["unless"], types=self.types) if "unless" in part else None
        except ConditionError:
            return None

    def _conditional(self, part: dict[str, Any], path: str, faults: Faults) -> Condition | None:
        """When it holds, which somebody must be able to meet, unless what, and whether it is on; the
        condition, if it can be read."""
        when = faults.of(parse, part.get("when"), types=self.types, path=f"{path}.when")
        if when is not None:
            never = impossible_values(part["when"], f"{path}.when")
            if not never and (why := never_holds(when, self._exception(part))):
                never = [(f"{path}.when", why)]
            faults.found += never
        if "unless" in part:
            faults.of(parse, part["unless"], types=self.types, path=f"{path}.unless")
        if not isinstance(part.get("on", True), bool):
            faults.found.append((f"{path}.on", "Give true or false."))
        return when


def grade_or_points(least: int | str) -> int:
    """A minimum of a line as stored: of a grade, thirds of a letter above F."""
    return GRADES.index(least) if isinstance(least, str) else least


def _wellformed(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Without points that are no numbers, which are refused anyway: the rest is held against each other."""
    return {
        key: value
        for key, value in rule.items()
        if key not in ("points", "mismatch") or (isinstance(value, int) and not isinstance(value, bool))
    }


@cache
def _zones() -> frozenset[str]:
    """Those that both the database and Python know: pages reckon with theirs. One query per process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        return frozenset(name for (name,) in cursor.fetchall()) & available_timezones()


def _zone(name: Any, path: str) -> None:
    if not isinstance(name, str) or (name != "UTC" and name not in _zones()):
        raise ConditionError(path, "Give a time zone such as Europe/Berlin.")


def _grades(grades: Any, path: str) -> None:
    if not isinstance(grades, dict):
        raise ConditionError(path, 'Give an object: {"from": "D"}.')
    with Faults() as faults:
        faults.of(only, grades, ["from"], path)
        if grades.get("from") not in GRADES:
            faults.found.append((f"{path}.from", f"Give one of {', '.join(GRADES)}."))


def _grade(least: Any, path: str) -> None:
    known = least in GRADES if isinstance(least, str) else type(least) is int and 0 <= least <= TOP_GRADE
    if not known:
        raise ConditionError(
            path,
            f"Fit is a grade here: give one of {', '.join(GRADES)}, or thirds above F (0 to {TOP_GRADE}).",
        )


def _object(data: Mapping[str, Any], key: str, path: str) -> None:
    if not isinstance(data.get(key), dict):
        raise ConditionError(f"{path}.{key}", "Give an object.")


def _named(data: Mapping[str, Any], path: str) -> None:
    with Faults() as faults:
        faults.of(_key, data, "key", path)
        faults.of(_label, data, path)


def _key(data: Mapping[str, Any], key: str, path: str) -> None:
    value = data.get(key)
    try:
        KEY(value if isinstance(value, str) else "")
    except ValidationError as error:
        raise ConditionError(f"{path}.{key}", error.messages[0]) from None


def _label(data: Mapping[str, Any], path: str) -> None:
    label = data.get("label")
    if not isinstance(label, str) or not label.strip() or len(label) > LONGEST_LABEL:
        raise ConditionError(f"{path}.label", f"Give a label of 1 to {LONGEST_LABEL} characters.")
    if not label.isprintable():
        raise ConditionError(f"{path}.label", "It holds a character that cannot be seen. Type it again.")


def _choice(data: Mapping[str, Any], key: str, path: str, allowed: Any) -> None:
    if data.get(key) not in list(allowed):
        raise ConditionError(f"{path}.{key}", f"Give one of {', '.join(allowed)}.")
