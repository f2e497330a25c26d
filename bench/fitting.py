"""Fit an integer score card: which of some candidate rules count, and for how many points.

What each candidate says of each lead comes out of the product's own scoring statement, so the fit sees what
the score will see. Logistic regression weighs the candidates; the weights are rounded to a few steps of
points, and candidates of one field with equal points become one rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from scoring import model_file
from scoring.dimensions import HUNDREDTHS
from scoring.models import ModelVersion
from scoring.statement import compiled, scores

#: Points for a weight that multiplies the odds by e.
POINTS_PER_LOGIT = 12
#: Points are multiples of this.
STEP = 2
#: How much weights are believed: smaller is more cautious.
BELIEF = 0.15


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something a rule may look at: a fact with one value, or any other condition."""

    key: str
    label: str
    dimension: str
    when: dict[str, Any]

    @property
    def field(self) -> str:
        """The fact whose single value is tested, "" for other conditions."""
        return str(self.when["field"]) if self.when.get("op") == "eq" else ""


def matrix(candidates: Sequence[Candidate], ids: Sequence[int], at: datetime) -> NDArray[np.float64]:
    """1 where a candidate (column) is true of a lead (row), by the product's statement."""
    data = {
        "model": "candidates",
        "rules": [
            {
                "key": one.key,
                "label": one.label,
                "dimension": one.dimension,
                "when": one.when,
                "points": 1,
                "count": "once",
            }
            for one in candidates
        ],
    }
    statement = compiled(model_file.load(data=data), details=True)
    rows = {row["lead_id"]: row for row in scores(statement, ids=list(ids), as_of=at)}
    return np.array(
        [[rows[pk][f"r{n}"] / HUNDREDTHS for n in range(len(candidates))] for pk in ids], dtype=np.float64
    )


def card(
    candidates: Sequence[Candidate], seen: NDArray[np.float64], outcome: NDArray[np.int_], *, model: str
) -> dict[str, Any]:
    """A model file fitted to ``seen`` (from ``matrix``) and ``outcome`` (1 for a customer)."""
    fitted = LogisticRegression(C=BELIEF, max_iter=2_000).fit(seen, outcome)
    points = [STEP * round(POINTS_PER_LOGIT * weight / STEP) for weight in fitted.coef_[0]]
    rules: dict[tuple[str, int], dict[str, Any]] = {}
    for one, worth in zip(candidates, points, strict=True):
        if not worth:
            continue
        key = (one.field or one.key, worth)
        if one.field and key in rules:
            rules[key]["when"]["value"].append(one.when["value"])
            rules[key]["label"] = _label(one.field, rules[key]["when"]["value"])
            continue
        when = {"field": one.field, "op": "in", "value": [one.when["value"]]} if one.field else dict(one.when)
        rules[key] = {
            "key": one.key,
            "label": one.label,
            "dimension": one.dimension,
            "when": when,
            "points": worth,
            "count": "once",
        }
    total = seen @ np.array(points, dtype=np.float64)
    return {
        "model": model,
        "rules": list(rules.values()),
        "lines": [{"stage": "sql", "min": {"total": max(1, int(np.quantile(total, 0.9)))}, "leave": 2}],
    }


def _label(field: str, values: Sequence[str]) -> str:
    name = field.removeprefix("attributes.").replace("_", " ").capitalize()
    return f"{name}: one of {len(values)} such as {values[0]}"[:160]


def score(data: dict[str, Any], ids: Sequence[int], at: datetime) -> NDArray[np.float64]:
    """Total points of the leads under a model file, by the product's statement."""
    version: ModelVersion = model_file.load(data=data)
    rows = {row["lead_id"]: row["total"] for row in scores(compiled(version), ids=list(ids), as_of=at)}
    return np.array([rows[pk] / HUNDREDTHS for pk in ids])
