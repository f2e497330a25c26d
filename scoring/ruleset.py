"""A version's rules as plain values, checked: what the compiler, the sentences and the model file share."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .conditions import MOST_TIMES, Condition, Fact, Happened, needs_activity, tests_of
from .dimensions import HUNDREDTHS, TOP_GRADE, Dimension
from .faults import ConditionError, Faults, only, whole

DAY = 86_400
MOST_TIERS = 20


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
    """At most ``times`` activities count in each calendar day, week (from Monday) or month, in the version's
    time zone, or ever."""

    times: int
    period: Literal["day", "week", "month", "ever"]


@dataclass(frozen=True, slots=True)
class Tier:
    """So many ``points`` from so many ``times`` on, instead of those of the tiers below."""

    times: int
    points: int


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """One rule. ``window_days`` is the rule's own or, failing that, its activity test's. ``mismatch`` are the
    points while all the facts it asks about are known and it does not hold. With ``tiers``, lowest first,
    ``points`` are those of the highest."""

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
    unless: Condition | None = None
    mismatch: int = 0
    tiers: tuple[Tier, ...] = ()

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
    """Minimums in points: dimension (or ``total``) → minimum. After a crossing the line makes no other one
    for ``cool_down_days``."""

    stage: str
    minimums: Mapping[str, int]
    leave: int
    cool_down_days: int = 0


@dataclass(frozen=True, slots=True)
class TriggerSpec:
    key: str
    label: str
    stage: str
    when: Condition
    unless: Condition | None = None


@dataclass(frozen=True, slots=True)
class BlockerSpec:
    key: str
    label: str
    when: Condition
    unless: Condition | None = None


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Everything that decides a score, and nothing else. Parts that are off are not in it. ``within``: group
    → the larger group it is part of. ``applies_to``: None for everybody. ``grades_from``: fit is a grade
    that starts there; None for points."""

    model_key: str
    version: int
    ceilings: Mapping[str, int | None]
    groups: Mapping[str, int]
    rules: tuple[RuleSpec, ...]
    lines: tuple[LineSpec, ...]
    triggers: tuple[TriggerSpec, ...]
    blockers: tuple[BlockerSpec, ...]
    within: Mapping[str, str] = field(default_factory=dict)
    applies_to: Condition | None = None
    time_zone: str = "UTC"
    grades_from: int | None = None

    def conditions(self) -> Iterator[Condition]:
        """Every condition in it."""
        if self.applies_to is not None:
            yield self.applies_to
        parts: list[RuleSpec | TriggerSpec | BlockerSpec] = [*self.rules, *self.triggers, *self.blockers]
        for part in parts:
            yield part.when
            if part.unless is not None:
                yield part.unless


def check_rule(rule: Mapping[str, Any], when: Condition, path: str = "$", *, graded: bool = False) -> None:
    """Refuse settings that mean nothing for what the rule asks. ``rule`` has the model file's keys;
    ``graded`` when fit is a grade. Raises ConditionError with the path of each such setting."""
    earns = isinstance(when, Happened) and when.needs_one
    count = rule.get("count", "once")
    with Faults() as faults:

        def refuse(key: str, why: str) -> None:
            if rule.get(key) is not None:
                faults.found.append((f"{path}.{key}", why))

        if not earns:
            refuse("window_days", "Only a rule about one activity test can have a window.")
            for key, what in (("per", "a limit"), ("cap", "a cap")):
                refuse(key, f"Only a rule about one activity test can have {what}.")
            if count != "once":
                how = "each" if count == "each" else "by how often"
                refuse("count", f"Only a rule about one activity test can count “{how}”.")
        elif count == "once":
            refuse("per", "Only a rule that counts “each” or by how often can have a limit.")
        if earns and count != "each":
            refuse("cap", "Only a rule that counts “each” can have a cap.")
        if count == "tiers":
            refuse("decay", "Points by how often do not fade.")
        elif not needs_activity(when):
            refuse("decay", "Only a rule that needs an activity can fade: what does not happen has no age.")
        if not any(isinstance(test, Fact) for test in tests_of(when)):
            refuse("mismatch", "Only a rule about facts can have points for a mismatch.")
        if isinstance(when, Happened) and when.within_days and rule.get("window_days"):
            refuse("window_days", "The condition has within_days already; say it once.")
        if graded and rule.get("dimension") == Dimension.FIT:
            for key in ("points", "mismatch"):
                if abs(rule.get(key) or 0) > TOP_GRADE:
                    refuse(
                        key,
                        f"Fit is a grade here: give thirds of a letter, from -{TOP_GRADE} to {TOP_GRADE}.",
                    )


def check_tiers(tiers: Any, path: str, most: int) -> tuple[Tier, ...]:
    """Tiers from JSON, which must climb in times. Raises ConditionError with the path of what is wrong."""
    if not isinstance(tiers, list) or not 0 < len(tiers) <= MOST_TIERS:
        raise ConditionError(path, f"Give a list of 1 to {MOST_TIERS} tiers.")
    read: list[Tier] = []
    with Faults() as faults:
        for n, tier in enumerate(tiers):
            faults.of(_check_tier, tier, f"{path}[{n}]", read, most)
    return tuple(read)


def _check_tier(tier: Any, path: str, read: list[Tier], most: int) -> None:
    if not isinstance(tier, dict):
        raise ConditionError(path, "A tier is an object with times and points.")
    with Faults() as faults:
        faults.of(only, tier, ["times", "points"], path)
        times = faults.of(whole, tier, "times", path, 1, MOST_TIMES)
        points = faults.of(whole, tier, "points", path, -most, most)
        if times is not None and read and times <= read[-1].times:
            faults.found.append((f"{path}.times", "Each tier needs more times than the one before."))
    read.append(Tier(times or 0, points or 0))
