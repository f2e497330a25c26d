"""What workers do for this app when told to look."""

from celery import shared_task

from accounts.clock import database_now
from leads.ticks import tick

from . import arrivals, correcting, disowning, employers, limiting, looking_back
from .hooks import inbox
from .imports import emptying, working
from .webforms import confirming, reviewing

#: A task works no longer than this, so that others get their turn; the next tick goes on.
SECONDS = 60


@shared_task
def add_up_arrivals() -> None:
    """Add what arrived to the hours of its source."""
    at = database_now()
    limiting.write_down(at=at)
    arrivals.add_up(at=at)


@shared_task
def work_through_inbox() -> None:
    """Make leads and activities of what other systems posted."""
    inbox.work(seconds=SECONDS)


@shared_task
def empty_inbox() -> None:
    """Drop the words of posts that are older than the company keeps them."""
    inbox.empty()


@shared_task
def empty_imports() -> None:
    """Drop what old imports know of people, and stop those that nobody went on with."""
    emptying.empty()


@shared_task
def empty_submissions() -> None:
    """Drop the words of what forms held and nobody let in, once it is older than the company keeps it."""
    reviewing.empty()


@shared_task
def find_employers() -> None:
    """Give leads without a company the one of their address, where capture has not: once a night."""
    after: int | None = 0
    while after is not None:
        after = employers.catch_up(after=after, at=database_now())


@shared_task
def go_on_importing() -> None:
    """Go on with the file that waits; when more is to do, the next tick or beat comes soon."""
    if working.work():
        tick("imports")


@shared_task
def look_for_bots() -> None:
    """Name what only shows once more has come: bursts, every link of a mail; and what own people did before
    somebody said that they are."""
    looking_back.look_back()
    disowning.go_on()


@shared_task
def go_on_correcting() -> None:
    """Go on with what people said of many activities."""
    if correcting.go_on(seconds=SECONDS):
        tick("corrections")


@shared_task
def send_confirmations() -> None:
    """Mail the links by which visitors confirm their address."""
    confirming.send_due()
