"""What the live model means by a good lead, in plain sentences: one page that both teams read (S4-03)."""

from dataclasses import dataclass

from leads.models import ActivityType

from . import sentences
from .dimensions import GRADES, HUNDREDTHS, Dimension, grade
from .models import ModelVersion
from .ruleset import LineSpec, Ruleset
from .stored import activity_types, read


@dataclass(frozen=True, slots=True)
class Said:
    """A part of the model: its name and what it says. ``key`` is unique among its kind; empty where nobody
    asks."""

    label: str
    sentence: str
    points: int | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class StageDefinition:
    """What brings a lead to a stage: any of these is enough."""

    stage: str
    lines: tuple[str, ...]
    triggers: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class DimensionDefinition:
    key: str
    label: str
    about: str
    ceiling: int | None
    rules: tuple[Said, ...]
    #: What the points are where the dimension is a grade; empty for plain points.
    graded: str = ""


@dataclass(frozen=True, slots=True)
class Definitions:
    """A version in words."""

    version: ModelVersion
    stages: tuple[StageDefinition, ...]
    blockers: tuple[Said, ...]
    dimensions: tuple[DimensionDefinition, ...]
    off: tuple[Said, ...]
    #: Which leads it is for, as a sentence; empty for all.
    applies_to: str = ""


_ABOUT = {
    Dimension.INTENT: "what they ask for",
    Dimension.FIT: "who they are",
    Dimension.ENGAGEMENT: "what they read",
}


def of_version(version: ModelVersion) -> Definitions:
    """Everything ``version`` says. Ten queries, however many rules."""
    ruleset = read(version, activity_types())
    labels = dict(ActivityType.objects.values_list("key", "label"))
    return Definitions(
        version=version,
        stages=tuple(_stage(ruleset, stage, labels) for stage in ("mql", "sql")),
        blockers=tuple(
            Said(blocker.label, sentences.of_part(blocker, labels), key=blocker.key)
            for blocker in ruleset.blockers
        ),
        dimensions=tuple(_dimension(ruleset, dimension, labels) for dimension in Dimension),
        off=tuple(
            Said(part.label, part.disabled_reason)
            for parts in (version.rules, version.stage_triggers, version.blockers)
            for part in parts.exclude(disabled_at=None).order_by("position", "id")
        ),
        applies_to=(
            sentences.sentence(
                f"for leads of whom it is so: {sentences.of_condition(ruleset.applies_to, labels)}"
            )
            if ruleset.applies_to is not None
            else ""
        ),
    )


def _stage(ruleset: Ruleset, stage: str, labels: dict[str, str]) -> StageDefinition:
    return StageDefinition(
        stage=stage,
        lines=tuple(line_sentence(ruleset, line) for line in ruleset.lines if line.stage == stage),
        triggers=tuple(
            Said(trigger.label, sentences.of_part(trigger, labels), key=trigger.key)
            for trigger in ruleset.triggers
            if trigger.stage == stage
        ),
    )


def line_sentence(ruleset: Ruleset, line: LineSpec) -> str:
    """ "Intent 20 or more and fit B- or better. A lead leaves it again 3 points below." """
    order = [*Dimension.values, "total"]
    minimums = sorted(line.minimums.items(), key=lambda item: order.index(item[0]))

    def one(name: str, least: int) -> str:
        if name == Dimension.FIT and ruleset.grades_from is not None:
            return f"{name} {grade(least * HUNDREDTHS)} or better"
        return f"{name} {least} or more"

    said = sentences.sentence(" and ".join(one(name, least) for name, least in minimums))
    if line.leave:
        points = "1 point" if line.leave == 1 else f"{line.leave} points"
        said += f" A lead has left it again more than {points} below."
    if line.cool_down_days:
        days = "a day" if line.cool_down_days == 1 else f"{line.cool_down_days} days"
        said += f" For {days} after a crossing it makes no other one."
    return said


def _dimension(ruleset: Ruleset, dimension: Dimension, labels: dict[str, str]) -> DimensionDefinition:
    rules = (rule for rule in ruleset.rules if rule.dimension == dimension)
    return DimensionDefinition(
        key=dimension.value,
        label=dimension.label,
        about=_ABOUT[dimension],
        ceiling=ruleset.ceilings.get(dimension),
        rules=tuple(
            Said(rule.label, sentences.of_rule(rule, ruleset.groups, labels), rule.points, rule.key)
            for rule in rules
        ),
        graded=_graded(ruleset, dimension),
    )


def _graded(ruleset: Ruleset, dimension: Dimension) -> str:
    if dimension != Dimension.FIT or ruleset.grades_from is None:
        return ""
    return f"a grade from F to A+ that starts at {GRADES[ruleset.grades_from]}; points are thirds of a letter"


def live() -> list[Definitions]:
    """The definitions of every live version, the default model's first."""
    versions = ModelVersion.objects.published().select_related("model", "published_by")
    in_order = sorted(versions, key=lambda version: (version.model.key != "default", version.model.key))
    return [of_version(version) for version in in_order]
