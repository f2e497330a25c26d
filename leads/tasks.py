"""What workers do for this app when told to look."""

from celery import shared_task

from accounts.clock import database_now

from . import duplicates, unmerging

#: A task works no longer than this, so that others get their turn; the next beat goes on.
SECONDS = 20


@shared_task
def search_duplicates() -> None:
    """Find leads that look alike: among those that are new, and once a day among all."""
    duplicates.search(seconds=SECONDS)


@shared_task
def forget_ways_back() -> None:
    """Drop what merges wrote down that can be undone no more."""
    unmerging.forget_ways_back(at=database_now())
