"""What the dashboard says first: the shared figures against the period before and what was agreed, and in a
sentence where more is lost than before. Pure but for the series."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import pairwise

from django.db.models import QuerySet

from handoff.models import Handoff
from leads.models import Lead
from scoring.intervals import Z

from . import measures, wording
from .conversion import Step
from .counting import ENOUGH, MOST_CHANGE
from .key_figures import series
from .measures import ABOUT, About, Figure, Measure, State, Unit
from .periods import Period

#: In the order in which they are shown.
SHOWN = (Measure.LEADS, Measure.MQLS, Measure.ACCEPTED, Measure.FIRST_TOUCH, Measure.PIPELINE)
#: Points of a small line.
POINTS = 14


@dataclass(frozen=True, slots=True)
class Headline:
    """One shared figure: ``now`` and ``before``, its small line, and ``agreed`` for these days, if anything
    is."""

    now: Figure
    before: Figure
    line: tuple[Figure, ...]
    agreed: Decimal | None

    @property
    def measure(self) -> Measure:
        return self.now.measure

    @property
    def about(self) -> About:
        return ABOUT[self.measure]

    @property
    def state(self) -> State | None:
        return measures.state(self.now, self.agreed)

    @property
    def change(self) -> Decimal | None:
        """Against before: per cent, of shares in points; None of shares and medians of too few, and of what
        counts fewer than ``ENOUGH`` before, or more than ten times as many now: from 1 to 4 is no growth of
        300 per cent."""
        if self.now.k is not None and (self.now.share is None or self.before.share is None):
            return None
        if self.before.n < ENOUGH or (self.about.unit == Unit.MINUTES and self.now.n < ENOUGH):
            return None
        found = measures.change(self.now, self.before)
        return None if found is None or abs(found) > MOST_CHANGE else found

    @property
    def wanted(self) -> Decimal | None:
        """What was agreed, for as many days as the period has."""
        if self.agreed is None:
            return None
        return measures.over(self.agreed, measure=self.measure, period=self.now.period)

    @property
    def left_out(self) -> int:
        """Deals that are in another currency, or have no amount."""
        return self.now.left_out

    @property
    def said(self) -> str:
        """As the page shows it; a share of too few is none."""
        return "–" if self.now.k is not None and self.now.share is None else wording.figure(self.now)


def headlines(
    *,
    leads: QuerySet[Lead],
    period: Period,
    agreed: Mapping[Measure, Decimal],
    handoffs: QuerySet[Handoff] | None = None,
) -> list[Headline]:
    """The shared figures of ``leads``. 2 queries each, 10 for the first touch."""
    found = []
    for measure in SHOWN:
        ask = partial(series, measure, leads=leads, handoffs=handoffs)
        before, now = ask(periods=[period.before, period])
        line = ask(periods=measures.stretches(period, POINTS))
        found.append(Headline(now, before, tuple(line), agreed.get(measure)))
    return found


@dataclass(frozen=True, slots=True)
class Turn:
    """A step at which the rate changed by more than chance: per cent now and before."""

    step: Step
    now: int
    before: int
    certainty: float

    @property
    def is_worse(self) -> bool:
        return self.now < self.before


def turns(steps: Sequence[Step]) -> list[Turn]:
    """The steps whose rate differs from the period before by more than chance explains, the surest first: a
    test of two proportions (pooled; K. Pearson 1900) at 95 %. Of fewer than ``ENOUGH`` nothing is said."""
    found = []
    for earlier, step in pairwise(steps):
        if earlier.before is None or step.before is None:
            continue
        z = _apart(earlier.count, step.count, earlier.before, step.before)
        if abs(z) >= Z and step.share is not None and earlier.before:
            before = round(100 * step.before / earlier.before)
            found.append(Turn(step, step.share.percent, before, abs(z)))
    return sorted(found, key=lambda turn: -turn.certainty)


def _apart(of: int, k: int, of_before: int, k_before: int) -> float:
    """How many standard errors two shares lie apart; 0 where nothing can be said."""
    if min(of, of_before) < ENOUGH or k > of or k_before > of_before:
        return 0.0
    pooled = (k + k_before) / (of + of_before)
    error = math.sqrt(pooled * (1 - pooled) * (1 / of + 1 / of_before))
    return (k / of - k_before / of_before) / error if error else 0.0
