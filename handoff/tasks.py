"""What workers do for this app when told to look."""

import time

from celery import shared_task
from django.utils import timezone

from . import escalation, follow_ups, long_queue, model_reviews, pipeline, waiting

#: A task works no longer than this, so that mail and alarms get their turn; the next tick goes on.
SECONDS = 60


@shared_task
def run_pipeline() -> None:
    """Handle every crossing that is ready."""
    until = time.monotonic() + SECONDS
    while pipeline.run(seconds=until - time.monotonic()):
        if time.monotonic() >= until:
            # However long the line of crossings is: who has come to work gets what has been waiting.
            waiting.look_after()
            return


@shared_task
def escalate() -> None:
    """Take every step whose moment has come, and say what is overdue."""
    until = time.monotonic() + SECONDS
    while escalation.run() and time.monotonic() < until:
        pass


@shared_task
def remind_of_tasks() -> None:
    """Say which tasks are due."""
    until = time.monotonic() + SECONDS
    while follow_ups.remind() and time.monotonic() < until:
        pass


@shared_task
def remind_of_model_reviews() -> None:
    """Say which scoring models are due for a look."""
    model_reviews.remind(at=timezone.now())


@shared_task
def refresh_long_queue() -> None:
    """Put a long marketing queue in order anew, and count it, while somebody looks at it."""
    long_queue.refresh(at=timezone.now())
