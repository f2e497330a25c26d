"""How sure a figure is: intervals of 95 % for shares, lifts and areas under the curve. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: Standard errors on either side of a figure: 95 %.
Z = 1.959964
#: Below so many outcomes, or so few of either kind, nothing is judged.
LEAST_OUTCOMES = 20
LEAST_OF_EITHER = 5


@dataclass(frozen=True, slots=True)
class Share:
    """``k`` of ``n``, with the interval in which the true share lies, 19 times out of 20."""

    k: float
    n: float
    low: float
    high: float

    @property
    def rate(self) -> float:
        return self.k / self.n if self.n else 0.0

    @property
    def percent(self) -> int:
        return round(100 * self.rate)

    @property
    def between(self) -> str:
        """ "42–62%", as figures are shown."""
        return f"{round(100 * self.low)}–{round(100 * self.high)}%"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on a scale of its own (an area, a lift) with its interval."""

    value: float
    low: float
    high: float

    @property
    def between(self) -> str:
        return f"{self.low:.2f}–{self.high:.2f}"


def too_few(*, good: int, bad: int) -> str:
    """Why nothing can be said of so many outcomes, in words; "" when there are enough."""
    outcomes = good + bad
    if outcomes < LEAST_OUTCOMES:
        said = "Nothing is decided yet" if not outcomes else f"Only {outcomes} decided so far"
        return f"{said}; figures need {LEAST_OUTCOMES} or more, and fewer would be chance."
    if min(good, bad) < LEAST_OF_EITHER:
        kind = "went well" if good < bad else "went badly"
        return f"Only {min(good, bad)} of {outcomes} {kind}; figures need {LEAST_OF_EITHER} of either kind."
    return ""


def share(k: float, n: float) -> Share:
    """Wilson's score interval (E. B. Wilson 1927, J. Am. Stat. Assoc. 22:209, the two roots of p): unlike
    p ± z·SE it holds for small n and shares near 0 or 1. ``k`` and ``n`` may be parts, where ties share a
    place. Of nothing: anything from 0 to 1."""
    if n <= 0:
        return Share(0, 0, 0.0, 1.0)
    p, z2 = k / n, Z * Z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Share(k, n, max(0.0, middle - half), min(1.0, middle + half))


def lift(k: float, n: float, of_k: float, of_n: float) -> Figure | None:
    """The share ``k`` of ``n`` as a multiple of the share ``of_k`` of ``of_n``, the whole that contains it.
    None of nothing. The interval is that of a ratio on the logarithmic scale by the delta method (Katz et al.
    1978, Biometrics 34:469), less twice the covariance, because the part is in the whole."""
    if not n or not of_n or not of_k:
        return None
    part, whole = k / n, of_k / of_n
    if not k:
        return Figure(0.0, 0.0, share(k, n).high / whole)
    variance = (1 - part) / k + (1 - whole) / of_k - 2 * (1 - part) / of_k
    if part == 1.0:  # no spread left to see; Wilson's lower end stands in
        return Figure(1 / whole, share(k, n).low / whole, 1 / whole)
    spread = math.exp(Z * math.sqrt(max(variance, 0.0)))
    return Figure(part / whole, part / whole / spread, min(part / whole * spread, 1 / whole))


def ratio(k: float, n: float, other_k: float, other_n: float) -> Figure | None:
    """The share ``k`` of ``n`` as a multiple of the share ``other_k`` of ``other_n``, of which none is in the
    other, on the logarithmic scale (Katz et al. 1978, Biometrics 34:469). None where either share is nothing:
    then there is no ratio."""
    if not k or not other_k or not n or not other_n:
        return None
    spread = math.exp(Z * math.sqrt(max(1 / k - 1 / n + 1 / other_k - 1 / other_n, 0.0)))
    value = (k / n) / (other_k / other_n)
    return Figure(value, value / spread, value * spread)


def by_chance(k: int, n: int, of_k: int, of_n: int) -> float:
    """How likely ``n`` leads drawn blindly from ``of_n``, of which ``of_k`` are good, hold ``k`` good ones or
    more: the tail of the hypergeometric distribution, which is Fisher's exact test, one-sided (R. A. Fisher
    1935, J. R. Stat. Soc. 98:39). It needs no large numbers. Who looks at several such parts for one that
    stands out multiplies by how many they are (Bonferroni)."""
    least, most = max(k, n + of_k - of_n, 0), min(n, of_k)
    if k <= max(n + of_k - of_n, 0):
        return 1.0
    if least > most:
        return 0.0
    held = np.arange(least, most + 1)
    logs = (
        _log_choose(of_k, held)
        + _log_choose(of_n - of_k, n - held)
        - _log_choose(of_n, np.array([n], dtype=np.int64))
    )
    return min(1.0, float(np.exp(logs).sum()))


def _log_choose(n: int, k: NDArray[np.int64]) -> Floats:
    logs = _log_factorials(n)
    chosen: Floats = logs[n] - logs[k] - logs[n - k]
    return chosen


@lru_cache(maxsize=16)
def _log_factorials(most: int) -> Floats:
    """log 0!, log 1! … log ``most``!"""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


def rate(k: int) -> Figure:
    """``k`` rare events counted in some time, with the interval of what was to be expected in it: Poisson, by
    the square-root transformation (Freeman and Tukey 1950, Ann. Math. Stat. 21:607)."""
    low = max(0.0, math.sqrt(k) - Z / 2) ** 2
    return Figure(float(k), low, (math.sqrt(k + 1) + Z / 2) ** 2)


def auc(
    scores: Sequence[float] | NDArray[np.float64],
    good: Sequence[bool] | NDArray[np.bool_],
    *,
    tried: int = 1,
) -> Figure | None:
    """How often a good lead scores above a bad one, ties counting half; 0.5 is chance. None without both.
    Who looks at ``tried`` scores for one that tells finds one by chance more often, so the interval is as
    much wider (Bonferroni).

    The variance is that of DeLong, DeLong and Clarke-Pearson (1988, Biometrics 44:837), by mid-ranks as in
    Sun and Xu (2014, IEEE Signal Processing Letters 21:1389, algorithm 2); the interval is symmetric on the
    logit scale (Pepe 2003, The Statistical Evaluation of Medical Tests, 5.2.5), so it stays within 0 and 1.
    Where every good lead stands above every bad one that variance is nothing, and Wilson's interval for the
    smaller of the two kinds stands in."""
    values, is_good = np.asarray(scores, dtype=np.float64), np.asarray(good, dtype=np.bool_)
    above, below = values[is_good], values[~is_good]
    m, n = len(above), len(below)
    if not m or not n:
        return None
    together = _mid_ranks(np.concatenate([above, below]))
    of_good = (together[:m] - _mid_ranks(above)) / n
    of_bad = 1 - (together[m:] - _mid_ranks(below)) / m
    area = float(of_good.mean())
    variance = _variance(of_good) / m + _variance(of_bad) / n
    if area in (0.0, 1.0):
        edge = share(area * min(m, n), min(m, n))
        return Figure(area, edge.low, edge.high)
    logit = math.log(area / (1 - area))
    z = NormalDist().inv_cdf(1 - 0.025 / tried)
    half = z * math.sqrt(variance) / (area * (1 - area))
    return Figure(area, 1 / (1 + math.exp(half - logit)), 1 / (1 + math.exp(-half - logit)))


def _variance(values: Floats) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _mid_ranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the middle of their places."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle: Floats = (last - (counts - 1) / 2)[where]
    return middle


def tenths(
    scores: NDArray[np.float64], good: NDArray[np.bool_], parts: int = 10
) -> list[tuple[float, float]]:
    """(good, all) in each tenth from the highest scores down. Leads with equal scores share their places: a
    tie that spans two tenths goes to both in proportion, so no order among equals makes a difference."""
    ordered, where, counts = np.unique(-scores, return_inverse=True, return_counts=True)
    won = np.bincount(where, weights=good.astype(np.float64), minlength=len(ordered))
    size = len(scores) / parts
    ends = np.concatenate([[0.0], np.cumsum(counts)])
    reached = np.concatenate([[0.0], np.cumsum(won)])
    edges = np.linspace(0.0, len(scores), parts + 1)
    at_edge = np.interp(edges, ends, reached)
    return [(float(at_edge[n + 1] - at_edge[n]), size) for n in range(parts)]
