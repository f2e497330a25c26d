"""What workers do for this app when told to look."""

from celery import shared_task

from accounts.clock import database_now
from leads.ticks import tick

from . import arrivals
from .imports import working


@shared_task
def add_up_arrivals() -> None:
    """Add what arrived to the hours of its source."""
    arrivals.add_up(at=database_now())


@shared_task
def go_on_importing() -> None:
    """Go on with the file that waits; when more is to do, the next tick or beat comes soon."""
    if working.work():
        tick("imports")
