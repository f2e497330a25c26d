"""What to make of a back-test, in words. Pure."""

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from . import outcomes
from .dimensions import Dimension
from .intervals import Figure
from .outcomes import Kind

if TYPE_CHECKING:
    from .backtest import Figures


def in_words(figures: "Figures", outcome: Kind, *, learned_from: int = 0) -> str:
    """What the figures say, and how much of it the version knew beforehand."""
    return _said(figures, outcome) + _known_before(figures, learned_from)


def _known_before(figures: "Figures", learned_from: int) -> str:
    n = int(figures.conversion.n)
    if not learned_from:
        return ""
    part = f"all {n:,}" if learned_from == n else f"{learned_from:,} of these {n:,}"
    return (
        f" It was made from outcomes, and {part} were known then: they flatter it. Only outcomes that came"
        " later can prove it."
    )


def _said(figures: "Figures", outcome: Kind) -> str:
    area, n = figures.auc["total"], int(figures.conversion.n)
    good, bad = outcomes.GOOD[outcome], outcomes.BAD[outcome]
    alone = "".join(_alone(name, area) for name, area in figures.telling.items())
    if area is None:
        what, so = ("total", "it says nothing") if alone else ("score", "nothing separates good from bad")
        return f"The {what} was the same for all {n:,} decided leads, so {so}.{alone}"
    if area.low <= 0.5 <= area.high:
        what = "The total does not tell" if alone else "Nothing here separates"
        return (
            f"{what} good from bad: of two leads, one {good} and one {bad}, the better one"
            f" scores higher {area.value:.0%} of the time ({area.low:.0%}–{area.high:.0%});"
            f" a coin does it 50%.{alone}"
        )
    if area.high < 0.5:
        what = "total" if any(one.low > 0.5 for one in figures.telling.values()) else "score"
        return (
            f"The {what} points the wrong way: of two leads, one {good} and one {bad}, the better one scores"
            f" higher only {area.value:.0%} of the time ({area.low:.0%}–{area.high:.0%}).{alone}"
        )
    astray = "".join(_alone(name, area) for name, area in figures.telling.items() if area.high < 0.5)
    return (
        f"The score tells good from bad: of two leads, one {good} and one {bad}, the better one scores higher"
        f" {area.value:.0%} of the time ({area.low:.0%}–{area.high:.0%}); a coin does it 50%.{astray}"
    )


def _alone(name: str, area: Figure) -> str:
    way = "tells" if area.low > 0.5 else "points the wrong way"
    return (
        f" {Dimension(name).label} alone {way}: the better one has more of it {area.value:.0%} of the time"
        f" ({area.low:.0%}–{area.high:.0%}, wider because each of {len(Dimension)} was tried)."
    )


def of_bands(figures: "Figures") -> str:
    """Whether a higher band of the total does better, in a few words that hold for the shares beside them.
    Two bands differ where their intervals do not meet; what differs less may be chance."""
    bands = [band for band in figures.bands if band.good.n]
    if len(bands) < 2:
        return "all leads are in one band"
    pairs = list(combinations(bands, 2))
    falls = [(low, high) for low, high in pairs if high.good.high < low.good.low]
    if falls:
        low, high = max(falls, key=lambda pair: pair[0].good.rate - pair[1].good.rate)
        return f"{high.label} does worse than {low.label}, by more than chance"
    if not figures.separates and not any(high.good.low > low.good.high for low, high in pairs):
        return "no band differs from another by more than chance"
    if all(upper.good.rate >= lower.good.rate for lower, upper in pairwise(bands)):
        return "each band does as well as the one below it, or better"
    return "higher bands do better on the whole; where one does not, it may be chance"
