"""Changed leads, taken and claimed row by row, so that any number of workers share them.

A lead is *taken* first, which counts the try and commits: one that kills its worker is known by its count.
Then it is *claimed* in the transaction that scores it: its row goes, and comes back should the work fail.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import DatabaseError, transaction

from .statement import STANDS_ON, Row, run

log = logging.getLogger(__name__)

#: A lead tried this often is parked until it changes again or a person looks at it.
MOST_ATTEMPTS = 3
#: A lead that somebody took is not taken again for this long, unless they said that it failed.
LEASE_SECONDS = 15
#: From this many activities on a lead is scored by its newest ones, type by type.
LONG_HISTORY = 2_000


@dataclass(frozen=True, slots=True)
class Taken:
    """A changed lead in this worker's hands, as marked when it was taken."""

    lead_id: int
    version: int
    attempts: int


def take(limit: int) -> list[Taken]:
    """Count one more attempt on the next changed leads and commit that, so that a lead which kills its
    worker is known by its count. Those tried before come first, few at a time and then alone, so that what
    breaks them is found; those tried too often are parked."""
    rows = run(_TAKE, {"limit": limit, "most": MOST_ATTEMPTS, "lease": float(LEASE_SECONDS)})
    taken = [Taken(row["lead_id"], row["version"], row["attempts"]) for row in rows if not row["parked_at"]]
    if rows and not taken:
        return take(limit)
    return sorted(taken, key=lambda lead: lead.lead_id)


#: The count need not reach the disk before the work starts: only a crash of the database forgets it.
_TAKE = """
WITH next AS MATERIALIZED (
  SELECT lead_id, attempts, live FROM leads_changedlead
  WHERE parked_at IS NULL
    AND (tried_at IS NULL OR tried_at <= clock_timestamp() - make_interval(secs => %(lease)s::float8))
  ORDER BY attempts DESC, live DESC, lead_id
  LIMIT %(limit)s::int
  FOR UPDATE SKIP LOCKED
),
placed AS (
  SELECT lead_id, row_number() OVER (ORDER BY attempts DESC, live DESC, lead_id) AS place,
    max(attempts) OVER () AS tried
  FROM next, (SELECT set_config('synchronous_commit', 'off', true) OFFSET 0) AS unhurried
)
UPDATE leads_changedlead c
SET attempts = c.attempts + 1, tried_at = clock_timestamp(),
  parked_at = CASE WHEN c.attempts >= %(most)s::int THEN statement_timestamp() END,
  error = CASE WHEN c.attempts >= %(most)s::int AND c.error = ''
    THEN 'Every try ended without a word: the worker died.' ELSE c.error END
FROM placed
WHERE c.lead_id = placed.lead_id
  AND place <= CASE tried WHEN 0 THEN %(limit)s::int WHEN 1 THEN 32 ELSE 1 END
RETURNING c.lead_id, c.version, c.attempts, c.parked_at
"""


def claim(ids: Sequence[int]) -> list[Row]:
    """Those of the leads that changed and that nobody else works on, unmarked, with what their scoring needs
    to know. The caller has their buckets in hand. One statement."""
    return run(_CLAIM, {"ids": list(ids), "long": LONG_HISTORY})


def give_back(ids: Sequence[int]) -> None:
    """Let go of leads that somebody else holds for a moment: nothing was tried, and the next look is a second
    away."""
    run(_GIVE_BACK, {"ids": list(ids), "seconds": LEASE_SECONDS - 1.0})


#: The row goes at once, and comes back should the work fail. One that changed between the look and the lock
#: is not claimed: the rest of the look would be older than the change. The lead's key is locked too: storing
#: a first score needs it, and waiting for it later, with the changed row in hand, could deadlock with someone
#: who holds the lead and writes a fact. The live versions are read here, with the buckets in hand: publishing
#: waits for them, so a retired version never comes last.
_CLAIM = """
WITH claimed AS MATERIALIZED (
  SELECT c.lead_id, c.live
  FROM leads_changedlead c
  JOIN leads_changedlead seen ON seen.lead_id = c.lead_id AND seen.version = c.version
  JOIN leads_lead l ON l.id = c.lead_id
  WHERE c.lead_id = ANY(%(ids)s::bigint[]) AND c.parked_at IS NULL
  ORDER BY c.lead_id
  FOR UPDATE OF c SKIP LOCKED
  FOR KEY SHARE OF l SKIP LOCKED
),
unmarked AS (
  DELETE FROM leads_changedlead c USING claimed WHERE c.lead_id = claimed.lead_id
)
SELECT c.lead_id, c.live, clock_timestamp() AS now,
  EXISTS (SELECT 1 FROM scoring_adjustment a WHERE a.lead_id = c.lead_id AND a.voided_at IS NULL) AS adjusted,
  EXISTS (SELECT 1 FROM leads_activity a WHERE a.lead_id = c.lead_id AND a.voided_at IS NULL
    OFFSET %(long)s::int) AS long,
  EXISTS (SELECT 1 FROM scoring_crossing x WHERE x.lead_id = c.lead_id AND x.handled_at IS NULL
    AND x.held_at IS NOT NULL AND x.released_at IS NULL) AS held,
  ARRAY(
    SELECT ARRAY[v.id::text, v.model_id::text, cardinality(m.rolling_back)::text, {stands_on}]
    FROM scoring_modelversion v JOIN scoring_scoringmodel m ON m.id = v.model_id
    WHERE v.state = 'published' ORDER BY v.id
  ) AS live_versions
FROM claimed c
""".replace("{stands_on}", STANDS_ON.replace("%(version)s", "v.id"))

_GIVE_BACK = """
WITH free AS (
  SELECT lead_id FROM leads_changedlead WHERE lead_id = ANY(%(ids)s::bigint[]) ORDER BY lead_id
  FOR UPDATE SKIP LOCKED
)
UPDATE leads_changedlead c
SET attempts = greatest(c.attempts - 1, 0),
  tried_at = clock_timestamp() - make_interval(secs => %(seconds)s::float8)
FROM free WHERE c.lead_id = free.lead_id
"""


def failed(lead: Taken, error: DatabaseError) -> None:
    """Keep what went wrong; after the last attempt the lead is parked, until it changes again."""
    parked = lead.attempts >= MOST_ATTEMPTS
    log.error("lead %d could not be scored%s: %s", lead.lead_id, ", parked" if parked else "", error)
    with transaction.atomic():
        run(
            _FAILED,
            {"id": lead.lead_id, "version": lead.version, "error": str(error)[:2000], "parked": parked},
        )


_FAILED = """
UPDATE leads_changedlead
SET error = %(error)s::text, tried_at = NULL,
  parked_at = CASE WHEN %(parked)s::boolean THEN statement_timestamp() END
WHERE lead_id = %(id)s::bigint AND version = %(version)s::bigint
"""
