"""What to make of a back-test, in words. Pure."""

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
    alone = "".join(_alone(name, tells) for name, tells in figures.telling.items())
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
        return (
            f"The score points the wrong way: of two leads, one {good} and one {bad}, the better one scores"
            f" higher only {area.value:.0%} of the time ({area.low:.0%}–{area.high:.0%})."
        )
    return (
        f"The score tells good from bad: of two leads, one {good} and one {bad}, the better one scores higher"
        f" {area.value:.0%} of the time ({area.low:.0%}–{area.high:.0%}); a coin does it 50%."
    )


def _alone(name: str, area: Figure) -> str:
    return (
        f" {Dimension(name).label} alone tells: the better one has more of it {area.value:.0%} of the time"
        f" ({area.low:.0%}–{area.high:.0%}, wider because each of {len(Dimension)} was tried)."
    )
