"""How points lie, live and under a draft: bars of one round width, with the line on an edge."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

#: How many bars the distribution has, about.
BARS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """How many leads have from ``low`` to below ``high`` points, under the live version and the draft.
    ``at_line``: the SQL line is its lower end."""

    label: str
    low: int
    high: int
    live: int
    draft: int
    at_line: bool


def bins_of(live: Mapping[int, int], draft: Mapping[int, int], line: int | None) -> tuple[Bin, ...]:
    """About ``BARS`` bars of one round width that has the line on an edge; the rare few beyond the outermost
    are in these. Keys are whole points."""
    everybody = sorted(Counter(live) + Counter(draft))
    if not everybody:
        return ()
    counted = Counter(live) + Counter(draft)
    low, high = _quantile(counted, 0.005), _quantile(counted, 0.995)
    if line is not None:
        low, high = min(low, line - 1), max(high, line)
    step = next(size for size in _WIDTHS if (high - low + 1) / size <= BARS)
    origin = line or 0
    first = (low - origin) // step
    last = max(first, (high - origin) // step)
    bars = []
    for n in range(first, last + 1):
        start, end = origin + n * step, origin + (n + 1) * step

        def within(points: Mapping[int, int], n: int = n) -> int:
            return sum(
                count
                for point, count in points.items()
                if min(max((point - origin) // step, first), last) == n
            )

        label = str(start) if step == 1 else f"{start} to {end - 1}"
        bars.append(Bin(label, start, end, within(live), within(draft), line is not None and start == line))
    return tuple(bars)


_WIDTHS = [
    1,
    2,
    3,
    4,
    5,
    10,
    15,
    20,
    25,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    25_000,
    50_000,
    10**9,
]


def _quantile(counted: Mapping[int, int], part: float) -> int:
    """The whole points that ``part`` of the leads do not exceed."""
    reached, wanted = 0, part * sum(counted.values())
    for point in sorted(counted):
        reached += counted[point]
        if reached >= wanted:
            return point
    return max(counted)
