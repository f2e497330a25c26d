"""What a part of a model says, as one sentence above its form; strong is what was chosen there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import sentences
from .conditions import parse, tests_of
from .dimensions import GRADES
from .faults import ConditionError
from .model_checking import grade_or_points
from .ruleset import BlockerSpec, Ruleset, RuleSpec, TriggerSpec


@dataclass(frozen=True, slots=True)
class Phrase:
    """A piece of a sentence; the strong ones are what was chosen in the form."""

    text: str
    strong: bool = False


def of_part(
    *, kind: str, key: str, part: Mapping[str, Any], ruleset: Ruleset, labels: Mapping[str, str]
) -> list[Phrase]:
    """What ``part`` says; ``ruleset`` is the version with it. [] for one that is off."""
    graded = ruleset.grades_from is not None
    match kind:
        case "line":
            return _line(part, graded)
        case "settings":
            return _model(part, labels)
        case "group":
            return _group(part)
    specs: dict[str, tuple[Any, ...]] = {
        "rule": ruleset.rules,
        "trigger": ruleset.triggers,
        "blocker": ruleset.blockers,
    }
    found = next((spec for spec in specs[kind] if spec.key == key), None)
    return _conditional(found, ruleset.groups, labels, graded=graded) if found else []


def _conditional(
    spec: RuleSpec | TriggerSpec | BlockerSpec,
    groups: Mapping[str, int],
    labels: Mapping[str, str],
    *,
    graded: bool = False,
) -> list[Phrase]:
    """What a rule, a trigger or a blocker says: "Gives 16 points of intent when the lead viewed pricing"."""
    match spec:
        case RuleSpec():
            said = sentences.of_rule(spec, groups, labels)
            start = [*_worth(spec, graded), Phrase(" ")]
        case TriggerSpec():
            said = sentences.of_part(spec, labels)
            start = [Phrase(f"Brings a lead to {spec.stage.upper()}", strong=True), Phrase(" when ")]
        case BlockerSpec():
            said = sentences.of_part(spec, labels)
            start = [Phrase("Keeps a lead from sales", strong=True), Phrase(" while ")]
    asked = [spec.when, spec.unless] if spec.unless else [spec.when]
    strong = [sentences.of_condition(test, labels) for each in asked for test in tests_of(each)]
    said = said[:1].lower() + said[1:]
    return start + _marked(said, [piece.removeprefix("the lead ") for piece in strong])


def _worth(rule: RuleSpec, graded: bool) -> list[Phrase]:
    if rule.tiers:
        return [Phrase("Gives points of "), Phrase(rule.dimension, strong=True)]
    size = abs(rule.points)
    unit = "third of a letter" if graded and rule.dimension == "fit" else "point"
    several = unit if size == 1 else unit.replace("third", "thirds") if "third" in unit else f"{unit}s"
    of = "" if "third" in unit else " of"
    doing = "Takes away " if rule.points < 0 else "Gives "
    return [Phrase(doing), Phrase(f"{size} {several}{of} {rule.dimension}", strong=True)]


def _marked(said: str, strong: list[str]) -> list[Phrase]:
    """``said`` cut where the strong pieces begin and end, in their order."""
    phrases, at = [], 0
    for piece in strong:
        found = said.find(piece, at)
        if found < 0:
            continue
        phrases += [Phrase(said[at:found]), Phrase(piece, strong=True)]
        at = found + len(piece)
    return [phrase for phrase in [*phrases, Phrase(said[at:])] if phrase.text]


def _line(part: Mapping[str, Any], graded: bool) -> list[Phrase]:
    """What a line says: "A lead with intent 20 or more and fit 20 or more is handed to sales."."""
    least = [
        f"fit {GRADES[grade_or_points(value)]} or better"
        if graded and name == "fit"
        else f"{name} {value} or more"
        for name, value in part["min"].items()
    ]
    goal = "is handed to sales" if part["stage"] == "sql" else "becomes an MQL"
    said = [Phrase("A lead with "), Phrase(" and ".join(least), strong=True), Phrase(f" {goal}")]
    if leave := part.get("leave", 0):
        said.append(Phrase(f", and has left again when more than {leave} below"))
    if days := part.get("cool_down_days", 0):
        said.append(Phrase(f"; then not again by this line for {days} days"))
    return [*said, Phrase(".")]


def _model(part: Mapping[str, Any], labels: Mapping[str, str]) -> list[Phrase]:
    """Whom the model is for, and what holds for all its rules."""
    whom = "every lead"
    if "applies_to" in part:
        try:
            said = sentences.of_condition(parse(part["applies_to"], facts_only=True), labels)
            whom = f"leads for whom this holds: {said}"
        except ConditionError:
            whom = "nobody, until its condition is mended"
    words = [
        Phrase("Scores "),
        Phrase(whom, strong=True),
        Phrase(f"; days begin in {part.get('time_zone', 'UTC')}"),
    ]
    if "grades" in part:
        words.append(Phrase(f"; fit is a grade that starts at {part['grades']['from']}"))
    return [*words, Phrase(".")]


def _group(part: Mapping[str, Any]) -> list[Phrase]:
    within = f", which is part of “{sentences.group_named(part['within'])}”" if "within" in part else ""
    return [
        Phrase(f"The rules of “{sentences.group_named(part['key'])}”{within} together give or take "),
        Phrase(f"{part['cap']} points at most", strong=True),
        Phrase("."),
    ]
