"""What a draft would do, before it does it: who would go over the SQL line and who would fall below, now; and
(``on_the_past``) how it would have done on the leads that were decided. Nothing is stored.

``of_…`` is quick enough to follow one's typing: one statement over all leads beside their stored scores, or,
where there are very many, over some of them.
``on_the_past`` takes longer and is asked for apart. Both take a stored version or rules that are not stored.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from leads.models import Lead
from leads.stages import WITH_SALES, Stage, said

from . import outcomes
from .compiling import Asked, compile_ruleset
from .dimensions import HUNDREDTHS, SALES_STAGE, Dimension
from .hindsight import Past, Side, Weekly, on_the_past
from .models import Line, ModelVersion, ScoringModel
from .models.crossing import NOTHING_TO_DO
from .outcomes import Decided
from .ruleset import Ruleset
from .statement import Row, run
from .stored import activity_types, read

__all__ = [
    "Bin",
    "Move",
    "Past",
    "Preview",
    "Side",
    "Weekly",
    "of_draft",
    "of_ruleset",
    "on_the_past",
]

Direction = Literal["up", "down"]
Agreement = Literal["right", "wrong", "open"]

#: What points may be told in.
_SHOWN = (*Dimension.values, "total")
_COUNTED = ("leads", "up", "down", "over", "up, with sales", "down, with sales")
#: How many bars the distribution has, about.
BARS = 10
#: From so many leads on an estimate from so many, chosen by chance, answers while somebody types.
MANY, SAMPLE = 100_000, 25_000


@dataclass(frozen=True, slots=True)
class Move:
    """A lead that would go over the line or fall below it. Points are those of ``dimension``, the one that
    takes the lead there, or the one that was asked for. ``line`` is what the SQL line asks of it, live and in
    the draft, where the line comes to the lead and not the lead to the line; None for what a side does not
    ask. ``became`` says what became of the lead so far, ``verdict`` whether that agrees with the move."""

    lead_id: int
    public_id: UUID
    name: str
    company: str
    dimension: str
    live: float
    draft: float
    direction: Direction
    line: tuple[int | None, int | None] | None
    became: str
    verdict: Agreement


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


@dataclass(frozen=True, slots=True)
class Preview:
    """What a draft would change now. ``moved`` are the few whose points change most; ``up`` and ``down``
    count them all; of these sales has ``up_with_sales``, or they have bought: nobody is handed over again.
    ``down_with_sales`` are with sales and stay there. ``bins`` and ``line``, the draft's SQL minimum in
    points, are of ``dimension``. ``sampled`` is from how many leads the counts are estimated, None for
    counted; those named are of these.
    """

    dimension: str
    leads: int
    up: int
    down: int
    over: int
    up_with_sales: int
    down_with_sales: int
    moved: tuple[Move, ...]
    bins: tuple[Bin, ...]
    line: int | None
    seconds: float
    sampled: int | None = None

    @property
    def to_hand_over(self) -> int:
        """Those over the line who would wait for release."""
        return self.up - self.up_with_sales


def of_draft(
    *, version: ModelVersion, at: datetime, dimension: str = "intent", told_in: str = "", limit: int = 4
) -> Preview:
    """What publishing ``version`` would change as of ``at``; ``dimension`` may be ``total``. ``told_in`` is
    the dimension that moves are told in; empty for the one that moves each."""
    ruleset = read(version, activity_types())
    return of_ruleset(
        ruleset=ruleset, model=version.model, at=at, dimension=dimension, told_in=told_in, limit=limit
    )


def of_ruleset(
    *,
    ruleset: Ruleset,
    model: ScoringModel,
    at: datetime,
    dimension: str = "intent",
    told_in: str = "",
    limit: int = 4,
    estimated: bool = False,
) -> Preview:
    """The same for rules that are not stored. ``estimated``: from ``SAMPLE`` leads where there are more than
    ``MANY``. Raises ValueError for an unknown dimension. One statement over all leads, and one for the few
    that are named."""
    for name in (dimension, told_in or dimension):
        if name not in _SHOWN:
            raise ValueError(f"There is no dimension {name!r}.")
    began = time.perf_counter()
    part, some = _some_leads() if estimated else (1, None)
    asked = Asked.RANGE if some is None else Asked.IDS
    statement = compile_ruleset(ruleset, activity_types(), asked=asked)
    whom: dict[str, Any] = {"low": 0, "high": 2**62} if some is None else {"ids": some}
    values = {
        **whom,
        "as_of": at,
        "model": model.pk,
        "most": limit,
        "moot": sorted(NOTHING_TO_DO[SALES_STAGE]),
        "with_sales": sorted(WITH_SALES),
    }
    rows = run(
        f"WITH {statement.ctes},\n{_preview(dimension, told_in)}",
        statement.binding(**values),
        prepare=False,
    )
    named = [row for row in rows if row["what"] in ("went up", "went down")]
    counts = {row["what"]: part * row["a"] for row in rows if row["what"] in _COUNTED}
    points = {
        side: {row["a"]: part * row["b"] for row in rows if row["what"] == side} for side in ("live", "draft")
    }
    line = _line(ruleset, dimension)
    return Preview(
        dimension=dimension,
        leads=counts["leads"],
        up=counts["up"],
        down=counts["down"],
        over=counts["over"],
        up_with_sales=counts["up, with sales"],
        down_with_sales=counts["down, with sales"],
        moved=_moves(named, at, ruleset, model, told_in=told_in, otherwise=dimension),
        bins=_bins(points["live"], points["draft"], line),
        line=line,
        seconds=time.perf_counter() - began,
        sampled=None if some is None else len(some),
    )


def _some_leads() -> tuple[int, list[int] | None]:
    """One lead in so many, and which: the same ones each time, so that figures move with the rules alone.
    All of them, said as None, where there are not many by PostgreSQL's own estimate. Up to 2 queries."""
    [there] = run("SELECT reltuples::bigint AS leads FROM pg_class WHERE oid = 'leads_lead'::regclass", {})
    if there["leads"] <= MANY:
        return 1, None
    part = max(1, there["leads"] // SAMPLE)
    rows = run(_SOME, {"part": part})
    return part, [row["id"] for row in rows]


_SOME = "SELECT id FROM leads_lead WHERE hashint8extended(id, 7) % %(part)s::bigint = 0"


def _asked_of(ruleset: Ruleset) -> tuple[str, ...]:
    """The dimensions that the SQL lines ask for; all of them for a total, and where there is no line."""
    asked = {name for line in ruleset.lines if line.stage == SALES_STAGE for name in line.minimums}
    return tuple(name for name in Dimension.values if name in asked or asked <= {"total"} or "total" in asked)


def _line(ruleset: Ruleset, dimension: str) -> int | None:
    return next(
        (
            line.minimums[dimension]
            for line in ruleset.lines
            if line.stage == SALES_STAGE and dimension in line.minimums
        ),
        None,
    )


#: Over and under as publishing would have it: a lead that stands inside stays while the margin is kept, one
#: that the version does not apply to leaves, and one that crossed a short while ago waits as its line says.
#: Points are whole ones, rounded down, for the bars. ``figures`` of who would move are ``_SHOWN``, live and
#: then draft.
_PREVIEW = """
drawn AS MATERIALIZED (
  SELECT d.lead_id, CASE WHEN d.applies THEN d.{dimension} END AS draft, s.{dimension} AS live, {pairs},
    st.inside IS TRUE AS inside, d.applies,
    d.applies AND CASE WHEN st.inside IS TRUE THEN d.sql_stays ELSE d.sql_over AND NOT coalesce(
      st.crossed_at > %(as_of)s::timestamptz - make_interval(days => d.sql_cools), false
    ) END AS stands
  FROM scored d
  LEFT JOIN scoring_score s ON s.lead_id = d.lead_id AND s.model_id = %(model)s::bigint
  LEFT JOIN scoring_linestate st
    ON st.lead_id = d.lead_id AND st.model_id = %(model)s::bigint AND st.stage = 'sql'
),
counted AS (
  SELECT count(*) FILTER (WHERE applies) AS leads, count(*) FILTER (WHERE stands AND NOT inside) AS up,
    count(*) FILTER (WHERE inside AND NOT stands) AS down, count(*) FILTER (WHERE stands) AS over,
    count(*) FILTER (WHERE stands AND NOT inside AND ({stage_of}) = ANY(%(moot)s::text[])) AS up_with_sales,
    count(*) FILTER (WHERE inside AND NOT stands AND ({stage_of}) = ANY(%(with_sales)s::text[]))
      AS down_with_sales
  FROM drawn
)
SELECT 'leads' AS what, leads AS a, 0::bigint AS b, NULL::bigint[] AS figures FROM counted
UNION ALL SELECT 'up', up, 0, NULL FROM counted
UNION ALL SELECT 'down', down, 0, NULL FROM counted
UNION ALL SELECT 'over', over, 0, NULL FROM counted
UNION ALL SELECT 'up, with sales', up_with_sales, 0, NULL FROM counted
UNION ALL SELECT 'down, with sales', down_with_sales, 0, NULL FROM counted
UNION ALL SELECT 'draft', floor(draft / 100.0)::bigint, count(*), NULL FROM drawn WHERE applies GROUP BY 2
UNION ALL SELECT 'live', floor(live / 100.0)::bigint, count(*), NULL FROM drawn
  WHERE live IS NOT NULL GROUP BY 2
UNION ALL (
  SELECT CASE WHEN stands THEN 'went up' ELSE 'went down' END, lead_id, 0, ARRAY[{figures}]::bigint[]
  FROM drawn
  WHERE stands <> inside
  ORDER BY greatest({changes}) DESC, lead_id LIMIT %(most)s::int
)
"""


def _preview(dimension: str, told_in: str) -> str:
    by = [told_in] if told_in else Dimension.values
    return _PREVIEW.format(
        dimension=dimension,
        stage_of="SELECT l.stage FROM leads_lead l WHERE l.id = drawn.lead_id",
        pairs=", ".join(
            f"coalesce(s.{name}, 0) AS live_{name},"
            f" CASE WHEN d.applies THEN coalesce(d.{name}, 0) ELSE 0 END AS draft_{name}"
            for name in _SHOWN
        ),
        figures=", ".join(f"{side}_{name}" for side in ("live", "draft") for name in _SHOWN),
        changes=", ".join(f"abs(draft_{name} - live_{name})" for name in by),
    )


def _moves(
    named: Sequence[Row],
    at: datetime,
    ruleset: Ruleset,
    model: ScoringModel,
    *,
    told_in: str,
    otherwise: str,
) -> tuple[Move, ...]:
    """Who they are and what became of them, in their order. Four statements, none for nobody."""
    if not named:
        return ()
    asked, lines = _asked_of(ruleset), _Lines.of(ruleset, model)
    ids = [row["a"] for row in named]
    leads = Lead.objects.select_related("company").in_bulk(ids)
    last: dict[int, Decided] = {}
    for kind in ("accepted", "won"):
        for one in outcomes.decided(kind=kind, at=at, lead_ids=ids):
            last[one.lead_id] = one
    moves = []
    for row in named:
        lead, decided = leads[row["a"]], last.get(row["a"])
        direction: Direction = "up" if row["what"] == "went up" else "down"
        verdict: Agreement = "open"
        if decided:
            verdict = "right" if decided.good == (direction == "up") else "wrong"
        live = dict(zip(_SHOWN, row["figures"], strict=False))
        draft = dict(zip(_SHOWN, row["figures"][len(_SHOWN) :], strict=True))
        moved_by_line = lines.reaching(draft, direction)
        mover = _mover(live, draft, direction, asked)
        shown = told_in or next(iter(moved_by_line), "") or mover or otherwise
        moves.append(
            Move(
                lead_id=lead.pk,
                public_id=lead.public_id,
                name=str(lead),
                company=str(lead.company or ""),
                dimension=shown,
                live=live[shown] / HUNDREDTHS,
                draft=draft[shown] / HUNDREDTHS,
                direction=direction,
                line=moved_by_line.get(shown),
                became=_became(lead, decided),
                verdict=verdict,
            )
        )
    return tuple(moves)


def _mover(
    live: Mapping[str, int], draft: Mapping[str, int], direction: Direction, asked: Sequence[str]
) -> str:
    """The dimension whose points go furthest the way the lead goes, of those that the line asks for first;
    "" where none goes that way, so that something else moves the lead."""
    sign = 1 if direction == "up" else -1
    for names in (asked, Dimension.values):
        furthest = max(names, key=lambda name: sign * (draft[name] - live[name]))
        if sign * (draft[furthest] - live[furthest]) > 0:
            return furthest
    return ""


@dataclass(frozen=True, slots=True)
class _Lines:
    """What the first SQL line asks of each dimension, live and in the draft, in points."""

    live: Mapping[str, int]
    draft: Mapping[str, int]

    @classmethod
    def of(cls, ruleset: Ruleset, model: ScoringModel) -> "_Lines":
        """One query."""
        stored = Line.objects.filter(
            version__model=model, version__state=ModelVersion.State.PUBLISHED, stage=SALES_STAGE
        )
        first = stored.order_by("id").first()
        drafted = next((line.minimums for line in ruleset.lines if line.stage == SALES_STAGE), {})
        return cls(first.minimums if first else {}, drafted)

    def reaching(
        self, draft: Mapping[str, int], direction: Direction
    ) -> dict[str, tuple[int | None, int | None]]:
        """Dimensions in which a lead is on the other side because the line moved past it: with the points it
        will have it would stay where it is, had the line stayed. Those asked for by the draft first."""
        found = {}
        for name in dict.fromkeys([*self.draft, *self.live]):
            before, after = self.live.get(name), self.draft.get(name)
            low, high = (after, before) if direction == "up" else (before, after)
            if high is not None and (low or 0) * HUNDREDTHS <= draft[name] < high * HUNDREDTHS:
                found[name] = (before, after)
        return found


def _became(lead: Lead, decided: Decided | None) -> str:
    if lead.stage == Stage.CUSTOMER:
        return "won"
    if decided is None:
        stage = said(Stage(lead.stage))
        return stage if lead.stage == Stage.CLOSED else f"open, {stage}"
    if decided.good:
        return "accepted"
    return f"sent back: {outcomes.said(decided.reason)}" if decided.reason else "sent back"


def _bins(live: Mapping[int, int], draft: Mapping[int, int], line: int | None) -> tuple[Bin, ...]:
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
