"""Read a version's rules from the database. A part that cannot be read is turned off with its reason."""

import logging
from typing import Any

from django.utils import timezone

from leads.models import ActivityType

from .conditions import Condition, Group, parse
from .faults import ConditionError
from .models import Blocker, ModelVersion, Rule, Trigger
from .ruleset import (
    BlockerSpec,
    Fading,
    Limit,
    LineSpec,
    Ruleset,
    RuleSpec,
    Tier,
    TriggerSpec,
    check_rule,
)

log = logging.getLogger(__name__)


def activity_types() -> dict[str, int]:
    """Activity type key → id. One query."""
    return dict(ActivityType.objects.values_list("key", "id"))


def read(version: ModelVersion, types: dict[str, int]) -> Ruleset:
    """The rules of ``version``, without those that are off. Five queries."""
    on = {"disabled_at": None, "is_on": True}
    rules = version.rules.filter(**on).select_related("group").order_by("position", "id")
    triggers = version.stage_triggers.filter(**on).order_by("position", "id")
    blockers = version.blockers.filter(**on).order_by("position", "id")
    groups = version.groups.select_related("within").order_by("id")
    graded = version.grades_from is not None
    return Ruleset(
        model_key=version.model.key,
        version=version.number,
        ceilings=version.ceilings,
        groups={group.key: group.cap for group in groups},
        within={group.key: group.within.key for group in groups if group.within},
        rules=tuple(
            rule_spec(rule, *asked) for rule in rules if (asked := _conditions(rule, types, graded=graded))
        ),
        lines=tuple(
            LineSpec(line.stage, line.minimums, line.leave, line.cool_down_days)
            for line in version.lines.order_by("id")
        ),
        triggers=tuple(
            TriggerSpec(trigger.key, trigger.label, trigger.stage, *asked)
            for trigger in triggers
            if (asked := _conditions(trigger, types))
        ),
        blockers=tuple(
            BlockerSpec(blocker.key, blocker.label, *asked)
            for blocker in blockers
            if (asked := _conditions(blocker, types))
        ),
        applies_to=_applies_to(version),
        time_zone=version.time_zone,
        grades_from=version.grades_from,
    )


def rule_spec(rule: Rule, when: Condition, unless: Condition | None = None) -> RuleSpec:
    kind: Any = rule.decay_kind
    period: Any = rule.per_period
    tiers = tuple(Tier(tier["times"], tier["points"]) for tier in rule.tiers or ())
    return RuleSpec(
        key=rule.key,
        label=rule.label,
        dimension=rule.dimension,
        when=when,
        unless=unless,
        points=rule.points,
        mismatch=rule.mismatch_points or 0,
        tiers=tiers,
        each=rule.count == Rule.Count.EACH,
        group=rule.group.key if rule.group else None,
        cap=rule.cap,
        limit=Limit(rule.per_times, period) if rule.per_times else None,
        window_days=rule.window_days,
        fading=Fading(kind, rule.decay_days, rule.decay_percent or 100) if rule.decay_days else None,
    )


def _conditions(
    part: Rule | Trigger | Blocker, types: dict[str, int], *, graded: bool = False
) -> tuple[Condition, Condition | None] | None:
    """What the part asks, and its exception; None for one that cannot be read, which is turned off."""
    try:
        when = parse(part.when, types=types, path="$.when")
        unless = None if part.unless is None else parse(part.unless, types=types, path="$.unless")
        if isinstance(part, Rule):
            check_rule({**part.settings(), "dimension": part.dimension}, when, graded=graded)
    except ConditionError as error:
        _turn_off(part, " ".join(dict.fromkeys(said for _, said in error.faults)))
        return None
    return when, unless


def _applies_to(version: ModelVersion) -> Condition | None:
    """Whom the version is for. Where that cannot be read any more it is for nobody: better silent than sales
    called about the wrong leads."""
    if version.applies_to is None:
        return None
    try:
        return parse(version.applies_to, path="$.applies_to", facts_only=True)
    except ConditionError as error:
        log.error("%s scores nobody: %s", version, error)
        return Group("any", ())


def _turn_off(part: Rule | Trigger | Blocker, reason: str) -> None:
    type(part)._default_manager.filter(pk=part.pk, disabled_at=None).update(
        disabled_at=timezone.now(), disabled_reason=reason
    )
    log.error("%s %r of %s is off: %s", type(part).__name__, part.key, part.version, reason)
