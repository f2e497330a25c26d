"""Held crossings: a person releases them, the lead itself does by asking for something, or they are
overtaken."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import QuerySet

from leads.statements import sql_of
from leads.ticks import tick

from .models import Crossing, ScoringModel
from .models.crossing import NOTHING_TO_DO

if TYPE_CHECKING:
    from accounts.models import User

#: What ``Crossing.outcome`` says when the lead had left the line before anybody released it; before its
#: return date came; and when releasing it would do nothing, since sales has the lead or it has bought.
OVERTAKEN = "overtaken"
LEFT = "left"
MOOT = "moot"


def is_moot(*, stage: str, of_lead: str) -> str:
    """SQL: whether a crossing of the line in column ``stage`` would do nothing for a lead whose stage stands
    in column ``of_lead``."""
    ways = (
        f"{stage} = '{line}' AND {of_lead} IN ({', '.join(repr(str(each)) for each in sorted(stages))})"
        for line, stages in NOTHING_TO_DO.items()
    )
    return f"({' OR '.join(ways)})"


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
    """Close the held crossings that nobody needs to look at: the lead is no longer over the line, since it
    faded or another version was published; or releasing it would do nothing. Returns how many. One statement;
    safe to repeat."""
    return _let_go(Crossing.objects.settled(), release=False, by=None, at=at)[1]


def _these(crossings: "QuerySet[Crossing] | Iterable[Crossing]") -> "QuerySet[Crossing]":
    if isinstance(crossings, QuerySet):
        return crossings
    return Crossing.objects.filter(pk__in=[crossing.pk for crossing in crossings])


@transaction.atomic
def _let_go(
    chosen: "QuerySet[Crossing]", *, release: bool, by: "User | None", at: datetime
) -> tuple[int, int]:
    """(released, closed) of the ``chosen`` crossings, if they are held."""
    ids, parameters = sql_of(chosen.order_by().values("pk"))
    with connection.cursor() as cursor:
        cursor.execute(
            _LET_GO.replace("{chosen}", ids), [*parameters, at, by.pk if by else None, at, release]
        )
        released, closed = cursor.fetchone()
    return released, closed


#: Whether the lead is still over is looked up with the crossing in hand. In the order of ids, so that two of
#: these wait for each other and never in a circle.
_LET_GO = f"""
WITH held AS MATERIALIZED (
  SELECT c.id, CASE
      WHEN NOT EXISTS (
        SELECT 1 FROM scoring_linestate s
        WHERE s.lead_id = c.lead_id AND s.model_id = c.model_id AND s.stage = c.stage AND s.cycle = c.cycle
          AND s.inside
      ) THEN '{OVERTAKEN}'
      WHEN (SELECT {is_moot(stage="c.stage", of_lead="l.stage")} FROM leads_lead l WHERE l.id = c.lead_id)
      THEN '{MOOT}'
      ELSE ''
    END AS outcome
  FROM scoring_crossing c
  WHERE c.handled_at IS NULL AND c.held_at IS NOT NULL AND c.released_at IS NULL AND c.id IN ({{chosen}})
  ORDER BY c.id
  FOR NO KEY UPDATE OF c
),
done AS (
  UPDATE scoring_crossing c
  SET released_at = CASE WHEN h.outcome = '' THEN %s::timestamptz END,
    released_by_id = CASE WHEN h.outcome = '' THEN %s::bigint END,
    handled_at = CASE WHEN h.outcome <> '' THEN %s::timestamptz END,
    outcome = h.outcome
  FROM held h
  WHERE c.id = h.id AND (%s::boolean OR h.outcome <> '')
  RETURNING h.outcome
)
SELECT count(*) FILTER (WHERE outcome = ''), count(*) FILTER (WHERE outcome <> '') FROM done
"""


def undo_held(*, model: ScoringModel, versions: Sequence[int], at: datetime) -> None:
    """Close what ``versions`` made cross and nobody released. Where the leads stand follows with their next
    score (``rolling_back``)."""
    with connection.cursor() as cursor:
        cursor.execute(_UNDO, {"model": model.pk, "versions": list(versions), "at": at, "outcome": OVERTAKEN})


_UNDO = """
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
"""
