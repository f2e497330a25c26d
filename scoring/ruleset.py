"""A version's rules as plain values, checked: what the compiler, the sentences and the model file share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .conditions import Condition, Faults, Happened
from .dimensions import HUNDREDTHS

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Fading:
    """How an activity's points shrink with its age. ``percent`` is the share lost per ``days`` (linear) or
    after them (drop)."""

    kind: Literal["half_life", "linear", "drop"]
    days: int
    percent: int = 100

    def gone_after(self, points: int) -> int | None:
        """The age in seconds from which ``points`` round to nothing; None if something stays for ever."""
        match self.kind:
            case "half_life":
                # Half of a hundredth rounds to nothing, so p·100·2^(-age/h) ≤ 1/2 is the end.
                return (
                    math.ceil(math.log2(abs(points) * HUNDREDTHS * 2) * self.days * DAY) + 1 if points else 0
                )
            case "linear":
                return math.ceil(self.days * DAY * 100 / self.percent)
            case "drop":
                return self.days * DAY if self.percent == 100 else None

    def still_after(self, points: int) -> int:
        """The age in seconds from which the points no longer change."""
        gone = self.gone_after(points)
        return self.days * DAY if gone is None else gone


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``times`` activities count in each calendar day, week (from Monday) or month, in UTC."""

    times: int
    period: Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """One rule. ``window_days`` is the rule's own or, failing that, its activity test's."""

    key: str
    label: str
    dimension: str
    when: Condition
    points: int
    each: bool = False
    group: str | None = None
    cap: int | None = None
    limit: Limit | None = None
    window_days: int | None = None
    fading: Fading | None = None

    @property
    def earns(self) -> Happened | None:
        """The activity test whose activities earn the points; None for a rule that is simply true or not."""
        return self.when if isinstance(self.when, Happened) and self.when.needs_one else None

    @property
    def window(self) -> int | None:
        """Seconds an activity counts for, half-open; None for ever."""
        days = self.window_days or (self.earns.within_days if self.earns else None)
        return days * DAY if days else None


@dataclass(frozen=True, slots=True)
class LineSpec:
    """Minimums in points: dimension (or ``total``) → minimum."""

    stage: str
    minimums: Mapping[str, int]
    leave: int


@dataclass(frozen=True, slots=True)
class TriggerSpec:
    key: str
    label: str
    stage: str
    when: Condition


@dataclass(frozen=True, slots=True)
class BlockerSpec:
    key: str
    label: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Everything that decides a score, and nothing else."""

    model_key: str
    version: int
    ceilings: Mapping[str, int | None]
    groups: Mapping[str, int]
    rules: tuple[RuleSpec, ...]
    lines: tuple[LineSpec, ...]
    triggers: tuple[TriggerSpec, ...]
    blockers: tuple[BlockerSpec, ...]


def check_rule(rule: Mapping[str, Any], when: Condition, path: str = "$") -> None:
    """Refuse settings that mean nothing for what the rule asks. ``rule`` has the model file's keys.
    Raises ConditionError with the path of each such setting."""
    earns = isinstance(when, Happened) and when.needs_one
    each = rule.get("count", "once") == "each"
    with Faults() as faults:
        for key, why in (
            ("window_days", "a window"),
            ("decay", "fading"),
            ("per", "a limit"),
            ("cap", "a cap"),
        ):
            if rule.get(key) is None:
                continue
            if not earns:
                faults.found.append((f"{path}.{key}", f"Only a rule about one activity test can have {why}."))
            elif not each and key in ("per", "cap"):
                faults.found.append((f"{path}.{key}", f"Only a rule that counts “each” can have {why}."))
        if each and not earns:
            faults.found.append((f"{path}.count", "Only a rule about one activity test can count “each”."))
        if isinstance(when, Happened) and when.within_days and rule.get("window_days"):
            faults.found.append(
                (f"{path}.window_days", "The condition has within_days already; say it once.")
            )
