"""How often each rule of a version fired for leads that were decided, and how those fared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.core.cache import cache
from numpy.typing import NDArray

from . import intervals, outcomes
from .backtest import scored, statement_of
from .dimensions import HUNDREDTHS, Dimension
from .intervals import Bools, Figure, Floats, Share, lift, share
from .models import ModelVersion
from .outcomes import Decided
from .ruleset import Ruleset, RuleSpec

#: For the short figures beside each rule: how many of the newest decided leads, and how long they are kept.
MOST_LOOKED_AT = 1_000
KEPT_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class Fired:
    """A version on decided leads, each as of its own moment: a row for each outcome. ``points`` has a column
    for each rule, in points; ``triggered``: an SQL trigger held."""

    ruleset: Ruleset
    known: tuple[Decided, ...]
    points: Floats
    dimensions: dict[str, Floats]
    over: Bools
    triggered: Bools
    blocked: Bools

    @property
    def good(self) -> Bools:
        return np.array([one.good for one in self.known], dtype=np.bool_)

    @property
    def total(self) -> Floats:
        total: Floats = sum(self.dimensions.values(), start=np.zeros(len(self.known)))
        return total

    def reasons(self) -> NDArray[np.str_]:
        return np.array([one.reason for one in self.known], dtype=np.str_)


@dataclass(frozen=True, slots=True)
class RuleRate:
    """One rule: of how many decided leads it gave or took points, how many of these were accepted, and how
    that compares with all of them; of how many it was known whether they were won, and how many were."""

    key: str
    label: str
    dimension: str
    points: int
    fired: int
    accepted: Share
    lift: Figure | None
    won: Share

    @property
    def is_quiet(self) -> bool:
        return self.fired < intervals.LEAST_OUTCOMES

    @property
    def said(self) -> str:
        """ "Fired for 88 decided leads, 52% accepted (42–62%), 1.4 times the average"."""
        leads = "1 decided lead" if self.fired == 1 else f"{self.fired:,} decided leads"
        if self.is_quiet or self.lift is None:
            return f"Fired for {leads}: too few to say." if self.fired else "Fired for no decided lead."
        return (
            f"Fired for {leads}, {self.accepted.percent}% accepted ({self.accepted.between}),"
            f" {self.lift.value:.1f} times the average."
        )


def fired(version: ModelVersion, known: Sequence[Decided]) -> Fired:
    """One statement for each 50,000 outcomes."""
    statement = statement_of(version)
    rules = ", ".join(f"r{n}" for n in range(len(statement.ruleset.rules)))
    columns = (
        *Dimension.values,
        "sql_over",
        "blocked",
        "cardinality(sql_triggers) > 0 AS triggered",
        f"ARRAY[{rules}]::int[] AS points",
    )
    rows = list(scored(statement, known, columns))
    points = np.array([row["points"] for _, row in rows], dtype=np.float64) / HUNDREDTHS
    return Fired(
        ruleset=statement.ruleset,
        known=tuple(one for one, _ in rows),
        points=points.reshape(len(rows), len(statement.ruleset.rules)),
        dimensions={
            name: np.array([row[name] for _, row in rows], dtype=np.float64) / HUNDREDTHS
            for name in Dimension.values
        },
        over=np.array([row["sql_over"] for _, row in rows], dtype=np.bool_),
        triggered=np.array([row["triggered"] for _, row in rows], dtype=np.bool_),
        blocked=np.array([row["blocked"] for _, row in rows], dtype=np.bool_),
    )


def in_short(version: ModelVersion, at: datetime) -> dict[str, str]:
    """Rule key → "61% accepted, 104 leads", over the newest decided leads; nothing of rules that fired for
    too few. Kept for a quarter of an hour, since a list of rules is opened more often than leads are
    decided. One query, a handful when it was not kept."""
    name = f"rule-rates-{version.pk}"
    kept: dict[str, str] | None = cache.get(name)
    if kept is None:
        kept = _in_short(version, at)
        cache.set(name, kept, timeout=KEPT_SECONDS)
    return kept


def _in_short(version: ModelVersion, at: datetime) -> dict[str, str]:
    known = outcomes.decided(kind="accepted", at=at, newest=MOST_LOOKED_AT, until="handover")
    if intervals.too_few(good=sum(one.good for one in known), bad=sum(not one.good for one in known)):
        return {}
    decided = fired(version, known)
    return {
        rate.key: f"{rate.accepted.percent}% accepted, {rate.fired:,} leads"
        for rate in rates(decided, decided)
        if not rate.is_quiet
    }


def rates(accepted: Fired, won: Fired) -> tuple[RuleRate, ...]:
    """Every rule of the version, in its order. Pure."""
    return tuple(_rate(n, rule, accepted, won) for n, rule in enumerate(accepted.ruleset.rules))


def _rate(n: int, rule: RuleSpec, accepted: Fired, won: Fired) -> RuleRate:
    here, there = accepted.points[:, n] != 0, won.points[:, n] != 0
    taken = int((here & accepted.good).sum())
    return RuleRate(
        key=rule.key,
        label=rule.label,
        dimension=rule.dimension,
        points=rule.points,
        fired=int(here.sum()),
        accepted=share(taken, int(here.sum())),
        lift=lift(taken, int(here.sum()), int(accepted.good.sum()), len(accepted.known)),
        won=share(int((there & won.good).sum()), int(there.sum())),
    )
