"""Other points for rules, where outcomes surely ask for them."""

from collections.abc import Iterator, Sequence

import numpy as np

from . import intervals
from .dimensions import MOST_POINTS, Dimension
from .intervals import Bools, Floats
from .proposals import Suggestion, with_points
from .rule_rates import Fired, RuleRate
from .ruleset import Ruleset, RuleSpec

#: How much a change of weights is believed: smaller is more cautious.
BELIEF = 1.0
#: Standard errors a change must be away from none: 99 in 100, because many rules are looked at at once.
SURE = 2.58
#: A change of points smaller than this, or than this part of them, is no change.
LEAST_CHANGE = 2
LEAST_PART = 0.15
#: Newton's method is there long before.
MOST_STEPS = 50


def weights(decided: Fired, by_rule: Sequence[RuleRate]) -> Iterator[Suggestion]:
    """Weights fitted anew around the present ones: what a point is worth comes from the total, and each rule
    has a difference to its own points that is believed little (ridge penalty). The new points are on the
    scale on which totals lie as far apart as now, so the line keeps its meaning. A rule is named when its
    difference is surely not nothing. Pure."""
    columns = [n for n in _plain_rules(decided) if _varies(decided.points[:, n] != 0)]
    total = decided.total - decided.total.mean()
    a_point = _worth_of_a_point(decided) if columns else 0.0
    if a_point <= 0:
        return  # the total says too little for a point to have a worth; learning anew is the answer
    each = np.array([decided.ruleset.rules[n].points for n in columns], dtype=np.float64)
    seen = decided.points[:, columns] / each
    differences, errors = _differences(seen, decided.good, offset=a_point * total)
    per_logit = float(total.std() / (a_point * total + seen @ differences).std())
    for column, difference, unsure in zip(columns, differences.tolist(), errors.tolist(), strict=True):
        rule, rate = decided.ruleset.rules[column], by_rule[column]
        if abs(difference) <= SURE * unsure:
            continue
        worth, points = a_point * rule.points + difference, rule.points
        fitted = int(np.clip(round(worth * per_logit), -MOST_POINTS, MOST_POINTS))
        if abs(fitted - points) < max(LEAST_CHANGE, LEAST_PART * abs(points)):
            continue
        low, high = (round((worth + sign * intervals.Z * unsure) * per_logit) for sign in (-1, 1))
        yield Suggestion(
            key=f"points-{rule.key}",
            kind="points",
            title=f"{rule.label}: {points:+d} → {fitted:+d}",
            said=rate.said,
            evidence=f"Fitted to {len(decided.known):,} outcomes: {low:+d} to {high:+d}, 19 times in 20.",
            patch=with_points(rule.key, fitted),
        )


def unjudged(decided: Fired) -> Iterator[str]:
    """What could not be asked of these outcomes about the points of rules, in words; nothing when all of it
    could. Pure."""
    plain = _plain_rules(decided)
    if plain and _worth_of_a_point(decided) <= 0:
        yield (
            "Points of rules: a higher total is not surely a better lead here, so what a point is worth"
            " cannot be said. A model learned anew may say more."
        )
        return
    rare = sum(not _varies(decided.points[:, n] != 0) for n in plain)
    if rare:
        yield (
            f"Points of {rare} of the {len(decided.ruleset.rules)} rules: too rare, or too common, to tell"
            f" (under {intervals.LEAST_OUTCOMES} of the decided leads on one side)."
        )
    if others := len(decided.ruleset.rules) - len(plain):
        yield (
            f"Rules with steps, grades or points for a mismatch ({others}): no single number of points"
            " stands for them."
        )


def _plain_rules(decided: Fired) -> list[int]:
    return [n for n, rule in enumerate(decided.ruleset.rules) if _is_plain(rule, decided.ruleset)]


def _worth_of_a_point(decided: Fired) -> float:
    """What a point of the total adds to the log odds; 0 when that is not surely more than nothing."""
    spread = float(decided.total.std())
    if not spread:
        return 0.0
    return _a_point((decided.total - decided.total.mean()) / spread, decided.good) / spread


def _a_point(total: Floats, good: Bools) -> float:
    """What one unit of ``total`` adds to the log odds; 0 when that is not surely more than nothing."""
    from sklearn.linear_model import LogisticRegression  # two seconds that only a fit should cost

    fitted = LogisticRegression(C=1e6, max_iter=1_000).fit(total[:, None], good)
    chance = fitted.predict_proba(total[:, None])[:, 1]
    error = float(_errors(total[:, None], chance, 0.0)[0])
    slope = float(fitted.coef_[0][0])
    return slope if slope > SURE * error else 0.0


def _differences(seen: Floats, good: Bools, *, offset: Floats) -> tuple[Floats, Floats]:
    """Ridge logistic regression beside a given part, which scikit-learn has not: Newton's method, as in
    Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 4.4.1, with the penalty of 3.4.1.
    The weights and their standard errors."""
    whole = np.column_stack([np.ones(len(seen)), seen])
    penalty = np.diag([0.0, *[1 / BELIEF] * seen.shape[1]])
    found = np.zeros(whole.shape[1])
    for _ in range(MOST_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(offset + whole @ found, -30, 30)))
        curvature = (whole * (chance * (1 - chance))[:, None]).T @ whole + penalty
        step = np.linalg.solve(curvature, whole.T @ (good - chance) - penalty @ found)
        found = found + step
        if float(np.abs(step).max()) < 1e-8:
            break
    chance = 1 / (1 + np.exp(-np.clip(offset + whole @ found, -30, 30)))
    return found[1:], _errors(seen, chance, 1 / BELIEF)


def _is_plain(rule: RuleSpec, ruleset: Ruleset) -> bool:
    """Whether its points can be changed by one number."""
    graded = ruleset.grades_from is not None and rule.dimension == Dimension.FIT
    return bool(rule.points) and not rule.tiers and not rule.mismatch and not graded


def _varies(there: Bools) -> bool:
    return min(int(there.sum()), int((~there).sum())) >= intervals.LEAST_OUTCOMES


def _errors(seen: Floats, chance: Floats, penalty: float) -> Floats:
    """Standard errors of the weights from the curvature at the optimum, penalty included."""
    whole = np.column_stack([np.ones(len(seen)), seen])
    curvature = (whole * (chance * (1 - chance))[:, None]).T @ whole
    curvature += np.diag([0.0, *[penalty] * seen.shape[1]])
    errors: Floats = np.sqrt(np.diag(np.linalg.pinv(curvature)))[1:]
    return errors
