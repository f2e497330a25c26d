"""Time things, and say honestly how much the timings differ."""

import os
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Times:
    """Repeated timings of one thing, in seconds."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def percentile(self, percent: float) -> float:
        """The value that ``percent`` of the timings do not exceed."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]

    def __str__(self) -> str:
        low, high = min(self.seconds), max(self.seconds)
        return f"{spell(self.median)} ({spell(low)}–{spell(high)})"


def spell(seconds: float) -> str:
    return (
        f"{seconds:.2f} s"
        if seconds >= 1
        else f"{seconds * 1000:.1f} ms"
        if seconds < 0.1
        else f"{seconds * 1000:.0f} ms"
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. ``ratio`` is measured divided by floor, ``goal`` what it should be."""

    id: str
    what: str
    floor: str
    measured: str
    ratio: str = ""
    goal: str = ""


def repeated(work: Callable[[], object], *, rounds: int, before: Callable[[], object] | None = None) -> Times:
    """Run ``work`` so many times; ``before`` each, untimed."""
    seconds = []
    for _ in range(rounds):
        if before:
            before()
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return Times(seconds)


def resident_mib() -> float:
    """What this process holds in memory now."""
    return float(psutil.Process().memory_info().rss) / 2**20


def load() -> str:
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def table(lines: Iterable[Line]) -> str:
    """The lines as text, columns aligned."""
    rows = [("", "what", "floor", "measured", "ratio", "goal")]
    rows += [(line.id, line.what, line.floor, line.measured, line.ratio, line.goal) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
