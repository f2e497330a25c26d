"""What workers do for this app when told to look."""

from celery import shared_task
from django.utils import timezone

from .reviews import notes, preparing


@shared_task
def prepare_reviews() -> None:
    """Prepare the reviews whose day has come, price what was proposed since, and send notes that are owed."""
    preparing.prepare_due(at=timezone.now())
    notes.send_owed(at=timezone.now())
