"""Put aside a crossing that cannot be handled, so that the others go on and a person sees it."""

from datetime import datetime, timedelta

from django.db import transaction

from .models import StuckCrossing

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
