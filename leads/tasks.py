"""What workers do for this app when told to look."""

from celery import shared_task

from . import duplicates

#: A task works no longer than this, so that others get their turn; the next beat goes on.
SECONDS = 20


@shared_task
def search_duplicates() -> None:
    """Find leads that look alike: among those that are new, and once a day among all."""
    duplicates.search(seconds=SECONDS)
