"""Held crossings: a person releases them, the lead itself does by asking for something, or they are
overtaken."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet

from leads.ticks import tick

from .models import Crossing, ScoringModel

if TYPE_CHECKING:
    from accounts.models import User

#: What ``Crossing.outcome`` says when the lead had left the line before anybody released it.
OVERTAKEN = "overtaken"


def release(*, crossings: "QuerySet[Crossing] | Iterable[Crossing]", by: "User", at: datetime) -> int:
    """Let held crossings hand over. Those that were overtaken leave the list instead. Returns how many were
    released; safe to repeat. One statement, however many."""
    released, _ = _let_go(_these(crossings), release=True, by=by, at=at)
    if released:
        tick("crossings")
    return released


def free(*, lead_ids: Sequence[int]) -> int:
    """Let the held crossings of these leads go that are over the line still and have shown intent since they
    were held: who asks for a demo is handed over at once, whatever publishing held before (S0-15). Returns
    how many. One statement; the caller ticks once it has committed."""
    with connection.cursor() as cursor:
        cursor.execute(_FREE, {"leads": list(lead_ids)})
        return int(cursor.rowcount)


_FREE = """
UPDATE scoring_crossing c
SET held_at = NULL
FROM (
  SELECT c.id FROM scoring_crossing c
  JOIN scoring_linestate s ON s.lead_id = c.lead_id AND s.model_id = c.model_id AND s.stage = c.stage
    AND s.cycle = c.cycle AND s.inside
  WHERE c.lead_id = ANY(%(leads)s::bigint[]) AND c.handled_at IS NULL AND c.held_at IS NOT NULL
    AND c.released_at IS NULL
    AND EXISTS (
      SELECT 1 FROM leads_activity a JOIN leads_activitytype t ON t.id = a.type_id AND t.is_intent
      WHERE a.lead_id = c.lead_id AND a.occurred_at > c.held_at AND a.voided_at IS NULL
    )
  ORDER BY c.id
  FOR NO KEY UPDATE OF c
) AS asked
WHERE c.id = asked.id
"""


def drop_overtaken(*, at: datetime) -> int:
    """Close the held crossings whose lead is no longer over the line: it faded, or another version was
    published. Returns how many. One statement; safe to repeat."""
    return _let_go(Crossing.objects.overtaken(), release=False, by=None, at=at)[1]


def _these(crossings: "QuerySet[Crossing] | Iterable[Crossing]") -> "QuerySet[Crossing]":
    if isinstance(crossings, QuerySet):
        return crossings
    return Crossing.objects.filter(pk__in=[crossing.pk for crossing in crossings])


@transaction.atomic
def _let_go(
    chosen: "QuerySet[Crossing]", *, release: bool, by: "User | None", at: datetime
) -> tuple[int, int]:
    """(released, overtaken) of the ``chosen`` crossings, if they are held."""
    try:
        ids, parameters = chosen.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return 0, 0
    with connection.cursor() as cursor:
        cursor.execute(
            _LET_GO.replace("{chosen}", ids), [*parameters, at, by.pk if by else None, at, OVERTAKEN, release]
        )
        released, overtaken = cursor.fetchone()
    return released, overtaken


#: Whether the lead is still over is looked up with the crossing in hand. In the order of ids, so that two of
#: these wait for each other and never in a circle.
_LET_GO = """
WITH held AS MATERIALIZED (
  SELECT c.id, EXISTS (
      SELECT 1 FROM scoring_linestate s
      WHERE s.lead_id = c.lead_id AND s.model_id = c.model_id AND s.stage = c.stage AND s.cycle = c.cycle
        AND s.inside
    ) AS over
  FROM scoring_crossing c
  WHERE c.handled_at IS NULL AND c.held_at IS NOT NULL AND c.released_at IS NULL AND c.id IN ({chosen})
  ORDER BY c.id
  FOR NO KEY UPDATE OF c
),
done AS (
  UPDATE scoring_crossing c
  SET released_at = CASE WHEN h.over THEN %s::timestamptz END,
    released_by_id = CASE WHEN h.over THEN %s::bigint END,
    handled_at = CASE WHEN NOT h.over THEN %s::timestamptz END,
    outcome = CASE WHEN h.over THEN '' ELSE %s END
  FROM held h
  WHERE c.id = h.id AND (%s::boolean OR NOT h.over)
  RETURNING h.over
)
SELECT count(*) FILTER (WHERE over), count(*) FILTER (WHERE NOT over) FROM done
"""


def undo_held(*, model: ScoringModel, versions: Sequence[int], at: datetime) -> None:
    """Close what ``versions`` made cross and nobody released, and put the leads outside the line again. The
    line's state is locked in the order that rescoring writes it."""
    with connection.cursor() as cursor:
        cursor.execute(_UNDO, {"model": model.pk, "versions": list(versions), "at": at, "outcome": OVERTAKEN})


_UNDO = """
WITH undone AS (
  UPDATE scoring_crossing c
  SET handled_at = %(at)s::timestamptz, outcome = %(outcome)s
  FROM (
    SELECT id FROM scoring_crossing
    WHERE handled_at IS NULL AND held_at IS NOT NULL AND released_at IS NULL
      AND model_id = %(model)s::bigint AND version_id = ANY(%(versions)s::bigint[])
    ORDER BY id
    FOR NO KEY UPDATE
  ) AS held
  WHERE c.id = held.id
  RETURNING c.lead_id, c.stage, c.cycle
),
entered AS (
  SELECT s.id, (
      SELECT max(x.at) FROM scoring_crossing x
      WHERE x.lead_id = s.lead_id AND x.model_id = s.model_id AND x.stage = s.stage AND x.cycle < s.cycle
    ) AS crossed_at
  FROM scoring_linestate s
  JOIN undone u ON u.lead_id = s.lead_id AND u.stage = s.stage AND u.cycle = s.cycle
  WHERE s.model_id = %(model)s::bigint AND s.inside
  ORDER BY s.lead_id, s.stage
  FOR NO KEY UPDATE OF s
)
UPDATE scoring_linestate s
SET inside = false, since = %(at)s::timestamptz, crossed_at = entered.crossed_at
FROM entered WHERE s.id = entered.id
"""
