"""Learn a whole model from outcomes: plain rules with whole points, fitted to what became of the leads.

Logistic regression weighs what could be looked at (``learnable``), believing little (ridge penalty); weights
become points of a few steps, and values of one fact that are worth the same become one rule. How well it
ranks is measured on leads it was not fitted to. Where nothing tells good from bad, nothing is suggested.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import intervals, model_file, outcomes, redrafting
from .backtest import judge, scored, statement_of
from .intervals import Bools, Figure, Floats, Share, share
from .learnable import Bits, Candidate, LeftOut, seen
from .models import ModelVersion, ScoringModel
from .outcomes import Decided, Kind

if TYPE_CHECKING:
    from accounts.models import User

#: Points for a weight that multiplies the odds by e.
POINTS_PER_LOGIT = 12
#: Points are multiples of this; a rule that would get no more than one step is left out: half as many rules
#: rank as well.
STEP = 2
#: How much weights are believed: smaller is more cautious.
BELIEF = 0.15
#: Parts the leads are cut in; each is ranked by a model fitted to the others.
FOLDS = 5
SEED = 7
#: What a learned model takes over from the live version.
_KEPT = ("applies_to", "time_zone", "triggers", "blockers")
#: The share of leads that stand over the line of a model that follows no other.
TOP = 0.1
#: The newest outcomes that are learned from: a fit of more takes longer than a person waits.
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned. ``data`` is a model file, None when nothing was found or too little is decided;
    ``quality`` how well such a model ranks leads it was not fitted to; ``said`` all of it in words."""

    data: dict[str, Any] | None
    outcome: Kind
    good: Share
    quality: Figure | None
    over: Share | None
    left_out: tuple[LeftOut, ...]
    said: str

    @property
    def rules(self) -> list[dict[str, Any]]:
        return list(self.data["rules"]) if self.data else []


class NothingLearned(Exception):
    """There is no model to draft; the message says why."""


def learn(
    *,
    model: ScoringModel,
    at: datetime,
    outcome: Kind = "accepted",
    mature_days: int | None = None,
    among: Iterable[str] | None = None,
) -> Learned:
    """Learn from the newest 20,000 outcomes known at ``at``. ``among`` names the facts, attributes and
    activity types that may be used (default: all). Triggers and blockers are those of the live version, and
    as many leads stand over the line as stand over its line; without one the best tenth does."""
    known = outcomes.decided(kind=outcome, at=at, mature_days=mature_days, newest=MOST)
    live = model.versions.published().select_related("model").first()
    if live and live.applies_to is not None:
        known = [row.outcome for row in judge(live, known)]
    return learn_from(known, model_key=model.key, outcome=outcome, among=among, live=live)


def learn_from(
    known: Sequence[Decided],
    *,
    model_key: str,
    outcome: Kind = "won",
    among: Iterable[str] | None = None,
    live: ModelVersion | None = None,
) -> Learned:
    """The same from outcomes that the caller chose. A handful of statements, however many leads."""
    good = np.array([one.good for one in known], dtype=np.bool_)
    base = share(int(good.sum()), len(known))
    if few := intervals.too_few(good=int(good.sum()), bad=int((~good).sum())):
        return Learned(None, outcome, base, None, None, (), few)
    found = seen(known, among=among)
    quality = _cross_validated(found.bits, good)
    if quality is None or quality.low <= 0.5:
        return Learned(None, outcome, base, quality, None, found.left_out, _nothing(quality, len(known)))
    points = fitted(found.bits, good)
    total = found.bits @ points
    lines = _lines(total, _standing(live, known) if live else {"sql": TOP})
    line = lines[0]["min"]["total"]
    data = {"model": model_key, "rules": rules_of(found.candidates, points), "lines": lines}
    if live:
        kept = model_file.save(version=live)
        data |= {part: kept[part] for part in _KEPT if kept.get(part)}
    over = total >= line
    precision = share(int((over & good).sum()), int(over.sum()))
    said = _said(len(data["rules"]), quality, precision, base, outcome)
    return Learned(data, outcome, base, quality, precision, found.left_out, said)


def draft(*, learned: Learned, by: "User | None") -> ModelVersion:
    """Store what was learned as a draft that carries its evidence. The same again gives the same draft, while
    it is one. Raises NothingLearned."""
    if learned.data is None:
        raise NothingLearned(learned.said)
    live = ModelVersion.objects.published().filter(model__key=learned.data["model"]).first()
    return redrafting.draft_once(data=learned.data, evidence=learned.said, based_on=live, by=by)


# Fitting


def fitted(bits: Bits, good: Bools) -> Floats:
    """Whole points for each column."""
    from sklearn.linear_model import LogisticRegression  # two seconds that only a fit should cost

    weights = LogisticRegression(C=BELIEF, max_iter=2_000).fit(bits, good).coef_[0]
    points = STEP * np.round(POINTS_PER_LOGIT * weights / STEP)
    kept: Floats = np.where(np.abs(points) > STEP, points, 0.0)
    return kept


def _cross_validated(bits: Bits, good: Bools) -> Figure | None:
    """How well whole points rank leads they were not fitted to; None when there is nothing to look at."""
    if not bits.shape[1]:
        return None
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(min(FOLDS, int(good.sum()), int((~good).sum())), shuffle=True, random_state=SEED)
    areas = np.zeros(len(good))
    for training, testing in folds.split(bits, good):
        areas[testing] = bits[testing] @ fitted(bits[training], good[training])
    return intervals.auc(areas, good)


def rules_of(candidates: Sequence[Candidate], points: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Model-file rules: values of one fact that are worth the same are one rule; what is worth nothing is
    none."""
    rules: dict[tuple[str, float], dict[str, Any]] = {}
    for candidate, worth in zip(candidates, points.tolist(), strict=True):
        if not worth:
            continue
        place = (candidate.of if candidate.value else candidate.label, worth)
        if candidate.value and place in rules:
            rule = rules[place]
            rule["when"]["value"].append(candidate.value)
            rule["label"] = _listed(rule["label"], candidate, rule["when"]["value"])
            continue
        when = dict(candidate.when)
        if candidate.value:
            when |= {"op": "in", "value": [candidate.value]}
        rules[place] = {
            "key": _key(candidate.of, len(rules) + 1),
            "label": candidate.label,
            "dimension": candidate.dimension,
            "when": when,
            "points": int(worth),
            "count": "once",
        }
    return list(rules.values())


def _key(of: str, number: int) -> str:
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in of.lower())
    return f"r{number}-{name.removeprefix('attributes-')}"[:64].rstrip("-")


def _listed(label: str, candidate: Candidate, values: Sequence[str]) -> str:
    """ "Source: one of 3, such as google"."""
    name = candidate.label.removesuffix(f": {candidate.value}")
    return f"{name}: one of {len(values)}, such as {values[0]}"[:160]


def _lines(total: Floats, standing: dict[str, float]) -> list[dict[str, Any]]:
    """Lines of the total over which these shares of the decided leads stand, the SQL line first."""
    sql = max(1, int(np.quantile(total, 1 - standing["sql"])))
    lines = [{"stage": "sql", "min": {"total": sql}, "leave": 2}]
    if "mql" in standing:
        mql = min(sql, max(1, int(np.quantile(total, 1 - standing["mql"]))))
        lines.append({"stage": "mql", "min": {"total": mql}, "leave": 2})
    return lines


def _standing(live: ModelVersion, known: Sequence[Decided]) -> dict[str, float]:
    """The shares of decided leads over the live lines, so that learned lines bring as many."""
    stages = dict.fromkeys(["sql", *live.lines.order_by("stage").values_list("stage", flat=True)])
    columns = [f"{stage}_over" for stage in stages]
    rows = [row for _, row in scored(statement_of(live), known, columns)]
    shares = {stage: sum(row[f"{stage}_over"] for row in rows) / len(rows) for stage in stages}
    return shares | {"sql": min(max(shares["sql"], TOP / 2), 0.9)}


# Words


def _nothing(quality: Figure | None, n: int) -> str:
    if quality is None:
        return f"Nothing is known of the {n:,} decided leads that a rule could look at."
    return (
        f"Nothing separates good from bad. A model learned from {n:,} outcomes ranks the better of two leads"
        f" it had not seen higher {_often(quality)} of the time; a coin does it 50%. So there is nothing to"
        " suggest."
    )


def _said(rules: int, quality: Figure, over: Share, base: Share, outcome: Kind) -> str:
    good = outcomes.GOOD[outcome]
    return (
        f"Learned from {int(base.n):,} outcomes, {int(base.k):,} {good} ({base.percent}%): {rules} rules. Of"
        f" two leads it had not seen, it ranks the better one higher {_often(quality)} of the time. Of those"
        f" over its line {over.percent}% {good} ({over.between})."
    )


def _often(quality: Figure) -> str:
    return f"{quality.value:.0%} ({quality.low:.0%}–{quality.high:.0%})"
