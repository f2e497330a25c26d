"""Who came into a buying phase as an MQL and who left it, in a stretch of time.

An MQL stands in one phase. It comes in when it becomes an MQL there or enters the phase; it moves on to a
later phase or to sales, goes back to an earlier one, or lapses: it is a lead again, or closed. Steps that
were taken back are as if they had not been.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import connection
from django.db.models.expressions import RawSQL

from .stages import Phase


class Flow(StrEnum):
    """What an MQL did to a phase."""

    IN = "in"
    ON = "on"
    BACK = "back"
    HANDED = "handed"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Span:
    """From ``since`` on and before ``until``."""

    since: datetime
    until: datetime


_FLOW = """
WITH steps AS (
  SELECT s.lead_id, s.from_stage, s.to_stage, coalesce(
    (SELECT p.to_phase FROM leads_phasechange p WHERE p.lead_id = s.lead_id AND p.at <= s.at
     ORDER BY p.at DESC, p.id DESC LIMIT 1),
    (SELECT p.from_phase FROM leads_phasechange p WHERE p.lead_id = s.lead_id AND p.at > s.at
     ORDER BY p.at, p.id LIMIT 1),
    (SELECT l.phase FROM leads_lead l WHERE l.id = s.lead_id)) AS phase
  FROM leads_stagechange s
  WHERE s.at >= %s AND s.at < %s AND 'mql' IN (s.from_stage, s.to_stage)
    AND s.to_stage IN ('lead', 'mql', 'handed_over', 'customer', 'closed')
    AND NOT (s.cause = 'undo' OR s.reason = 'taken_back')
    AND NOT EXISTS (
      SELECT 1 FROM leads_stagechange b WHERE b.lead_id = s.lead_id AND b.id > s.id
        AND b.from_stage = s.to_stage AND b.to_stage = s.from_stage
        AND (b.cause = 'undo' OR b.reason = 'taken_back'))
), turns AS (
  SELECT p.lead_id, p.from_phase, p.to_phase FROM leads_phasechange p
  WHERE p.at >= %s AND p.at < %s AND 'mql' = coalesce(
    (SELECT s.to_stage FROM leads_stagechange s WHERE s.lead_id = p.lead_id AND s.at <= p.at
     ORDER BY s.at DESC, s.id DESC LIMIT 1),
    (SELECT s.from_stage FROM leads_stagechange s WHERE s.lead_id = p.lead_id AND s.at > p.at
     ORDER BY s.at, s.id LIMIT 1),
    (SELECT l.stage FROM leads_lead l WHERE l.id = p.lead_id))
)
SELECT lead_id, phase, 'in' AS flow FROM steps WHERE to_stage = 'mql'
UNION ALL SELECT lead_id, phase, CASE WHEN to_stage IN ('lead', 'closed') THEN 'lapsed' ELSE 'handed' END
FROM steps WHERE from_stage = 'mql'
UNION ALL SELECT lead_id, to_phase, 'in' FROM turns
UNION ALL SELECT lead_id, from_phase, CASE WHEN from_phase = 'awareness' OR to_phase = 'decision'
  THEN 'on' ELSE 'back' END FROM turns
"""


def counts(span: Span) -> dict[tuple[str, str], int]:
    """(phase, flow) → how many leads, each once; what is not there is 0. One statement over the steps of the
    span."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT phase, flow, count(DISTINCT lead_id) FROM ({_FLOW}) f GROUP BY 1, 2",  # noqa: S608 — ours
            _values(span),
        )
        return {(phase, flow): int(count) for phase, flow, count in cursor.fetchall()}


def lead_ids(span: Span, phase: Phase, flow: Flow) -> RawSQL:
    """The leads behind one of the counts, for ``filter(pk__in=...)``."""
    statement = f"SELECT lead_id FROM ({_FLOW}) f WHERE phase = %s AND flow = %s"  # noqa: S608 — ours
    return RawSQL(statement, [*_values(span), phase.value, flow.value])  # noqa: S611 — ours


def _values(span: Span) -> list[datetime]:
    return [span.since, span.until, span.since, span.until]
