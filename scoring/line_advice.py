"""Another line, or a rule against what keeps being sent back, where outcomes ask for it. Each names its price
as well as its gain.

Many lines and facts are looked at for one that stands out, and among many some always do. So whoever is to be
treated otherwise must differ from the others more than chance explains, by an exact test corrected for how
many different sets of leads were looked at. Which sets those are depends on the scores and the facts, never
on the outcomes, so the correction holds.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from . import intervals, learnable, outcomes
from .dimensions import SALES_STAGE
from .intervals import Bools, Floats, by_chance, share
from .learnable import Bits, Candidate
from .proposals import Suggestion, counted, grade, with_minimum, with_rule
from .rule_rates import Fired
from .ruleset import Ruleset

#: How far a line is moved at most, in points, and how many rejects or winners that must be worth.
FARTHEST = 20
LEAST_MOVED = 5
#: An accepted lead that is lost weighs as much as so many rejects that are saved.
PRICE = 2
#: A reason is looked into when it is given so often, and what the proposed rule may take.
LEAST_OF_REASON = 8
TAKES = (4, 8, 12, 16, 20)
#: On outcomes that have nothing to do with the model, each kind of advice comes up at most so often.
CHANCE = 0.01

#: Another minimum of a dimension, and who would be treated otherwise.
Move = tuple[str, int, Bools]


def line_up(decided: Fired) -> Iterator[Suggestion]:
    """Too broad: sales sends much of it back, and a higher minimum would have stopped more of that than it
    would have cost. Those whom it stops are sent back more often than the others over the line, and not by
    chance. Pure."""
    over, good = decided.over, decided.good
    rejected = share(int((over & ~good).sum()), int(over.sum()))
    moves = _different(
        (dimension, higher, over & ~_stands(decided, {dimension: higher}))
        for dimension, least in _minimums(decided.ruleset).items()
        for higher in range(least + 1, least + FARTHEST + 1)
    )
    best: tuple[float, str, int, int, int] | None = None
    for dimension, higher, stopped in moves:
        rejects, taken = int((stopped & ~good).sum()), int((stopped & good).sum())
        worth = rejects - PRICE * taken
        chance = by_chance(rejects, rejects + taken, int(rejected.k), int(rejected.n))
        if rejects < LEAST_MOVED or worth <= 0 or chance * len(moves) > CHANCE:
            continue
        if best is None or worth > best[0]:
            best = (worth, dimension, higher, rejects, taken)
    if best is None:
        return
    _, dimension, higher, rejects, taken = best
    least = _minimums(decided.ruleset)[dimension]
    yield Suggestion(
        key=f"line-{dimension}-up",
        kind="too broad",
        title=_line_title(decided.ruleset, dimension, least, higher),
        said=(
            f"The line is too broad: sales sent back {rejected.percent}% of the leads over it"
            f" ({rejected.between}){_mostly(decided)}."
            f" The higher line would have stopped {counted(rejects, 'reject')} and"
            f" {counted(taken, 'accepted lead')}."
        ),
        evidence=f"From {int(rejected.n):,} decided leads over the line.",
        patch=with_minimum(dimension, higher, graded=_graded(decided.ruleset, dimension)),
    )


def line_down(won: Fired) -> Iterator[Suggestion]:
    """Too strict: leads between a lower line and this one were won more often than those over it, and not by
    chance. Of fewer than ``intervals.LEAST_OUTCOMES`` over the line nothing is said. Pure."""
    over, good = won.over, won.good
    above = share(int((over & good).sum()), int(over.sum()))
    if above.n < intervals.LEAST_OUTCOMES:
        return
    if intervals.too_few(good=int(good.sum()), bad=int((~good).sum())):
        return
    missed = share(int((~over & good).sum()), int(good.sum()))
    moves = _different(
        (dimension, lower, ~over & _stands(won, {dimension: lower}))
        for dimension, least in _minimums(won.ruleset).items()
        for lower in range(least - 1, max(least - FARTHEST, 0), -1)
    )
    best: tuple[float, str, int, int, int] | None = None
    for dimension, lower, more in moves:
        winners, losers = int((more & good).sum()), int((more & ~good).sum())
        both = winners + losers
        chance = by_chance(winners, both, winners + int(above.k), both + int(above.n))
        if winners < LEAST_MOVED or chance * len(moves) > CHANCE:
            continue
        if best is None or winners - losers > best[0]:
            best = (winners - losers, dimension, lower, winners, losers)
    if best is None:
        return
    _, dimension, lower, winners, losers = best
    least = _minimums(won.ruleset)[dimension]
    between = share(winners, winners + losers)
    yield Suggestion(
        key=f"line-{dimension}-down",
        kind="too strict",
        title=_line_title(won.ruleset, dimension, least, lower),
        said=(
            f"The line is too strict: {counted(int(missed.k), 'lead')} below it were won, {missed.percent}%"
            f" of all that were ({missed.between}). The lower line would have handed over"
            f" {counted(winners, 'winner')} more, and {counted(losers, 'lead')} that came to nothing."
        ),
        evidence=(
            f"From {len(won.known):,} leads that were won or lost: of those between the two lines"
            f" {between.percent}% were won ({between.between}), of those over the line {above.percent}%"
            f" ({above.between})."
        ),
        patch=with_minimum(dimension, lower, graded=_graded(won.ruleset, dimension)),
    )


def unjudged(decided: Fired, won: Fired) -> Iterator[str]:
    """What could not be asked of these outcomes about the line, in words. Pure."""
    if (over := int(decided.over.sum())) < intervals.LEAST_OUTCOMES:
        yield f"Whether the line is too broad: of the decided leads {_stood(over)} over it."
    above, under = int(won.over.sum()), int((~won.over).sum())
    if above < intervals.LEAST_OUTCOMES:
        yield f"Whether the line is too strict: of those over it {_few(above)} won or lost so far."
    elif intervals.too_few(good=int(won.good.sum()), bad=int((~won.good).sum())):
        yield "Whether the line is too strict: too few were won, or too few lost, to compare them."
    elif under < LEAST_MOVED:
        yield (
            f"Whether the line is too strict: of those under it {_few(under)} won or lost, so nobody knows"
            " what it keeps out."
        )


def _stood(count: int) -> str:
    return f"only {count} stood" if count else "none stood"


def _few(count: int) -> str:
    return {0: "none was", 1: "only one was"}.get(count, f"only {count} were")


def _different(moves: Iterable[Move]) -> list[Move]:
    """Each set of leads once, by the smallest move that makes it; not those too small to count."""
    first: dict[bytes, Move] = {}
    for move in moves:
        if int(move[2].sum()) >= LEAST_MOVED:
            first.setdefault(move[2].tobytes(), move)
    return list(first.values())


def _minimums(ruleset: Ruleset) -> Mapping[str, int]:
    """What the first SQL line asks for."""
    return next((line.minimums for line in ruleset.lines if line.stage == SALES_STAGE), {})


def _stands(decided: Fired, minimums: Mapping[str, int], fit: Floats | None = None) -> Bools:
    """Who is over the line with other minimums in its first SQL line, or with other points of fit."""
    dimensions = decided.dimensions if fit is None else {**decided.dimensions, "fit": fit}
    figures = {**dimensions, "total": sum(dimensions.values(), start=np.zeros(len(decided.known)))}
    met = decided.triggered.copy()
    first = True
    for line in decided.ruleset.lines:
        if line.stage != SALES_STAGE:
            continue
        asked = {**line.minimums, **(minimums if first else {})}
        first = False
        met |= np.logical_and.reduce([figures[name] >= least for name, least in asked.items()])
    stands: Bools = met & ~decided.blocked
    return stands


def _line_title(ruleset: Ruleset, dimension: str, before: int, after: int) -> str:
    said = [grade(value) if _graded(ruleset, dimension) else str(value) for value in (before, after)]
    return f"SQL line, {dimension}: {said[0]} → {said[1]}"


def _graded(ruleset: Ruleset, dimension: str) -> bool:
    return dimension == "fit" and ruleset.grades_from is not None


def _mostly(decided: Fired) -> str:
    """ ", mostly because too small (41%) and timing (20%)"."""
    back = [one.reason for one in _back(decided) if one]
    common = Counter(outcomes.said(reason) for reason in back if reason).most_common(2)
    if not common:
        return ""
    said = " and ".join(f"{reason} ({count / len(back):.0%})" for reason, count in common)
    return f", mostly for {said}"


def _back(decided: Fired) -> list[Any]:
    """Those over the line that sales sent back."""
    return [one for one, over in zip(decided.known, decided.over, strict=True) if over and not one.good]


# What keeps being sent back


def against(decided: Fired, asked_already: list[Any]) -> Iterator[Suggestion]:
    """A rule that takes fit from leads that are sent back for one reason, where some fact tells them from
    those that are accepted. A handful of statements where some reason is given often enough, else none."""
    minimums = _minimums(decided.ruleset)
    if not {"fit", "total"} & set(minimums) or decided.ruleset.grades_from is not None:
        return
    reasons = _common_reasons(decided)
    if reasons:
        offered = learnable.facts(decided.known)
        bits = learnable.matrix([one.when for one in offered], decided.known)
        yield from answers(decided, reasons, offered, bits, asked_already)


def answers(
    decided: Fired,
    wanted: Sequence[tuple[str, int]],
    offered: Sequence[Candidate],
    bits: Bits,
    asked_already: Sequence[Any],
) -> Iterator[Suggestion]:
    """For each reason (and how often it was given) the rule that saves most, out of ``offered``: which of
    them is true of whom is ``bits``, a row for each lead and a column for each of them. The leads it is
    about are sent back more often than the others over the line, and not by chance. Pure."""
    over, good, reasons = decided.over, decided.good, decided.reasons()
    true = bits.astype(np.bool_)
    rejected = share(int((over & ~good).sum()), int(over.sum()))
    places = [n for n, one in enumerate(offered) if one.when not in asked_already]
    seen_of = {n: (true[:, n] & over) for n in places}
    tried = len({here.tobytes() for here in seen_of.values() if int(here.sum()) >= LEAST_OF_REASON})
    used: set[str] = set()
    for reason, count in wanted:
        best: tuple[int, int, int, int, int] | None = None
        for n, here in seen_of.items():
            if offered[n].of in used:
                continue
            alike, taken = int((here & (reasons == reason)).sum()), int((here & good).sum())
            rejects = int((here & ~good).sum())
            if alike < LEAST_OF_REASON or alike <= PRICE * taken:
                continue
            chance = by_chance(rejects, rejects + taken, int(rejected.k), int(rejected.n))
            if chance * tried > CHANCE:
                continue
            for takes in TAKES:
                stopped = over & ~_stands(decided, {}, decided.dimensions["fit"] - takes * bits[:, n])
                gain, price = int((stopped & ~good).sum()), int((stopped & good).sum())
                worth = gain - PRICE * price
                if gain >= LEAST_MOVED and worth > 0 and (best is None or worth > best[0]):
                    best = (worth, n, takes, gain, price)
        if best is None:
            continue
        _, n, takes, gain, price = best
        used.add(offered[n].of)
        yield Suggestion(
            key=f"against-{reason}",
            kind="rejects",
            title=f"{offered[n].label}: −{takes} fit",
            said=(
                f"{count / rejected.k:.0%} of rejects say {outcomes.said(reason)}; −{takes} for this would"
                f" have stopped {counted(gain, 'reject')} and {counted(price, 'accepted lead')}."
            ),
            evidence=(
                f"From {int(rejected.n):,} decided leads over the line, {int(rejected.k):,} sent back;"
                f" picked from {tried:,} facts, which is allowed for."
            ),
            patch=with_rule(f"against-{reason}".replace("_", "-"), offered[n], takes),
        )


def _common_reasons(decided: Fired) -> list[tuple[str, int]]:
    """The commonest three that are given often enough to be looked into, and how often."""
    back = _back(decided)
    return [
        (reason, count)
        for reason, count in Counter(one.reason for one in back).most_common(3)
        if reason and count >= max(LEAST_OF_REASON, 0.15 * len(back))
    ]
