"""Keep every score true: leads that changed, leads whose points fade, and everybody after publishing.

A score is stored by the statement that computes it, in a transaction that holds the lead's bucket (see
``buckets``). Changed leads are claimed row by row, so any number of workers share the work.
"""

import itertools
import logging
import math
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import DatabaseError, connection, transaction

from accounts.clock import database_now
from leads.models import ChangedLead
from leads.retrying import retrying
from leads.ticks import tick

from . import buckets, releasing
from .compiling import Asked
from .models import Adjustment, ModelVersion, Score, ScoringModel
from .statement import Row, Saved, compiled, of_published, run, save

log = logging.getLogger(__name__)

#: Leads whose points fade, per statement.
SWEPT_AT_ONCE = 5_000
#: A lead tried this often is parked until it changes again or a person looks at it.
MOST_ATTEMPTS = 3
#: A lead that somebody took is not taken again for this long, unless they said that it failed.
LEASE_SECONDS = 15
#: From this many activities on a lead is scored by its newest ones, type by type.
LONG_HISTORY = 2_000


def rescore_changed(*, at: datetime | None = None, limit: int = 1000) -> int:
    """Score leads that are marked as changed, as of ``at`` (by default now, by the database's clock). Returns
    how many were taken, 0 when none is left. Commits by itself; safe to repeat and to run many at once."""
    taken = _take(limit)
    if not taken:
        return 0
    if _score(taken, at):
        tick("crossings")
    return len(taken)


def rescore_now(*, lead_id: int, at: datetime | None = None) -> None:
    """Score one lead that changed at once, for a person who waits to see it; nothing when it did not change
    or a worker has it in hand. As of ``at``, by default now, by the database's clock. Commits by itself; the
    lead stays marked for the workers should it fail."""

    def work() -> int:
        buckets.lock([lead_id], shared=True)
        return _store(run(_CLAIM, {"ids": [lead_id], "long": LONG_HISTORY}), at)

    if retrying(work):
        tick("crossings")


def rescore_everybody(*, model: ScoringModel, at: datetime | None = None, live: bool = False) -> int:
    """Score all leads under the model's published version, a bucket at a time; writes only what differs. As
    of ``at``, by default the moment each bucket is taken, by the database's clock: an older one would forget
    what was scored meanwhile. Returns how many scores were written. Crossings wait for a person unless
    ``live``."""
    written = 0
    bucket = buckets.following(0)
    while bucket is not None:
        written += retrying(partial(_score_live, model, bucket, at, live)).written
        bucket = buckets.following(bucket + 1)
    if live:
        tick("crossings")
    return written


def continue_publishing(*, seconds: float, at: datetime | None = None) -> bool:
    """Go on scoring everybody for versions that were published, for about ``seconds``. Each bucket commits
    with how far it came, so a killed worker costs one bucket. Returns whether all is done."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not retrying(partial(_publish_bucket, at)):
            return True
    return False


def sweep_fading(*, at: datetime | None = None, seconds: float = math.inf) -> int:
    """Score the leads whose points time alone may change, as of ``at`` (by default the moment each batch is
    taken, by the database's clock), for about ``seconds``. Each batch commits with how far the pass came, so
    the next call goes on where this one ran out of time or was killed. Returns how many scores were written.
    Crossings are live: nobody published or imported anything. A version that is still being published scores
    everybody anyway."""
    until = time.monotonic() + seconds
    written = 0
    for version in ModelVersion.objects.published().filter(rescored_to=None).order_by("id"):
        while saved := retrying(partial(_sweep_on, version, at)):
            written += saved.written
            if saved.crossings:
                tick("crossings")
            if time.monotonic() >= until:
                tick("fading")
                return written
    return written


# Changed leads


@dataclass(frozen=True, slots=True)
class _Taken:
    lead_id: int
    version: int
    attempts: int


def _take(limit: int) -> list[_Taken]:
    """Count one more attempt on the next changed leads and commit that, so that a lead which kills its
    worker is known by its count. Those tried before come first, few at a time and then alone, so that what
    breaks them is found; those tried too often are parked."""
    rows = run(_TAKE, {"limit": limit, "most": MOST_ATTEMPTS, "lease": float(LEASE_SECONDS)})
    taken = [_Taken(row["lead_id"], row["version"], row["attempts"]) for row in rows if not row["parked_at"]]
    if rows and not taken:
        return _take(limit)
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


def _score(taken: list[_Taken], at: datetime | None) -> int:
    """Score ``taken`` and return the crossings made. A batch that fails is halved until the lead that breaks
    it stands alone."""
    try:
        return retrying(partial(_score_claimed, taken, at))
    except DatabaseError as error:
        if not connection.is_usable():
            raise
        if len(taken) == 1:
            _failed(taken[0], error)
            return 0
        log.warning("%d leads could not be scored together, halving: %s", len(taken), error)
        middle = len(taken) // 2
        return _score(taken[:middle], at) + _score(taken[middle:], at)


def _score_claimed(taken: list[_Taken], at: datetime | None) -> int:
    """Compute and store those of ``taken`` that nobody else works on, and unmark them. Whoever changes one of
    them meanwhile waits for the commit and marks it anew."""
    ids = [lead.lead_id for lead in taken]
    buckets.lock(ids, shared=True)
    claimed = run(_CLAIM, {"ids": ids, "long": LONG_HISTORY})
    if len(claimed) < len(ids):
        missed = sorted(set(ids) - {row["lead_id"] for row in claimed})
        run(_GIVE_BACK, {"ids": missed, "seconds": LEASE_SECONDS - 1.0})
    return _store(claimed, at)


def _store(claimed: list[Row], at: datetime | None) -> int:
    """Compute and store the scores of what was claimed, and return the crossings made."""
    if not claimed:
        return 0
    crossings = 0
    for version_id, model_id in claimed[0]["live_versions"]:
        for long, rows in itertools.groupby(sorted(claimed, key=_is_long), key=_is_long):
            some = list(rows)
            saved = save(
                of_published(version_id, adjusted=any(row["adjusted"] for row in some), long_histories=long),
                model_id=model_id,
                version_id=version_id,
                settled=False,
                quiet=[row["lead_id"] for row in some if not row["live"]],
                prepare=True,
                ids=[row["lead_id"] for row in some],
                as_of=at or claimed[0]["now"],
            )
            crossings += saved.crossings
    if asking := [row["lead_id"] for row in claimed if row["live"] and row["held"]]:
        crossings += releasing.free(lead_ids=asking)
    return crossings


def _is_long(claimed: Row) -> bool:
    return bool(claimed["long"])


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
  ARRAY(SELECT ARRAY[v.id, v.model_id] FROM scoring_modelversion v WHERE v.state = 'published' ORDER BY v.id)
    AS live_versions
FROM claimed c
"""

#: Leads that somebody else holds for a moment: nothing was tried, and the next look is a second away.
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


def _failed(lead: _Taken, error: DatabaseError) -> None:
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


# Many leads


def _publish_bucket(at: datetime | None) -> bool:
    """One bucket of the oldest unfinished publishing; False when there is none to do here."""
    version = (
        ModelVersion.objects.published()
        .exclude(rescored_to=None)
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .order_by("id")
        .first()
    )
    if version is None:
        return False
    bucket = buckets.following((version.rescored_to or 0) // buckets.SIZE)
    if bucket is not None:
        _lock(bucket)
        _score_bucket(version, bucket, at, live=False)
    reached = None if bucket is None else (bucket + 1) * buckets.SIZE
    ModelVersion.objects.filter(pk=version.pk).update(rescored_to=reached)
    return True


def _score_live(model: ScoringModel, bucket: int, at: datetime | None, live: bool) -> Saved:
    _lock(bucket)
    # Read with the bucket in hand: another version may have been published, and have been here already.
    return _score_bucket(ModelVersion.objects.live(model.key), bucket, at, live)


def _lock(bucket: int) -> None:
    buckets.lock({bucket * buckets.SIZE}, shared=False)


def _score_bucket(version: ModelVersion, bucket: int, at: datetime | None, live: bool) -> Saved:
    low = bucket * buckets.SIZE
    words = Adjustment.objects.filter(lead__gte=low, lead__lt=low + buckets.SIZE, voided_at=None)
    return save(
        compiled(version, asked=Asked.RANGE, adjusted=words.exists()),
        model_id=version.model_id,
        version_id=version.pk,
        settled=True,
        quiet=[] if live else None,
        low=low,
        high=low + buckets.SIZE - 1,
        as_of=at or database_now(),
    )


def _sweep_on(version: ModelVersion, at: datetime | None) -> Saved | None:
    """The next batch of the model's pass; one begins when none is under way. None when there is nothing to do
    here: the pass is done, somebody else is at it, or another version was published meanwhile and scores
    these leads itself."""
    models = ScoringModel.objects.filter(pk=version.model_id)
    model = models.select_for_update(skip_locked=True, no_key=True).first()
    if model is None:
        return None
    ids = _fading(model.pk, after=model.swept_to or 0)
    buckets.lock(ids, shared=False)
    if not ModelVersion.objects.published().filter(pk=version.pk, rescored_to=None).exists():
        return None
    now = at or database_now()
    began_at = model.sweep_began_at or now
    if not ids:
        models.update(swept_at=began_at, sweep_began_at=None, swept_to=None)
        return None
    words = Adjustment.objects.filter(lead_id__in=ids, voided_at=None)
    saved = save(
        compiled(version, adjusted=words.exists()),
        model_id=version.model_id,
        version_id=version.pk,
        settled=True,
        quiet=[],
        ids=ids,
        as_of=now,
    )
    models.update(sweep_began_at=began_at, swept_to=ids[-1])
    return saved


def _fading(model_id: int, *, after: int) -> list[int]:
    fading = Score.objects.filter(fading=True, model_id=model_id, lead_id__gt=after)
    return list(fading.order_by("lead_id").values_list("lead_id", flat=True)[:SWEPT_AT_ONCE])


def waiting() -> int:
    """How many leads wait to be scored, parked ones aside."""
    return ChangedLead.objects.filter(parked_at=None).count()
