"""Lines of charts that pages draw as SVG. Pure."""

from collections.abc import Sequence

#: The box that a line is drawn in; the page stretches it.
WIDTH, HEIGHT = 100.0, 24.0


def line(values: Sequence[float | None], *, most: float = 0.0) -> list[str]:
    """Paths through ``values`` from left to right, from 0 at the bottom to the largest at the top, or to
    ``most`` where that is larger: one for each stretch without a gap. A value between two gaps is a short
    dash."""
    most = max((value for value in [*values, most] if value is not None), default=0.0)
    step = WIDTH / max(len(values) - 1, 1)
    stretches: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            stretches.append([])
        else:
            stretches[-1].append((place * step, height(value, most)))
    return [_path(stretch) for stretch in stretches if stretch]


def height(value: float, most: float) -> float:
    """How far from the top ``value`` lies, where ``most`` is the largest."""
    return HEIGHT - (HEIGHT - 2) * value / (most or 1.0) - 1


def _path(points: list[tuple[float, float]]) -> str:
    if len(points) == 1:
        ((x, y),) = points
        return f"M{max(x - 1, 0):.1f} {y:.1f}H{min(x + 1, WIDTH):.1f}"
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
