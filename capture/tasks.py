"""What workers do for this app when told to look."""

from celery import shared_task

from accounts.clock import database_now

from . import arrivals


@shared_task
def add_up_arrivals() -> None:
    """Add what arrived to the hours of its source."""
    arrivals.add_up(at=database_now())
