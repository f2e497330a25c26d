"""Figures as pages say them. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from leads.money import brief_money

from .measures import ABOUT, Figure, Measure, Unit


def said(value: Decimal | None, measure: Measure) -> str:
    """ "€652k", "44%", "38 min", "612"; a dash for None."""
    if value is None:
        return "–"
    unit = ABOUT[measure].unit
    if unit == Unit.MONEY:
        return brief_money(value, settings.CURRENCY)
    if unit == Unit.SHARE:
        return f"{round(value)}%"
    if unit == Unit.MINUTES:
        if value < 120:
            return f"{round(value)} min"
        return f"{value / 60:.1f}".removesuffix(".0") + " h"
    return f"{round(value):,}"


def agreed(value: Decimal, measure: Measure) -> str:
    """The same of what was agreed: "€150k a week"."""
    return said(value, measure) + (" a week" if ABOUT[measure].is_weekly else "")


def difference(value: Decimal | None, measure: Measure) -> str:
    """Of a change, without its sign: "6%", "5 pts"; "" for None."""
    if value is None:
        return ""
    size = round(abs(value))
    if ABOUT[measure].unit == Unit.SHARE:
        return f"{size} pt" if size == 1 else f"{size} pts"
    return f"{size}%"


def is_better(value: Decimal, measure: Measure) -> bool | None:
    """Whether a change is for the better; None where there is none."""
    if not round(value):
        return None
    return (value > 0) == ABOUT[measure].more_is_better


@dataclass(frozen=True, slots=True)
class Delta:
    """A change as pages draw it: an arrow for its direction, a tinted box where it is for the worse, and a
    word for who does not see either."""

    text: str
    icon: str
    css: str
    word: str


def delta(value: Decimal | None, measure: Measure) -> Delta | None:
    """A change of ``measure``; None where nothing can be said."""
    if value is None:
        return None
    return drawn(value, difference(value, measure), is_better(value, measure))


def drawn(value: Decimal | float, text: str, better: bool | None) -> Delta:
    """``value`` up or down, said as ``text``; ``better`` is None where it is neither."""
    if better is None:
        return Delta("0", "minus", "muted", "the same")
    icon = "arrow-up" if value > 0 else "arrow-down"
    return Delta(text, icon, "good" if better else "delta--bad bad", "better" if better else "worse")


def figure(of: Figure) -> str:
    return said(of.value, of.measure)
