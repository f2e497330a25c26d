"""What the live model means by a good lead, in plain sentences: one page that both teams read (S4-03)."""

from dataclasses import dataclass

from leads.models import ActivityType

from . import sentences
from .dimensions import Dimension
from .models import ModelVersion
from .ruleset import LineSpec, Ruleset
from .stored import activity_types, read


@dataclass(frozen=True, slots=True)
class Said:
    """A part of the model: its name and what it says."""

    label: str
    sentence: str
    points: int | None = None


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


@dataclass(frozen=True, slots=True)
class Definitions:
    """A version in words."""

    version: ModelVersion
    stages: tuple[StageDefinition, ...]
    blockers: tuple[Said, ...]
    dimensions: tuple[DimensionDefinition, ...]
    off: tuple[Said, ...]


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
            Said(blocker.label, sentences.of_part(blocker, labels)) for blocker in ruleset.blockers
        ),
        dimensions=tuple(_dimension(ruleset, dimension, labels) for dimension in Dimension),
        off=tuple(
            Said(part.label, part.disabled_reason)
            for parts in (version.rules, version.stage_triggers, version.blockers)
            for part in parts.exclude(disabled_at=None).order_by("position", "id")
        ),
    )


def _stage(ruleset: Ruleset, stage: str, labels: dict[str, str]) -> StageDefinition:
    return StageDefinition(
        stage=stage,
        lines=tuple(_line(line) for line in ruleset.lines if line.stage == stage),
        triggers=tuple(
            Said(trigger.label, sentences.of_part(trigger, labels))
            for trigger in ruleset.triggers
            if trigger.stage == stage
        ),
    )


def _line(line: LineSpec) -> str:
    """ "Intent 20 or more and fit 20 or more. A lead leaves it again 3 points below." """
    order = [*Dimension.values, "total"]
    minimums = sorted(line.minimums.items(), key=lambda item: order.index(item[0]))
    said = sentences.sentence(" and ".join(f"{name} {least} or more" for name, least in minimums))
    if line.leave:
        points = "1 point" if line.leave == 1 else f"{line.leave} points"
        said += f" A lead has left it again more than {points} below."
    return said


def _dimension(ruleset: Ruleset, dimension: Dimension, labels: dict[str, str]) -> DimensionDefinition:
    rules = (rule for rule in ruleset.rules if rule.dimension == dimension)
    return DimensionDefinition(
        key=dimension.value,
        label=dimension.label,
        about=_ABOUT[dimension],
        ceiling=ruleset.ceilings.get(dimension),
        rules=tuple(
            Said(rule.label, sentences.of_rule(rule, ruleset.groups, labels), rule.points) for rule in rules
        ),
    )


def live() -> list[Definitions]:
    """The definitions of every live version, the default model's first."""
    versions = ModelVersion.objects.published().select_related("model", "published_by")
    in_order = sorted(versions, key=lambda version: (version.model.key != "default", version.model.key))
    return [of_version(version) for version in in_order]
