"""What a draft would do, before it does it: who would go over the SQL line and who would fall below, now; and
(``on_the_past``) how it would have done on the leads that were decided. Nothing is stored.

``of_…`` is quick enough to follow one's typing: one statement over all leads beside their stored scores, or,
where there are very many, over some of them.
``on_the_past`` takes longer and is asked for apart. Both take a stored version or rules that are not stored.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leads.stages import WITH_SALES

from .compiling import Asked, compile_ruleset
from .dimensions import SALES_STAGE, Dimension
from .distribution import Bin, bins_of
from .hindsight import Past, Side, Weekly, on_the_past
from .models import ModelVersion, ScoringModel
from .models.crossing import NOTHING_TO_DO
from .moves import SHOWN, Move, moves_of
from .ruleset import Ruleset
from .statement import run
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

_COUNTED = ("leads", "up", "down", "over", "up, with sales", "down, with sales")
#: From so many leads on an estimate from so many, chosen by chance, answers while somebody types.
MANY, SAMPLE = 100_000, 25_000


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
        if name not in SHOWN:
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
        moved=moves_of(named, at, ruleset, model, told_in=told_in, otherwise=dimension),
        bins=bins_of(points["live"], points["draft"], line),
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
#: Points are whole ones, rounded down, for the bars. ``figures`` of who would move are ``SHOWN``, live and
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
            for name in SHOWN
        ),
        figures=", ".join(f"{side}_{name}" for side in ("live", "draft") for name in SHOWN),
        changes=", ".join(f"abs(draft_{name} - live_{name})" for name in by),
    )
