"""Keep every score true: leads that changed, leads whose points fade, and everybody after publishing.

A score is stored by the statement that computes it, in a transaction that holds the lead's bucket (see
``buckets``). Changed leads are claimed row by row (``claiming``), so any number of workers share the work.
"""

import itertools
import logging
import math
import time
from datetime import datetime
from functools import partial

from django.db import DatabaseError, connection

from accounts.clock import database_now
from leads.models import ChangedLead
from leads.retrying import retrying
from leads.ticks import tick

from . import buckets, releasing, rolling_back
from .claiming import Taken, claim, failed, give_back, take
from .compiling import Asked
from .models import Adjustment, ModelVersion, Score, ScoringModel
from .statement import Row, Saved, compiled, of_published, save

log = logging.getLogger(__name__)

#: Leads whose points fade, per statement.
SWEPT_AT_ONCE = 5_000


def rescore_changed(*, at: datetime | None = None, limit: int = 1000) -> int:
    """Score leads that are marked as changed, as of ``at`` (by default now, by the database's clock). Returns
    how many were taken, 0 when none is left. Commits by itself; safe to repeat and to run many at once."""
    taken = take(limit)
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
        return _store(claim([lead_id]), at)

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


def _score(taken: list[Taken], at: datetime | None) -> int:
    """Score ``taken`` and return the crossings made. A batch that fails is halved until the lead that breaks
    it stands alone."""
    try:
        return retrying(partial(_score_claimed, taken, at))
    except DatabaseError as error:
        if not connection.is_usable():
            raise
        if len(taken) == 1:
            failed(taken[0], error)
            return 0
        log.warning("%d leads could not be scored together, halving: %s", len(taken), error)
        middle = len(taken) // 2
        return _score(taken[:middle], at) + _score(taken[middle:], at)


def _score_claimed(taken: list[Taken], at: datetime | None) -> int:
    """Compute and store those of ``taken`` that nobody else works on, and unmark them. Whoever changes one of
    them meanwhile waits for the commit and marks it anew."""
    ids = [lead.lead_id for lead in taken]
    buckets.lock(ids, shared=True)
    claimed = claim(ids)
    if len(claimed) < len(ids):
        missed = sorted(set(ids) - {row["lead_id"] for row in claimed})
        give_back(missed)
    return _store(claimed, at)


def _store(claimed: list[Row], at: datetime | None) -> int:
    """Compute and store the scores of what was claimed, and return the crossings made."""
    if not claimed:
        return 0
    crossings = 0
    for version, model, is_rolling_back, stands_on in claimed[0]["live_versions"]:
        version_id, model_id = int(version), int(model)
        if int(is_rolling_back):
            rolling_back.restore_some(model_id=model_id, ids=[row["lead_id"] for row in claimed])
        for long, rows in itertools.groupby(sorted(claimed, key=_is_long), key=_is_long):
            some = list(rows)
            saved = save(
                of_published(
                    version_id,
                    stands_on,
                    adjusted=any(row["adjusted"] for row in some),
                    long_histories=long,
                ),
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
    else:
        rolling_back.done(model_id=version.model_id)
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
    low, high = bucket * buckets.SIZE, (bucket + 1) * buckets.SIZE - 1
    rolling_back.restore_bucket(model_id=version.model_id, low=low, high=high)
    words = Adjustment.objects.filter(lead__gte=low, lead__lte=high, voided_at=None)
    return save(
        compiled(version, asked=Asked.RANGE, adjusted=words.exists()),
        model_id=version.model_id,
        version_id=version.pk,
        settled=True,
        quiet=[] if live else None,
        low=low,
        high=high,
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
