"""What workers do for this app when told to look."""

from celery import shared_task
from django.utils import timezone

from . import keeping
from .reviews import notes, preparing
from .urls import urlpatterns as _pages  # noqa: F401 — every report says what it counts
from .views import kept

#: One turn of counting anew leaves room for what else waits in the queue.
COUNTING_SECONDS = 5.0


@shared_task
def prepare_reviews() -> None:
    """Prepare the reviews whose day has come, price what was proposed since, and send notes that are owed."""
    preparing.prepare_due(at=timezone.now())
    notes.send_owed(at=timezone.now())


@shared_task
def count_anew() -> None:
    """Count what somebody waits for, and as a day begins what is asked for every day; drop what nobody asked
    for lately."""
    keeping.count_due(kept.again, seconds=COUNTING_SECONDS)
    keeping.forget(at=timezone.now())
