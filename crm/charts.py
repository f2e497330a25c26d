"""Geometry of the small charts: what the templates put into SVG attributes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crm.wording import duration, tenths, whole_points
from scoring.dimensions import grade

#: Key, label and CSS suffix of each dimension, always in this order.
DIMENSIONS = (("intent", "Intent", "int"), ("fit", "Fit", "fit"), ("engagement", "Engagement", "eng"))

SPARK_TOP, SPARK_FLOOR = 2.0, 22.0  # of a 24 high drawing, so that the stroke is never cut


def share(part: float, whole: float) -> int:
    """A percentage that can be drawn: between 0 and 100, 0 of nothing."""
    return round(100 * min(max(part / whole, 0.0), 1.0)) if whole > 0 else 0


@dataclass(frozen=True, slots=True)
class Bar:
    """One dimension of a score against its ceiling and its part of the line. A ``graded`` one counts thirds
    of a letter, and is said as one."""

    key: str
    label: str
    css: str
    hundredths: int
    ceiling: int
    line: int | None
    graded: bool = False

    @property
    def width(self) -> int:
        return share(self.hundredths, self.ceiling * 100)

    @property
    def tick(self) -> int | None:
        return None if self.line is None else share(self.line, self.ceiling)

    @property
    def short(self) -> int:
        """Hundredths missing to the line, 0 when it is reached or there is none."""
        return 0 if self.line is None else max(0, self.line * 100 - self.hundredths)

    @property
    def points(self) -> str:
        return self.said(self.hundredths)

    def said(self, hundredths: int) -> str:
        """A figure of this dimension: "28", "B+"."""
        return grade(hundredths) if self.graded else whole_points(hundredths)

    @property
    def verdict(self) -> str:
        """ "line 20, over", "line 20, 2 short", "no line". Less than a point short is said with its decimal,
        so that a figure rounded up to the line is not called short by nothing."""
        if self.line is None:
            return "no line"
        line = self.said(self.line * 100)
        if not self.short:
            return f"line {line}, over"
        if self.graded:
            thirds = -(-self.short // 100)
            return f"line {line}, {thirds} {'step' if thirds == 1 else 'steps'} short"
        missing = whole_points(self.short) if self.short >= 100 else tenths(max(self.short, 10) / 100)
        return f"line {line}, {missing} short"


def bars(
    *,
    fit: int,
    engagement: int,
    intent: int,
    lines: Mapping[str, int | None],
    ceilings: Mapping[str, int],
    graded: bool = False,
) -> list[Bar]:
    """The three bars in their fixed order. Scores in hundredths, lines and ceilings in points; those of a
    ``graded`` fit are thirds of a letter."""
    scores = {"fit": fit, "engagement": engagement, "intent": intent}
    return [
        Bar(
            key=key,
            label=label,
            css=css,
            hundredths=scores[key],
            ceiling=ceilings.get(key, 0),
            line=lines.get(key),
            graded=graded and key == "fit",
        )
        for key, label, css in DIMENSIONS
    ]


def bars_in_words(drawn: Sequence[Bar]) -> str:
    """What a screen reader hears: "Intent 28, line 20; Fit 38, line 20; Engagement 18, no line"."""
    return "; ".join(f"{bar.label} {bar.points}, {bar.verdict.split(',')[0]}" for bar in drawn)


@dataclass(frozen=True, slots=True)
class Spark:
    """One dimension over time: two path strings, the height of the line, and the same in words. ``marks`` is
    a path of upright strokes where something happened; "" for none."""

    line: str
    area: str
    threshold: float | None
    words: str
    marks: str = ""


def spark(
    *,
    bar: Bar,
    series: Sequence[int],
    days: int,
    places: Sequence[float] = (),
    marks: Sequence[float] = (),
) -> Spark | None:
    """Draw ``series`` (hundredths, oldest first) over ``days`` days: evenly spaced, or at ``places``, shares
    of that time from 0 to 1. ``marks`` are the shares at which to draw a stroke. None below two values."""
    if len(series) < 2:
        return None
    top = max(bar.ceiling * 100, *series, 1)
    step = 100 / (len(series) - 1)

    def height(value: float) -> float:
        return round(SPARK_FLOOR - (SPARK_FLOOR - SPARK_TOP) * max(value, 0) / top, 1)

    across = [100 * place for place in places] or [index * step for index in range(len(series))]
    points = " ".join(f"{x:.1f} {height(value)}" for x, value in zip(across, series, strict=True))
    first, low, high, last = (bar.said(value) for value in (series[0], min(series), max(series), series[-1]))
    return Spark(
        line=f"M{points}",
        area=f"M{points} 100 24 0 24z",
        threshold=None if bar.line is None else height(bar.line * 100),
        words=f"{bar.label} over {days} days: from {first}, between {low} and {high}, now {last}",
        marks=" ".join(f"M{100 * place:.1f} 0V24" for place in marks if 0 <= place <= 1),
    )


@dataclass(frozen=True, slots=True)
class Clock:
    """A response clock: its state (calm, soon, over), its words, and the part of the ring still full."""

    state: str
    words: str
    ring: int
    title: str
    ticking: bool


def clock(*, due: str, due_at: datetime, at: datetime, total: int, remaining: int) -> Clock:
    """``total`` and ``remaining`` in business minutes, ``due`` the due time in words.
    ``ticking``: no closing hour lies between ``at`` and the due time, so a browser may count by itself."""
    agreed = f"agreed response {f'{total} min' if total < 120 else duration(total)}"
    wall = (due_at - at).total_seconds() / 60
    ticking = abs(wall - remaining) <= 1
    if remaining < 0:
        return Clock("over", f"{duration(-remaining)} over", 0, f"Was due {due}, {agreed}", ticking)
    state = "soon" if remaining * 4 < total else "calm"
    words = f"{duration(remaining)} left" if remaining < 60 else duration(remaining)
    return Clock(state, words, share(remaining, total), f"Due {due}, {agreed}", ticking)


@dataclass(frozen=True, slots=True)
class Scale:
    """How a table of reasons draws its bars: percent of the cell per point, and what is left of the zero."""

    per_point: float
    LEFT = 18.0

    def width(self, points: float) -> float:
        return round(abs(points) * self.per_point, 1)


def diverging_scale(points: Sequence[float]) -> Scale:
    """One scale for both sides of the zero: equal points are equally long whichever way they count."""
    most = max((value for value in points if value > 0), default=0.0)
    least = -min((value for value in points if value < 0), default=0.0)
    limits = [(100 - Scale.LEFT) / most] if most else []
    limits += [Scale.LEFT / least] if least else []
    return Scale(per_point=min(limits, default=0.0))
