"""Read a version's rules from the database. A part that cannot be read is turned off with its reason."""

import logging
from typing import Any

from django.utils import timezone

from leads.models import ActivityType

from .conditions import Condition, ConditionError, parse
from .models import Blocker, ModelVersion, Rule, Trigger
from .ruleset import BlockerSpec, Fading, Limit, LineSpec, Ruleset, RuleSpec, TriggerSpec, check_rule

log = logging.getLogger(__name__)


def activity_types() -> dict[str, int]:
    """Activity type key → id. One query."""
    return dict(ActivityType.objects.values_list("key", "id"))


def read(version: ModelVersion, types: dict[str, int]) -> Ruleset:
    """The rules of ``version``, without those that are off. Five queries."""
    rules = version.rules.filter(disabled_at=None).select_related("group").order_by("position", "id")
    triggers = version.stage_triggers.filter(disabled_at=None).order_by("position", "id")
    blockers = version.blockers.filter(disabled_at=None).order_by("position", "id")
    return Ruleset(
        model_key=version.model.key,
        version=version.number,
        ceilings=version.ceilings,
        groups=dict(version.groups.values_list("key", "cap")),
        rules=tuple(rule_spec(rule, when) for rule in rules if (when := _condition(rule, types))),
        lines=tuple(LineSpec(line.stage, line.minimums, line.leave) for line in version.lines.order_by("id")),
        triggers=tuple(
            TriggerSpec(trigger.key, trigger.label, trigger.stage, when)
            for trigger in triggers
            if (when := _condition(trigger, types))
        ),
        blockers=tuple(
            BlockerSpec(blocker.key, blocker.label, when)
            for blocker in blockers
            if (when := _condition(blocker, types))
        ),
    )


def rule_spec(rule: Rule, when: Condition) -> RuleSpec:
    kind: Any = rule.decay_kind
    period: Any = rule.per_period
    return RuleSpec(
        key=rule.key,
        label=rule.label,
        dimension=rule.dimension,
        when=when,
        points=rule.points,
        each=rule.count == Rule.Count.EACH,
        group=rule.group.key if rule.group else None,
        cap=rule.cap,
        limit=Limit(rule.per_times, period) if rule.per_times else None,
        window_days=rule.window_days,
        fading=Fading(kind, rule.decay_days, rule.decay_percent or 100) if rule.decay_days else None,
    )


def _condition(part: Rule | Trigger | Blocker, types: dict[str, int]) -> Condition | None:
    try:
        when = parse(part.when, types=types, path="$.when")
        if isinstance(part, Rule):
            check_rule(part.settings(), when)
    except ConditionError as error:
        _turn_off(part, str(error))
        return None
    return when


def _turn_off(part: Rule | Trigger | Blocker, reason: str) -> None:
    type(part)._default_manager.filter(pk=part.pk, disabled_at=None).update(
        disabled_at=timezone.now(), disabled_reason=reason
    )
    log.error("%s %r of %s is off: %s", type(part).__name__, part.key, part.version, reason)
