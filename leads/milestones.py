"""How far leads have come, and when each first came so far: what every funnel counts.

A lead passes a milestone when it first stands at its stage or at a later one: a trial that becomes a customer
overnight has passed all of them at once. A step that was undone, or a handover that was taken back, is as if
it had not been. The rows follow from the stage changes alone, and statement triggers keep them so, whoever
writes a stage change and however: ORM, COPY, a merge. ``out_of_step`` finds rows that do not follow.
"""

from collections.abc import Collection
from datetime import datetime

import pgtrigger
from django.db import connection, models

from .stages import Stage


class Milestone(models.IntegerChoices):
    """In the order in which leads pass them. SQL is the acceptance, whatever a company calls an SQL."""

    MQL = 1, "MQL"
    HANDED_OVER = 2, "Handed over"
    ACCEPTED = 3, "Accepted"
    OPPORTUNITY = 4, "Opportunity"
    WON = 5, "Won"


#: Stage → the furthest milestone that a lead standing there has passed. Closed is the end of any way.
REACHED: dict[Stage, Milestone] = {
    Stage.MQL: Milestone.MQL,
    Stage.HANDED_OVER: Milestone.HANDED_OVER,
    Stage.SQL: Milestone.ACCEPTED,
    Stage.OPPORTUNITY: Milestone.OPPORTUNITY,
    Stage.CUSTOMER: Milestone.WON,
}
#: Whether a stage change takes back an earlier one to the stage that it leads away from.
TAKES_BACK = "(cause = 'undo' OR reason = 'taken_back')"
#: Selected from rows with ``takes_back`` and ``depth``: whether the step was taken back. Of the steps to one
#: stage the last one goes first, as brackets close; what happened at other stages in between, or was put
#: there by an import or a merge, is neither here nor there.
TAKEN_BACK = """NOT takes_back AND coalesce(
  min(depth) OVER (stage_of ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) < depth, false)"""
#: Selected from rows with ``takes_back``: how many steps to the stage stand after this one.
DEPTH = "sum(CASE WHEN takes_back THEN -1 ELSE 1 END) OVER (stage_of ROWS UNBOUNDED PRECEDING)"
#: The window of both: the steps to a stage, and those that take one of them back.
STAGE_OF = """stage_of AS (
  PARTITION BY lead_id, CASE WHEN takes_back THEN from_stage ELSE to_stage END ORDER BY at, id)"""

_RANK = " ".join(f"WHEN '{stage.value}' THEN {milestone.value}" for stage, milestone in REACHED.items())
#: What follows from the stage changes of whom: a condition on ``lead_id``. In ``since`` stands when the lead
#: passed the milestone before; nothing for the first one.
_FOLLOWS = """
SELECT lead_id, milestone, at, lag(at) OVER (PARTITION BY lead_id ORDER BY milestone) AS since FROM (
  SELECT s.lead_id, m.milestone, min(s.at) AS at FROM (
    SELECT lead_id, at, CASE to_stage {rank} END AS rank, takes_back OR {taken_back} AS undone FROM (
      SELECT *, {depth} AS depth FROM (
        SELECT *, {takes_back} AS takes_back FROM leads_stagechange WHERE {whom}
      ) told WINDOW {stage_of}
    ) step WINDOW {stage_of}
  ) s JOIN generate_series(1, {last}) AS m (milestone) ON m.milestone <= s.rank
  WHERE NOT s.undone GROUP BY s.lead_id, m.milestone
) passed"""
_KEEP = """
WITH follows AS MATERIALIZED ({follows}),
gone AS (
  DELETE FROM leads_passedmilestone m WHERE {of}
    AND NOT EXISTS (SELECT 1 FROM follows f WHERE f.lead_id = m.lead_id AND f.milestone = m.milestone)
)
INSERT INTO leads_passedmilestone AS m (lead_id, milestone, at, since)
SELECT lead_id, milestone, at, since FROM follows ORDER BY lead_id, milestone
ON CONFLICT (lead_id, milestone) DO UPDATE SET at = excluded.at, since = excluded.since
WHERE (m.at, m.since) IS DISTINCT FROM (excluded.at, excluded.since)"""
_LEFT = """
SELECT lead_id, at FROM (
  SELECT *, takes_back OR {taken_back} AS undone FROM (
    SELECT *, {depth} AS depth FROM (
      SELECT *, {takes_back} AS takes_back FROM leads_stagechange WHERE lead_id = ANY(%s::bigint[])
    ) told WINDOW {stage_of}
  ) deep WINDOW {stage_of}
) step WHERE NOT undone AND from_stage = %s ORDER BY at, id"""
_OUT_OF_STEP = """
SELECT count(*) FROM leads_passedmilestone m FULL JOIN ({follows}) f USING (lead_id, milestone)
WHERE (m.at, m.since) IS DISTINCT FROM (f.at, f.since)"""


def kept_up(event: str, operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    """The trigger of the table of stage changes that keeps up the milestones of the leads concerned."""
    touched = {
        "inserted": "SELECT lead_id FROM new_rows",
        "updated": "SELECT lead_id FROM new_rows UNION SELECT lead_id FROM old_rows",
        "deleted": "SELECT lead_id FROM old_rows",
    }[event]
    return pgtrigger.Trigger(
        name=f"stagechange_{event}_milestones",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(  # type: ignore[no-untyped-call]  # pgtrigger types most of itself
            old="old_rows" if event != "inserted" else None,
            new="new_rows" if event != "deleted" else None,
        ),
        func=_keep(whom=f"lead_id IN ({touched})", of=f"m.lead_id IN ({touched})") + ";\nRETURN NULL;\n",
    )


def _keep(*, whom: str, of: str) -> str:
    return _KEEP.format(follows=_follows(whom), of=of)


def _follows(whom: str) -> str:
    return _FOLLOWS.format(
        whom=whom,
        rank=_RANK,
        takes_back=TAKES_BACK,
        taken_back=TAKEN_BACK,
        depth=DEPTH,
        stage_of=STAGE_OF,
        last=max(Milestone.values),
    )


def left(lead_ids: Collection[int], stage: Stage) -> list[tuple[int, datetime]]:
    """Each (lead, moment) at which one of these leads left ``stage``, oldest first, by steps that stand: one
    that was taken back, or that takes one back, is as if it had not been. One statement."""
    statement = _LEFT.format(takes_back=TAKES_BACK, taken_back=TAKEN_BACK, depth=DEPTH, stage_of=STAGE_OF)
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(lead_ids), stage.value])
        return [(lead, moment) for lead, moment in cursor.fetchall()]


def out_of_step() -> int:
    """How many milestones do not follow from the stage changes: 0, or somebody wrote past the triggers."""
    with connection.cursor() as cursor:
        cursor.execute(_OUT_OF_STEP.format(follows=_follows("true")))
        (count,) = cursor.fetchone()
        return int(count)


def mend() -> None:
    """Make all milestones follow from the stage changes again. Safe to repeat; one statement over all of
    them, about 10 s for a million leads."""
    with connection.cursor() as cursor:
        cursor.execute(_keep(whom="true", of="true"))
