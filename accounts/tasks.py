"""What workers do for this app when told to look."""

from celery import shared_task
from django.utils import timezone

from . import calendars


@shared_task
def fill_calendars() -> None:
    """Write down the public holidays of the years to come."""
    calendars.fill_all(at=timezone.now())
