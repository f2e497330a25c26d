"""Was a version right about the leads that were decided? Each is scored as of the moment before its own
decision, with the facts as they were then, by the same statement that scores everybody. Where the version
looks at what sales writes down, such as a call, a lead is scored as of before the first such entry after its
handover: what can only be known once sales has the lead must not speak for having handed it over.

Every figure carries how many leads it rests on and the interval of 95 % in which it lies. Of fewer outcomes
than ``intervals.LEAST_OUTCOMES`` there are no figures, only words that say so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
from django.core.cache import cache

from leads.models import ActivityType

from . import intervals, outcomes
from .backtest_words import in_words
from .compiling import Asked, FactSource, Statement, compile_ruleset
from .conditions import Happened, tests_of
from .dimensions import HUNDREDTHS, Dimension
from .intervals import Bools, Figure, Floats, Share, lift, share
from .models import ModelVersion
from .outcomes import Decided, Kind
from .ruleset import Ruleset
from .statement import Row, compiled, run
from .stored import activity_types

#: Decided leads scored by one statement; bounds what PostgreSQL holds at a time.
CHUNK = 50_000
#: The most bands a calibration has.
MOST_BANDS = 8
FIGURES = (*Dimension.values, "total")
#: A back-test of a version that cannot change is kept for so long.
KEPT_SECONDS = 5 * 60
#: The newest outcomes that are looked at: more of them make no figure much surer, and a person waits.
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Judged:
    """A decided lead and what the version said of it before: points in hundredths, and whether it was over
    the SQL line."""

    outcome: Decided
    over: bool
    intent: int
    fit: int
    engagement: int
    total: int

    @property
    def cell(self) -> str:
        """Its place in the confusion matrix: tp, fp, fn or tn."""
        return ("t" if self.over == self.outcome.good else "f") + ("p" if self.over else "n")


@dataclass(frozen=True, slots=True)
class Decile:
    """A tenth of the leads, the highest scores first. ``good`` may be a part: equal scores share places.
    ``low`` and ``high`` are points."""

    number: int
    good: Share
    lift: Figure | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Band:
    """Leads with a total from ``low`` to below ``high`` points; None for no bound."""

    number: int
    low: int | None
    high: int | None
    good: Share

    @property
    def label(self) -> str:
        if self.low is None:
            return "all" if self.high is None else f"below {self.high}"
        return f"{self.low} and more" if self.high is None else f"{self.low} to {self.high - 1}"


@dataclass(frozen=True, slots=True)
class Figures:
    """What can be said when there are outcomes enough."""

    precision: Share
    recall: Share
    accuracy: Share
    conversion: Share
    #: Dimension or ``total`` → how well it ranks; None where it is the same for all.
    auc: dict[str, Figure | None]
    #: The same of each dimension, with intervals as wide as trying all of them asks for.
    alone: dict[str, Figure | None]
    deciles: tuple[Decile, ...]
    bands: tuple[Band, ...]
    #: tp, fp, fn, tn → how many.
    confusion: dict[str, int]

    @property
    def telling(self) -> dict[str, Figure]:
        """The dimensions that alone tell good from bad, or bad from good."""
        return {name: area for name, area in self.alone.items() if area and not area.low <= 0.5 <= area.high}

    @property
    def separates(self) -> bool:
        """Whether a higher total means a better lead, as far as chance allows to say."""
        area = self.auc["total"]
        return area is not None and area.low > 0.5

    @property
    def all_over(self) -> bool:
        """Whether nobody under the line was decided, so that reach and accuracy say nothing."""
        return not self.confusion["fn"] + self.confusion["tn"]


@dataclass(frozen=True, slots=True)
class Backtest:
    """A version against its outcomes. ``figures`` is None when there are too few; ``verdict`` says in words
    what to make of it either way. ``learned_from``: so many of the outcomes were known when the version, or
    one it is based on, was made from outcomes; they speak for it more than new ones will."""

    version: ModelVersion
    outcome: Kind
    at: datetime
    since: datetime | None
    verdict: str
    figures: Figures | None
    rows: tuple[Judged, ...] = field(repr=False)
    learned_from: int = 0

    @property
    def n(self) -> int:
        return len(self.rows)


def of_version(
    *,
    version: ModelVersion,
    at: datetime,
    since: datetime | None = None,
    outcome: Kind = "accepted",
    mature_days: int | None = None,
) -> Backtest:
    """Score the leads decided by ``at``, the newest 20,000 of them, each as of its own moment. A handful of
    statements."""
    sales_types = _by_sales(statement_of(version).ruleset)
    known = outcomes.decided(
        kind=outcome, at=at, since=since, mature_days=mature_days, newest=MOST, sales_types=sales_types
    )
    found = of_outcomes(version=version, known=known, outcome=outcome, at=at, since=since)
    if len(known) < MOST:
        return found
    return replace(found, verdict=f"{found.verdict} Only the newest {MOST:,} outcomes were looked at.")


def _by_sales(ruleset: Ruleset) -> list[int]:
    """The ids of the types of activity that it looks at and sales writes down. One query."""
    tests = [test for condition in ruleset.conditions() for test in tests_of(condition)]
    done = [test for test in tests if isinstance(test, Happened)]
    keys = {key for test in done for key in (*test.types, *(test.after.types if test.after else ()))}
    sales = ActivityType.objects.filter(category=ActivityType.Category.SALES, key__in=keys)
    return list(sales.order_by("id").values_list("id", flat=True))


def lately(
    *, version: ModelVersion, at: datetime, days: int | None, outcome: Kind, mature_days: int | None
) -> Backtest:
    """The same for who was decided in the last ``days`` (None for all), not made again for each figure that
    somebody opens: of a version that cannot change it may be five minutes old. One query then."""
    name = f"backtest-{version.pk}-{outcome}-{days}-{mature_days}"
    kept: Backtest | None = cache.get(name) if version.is_final else None
    if kept is not None:
        return replace(kept, version=version)
    since = None if days is None else at - timedelta(days=days)
    made = of_version(version=version, at=at, since=since, outcome=outcome, mature_days=mature_days)
    if version.is_final:
        cache.set(name, made, timeout=KEPT_SECONDS)
    return made


def of_outcomes(
    *,
    version: ModelVersion,
    known: Sequence[Decided],
    outcome: Kind,
    at: datetime,
    since: datetime | None = None,
) -> Backtest:
    """The same for outcomes the caller chose, such as those a model has not learned from."""
    rows = tuple(judge(version, known))
    few = intervals.too_few(
        good=sum(row.outcome.good for row in rows), bad=sum(not row.outcome.good for row in rows)
    )
    if few:
        return Backtest(version, outcome, at, since, few, None, rows)
    figures, learned_from = figures_of(rows), _learned_from(version, rows)
    said = in_words(figures, outcome, learned_from=learned_from)
    return Backtest(version, outcome, at, since, said, figures, rows, learned_from)


def _learned_from(version: ModelVersion, rows: Sequence[Judged]) -> int:
    """How many of these outcomes were known when the version, or one that it is based on, was made from
    outcomes. A query for each version in between."""
    learned: ModelVersion | None = version
    while learned is not None and not learned.evidence:
        learned = learned.based_on
    return 0 if learned is None else sum(row.outcome.at <= learned.created_at for row in rows)


def judge(version: ModelVersion | Ruleset, known: Sequence[Decided]) -> list[Judged]:
    """What ``version`` said of each, as of its moment; without those it does not score."""
    columns = ("intent", "fit", "engagement", "total", "sql_over")
    return [
        Judged(outcome, row["sql_over"], row["intent"], row["fit"], row["engagement"], row["total"])
        for outcome, row in scored(statement_of(version), known, columns)
    ]


def statement_of(version: ModelVersion | Ruleset) -> Statement:
    """Each lead as of its own moment, with the facts as they were then."""
    if isinstance(version, Ruleset):
        return compile_ruleset(version, activity_types(), asked=Asked.MOMENTS, source=FactSource.HISTORY)
    return compiled(version, asked=Asked.MOMENTS, source=FactSource.HISTORY)


def scored(
    statement: Statement, known: Sequence[Decided], columns: Sequence[str]
) -> Iterator[tuple[Decided, Row]]:
    """Each outcome with these columns of its score; none of leads that the version does not apply to."""
    sql = f"WITH {statement.ctes}\nSELECT n, {', '.join(columns)} FROM scored WHERE applies"
    for first in range(0, len(known), CHUNK):
        some = known[first : first + CHUNK]
        asked = {"ids": [one.lead_id for one in some], "moments": [one.as_of for one in some]}
        for row in run(sql, statement.binding(**asked), prepare=False):
            yield some[row["n"] - 1], row


def figures_of(rows: Sequence[Judged]) -> Figures:
    """Every figure of ``rows``, of which there are some of either kind. Pure."""
    good = np.array([row.outcome.good for row in rows], dtype=np.bool_)
    total = np.array([row.total for row in rows], dtype=np.float64)
    over = np.array([row.over for row in rows], dtype=np.bool_)
    confusion = {
        "tp": int((over & good).sum()),
        "fp": int((over & ~good).sum()),
        "fn": int((~over & good).sum()),
        "tn": int((~over & ~good).sum()),
    }
    n, won = len(rows), int(good.sum())
    points = {name: np.array([getattr(row, name) for row in rows], dtype=np.float64) for name in FIGURES}
    varying = {name for name in FIGURES if np.ptp(points[name])}
    return Figures(
        precision=share(confusion["tp"], confusion["tp"] + confusion["fp"]),
        recall=share(confusion["tp"], won),
        accuracy=share(confusion["tp"] + confusion["tn"], n),
        conversion=share(won, n),
        auc={name: intervals.auc(points[name], good) if name in varying else None for name in FIGURES},
        alone={
            name: intervals.auc(points[name], good, tried=len(Dimension)) if name in varying else None
            for name in Dimension.values
        },
        deciles=_deciles(total, good),
        bands=_bands(total, good),
        confusion=confusion,
    )


def _deciles(total: Floats, good: Bools) -> tuple[Decile, ...]:
    ordered = np.sort(total)[::-1]
    edges = np.linspace(0, len(ordered), 11)
    return tuple(
        Decile(
            number=n + 1,
            good=share(k, places),
            lift=lift(k, places, int(good.sum()), len(good)),
            low=float(ordered[max(int(np.ceil(edges[n + 1])) - 1, 0)]) / HUNDREDTHS,
            high=float(ordered[int(edges[n])]) / HUNDREDTHS,
        )
        for n, (k, places) in enumerate(intervals.tenths(total, good))
    )


def _bands(total: Floats, good: Bools) -> tuple[Band, ...]:
    """Bands of equal width between round points, the outermost without bound."""
    points = total / HUNDREDTHS
    low, high = np.quantile(points, [0.02, 0.98])
    step = next(
        (
            size
            for size in (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000)
            if (high - low) / size <= MOST_BANDS - 1
        ),
        10_000,
    )
    edges = np.arange(np.floor(low / step) * step + step, high + 1e-9, step)
    where = np.digitize(points, edges)
    bands = []
    for n in range(len(edges) + 1):
        inside = where == n
        bands.append(
            Band(
                number=n + 1,
                low=int(edges[n - 1]) if n else None,
                high=int(edges[n]) if n < len(edges) else None,
                good=share(int(good[inside].sum()), int(inside.sum())),
            )
        )
    return tuple(bands)
