"""Which leads were decided, how, and what was known just before: what every judgement of a model rests on.

Read out of ``leads`` alone. A *cycle* begins when a lead is handed over; what happened before the first
handover is a cycle of its own. Each cycle has at most one outcome of a kind, so a lead that was sent back and
handed over again has two, each with its own moment. Where both sides have agreed since that a verdict should
have been another one, that is what it counts as, from when they had agreed.

Nothing that sales did may tell on a model, so every outcome has the moment that is asked about. What a
version *said* is asked as of the last moment before sales gave its verdict or, for a lead that was never
handed over, before it left marketing; and where the version looks at what sales writes down (a call, a
meeting), as of before the first such entry after the handover. What is *learned* or proposed is asked as of
the handover itself: what brought it about is known then, and nothing that came later can ever put a lead over
a line. (The lead stands in handed over by then, for a rule that asks for its stage.) Facts do not say who
filled them in, so what a rep found out between handover and verdict counts in what a version said, and never
in what is learned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from leads.milestones import DEPTH, STAGE_OF, TAKEN_BACK, TAKES_BACK

from .statement import run

Kind = Literal["accepted", "opportunity", "won"]
#: Up to which step of a lead that was handed over the moment asked about goes.
Until = Literal["verdict", "handover"]
KINDS: tuple[Kind, ...] = ("accepted", "opportunity", "won")
#: What a good outcome of each kind is called, and a bad one.
GOOD = {"accepted": "accepted", "opportunity": "became an opportunity", "won": "won"}
BAD = {"accepted": "sent back", "opportunity": "did not become one", "won": "not won"}
#: The reason of a lead that was never decided within the days it was given.
UNDECIDED = "undecided"
#: The newest outcomes are looked for among so many times as many of the newest steps that decide: one outcome
#: has several (an opportunity, then a customer), and some are undone.
STEPS_OF_AN_OUTCOME = 4


def said(reason: str) -> str:
    """A reason's code as words: "too small"."""
    return reason.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Decided:
    """One outcome of one lead. ``at`` is when it was known, ``as_of`` the last microsecond before its own
    decision or the moment of its handover, ``reason`` the code of a rejection or a loss, "" for none."""

    lead_id: int
    at: datetime
    as_of: datetime
    good: bool
    reason: str


def decided(
    *,
    kind: Kind,
    at: datetime,
    since: datetime | None = None,
    mature_days: int | None = None,
    lead_ids: Sequence[int] | None = None,
    newest: int | None = None,
    until: Until = "verdict",
    sales_types: Sequence[int] = (),
) -> list[Decided]:
    """Every outcome of ``kind`` known at ``at``, oldest moment first; only those since ``since``, only of
    ``lead_ids``, only the ``newest`` so many. One statement, which looks only at the leads that were decided
    in that time, or last.

    ``accepted``: the verdict on a handover, or what both sides agreed on since; one that was taken back does
    not count. ``opportunity`` and
    ``won``: whether the cycle got there; sent back, closed and lost are bad. With ``mature_days`` a lead that
    nobody ever decided and nobody in sales has now counts as bad once it is so many days old, as of then.

    ``until`` says which moment is asked about, where a lead was handed over: the last before the verdict, or
    that of the handover. ``sales_types`` are ids of types of activity that sales writes down: a moment before
    the verdict lies before the first of these after the handover, too.
    """
    whom = "true"
    if lead_ids is not None:
        whom = "lead_id = ANY(%(ids)s::bigint[])"
    elif mature_days is None and (since is not None or newest is not None):
        # Who was never decided is not found by what was decided, so with ``mature_days`` everybody counts.
        whom = "lead_id IN (SELECT lead_id FROM lately)"
    as_of = "least(handed_at, as_of)"
    if until == "verdict":
        as_of = f"least(as_of, {_SOLD})" if sales_types else "as_of"
    rows = run(
        _DECIDED.format(
            good=_SETTLED.format(said=_FATES[kind]) if kind == "accepted" else _FATES[kind],
            lately=_lately(kind) if "lately" in whom else "",
            deals=_DEALS if kind == "won" else "",
            as_of=as_of,
            takes_back=TAKES_BACK,
            taken_back=TAKEN_BACK,
            depth=DEPTH,
            stage_of=STAGE_OF,
        ).replace("/* whom */", whom),
        {
            "at": at,
            "since": since,
            "ids": list(lead_ids or ()),
            "mature": None if mature_days is None else at - timedelta(days=mature_days),
            "days": mature_days or 0,
            "undecided": UNDECIDED,
            "newest": newest,
            "steps": None if newest is None else STEPS_OF_AN_OUTCOME * newest,
            "sales_types": list(sales_types),
        },
        prepare=False,
    )
    return [Decided(row["lead_id"], row["at"], row["as_of"], row["good"], row["reason"]) for row in rows]


_WITH_SALES = "('handed_over', 'sql', 'opportunity')"
_BACK = f"(from_stage IN {_WITH_SALES} AND to_stage IN ('mql', 'lead')) OR to_stage = 'closed'"
#: Kind → what a step in the stages says: true for good, false for bad, null for nothing.
_FATES = {
    "accepted": "CASE WHEN from_stage = 'handed_over' AND to_stage = 'sql' THEN true"
    " WHEN from_stage = 'handed_over' AND to_stage IN ('mql', 'closed') THEN false END",
    "opportunity": f"CASE WHEN to_stage IN ('opportunity', 'customer') THEN true WHEN {_BACK} THEN false END",
    "won": f"CASE WHEN to_stage = 'customer' THEN true WHEN {_BACK} THEN false END",
}
#: What a verdict said, or what both sides say since that it should have been.
_SETTLED = """CASE WHEN ({said}) IS NOT NULL THEN coalesce((
      SELECT s.was_sql FROM leads_settlement s WHERE s.change_id = told.id AND s.at <= %(at)s::timestamptz
    ), {said}) END"""
#: Deals that ended without a step of their lead: an import that left a customer a customer.
_DEALS = """
  UNION ALL
  SELECT lead_id, closed_at, NULL::bigint, 'opportunity',
    CASE outcome WHEN 'won' THEN 'customer' ELSE 'closed' END, 'deal', lost_reason
  FROM leads_opportunity
  WHERE closed_at IS NOT NULL AND /* whom */
"""
#: Kind → where the steps that decide lead to: so the index by stage and moment finds the newest.
_ENDS = {
    "accepted": ("sql", "mql", "closed"),
    "opportunity": ("opportunity", "customer", "mql", "lead", "closed"),
    "won": ("customer", "mql", "lead", "closed"),
}


def _lately(kind: Kind) -> str:
    """Who was decided since then, or by the newest steps that decide."""
    when = (
        "at <= %(at)s::timestamptz AND at >= coalesce(%(since)s::timestamptz, '-infinity')"
        " ORDER BY at DESC LIMIT %(steps)s::int"
    )
    arms = [
        f"(SELECT lead_id, at FROM leads_stagechange WHERE to_stage = '{stage}'"
        f" AND ({_FATES[kind]}) IS NOT NULL AND {when})"
        for stage in _ENDS[kind]
    ]
    if kind == "won":
        arms.append(
            "(SELECT lead_id, at FROM (SELECT lead_id, closed_at AS at FROM leads_opportunity) deal"
            f" WHERE {when})"
        )
    every = "\n    UNION ALL ".join(arms)
    return f"""lately AS (
  SELECT lead_id FROM (
    {every}
  ) step ORDER BY at DESC LIMIT %(steps)s::int
),
"""


#: Just before sales wrote something down about the lead, after the handover.
_SOLD = """(
    SELECT min(a.occurred_at) - interval '1 microsecond' FROM leads_activity a
    WHERE a.lead_id = known.lead_id AND a.type_id = ANY(%(sales_types)s::smallint[])
      AND a.occurred_at >= known.handed_at AND a.voided_at IS NULL AND NOT a.undated
  )"""
_DECIDED = """
WITH {lately}steps AS (
  SELECT lead_id, at, id, from_stage, to_stage, cause, reason FROM leads_stagechange
  WHERE /* whom */
  {deals}
),
marked AS (
  SELECT *, {takes_back} AS takes_back FROM steps WHERE at <= %(at)s::timestamptz
),
deep AS (
  SELECT *, {depth} AS depth FROM marked WINDOW {stage_of}
),
told AS (
  SELECT *,
    count(*) FILTER (WHERE to_stage = 'handed_over' AND cause <> 'undo') OVER story AS cycle,
    -- A handover that was taken back had no verdict: neither is an outcome.
    takes_back OR {taken_back} AS undone
  FROM deep
  WINDOW story AS (PARTITION BY lead_id ORDER BY at, id), {stage_of}
),
fates AS (
  SELECT lead_id, cycle, at, id, reason, {good} AS good,
    -- Where the cycle left marketing (nobody handed it over) or left the open handover.
    CASE WHEN cycle = 0 THEN to_stage IN ('sql', 'opportunity', 'customer', 'closed')
      ELSE from_stage = 'handed_over' END AS leaves,
    to_stage = 'handed_over' AS begins
  FROM told WHERE NOT undone
),
moments AS (
  SELECT lead_id, cycle, min(at) FILTER (WHERE leaves) AS left_at,
    min(at) FILTER (WHERE begins) AS handed_at
  FROM fates GROUP BY lead_id, cycle
),
outcomes AS (
  SELECT DISTINCT ON (lead_id, cycle) lead_id, f.at, least(m.left_at, f.at) AS moment, m.handed_at,
    f.good, f.reason
  FROM fates f JOIN moments m USING (lead_id, cycle)
  WHERE f.good IS NOT NULL
  ORDER BY lead_id, cycle, f.at, f.id
),
matured AS (
  SELECT lead_id, created_at + make_interval(days => %(days)s::int) AS at
  FROM (SELECT id AS lead_id, created_at, stage FROM leads_lead) l
  WHERE created_at <= %(mature)s::timestamptz AND stage IN ('lead', 'mql') AND /* whom */
    AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.lead_id = l.lead_id)
)
SELECT lead_id, at, {as_of} AS as_of, good, reason FROM (
  SELECT lead_id, at, moment - interval '1 microsecond' AS as_of, handed_at, good,
    CASE WHEN good THEN '' ELSE reason END AS reason
  FROM outcomes WHERE %(since)s::timestamptz IS NULL OR at >= %(since)s::timestamptz
  UNION ALL
  SELECT lead_id, at, at, NULL, false, %(undecided)s::text
  FROM matured WHERE %(since)s::timestamptz IS NULL OR at >= %(since)s::timestamptz
  ORDER BY at DESC, lead_id DESC LIMIT %(newest)s::int
) known
ORDER BY as_of, lead_id
"""
