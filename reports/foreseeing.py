"""What will be won in so many days, from what stands in the pipeline and what became of it in the past. Pure.

The past is cut into windows as long as the time ahead. Of what stood at each place when a window began, a
share was won by its end: that is the rate, times included, since a lead far from its end is seldom won within
a window. Deals of leads that stood nowhere yet when it began are the newcomers of the window.

The interval comes from drawing the next window a few thousand times: the rates as uncertain as the past
leaves them (Beta with Jeffreys' prior, Gamma for the newcomers), how much windows differed among themselves
beyond chance (Pearson's dispersion by the method of moments; Williams 1982, Applied Statistics 31:144), who
is won, and amounts drawn from past ones. The draws have a fixed seed: the same data make the same figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from scoring.intervals import Floats, Share

from .counting import ENOUGH, share_of

DRAWS = 4_000
SEED = 20_170_101
#: The interval holds nine times out of ten.
LOW, HIGH = 0.05, 0.95
#: Beyond so many single amounts a sum is drawn as a normal one, which it is by then.
MOST_SINGLE = 4_000_000
#: Fewer windows do not tell how much windows differ.
LEAST_WINDOWS = 2


class Place(StrEnum):
    """Where something stands that may be won: an open deal, or a lead that has none, by stage."""

    DEAL = "deal"
    SQL = "sql"
    HANDED_OVER = "handed_over"
    MQL = "mql"


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of the past: how many ``stood`` at each place when it began, how many of those were
    ``won`` by its end, and how many ``newcomers`` were won that stood nowhere."""

    stood: Mapping[Place, int]
    won: Mapping[Place, int]
    newcomers: int


@dataclass(frozen=True, slots=True)
class Known:
    """All that a forecast may use: past ``windows``, the ``amounts`` of past wins, how many stand where now,
    and the amounts of those open deals that have one."""

    windows: Sequence[Window]
    amounts: Sequence[float]
    stands: Mapping[Place, int]
    own_amounts: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """What is expected, and between what it lies nine times out of ten."""

    expected: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Part:
    """What one place adds: ``stands`` there now; of ``stood`` in the past ``won`` were won within a window.
    ``wins`` and ``revenue`` are what is expected; None where the past has too few to say, and then it is not
    in the sum. ``place`` None: the newcomers, of whom nobody stands anywhere yet."""

    place: Place | None
    stands: int | None
    stood: int
    won: int
    wins: float | None
    revenue: float | None

    @property
    def share(self) -> Share | None:
        return share_of(self.won, self.stood) if self.place else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """``wins`` and ``revenue`` of the days ahead; ``why_not`` says in words why there is neither, or no
    revenue."""

    wins: Range | None = None
    revenue: Range | None = None
    parts: list[Part] = field(default_factory=list)
    why_not: str = ""


def foresee(known: Known) -> Forecast:
    """What ``known`` leads to expect. The same for the same."""
    won = sum(sum(window.won.values()) + window.newcomers for window in known.windows)
    why_not = ""
    if len(known.windows) < LEAST_WINDOWS:
        why_not = "The past is shorter than twice the time ahead: too little to say."
    elif won < ENOUGH:
        why_not = f"Only {won} deals were won in the past that compares: too few to say."
    if why_not:
        nothing = [_part(known, place, known.stands.get(place, 0), None, None) for place in Place]
        return Forecast(parts=nothing, why_not=why_not)
    priced = len(known.amounts) >= ENOUGH
    amount = float(np.mean(known.amounts)) if priced else None
    rng = np.random.default_rng(SEED)
    wins: Floats = np.zeros(DRAWS)
    unpriced: Floats = np.zeros(DRAWS)  # wins whose amount is drawn
    own: Floats = np.zeros(DRAWS)
    parts = []
    for place in Place:
        rate = _rate(known.windows, place)
        stands = known.stands.get(place, 0)
        own_amounts = np.asarray(known.own_amounts if place == Place.DEAL else (), dtype=np.float64)
        if rate is None:
            parts.append(_part(known, place, stands, None, None))
            continue
        p = rate.draw(rng)
        without = rng.binomial(stands - len(own_amounts), p).astype(np.float64)
        worth, count = _own(rng, p, own_amounts)
        unpriced += without
        own += worth
        wins += without + count
        revenue = None
        if amount is not None:
            revenue = rate.mean * ((stands - len(own_amounts)) * amount + float(own_amounts.sum()))
        parts.append(_part(known, place, stands, rate.mean * stands, revenue))
    new = _newcomers(rng, [window.newcomers for window in known.windows])
    mean_new = float(np.mean([window.newcomers for window in known.windows]))
    newcomers = sum(window.newcomers for window in known.windows)
    parts.append(Part(None, None, 0, newcomers, mean_new, None if amount is None else mean_new * amount))
    wins += new
    unpriced += new
    revenue_range = None
    if priced:
        revenue_range = _range(own + _sums(rng, np.asarray(known.amounts, dtype=np.float64), unpriced))
    return Forecast(
        wins=_range(wins),
        revenue=revenue_range,
        parts=parts,
        why_not=""
        if priced
        else f"Only {len(known.amounts)} past wins have an amount: too few to say what"
        " the next ones are worth.",
    )


@dataclass(frozen=True, slots=True)
class _Rate:
    """A share won within a window: ``mean``, as from ``weight`` independent trials, and how alike those of
    one window are (``alike``: 0 is chance alone)."""

    mean: float
    weight: float
    alike: float

    def draw(self, rng: np.random.Generator) -> Floats:
        """The next window's rate, as uncertain as the past leaves it."""
        p = rng.beta(self.mean * self.weight, (1 - self.mean) * self.weight, DRAWS)
        if self.alike <= 0:
            return p
        spread = 1 / self.alike - 1
        p = np.clip(p, 1e-9, 1 - 1e-9)
        return rng.beta(p * spread, (1 - p) * spread)


def _rate(windows: Sequence[Window], place: Place) -> _Rate | None:
    """None where too few stood there to say."""
    stood = np.array([window.stood.get(place, 0) for window in windows], dtype=np.float64)
    won = np.array([window.won.get(place, 0) for window in windows], dtype=np.float64)[stood > 0]
    stood = stood[stood > 0]
    n, k = stood.sum(), won.sum()
    if n < ENOUGH:
        return None
    mean = float((k + 0.5) / (n + 1))
    dispersion, alike = 1.0, 0.0
    if len(stood) >= LEAST_WINDOWS:
        chi2 = ((won - stood * mean) ** 2 / (stood * mean * (1 - mean))).sum()
        dispersion = max(1.0, float(chi2) / (len(stood) - 1))
        alike = min((dispersion - 1) / max(float(stood.mean()) - 1, 1.0), 0.99)
    return _Rate(mean, float(n + 1) / dispersion, alike)


def _newcomers(rng: np.random.Generator, counts: Sequence[int]) -> Floats:
    """How many newcomers the next window has."""
    mean = float(np.mean(counts))
    dispersion = max(1.0, float(np.var(counts, ddof=1)) / mean) if mean else 1.0
    rate = rng.gamma((sum(counts) + 0.5) / dispersion, dispersion / len(counts), DRAWS)
    if dispersion > 1:
        rate = rng.gamma(np.maximum(rate, 1e-9) / (dispersion - 1), dispersion - 1)
    return rng.poisson(rate).astype(np.float64)


def _own(rng: np.random.Generator, p: Floats, amounts: Floats) -> tuple[Floats, Floats]:
    """What deals with amounts of their own bring, and how many of them."""
    if not len(amounts):
        return np.zeros(DRAWS), np.zeros(DRAWS)
    if len(amounts) * DRAWS > MOST_SINGLE:
        count = rng.binomial(len(amounts), p).astype(np.float64)
        spread = np.sqrt(p * (1 - p) * (amounts**2).sum())
        return np.maximum(p * amounts.sum() + spread * rng.standard_normal(DRAWS), 0), count
    won = rng.random((DRAWS, len(amounts))) < p[:, None]
    worth: Floats = won @ amounts
    return worth, won.sum(axis=1).astype(np.float64)


def _sums(rng: np.random.Generator, amounts: Floats, counts: Floats) -> Floats:
    """Sums of so many amounts each, as past ones are; their mean as uncertain as so many leave it."""
    mean, spread = float(amounts.mean()), float(amounts.std(ddof=1))
    level = 1 + rng.standard_normal(DRAWS) * spread / mean / np.sqrt(len(amounts)) if mean else np.ones(DRAWS)
    total = int(counts.sum())
    sums: Floats
    if total > MOST_SINGLE:
        sums = counts * mean * level + np.sqrt(counts) * spread * rng.standard_normal(DRAWS)
        return np.maximum(sums, 0)
    drawn = np.concatenate([[0.0], np.cumsum(amounts[rng.integers(len(amounts), size=total)])])
    ends = np.concatenate([[0], np.cumsum(counts.astype(np.int64))])
    sums = (drawn[ends[1:]] - drawn[ends[:-1]]) * level
    return np.maximum(sums, 0)


def _range(drawn: Floats) -> Range:
    low, high = np.quantile(drawn, [LOW, HIGH])
    return Range(float(drawn.mean()), float(low), float(high))


def _part(known: Known, place: Place, stands: int, wins: float | None, revenue: float | None) -> Part:
    return Part(
        place=place,
        stands=stands,
        stood=sum(window.stood.get(place, 0) for window in known.windows),
        won=sum(window.won.get(place, 0) for window in known.windows),
        wins=wins,
        revenue=revenue,
    )
