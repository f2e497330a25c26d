"""What the numbers of a model rule out, and what they make odd.

Impossible is what no lead could ever meet, whatever else is changed in the rules: it is refused at its place.
Odd is what works and yet is hardly meant: it is said, and may be published. Pure.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from .dimensions import GRADES, TOP_GRADE, Dimension

Fault = tuple[str, str]

#: Facts that count something, and so are never below nothing.
COUNTS = {"company.employees": "staff", "company.revenue": "yearly revenue"}


def impossible_values(condition: Any, path: str) -> list[Fault]:
    """Tests in a condition, as JSON, that ask for less than nothing: "under -5 staff"."""
    if not isinstance(condition, dict):
        return []
    found = []
    for how in ("all", "any", "none"):
        parts = condition.get(how)
        for n, part in enumerate(parts if isinstance(parts, list) else []):
            found += impossible_values(part, f"{path}.{how}[{n}]")
    name = COUNTS.get(condition.get("field", "")) if isinstance(condition.get("field"), str) else None
    if name and (at := _below_nothing(condition)):
        found.append((f"{path}.{at}", f"There is no {name} below 0: nobody ever meets this."))
    return found


def _below_nothing(test: Mapping[str, Any]) -> str:
    """The key whose value nothing that counts can meet; "" when something can."""
    key = "values" if "values" in test else "value"
    given = test.get(key)
    numbers = [_number(value) for value in (given if isinstance(given, list) else [given])]
    if None in numbers or not numbers:
        return ""
    most = max(number for number in numbers if number is not None)
    match test.get("op"):
        case "lt":
            return key if most <= 0 else ""
        case "lte" | "eq" | "in" | "between":
            return key if most < 0 else ""
    return ""


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Decimal(str(value))


def impossible_line(
    line: Mapping[str, Any], ceilings: Mapping[str, int | None], *, graded: bool, path: str
) -> list[Fault]:
    """Minimums that the ceilings never let anybody reach, and a leave margin that nobody ever falls below.
    ``line`` and ``ceilings`` as in a model file, of which what is no number is said elsewhere."""
    least = {name: _points(value) for name, value in line.get("min", {}).items()}
    found = []
    for name, asked in least.items():
        most = _most(name, ceilings, graded)
        if asked is not None and most is not None and asked > most:
            what = "The three ceilings together are" if name == "total" else f"The ceiling of {name} is"
            said = f"{what} {most:,} points: nobody ever reaches {asked:,}."
            found.append((f"{path}.min.{name}", said))
    leave, greatest = line.get("leave", 0), max((value or 0 for value in least.values()), default=0)
    if isinstance(leave, int) and 0 < greatest < leave:
        asked_for = "the minimum" if len(least) == 1 else "every minimum"
        said = f"The margin is larger than {asked_for}: a lead would have to fall below 0 to leave the line."
        found.append((f"{path}.leave", f"{said} Give at most {greatest:,}."))
    return found


def _points(value: Any) -> int | None:
    if isinstance(value, str):
        return GRADES.index(value) if value in GRADES else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _most(name: str, ceilings: Mapping[str, int | None], graded: bool) -> int | None:
    """The most that a dimension or the total can be; None for no end."""
    if name == "total":
        several = [_most(each, ceilings, graded) for each in Dimension.values]
        return None if None in several else sum(most for most in several if most is not None)
    if graded and name == Dimension.FIT:
        return TOP_GRADE
    most = ceilings.get(name)
    return most if isinstance(most, int) else None


# Odd


def odd(data: Mapping[str, Any]) -> list[Fault]:
    """What is hardly meant in a model file that has no fault, each with its JSON path."""
    return [*_odd_rules(data), *_odd_groups(data), *_odd_lines(data)]


def _odd_rules(data: Mapping[str, Any]) -> Iterator[Fault]:
    for n, rule in enumerate(data.get("rules", [])):
        cap, points = rule.get("cap"), abs(rule.get("points") or 0)
        if cap is not None and cap < points:
            said = f"The first time alone gives {points} points, and the cap is {cap}."
            yield f"$.rules[{n}].cap", f"{said} Counting each time changes nothing then."


def _odd_groups(data: Mapping[str, Any]) -> Iterator[Fault]:
    caps = {group["key"]: group["cap"] for group in data.get("groups", [])}
    for n, rule in enumerate(data.get("rules", [])):
        cap, most = caps.get(rule.get("group")), _worth(rule) if rule.get("group") else 0
        if cap is not None and most is not None and rule.get("on", True) and cap < most:
            said = f"It gives up to {most:,} points, and its group “{rule['group']}” at most {cap:,}."
            yield f"$.rules[{n}].group", said


def _odd_lines(data: Mapping[str, Any]) -> Iterator[Fault]:
    ceilings, graded = data.get("ceilings", {}), "grades" in data
    reachable = {name: _reachable(data, name) for name in Dimension.values}
    for n, line in enumerate(data.get("lines", [])):
        for name, value in line["min"].items():
            asked = _points(value) or 0
            parts = Dimension.values if name == "total" else [name]
            sums = [_lower(reachable[part], _most(part, ceilings, graded)) for part in parts]
            if None in sums:
                continue
            most = sum(each for each in sums if each is not None)
            if asked > most:
                what = "all three dimensions" if name == "total" else name
                said = f"The rules give {most:,} points of {what} at most:"
                said += f" only what a person sets reaches {asked:,}."
                yield f"$.lines[{n}].min.{name}", said
        if max((_points(value) or 0) for value in line["min"].values()) <= 0:
            yield f"$.lines[{n}].min", "Whoever loses no points is over it: that is nearly everybody."


def _lower(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _reachable(data: Mapping[str, Any], dimension: str) -> int | None:
    """The most that the rules of a dimension can sum to, in points; None for no end."""
    groups = {group["key"]: group for group in data.get("groups", [])}
    inside: dict[str, list[int | None]] = {"": []}
    for rule in data.get("rules", []):
        if rule.get("on", True) and rule["dimension"] == dimension:
            inside.setdefault(rule.get("group", ""), []).append(_worth(rule))

    def most_of(key: str) -> int | None:
        each = inside.get(key, []) + [
            most_of(inner) for inner, group in groups.items() if group.get("within", "") == key
        ]
        total = None if None in each else sum(one for one in each if one is not None)
        return _lower(total, groups[key]["cap"]) if key else total

    start = GRADES.index(data["grades"]["from"]) if dimension == Dimension.FIT and "grades" in data else 0
    most = most_of("")
    return None if most is None else start + most


def _worth(rule: Mapping[str, Any]) -> int | None:
    """The most points that one rule can give; None for no end."""
    if "tiers" in rule:
        return max([0, *(int(tier["points"]) for tier in rule["tiers"])])
    points = max(0, int(rule["points"]))
    per, cap = rule.get("per") or {}, rule.get("cap")
    if rule.get("count") == "each":
        ends = per.get("period") == "ever"
        several = points * per["times"] if ends else (None if points else 0)
        points_or_none = _lower(several, cap)
    else:
        points_or_none = points
    return None if points_or_none is None else max(points_or_none, (rule.get("mismatch") or 0))
