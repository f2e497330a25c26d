"""Lines of charts that pages draw as SVG. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

#: The box that a line is drawn in; the page stretches it.
WIDTH, HEIGHT = 100.0, 24.0


def line(values: Sequence[float | None], most: float = 0.0) -> list[str]:
    """Paths through ``values`` from left to right, from 0 at the bottom to the largest, or ``most``, at the
    top: one for each stretch without a gap. A value between two gaps is a short dash."""
    most = most or max((value for value in values if value is not None), default=0.0) or 1.0
    step = WIDTH / max(len(values) - 1, 1)
    stretches: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            stretches.append([])
        else:
            stretches[-1].append((place * step, height(value, most)))
    return [_path(stretch) for stretch in stretches if stretch]


def height(value: float, most: float) -> float:
    """Where ``value`` is drawn, of ``most`` at the top."""
    return HEIGHT - (HEIGHT - 2) * min(value / most, 1.0) - 1


@dataclass(frozen=True, slots=True)
class Spark:
    """A small line with the value that was agreed: ``paths``, the ``areas`` under them, and how high the
    agreed value is drawn, None where nothing was."""

    paths: list[str]
    areas: list[str]
    agreed: float | None


def spark(values: Sequence[float | None], agreed: float | None = None) -> Spark:
    """``values`` and what was ``agreed``, on one scale from 0."""
    most = max([value for value in values if value is not None] + [agreed or 0.0]) or 1.0
    paths = line(values, most)
    areas = [
        f"{path}L{_end(path)} {HEIGHT:.0f}L{_start(path)} {HEIGHT:.0f}z" for path in paths if "L" in path
    ]
    return Spark(paths, areas, None if agreed is None else round(height(agreed, most), 1))


def _start(path: str) -> str:
    return path[1:].split(" ")[0]


def _end(path: str) -> str:
    return path.rsplit("L", 1)[1].split(" ")[0]


def _path(points: list[tuple[float, float]]) -> str:
    if len(points) == 1:
        ((x, y),) = points
        return f"M{max(x - 1, 0):.1f} {y:.1f}H{min(x + 1, WIDTH):.1f}"
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
