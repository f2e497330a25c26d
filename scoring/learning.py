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
from .backtest import scored, statement_of
from .dimensions import LINE_STAGES, SALES_STAGE
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
    ``quality`` how well such a model ranks leads it was not fitted to, and ``over`` how many of those that
    stood over its line were good; ``said`` all of it in words."""

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
    """Learn from the newest 20,000 outcomes known at ``at``, each lead as it was at its handover: what
    sales did afterwards can put nobody over a line. ``among`` names the facts, attributes and activity types
    that may be used (default: all). Triggers and blockers are those of the live version, and as many leads
    stand over the line as stand over its line; without one the best tenth does."""
    known = outcomes.decided(kind=outcome, at=at, mature_days=mature_days, newest=MOST, until="handover")
    live = model.versions.published().select_related("model").first()
    capped = len(known) == MOST
    return learn_from(known, model_key=model.key, outcome=outcome, among=among, live=live, capped=capped)


def learn_from(
    known: Sequence[Decided],
    *,
    model_key: str,
    outcome: Kind = "won",
    among: Iterable[str] | None = None,
    live: ModelVersion | None = None,
    capped: bool = False,
) -> Learned:
    """The same from outcomes that the caller chose, without leads whom ``live`` is not for; ``capped`` when
    there are older ones. A handful of statements, however many leads."""
    stood = standing_of(live, known) if live else of_no_version(known)
    known = stood.known
    good = np.array([one.good for one in known], dtype=np.bool_)
    base = share(int(good.sum()), len(known))
    if few := intervals.too_few(good=int(good.sum()), bad=int((~good).sum())):
        return Learned(None, outcome, base, None, None, (), few)
    found = seen(known, among=among)
    by_others = unseen(found.bits, good, stood)
    quality = intervals.auc(by_others.total, good) if by_others else None
    if by_others is None or quality is None or quality.low <= 0.5:
        return Learned(None, outcome, base, quality, None, found.left_out, _nothing(quality, len(known)))
    points = fitted(found.bits, good)
    lines = _lines(found.bits @ points, stood)
    data = {"model": model_key, "rules": rules_of(found.candidates, points), "lines": lines}
    if live:
        kept = model_file.save(version=live)
        data |= {part: kept[part] for part in _KEPT if kept.get(part)}
    precision = share(int((by_others.over & good).sum()), int(by_others.over.sum()))
    said = _said(len(data["rules"]), quality, precision, base, outcome, capped=capped)
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


@dataclass(frozen=True, slots=True)
class Unseen:
    """Each lead by a model that was fitted to others: its total, and whether it stood over the line of that
    model."""

    total: Floats
    over: Bools


def unseen(bits: Bits, good: Bools, stood: "Standing") -> Unseen | None:
    """What whole points, and the line they ask for, say of leads they were not fitted to; None when there is
    nothing to look at. Pure."""
    if not bits.shape[1]:
        return None
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(min(FOLDS, int(good.sum()), int((~good).sum())), shuffle=True, random_state=SEED)
    total, over = np.zeros(len(good)), np.zeros(len(good), dtype=np.bool_)
    for training, testing in folds.split(bits, good):
        points = fitted(bits[training], good[training])
        least = stood.of(training).least(bits[training] @ points, SALES_STAGE)
        total[testing] = bits[testing] @ points
        over[testing] = stood.of(testing).stands(total[testing] >= least, SALES_STAGE)
    return Unseen(total, over)


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


# Lines


@dataclass(frozen=True, slots=True)
class Standing:
    """Decided leads, each with its place in the arrays: who stands in which stage of the live version, by its
    lines or otherwise, and what a learned model takes over from it: whom a trigger puts there, whom a blocker
    keeps from sales."""

    known: Sequence[Decided]
    shares: dict[str, float]
    triggered: dict[str, Bools]
    blocked: Bools

    def of(self, places: NDArray[np.int64]) -> "Standing":
        """Only the leads at ``places``, with the shares of all."""
        triggered = {stage: who[places] for stage, who in self.triggered.items()}
        return Standing([self.known[n] for n in places], self.shares, triggered, self.blocked[places])

    def stands(self, met: Bools, stage: str) -> Bools:
        """Who stands in ``stage`` when ``met`` are over its line."""
        stands: Bools = met | self.triggered[stage]
        return stands & ~self.blocked if stage == SALES_STAGE else stands

    def least(self, total: Floats, stage: str) -> int:
        """The minimum of the total by which, together with those whom triggers put there, the share of them
        stands in ``stage``; more where totals are equal, and never below 1. Whom a trigger or a blocker
        decides has no say in it."""
        nobody, everybody = np.zeros(len(total), np.bool_), np.ones(len(total), np.bool_)
        settled = self.stands(nobody, stage)
        free = np.sort(total[self.stands(everybody, stage) & ~settled])[::-1]
        wanted = max(1, round(self.shares[stage] * len(total))) - int(settled.sum())
        if not len(free):
            return 1
        if wanted <= 0:
            return max(1, int(free[0]) + 1)
        return max(1, int(free[min(wanted, len(free)) - 1]))


def _lines(total: Floats, stood: Standing) -> list[dict[str, Any]]:
    """Lines of the total over which as many of the decided leads stand as now, the SQL line first."""
    least = {stage: stood.least(total, stage) for stage in stood.shares}
    asked = {stage: min(least[stage], least[SALES_STAGE]) for stage in stood.shares}
    # A margin larger than the minimum would let nobody leave.
    return [
        {"stage": stage, "min": {"total": minimum}, "leave": min(2, minimum)}
        for stage, minimum in asked.items()
    ]


def of_no_version(known: Sequence[Decided]) -> Standing:
    """Where no version is live: nobody is decided by a trigger or a blocker."""
    nobody = np.zeros(len(known), dtype=np.bool_)
    return Standing(known, {SALES_STAGE: TOP}, {SALES_STAGE: nobody}, nobody)


def standing_of(live: ModelVersion, known: Sequence[Decided]) -> Standing:
    """Those whom the live version is for, oldest moment first. One statement for each 50,000."""
    statement = statement_of(live)
    asked = {line.stage for line in statement.ruleset.lines}
    stages = [SALES_STAGE, *(stage for stage in LINE_STAGES if stage in asked - {SALES_STAGE})]
    columns = ["blocked"]
    for stage in stages:
        columns += [f"{stage}_over", f"cardinality({stage}_triggers) > 0 AS {stage}_triggered"]
    found = list(scored(statement, known, columns))
    found.sort(key=lambda pair: (pair[0].as_of, pair[0].lead_id))
    rows = [row for _, row in found]
    shares = {stage: sum(row[f"{stage}_over"] for row in rows) / max(len(rows), 1) for stage in stages}
    return Standing(
        known=[one for one, _ in found],
        shares=shares | {SALES_STAGE: min(max(shares[SALES_STAGE], TOP / 2), 0.9)},
        triggered={stage: _who(row[f"{stage}_triggered"] for row in rows) for stage in stages},
        blocked=_who(row["blocked"] for row in rows),
    )


def _who(there: Iterable[bool]) -> Bools:
    return np.fromiter(there, dtype=np.bool_)


# Words


def _nothing(quality: Figure | None, n: int) -> str:
    if quality is None:
        return f"Nothing is known of the {n:,} decided leads that a rule could look at."
    return (
        f"Nothing separates good from bad. A model learned from {n:,} outcomes ranks the better of two leads"
        f" it had not seen higher {_often(quality)} of the time; a coin does it 50%. So there is nothing to"
        " suggest."
    )


def _said(rules: int, quality: Figure, over: Share, base: Share, outcome: Kind, *, capped: bool) -> str:
    good = outcomes.GOOD[outcome]
    of = "the newest " if capped else ""
    precision = f" Of such leads over its line {over.percent}% {good} ({over.between})." if over.n else ""
    return (
        f"Learned from {of}{int(base.n):,} outcomes, {int(base.k):,} {good} ({base.percent}%): {rules} rules."
        f" Of two leads it had not seen, it ranks the better one higher {_often(quality)} of the"
        f" time.{precision}"
    )


def _often(quality: Figure) -> str:
    return f"{quality.value:.0%} ({quality.low:.0%}–{quality.high:.0%})"
