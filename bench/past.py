"""What became of the leads: steps of everybody, what sales said of those that were handed over, and the deals
that came of it. Written by PostgreSQL, a part of the leads at a time."""

import time

from django.db import connection

from bench.measuring import Line, spell
from bench.pages import people
from leads.models import Lead, StageChange

#: Steps for each lead.
STEPS = 3
PARTS = 1_000
#: The first parts are slower than the rest: plans and caches are cold.
WARM_UP = 10


def is_there() -> bool:
    """Whether it is written already."""
    return StageChange.objects.count() >= STEPS * Lead.objects.filter(handoffs=None).count()


def write() -> Line:
    """The steps of those that were never handed over, once past the triggers and once with them; and all that
    became of the others. Call it once."""
    people()
    line = _steps()
    with connection.cursor() as cursor:
        for statement in (_STAY, _BEFORE, _SAID, _ACCEPTED, _DEALS, _CLOSED, _SPENT):
            cursor.execute(statement)
        cursor.execute(
            "VACUUM (ANALYZE) leads_lead, leads_stagechange, leads_passedmilestone, leads_opportunity,"
            " leads_campaigncost, handoff_handoff, handoff_verdict"
        )
    return line


def _steps() -> Line:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM leads_lead")
        first, last = cursor.fetchone()
        full = _timed(first, last, "leads_stagechange")
        cursor.execute("CREATE TEMPORARY TABLE walked (LIKE leads_stagechange INCLUDING ALL)")
        bare = _timed(first, last, "walked")
        cursor.execute("DROP TABLE walked")
    return Line(
        "P-8",
        "writing steps with their milestones",
        f"bare {spell(bare)}",
        spell(full),
        f"{full / bare:.1f}",
        "",
    )


def _timed(first: int, last: int, table: str) -> float:
    size = max((last - first + 1) // PARTS, 1)
    seconds = 0.0
    for number, start in enumerate(range(first, last + 1, size)):
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(_STEPS.format(table=table), {"from": start, "to": start + size})
        if number >= WARM_UP:
            seconds += time.perf_counter() - began
    return seconds


#: Every lead became an MQL. Two in nine are it again, the rest was closed and came back.
_STEPS = """
INSERT INTO {table} (lead_id, from_stage, to_stage, at, cause, reason, note)
SELECT l.id, step.was, step.now, l.created_at + (now() - l.created_at) * step.part, 'import', '', ''
FROM leads_lead l CROSS JOIN LATERAL (VALUES
  ('lead', 'mql', 0.2), ('mql', CASE WHEN l.id %% 9 < 2 THEN 'lead' ELSE 'closed' END, 0.5),
  (CASE WHEN l.id %% 9 < 2 THEN 'lead' ELSE 'closed' END,
   CASE WHEN l.id %% 9 < 2 THEN 'mql' ELSE 'lead' END, 0.8)
) AS step (was, now, part)
WHERE l.id >= %(from)s AND l.id < %(to)s
  AND NOT EXISTS (SELECT FROM handoff_handoff h WHERE h.lead_id = l.id)
"""
_STAY = """
UPDATE leads_lead l SET stage = 'mql', stage_at = created_at + (now() - created_at) * 0.8
WHERE id % 9 < 2 AND NOT EXISTS (SELECT FROM handoff_handoff h WHERE h.lead_id = l.id)
"""
_BEFORE = """
INSERT INTO leads_stagechange (lead_id, from_stage, to_stage, at, cause, reason, note)
SELECT lead_id, 'lead', 'mql', offered_at - interval '2 days', 'import', '', '' FROM handoff_handoff
"""
#: Every reason in turn.
_SAID = """
WITH said AS (
  INSERT INTO leads_stagechange (lead_id, from_stage, to_stage, at, cause, reason, note)
  SELECT lead_id, 'handed_over', CASE status WHEN 'accepted' THEN 'sql' ELSE 'mql' END, decided_at,
    'verdict', '', ''
  FROM handoff_handoff WHERE status IN ('accepted', 'rejected')
  RETURNING id, lead_id
), reason AS (
  SELECT array_agg(id ORDER BY id) AS ids FROM handoff_rejectreason WHERE is_active
), verdict AS (
  INSERT INTO handoff_verdict (handoff_id, kind, by_id, at, reason_id, note, claimed, stage_change_id)
  SELECT h.id, CASE h.status WHEN 'accepted' THEN 'accept' ELSE 'reject' END, h.rep_id, h.decided_at,
    CASE h.status WHEN 'rejected' THEN ids[1 + h.id % cardinality(ids)] END, '', false, said.id
  FROM handoff_handoff h JOIN said ON said.lead_id = h.lead_id CROSS JOIN reason
)
UPDATE handoff_handoff SET answer_seconds = 3600,
  first_touch_at = offered_at + interval '1 minute' * (id % 60)
WHERE status IN ('accepted', 'rejected')
"""
_ACCEPTED = """
UPDATE leads_lead l SET owner_id = h.rep_id FROM handoff_handoff h
WHERE h.lead_id = l.id AND h.status = 'accepted'
"""
#: One accepted lead in three becomes a deal.
_DEALS = """
WITH deal AS (
  INSERT INTO leads_opportunity (public_id, lead_id, owner_id, name, amount, currency, created_at, outcome,
    lost_reason, source, external_id)
  SELECT gen_random_uuid(), lead_id, rep_id, '', 1000 + 10 * (id % 5000), 'EUR',
    decided_at + interval '3 days', '', '', '', ''
  FROM handoff_handoff WHERE status = 'accepted' AND id % 3 = 0 AND decided_at < now() - interval '3 days'
  RETURNING lead_id, created_at
), moved AS (
  UPDATE leads_lead l SET stage = 'opportunity', stage_at = deal.created_at FROM deal
  WHERE l.id = deal.lead_id
)
INSERT INTO leads_stagechange (lead_id, from_stage, to_stage, at, cause, reason, note)
SELECT lead_id, 'sql', 'opportunity', created_at, 'conversion', '', '' FROM deal
"""
#: Four in ten of these are won after a month or more, four lost, two still open.
_CLOSED = """
WITH deal AS (
  UPDATE leads_opportunity SET outcome = CASE WHEN id % 5 < 2 THEN 'won' ELSE 'lost' END,
    closed_at = created_at + interval '1 day' * (30 + id % 40)
  WHERE id % 5 < 4 AND created_at < now() - interval '70 days'
  RETURNING lead_id, closed_at, CASE outcome WHEN 'won' THEN 'customer' ELSE 'closed' END AS now
), moved AS (
  UPDATE leads_lead l SET stage = deal.now, stage_at = deal.closed_at FROM deal
  WHERE l.id = deal.lead_id
)
INSERT INTO leads_stagechange (lead_id, from_stage, to_stage, at, cause, reason, note)
SELECT lead_id, 'opportunity', now, closed_at, 'conversion', '', '' FROM deal
"""
_SPENT = """
INSERT INTO leads_campaigncost (public_id, source, campaign, day, amount, currency, recorded_at)
SELECT gen_random_uuid(), source, '', current_date - day, 100, 'EUR', now()
FROM unnest(ARRAY['paid_search', 'webinar', 'event', 'social']) AS source, generate_series(1, 730) AS day
"""
