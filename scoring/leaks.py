"""What would give the outcome away: what came after it, and what alone tells it. Pure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import intervals
from .intervals import Bools, Floats

#: What alone tells good from bad this well was written by somebody who knew the outcome.
TOO_GOOD = 0.95


def leak(first: Mapping[str, Any], bits: NDArray[np.uint8], good: Bools, *, known_now: int) -> str:
    """Why a fact or an activity type must not be learned from; "" when it may. ``bits`` says what was true of
    whom just before (a row for each outcome, a column for each of its conditions), ``first`` is the widest of
    these, known at all or done once. ``known_now`` leads have it by now; 0 for too few to compare with."""
    then = int(bits[:, 0].sum())
    if then < known_now / 2:
        late = f"{1 - then / known_now:.0%}"
        if "activity" in first:
            return f"It comes after the decision: {late} of the leads that did it had not done so before."
        if first["op"] == "known":
            return f"It is filled in after the decision: {late} of the leads that have it had not before."
    told = max(_in_two(bits, good), _by_pattern(bits, good))
    if told >= TOO_GOOD:
        return f"It tells {told:.0%} of good from bad by itself: somebody wrote it who knew the outcome."
    return ""


def _in_two(bits: NDArray[np.uint8], good: Bools) -> float:
    """The area under the curve of the condition that tells most by being true or not, either way round."""
    apart = np.abs(bits[good].mean(axis=0) - bits[~good].mean(axis=0))
    return float(0.5 + apart.max() / 2)


def _by_pattern(bits: NDArray[np.uint8], good: Bools) -> float:
    """The area under the curve of all conditions together: of each lead, how the *others* fared of whom the
    same was true. Were the lead itself counted, a random number cut in fourteen would tell 95% of 20 leads.
    Whom nobody is like says nothing."""
    _, where, counts = np.unique(bits, axis=0, return_inverse=True, return_counts=True)
    where = where.reshape(-1)
    others = counts[where] - 1
    fared: Floats = np.bincount(where, weights=good)[where].astype(np.float64) - good
    rates = np.where(others > 0, fared / np.maximum(others, 1), good.mean())
    area = intervals.auc(rates, good)
    return area.value if area is not None else 0.5
