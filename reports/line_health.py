"""Is the SQL line too broad or too strict? Outcomes by the score at the handover, with the line drawn in
(S1-23, S4-12).

Scores are those of the handover, as its evidence froze them under the rules of then, so what is said of the
past stays. Who stayed with marketing is as of now. One dimension is looked at a time: a handoff may be well
over the line in one and just over it in another.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial

from django.db.models import Count, Exists, QuerySet

from handoff.models import Handoff, Verdict
from leads.models import Lead
from scoring.dimensions import HUNDREDTHS, SALES_STAGE, Dimension, grade
from scoring.intervals import Share, share
from scoring.models import Line, ModelVersion

from . import line_scores
from .counting import ENOUGH
from .handed import handoffs_of
from .measures import Measure
from .periods import Period

#: Points on either side of the line that are called just above and just below it, and the width of a bar.
BAND = 3
#: So many bars are drawn on either side of the line; what lies beyond is in the outermost.
BARS = 5
NOBODY = share(0, 0)
#: Whole points → how many.
Counts = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Bar:
    """Leads and verdicts with ``low`` to below ``high`` points; None: no end on that side. Its ``label`` are
    the points it begins with: "20", "<8" for the outermost below."""

    label: str
    low: int | None
    high: int | None
    stayed: int
    accepted: int
    rejected: int

    @property
    def of(self) -> int:
        return self.stayed + self.accepted + self.rejected


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another minimum with its gain and its price: rejections that it would have spared in the period, and
    accepted leads that it would have held back."""

    minimum: int
    spared: int
    later: int


@dataclass(frozen=True, slots=True)
class Health:
    """One dimension of the line: its ``minimum`` under ``version`` (None: the line asks nothing of it; then
    there are no bars). ``broad``: accepted, of those decided just above the line. ``strict``: became an
    opportunity, of those just below it. ``proposal``: a higher minimum that keeps what was agreed."""

    dimension: Dimension
    version: ModelVersion | None
    minimum: int | None
    bars: tuple[Bar, ...] = ()
    broad: Share = NOBODY
    strict: Share = NOBODY
    proposal: Proposal | None = None

    @property
    def decided(self) -> int:
        return sum(bar.accepted + bar.rejected for bar in self.bars)


class Word(StrEnum):
    """What the figures say of the line, against what was agreed."""

    TOO_FEW = "too few to say"
    NOT_AGREED = "no limits agreed"
    AS_AGREED = "as agreed"
    PERHAPS_BROAD = "perhaps too broad"
    BROAD = "too broad"
    PERHAPS_STRICT = "perhaps too strict"
    STRICT = "too strict"


def verdict(health: Health, limits: Mapping[Measure, Decimal]) -> Word:
    """Too broad where fewer than the agreed floor were accepted just above the line, too strict where more
    than the agreed ceiling became opportunities from just below it; "perhaps" while the interval still holds
    what was agreed. Pure."""
    floor, ceiling = limits.get(Measure.LINE_FLOOR), limits.get(Measure.LINE_CEILING)
    if floor is None and ceiling is None:
        return Word.NOT_AGREED
    said = Word.TOO_FEW
    if floor is not None and health.broad.n >= ENOUGH:
        said = Word.AS_AGREED
        if health.broad.rate * 100 < floor:
            return Word.BROAD if health.broad.high * 100 < floor else Word.PERHAPS_BROAD
    if ceiling is not None and health.strict.n >= ENOUGH:
        said = Word.AS_AGREED
        if health.strict.rate * 100 > ceiling:
            return Word.STRICT if health.strict.low * 100 > ceiling else Word.PERHAPS_STRICT
    return said


def health(
    *,
    leads: QuerySet[Lead],
    period: Period,
    dimension: Dimension,
    floor: Decimal | None = None,
    handoffs: QuerySet[Handoff] | None = None,
) -> Health:
    """The live line of the default model in one dimension, as the verdicts of ``period`` see it. ``floor`` is
    the agreed share just above the line, in per cent: where it is not kept, the lowest minimum that would
    have kept it is proposed. 7 queries; 2 where the line asks nothing of the dimension."""
    version, handoffs = line_scores.live(), handoffs_of(leads, handoffs)
    minimum = _minimum(version, dimension)
    if version is None or minimum is None:
        return Health(dimension, version, minimum)
    good, bad = Counter[int](), Counter[int]()
    said = line_scores.decided(handoffs=handoffs, period=period, version=version, dimension=dimension)
    for row in said.values("points", "kind").annotate(count=Count("pk")):
        if row["points"] is not None:
            (good if row["kind"] == Verdict.Kind.ACCEPT else bad)[row["points"]] += row["count"]
    there = line_scores.stayed(leads=leads, version=version, dimension=dimension)
    stayed = Counter(
        {row["points"]: row["count"] for row in there.values("points").annotate(count=Count("pk"))}
    )
    offered = line_scores.offered(handoffs=handoffs, period=period, version=version, dimension=dimension)
    all_the_same = offered.filter(points__gte=minimum - BAND, points__lt=minimum)
    tried = all_the_same.values("lead").distinct().count()
    # Of those who score so little now, the few that were offered nevertheless are in ``tried`` already.
    twice = there.filter(points__gte=minimum - BAND, points__lt=minimum, lead__in=all_the_same.values("lead"))
    still = _between(stayed, minimum - BAND, minimum) - twice.count()
    went_on = all_the_same.filter(Exists(line_scores.deals())).values("lead").distinct().count()
    accepted, rejected = _between(good, minimum, minimum + BAND), _between(bad, minimum, minimum + BAND)
    return Health(
        dimension=dimension,
        version=version,
        minimum=minimum,
        bars=bars(
            minimum,
            stayed=stayed,
            accepted=good,
            rejected=bad,
            named=partial(points_named, version, dimension),
        ),
        broad=share(accepted, accepted + rejected),
        strict=share(went_on, tried + still),
        proposal=None if floor is None else propose(minimum, accepted=good, rejected=bad, floor=floor),
    )


def bars(
    minimum: int,
    *,
    stayed: Counts,
    accepted: Counts,
    rejected: Counts,
    named: Callable[[int], str] = str,
) -> tuple[Bar, ...]:
    """Bars of ``BAND`` points with the line on an edge, the outermost open: nobody is left out. Pure."""
    farthest = max([minimum, *stayed, *accepted, *rejected])
    last = min(BARS - 1, (farthest - minimum) // BAND)
    first = -min(BARS, -(-minimum // BAND))
    found = []
    for number in range(first, last + 1):
        low = None if number == first else minimum + number * BAND
        high = None if number == last else minimum + (number + 1) * BAND
        label = f"<{named(high)}" if low is None and high is not None else named(low or minimum)
        parts = (_between(each, low, high) for each in (stayed, accepted, rejected))
        found.append(Bar(label, low, high, *parts))
    return tuple(found)


def propose(minimum: int, *, accepted: Counts, rejected: Counts, floor: Decimal) -> Proposal | None:
    """The lowest minimum above this one at which ``floor`` per cent of the decided just above it were
    accepted; None where there is none, where this one keeps it, or where too few say. Just above are ``BAND``
    points, and for another minimum as many more as it takes to find ``ENOUGH``. Pure."""
    good, bad = _between(accepted, minimum, minimum + BAND), _between(rejected, minimum, minimum + BAND)
    if good + bad < ENOUGH or 100 * good >= floor * (good + bad):
        return None
    decided = sorted({*accepted, *rejected})

    def keeps(line: int) -> bool:
        good = bad = 0
        for points in decided:
            if points >= line + BAND and good + bad >= ENOUGH:
                break
            if points >= line:
                good, bad = good + accepted.get(points, 0), bad + rejected.get(points, 0)
        return good + bad >= ENOUGH and 100 * good >= floor * (good + bad)

    to = next((line for line in range(minimum + 1, decided[-1] + 1) if keeps(line)), None)
    if to is None:
        return None
    return Proposal(to, spared=_between(rejected, minimum, to), later=_between(accepted, minimum, to))


def is_graded(version: ModelVersion, dimension: Dimension) -> bool:
    """Whether its points are thirds of a letter."""
    return dimension == Dimension.FIT and version.grades_from is not None


def points_named(version: ModelVersion, dimension: str, points: int | None) -> str:
    """So much of a dimension, or of the total, as its rules say it: "B-" where fit is a grade, "20" else."""
    if points is None:
        return "nothing"
    if dimension == Dimension.FIT and is_graded(version, Dimension.FIT):
        return grade(points * HUNDREDTHS)
    return f"{points:,}"


def span_named(version: ModelVersion, dimension: Dimension, low: int, high: int) -> str:
    """From ``low`` to below ``high``: "20 to 22", "A- to A+"."""
    first, last = (points_named(version, dimension, points) for points in (low, high - 1))
    return first if first == last else f"{first} to {last}"


def _between(counts: Counts, low: int | None, high: int | None) -> int:
    return sum(
        count
        for points, count in counts.items()
        if (low is None or points >= low) and (high is None or points < high)
    )


def _minimum(version: ModelVersion | None, dimension: Dimension) -> int | None:
    line = Line.objects.filter(version=version, stage=SALES_STAGE).order_by("id").first() if version else None
    least: int | None = getattr(line, f"min_{dimension}", None)
    return least or None  # a minimum of 0 asks nothing
