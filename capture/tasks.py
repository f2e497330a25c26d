"""What workers do for this app when told to look."""

from celery import shared_task

from accounts.clock import database_now
from leads.ticks import tick

from . import arrivals
from .hooks import inbox
from .imports import working
from .webforms import confirming

#: A task works no longer than this, so that others get their turn; the next tick goes on.
SECONDS = 60


@shared_task
def add_up_arrivals() -> None:
    """Add what arrived to the hours of its source."""
    arrivals.add_up(at=database_now())


@shared_task
def work_through_inbox() -> None:
    """Make leads and activities of what other systems posted."""
    inbox.work(seconds=SECONDS)


@shared_task
def empty_inbox() -> None:
    """Drop the words of posts that are older than the company keeps them."""
    inbox.empty()


@shared_task
def go_on_importing() -> None:
    """Go on with the file that waits; when more is to do, the next tick or beat comes soon."""
    if working.work():
        tick("imports")


@shared_task
def send_confirmations() -> None:
    """Mail the links by which visitors confirm their address."""
    confirming.send_due()
