"""Put aside a crossing that cannot be handled, or a lead whose changed evidence cannot be looked at, so that
the others go on and a person sees it."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import Error, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from leads.models import EvidenceChange

from .models import StuckCrossing, StuckEvidence

#: Minutes to wait after each failed try; after the last the crossing is parked.
RETRY_MINUTES = (1, 5)


@transaction.atomic
def put_aside(*, crossing_id: int, error: Exception, at: datetime) -> None:
    """Count a failed try and say when the next one is due, if there is one."""
    StuckCrossing.objects.get_or_create(crossing_id=crossing_id, defaults={"tried_at": at})
    stuck = StuckCrossing.objects.select_for_update().get(crossing_id=crossing_id)
    stuck.attempts += 1
    stuck.tried_at = at
    stuck.error = f"{type(error).__name__}: {error}"[:2000]
    waits = RETRY_MINUTES[stuck.attempts - 1 : stuck.attempts]
    stuck.next_at = at + timedelta(minutes=waits[0]) if waits else None
    stuck.save()


def try_again(*, crossing_ids: list[int]) -> int:
    """Let the pipeline take parked crossings once more: a person has mended what was wrong."""
    return StuckCrossing.objects.filter(crossing__in=crossing_ids).delete()[0]


def evidence_to_look_at(*, at: datetime) -> QuerySet[EvidenceChange]:
    """The changes of evidence that are neither parked nor wait for their next try."""
    aside = StuckEvidence.objects.filter(lead=OuterRef("lead"), version=OuterRef("version"))
    return EvidenceChange.objects.exclude(Exists(aside.filter(Q(next_at=None) | Q(next_at__gt=at))))


def begin_look(*, lead_id: int, version: int, at: datetime) -> bool:
    """Count a try before it is made, as it may be the death of its worker; whoever is first has it until the
    next one is due. False when somebody else has it, or the last try is over."""
    first, *more = RETRY_MINUTES
    with connection.cursor() as cursor:
        cursor.execute(
            _BEGIN,
            {
                "lead": lead_id,
                "version": version,
                "at": at,
                "error": "A worker died over it.",
                "next": at + timedelta(minutes=first),
                "waits": [at + timedelta(minutes=minutes) for minutes in (first, *more)],
            },
        )
        return cursor.fetchone() is not None


_BEGIN = """
INSERT INTO handoff_stuckevidence AS s (lead_id, version, attempts, tried_at, next_at, error)
SELECT id, %(version)s, 1, %(at)s, %(next)s, %(error)s FROM leads_lead WHERE id = %(lead)s
ON CONFLICT (lead_id) DO UPDATE SET
    attempts = CASE WHEN s.version = excluded.version THEN s.attempts + 1 ELSE 1 END,
    next_at = CASE WHEN s.version = excluded.version
        THEN (%(waits)s::timestamptz[])[s.attempts + 1] ELSE excluded.next_at END,
    version = excluded.version, tried_at = excluded.tried_at, error = excluded.error
WHERE s.version <> excluded.version OR s.next_at <= excluded.tried_at
RETURNING attempts
"""


def looked(*, lead_id: int) -> None:
    StuckEvidence.objects.filter(lead=lead_id).delete()


@transaction.atomic
def did_not_look(*, lead_id: int, version: int, at: datetime) -> None:
    """Somebody had the lead for a moment: that was no try."""
    rows = StuckEvidence.objects.filter(lead=lead_id, version=version)
    rows.filter(attempts=1).delete()
    rows.update(attempts=F("attempts") - 1, next_at=at)


def was_no_look(*, lead_id: int, version: int, at: datetime) -> None:
    """The same where the database may be away: then the try stays counted."""
    with suppress(Error):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()  # so that a new one is opened
        did_not_look(lead_id=lead_id, version=version, at=at)


def look_failed(*, lead_id: int, error: Exception) -> None:
    StuckEvidence.objects.filter(lead=lead_id).update(error=f"{type(error).__name__}: {error}"[:2000])


def look_again(*, lead_ids: list[int]) -> int:
    """Let parked leads be looked at once more: a person has mended what was wrong."""
    return StuckEvidence.objects.filter(lead__in=lead_ids).delete()[0]
