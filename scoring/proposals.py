"""A proposed change of a model, and what it makes of the model file. Pure."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from .dimensions import GRADES, SALES_STAGE, TOP_GRADE
from .learnable import Candidate

ModelFile = dict[str, Any]
Patch = Callable[[ModelFile], ModelFile]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One change. ``title`` is the change itself, ``said`` why, ``evidence`` on how much it rests."""

    key: str
    kind: str
    title: str
    said: str
    evidence: str
    patch: Patch = field(repr=False, compare=False)


def with_points(key: str, points: int) -> Patch:
    def patch(data: ModelFile) -> ModelFile:
        data = deepcopy(data)
        for rule in data["rules"]:
            if rule["key"] != key:
                continue
            if rule.get("cap") and rule["points"]:
                rule["cap"] = max(1, round(rule["cap"] * abs(points) / abs(rule["points"])))
            if points:
                rule["points"] = points
            else:
                rule["on"] = False
        return data

    return patch


def with_minimum(dimension: str, least: int, *, graded: bool) -> Patch:
    """Another minimum in the first SQL line; a letter for fit that is ``graded``."""
    value = grade(least) if graded else least

    def patch(data: ModelFile) -> ModelFile:
        data = deepcopy(data)
        line = next(line for line in data["lines"] if line["stage"] == SALES_STAGE)
        line["min"][dimension] = value
        if not graded and (most := max(each for each in line["min"].values() if isinstance(each, int))) > 0:
            line["leave"] = min(line.get("leave", 0), most)  # a larger margin lets nobody leave
        return data

    return patch


def with_rule(key: str, candidate: Candidate, takes: int) -> Patch:
    def patch(data: ModelFile) -> ModelFile:
        data = deepcopy(data)
        keys = {rule["key"] for rule in data["rules"]}
        free = next(name for name in (key, *(f"{key}-{n}" for n in range(2, 600))) if name not in keys)
        rule = {
            "key": free, "label": candidate.label, "dimension": "fit",
            "when": candidate.when, "points": -takes, "count": "once",
        }  # fmt: skip
        data["rules"] = [*data["rules"], rule]
        return data

    return patch


def grade(fit: int) -> str:
    return GRADES[max(0, min(TOP_GRADE, fit))]


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
