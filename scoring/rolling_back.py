"""Where leads stand after a version is brought back: as that version left them.

A score follows from facts, but a place does not: within the leave margin a lead is over the line only because
it was before. So what a publication moves is kept as it stood (``StateBefore``), and rolling back takes it up
again, lead by lead, before the lead is scored under the version that is live again. That scoring then decides
as if nothing had been published between: who fell meanwhile by what they did, falls.

Two things stand although the version they came from does not: a crossing that nobody held, because the lead
did something itself; and a restart, because sales gave its word.
"""

from collections.abc import Sequence

from django.db import connection

from .models import ScoringModel
from .releasing import LEFT, OVERTAKEN

_RANGE = "b.lead_id BETWEEN %(low)s::bigint AND %(high)s::bigint"
_IDS = "b.lead_id = ANY(%(ids)s::bigint[])"


def restore_some(*, model_id: int, ids: Sequence[int]) -> int:
    """Put these leads where they stood before what is being rolled back. The caller has their buckets in hand
    and scores them next. Returns how many places changed; safe to repeat: what was taken up is gone. One
    statement."""
    return _restore(_IDS, model_id, ids=list(ids))


def restore_bucket(*, model_id: int, low: int, high: int) -> int:
    """The same for the leads with ids from ``low`` to ``high``."""
    return _restore(_RANGE, model_id, low=low, high=high)


def done(*, model_id: int) -> None:
    """Everybody stands where they should."""
    ScoringModel.objects.filter(pk=model_id).exclude(rolling_back=[]).update(rolling_back=[])


def _restore(which: str, model_id: int, **leads: int | list[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            _RESTORE.replace("{which}", which),
            {"model": model_id, "gone_below": [OVERTAKEN, LEFT], **leads},
        )
        return int(cursor.fetchone()[0])


#: The oldest of what was kept is how the version that is back left it. ``by_itself``: a later crossing that
#: nobody held; its cycle stays the last one. A crossing that was closed because the lead had gone below the
#: line waits again, since by the old rules it had not. What this changes is kept too, as moved by the
#: rollback, so that what was rolled back can be brought back in the same way.
_RESTORE = """
WITH taken AS (
  DELETE FROM scoring_statebefore b
  USING scoring_scoringmodel m
  WHERE m.id = %(model)s::bigint AND b.publication_id = ANY(m.rolling_back) AND {which}
  RETURNING b.*
),
first AS (
  SELECT DISTINCT ON (lead_id, stage) * FROM taken ORDER BY lead_id, stage, publication_id
),
place AS MATERIALIZED (
  SELECT s.id, s.lead_id, s.stage, s.inside AS was_inside, s.cycle AS was_cycle, s.since AS was_since,
    s.crossed_at AS was_crossed_at,
    s.restart_id AS was_restart_id,
    f.inside, f.since, f.restart_id,
    CASE WHEN by_itself.yes THEN s.cycle ELSE f.cycle END AS cycle,
    CASE WHEN by_itself.yes THEN s.crossed_at ELSE f.crossed_at END AS crossed_at
  FROM first f
  JOIN scoring_linestate s ON s.lead_id = f.lead_id AND s.model_id = %(model)s::bigint AND s.stage = f.stage
  CROSS JOIN LATERAL (
    SELECT s.cycle > f.cycle AND EXISTS (
      SELECT 1 FROM scoring_crossing x
      WHERE x.lead_id = s.lead_id AND x.model_id = %(model)s::bigint AND x.stage = s.stage
        AND x.cycle = s.cycle AND x.held_at IS NULL
    ) AS yes
  ) by_itself
  WHERE (s.inside, s.cycle) IS DISTINCT FROM (f.inside, f.cycle)
    AND NOT (by_itself.yes AND (s.inside OR NOT f.inside))
  ORDER BY s.lead_id, s.stage
  FOR NO KEY UPDATE OF s
),
kept AS (
  INSERT INTO scoring_statebefore
    (publication_id, lead_id, stage, inside, cycle, since, crossed_at, restart_id)
  SELECT back.id, lead_id, stage, was_inside, was_cycle, was_since, was_crossed_at, was_restart_id
  FROM place, (
    SELECT max(id) AS id FROM scoring_publication WHERE model_id = %(model)s::bigint AND kind = 'back'
  ) back
  WHERE back.id IS NOT NULL
  ON CONFLICT (publication_id, lead_id, stage) DO NOTHING
),
waiting AS (
  UPDATE scoring_crossing x
  SET handled_at = NULL, outcome = '', held_at = coalesce(x.held_at, x.at), released_at = NULL,
    released_by_id = NULL
  FROM place p
  WHERE p.inside AND x.lead_id = p.lead_id AND x.model_id = %(model)s::bigint AND x.stage = p.stage
    AND x.cycle = p.cycle AND x.outcome = ANY(%(gone_below)s::text[])
),
moved AS (
  UPDATE scoring_linestate s
  SET inside = p.inside, cycle = p.cycle, since = coalesce(p.since, s.since), crossed_at = p.crossed_at,
    restart_id = p.restart_id
  FROM place p WHERE s.id = p.id
  RETURNING 1
)
SELECT count(*) FROM moved
"""
