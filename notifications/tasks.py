"""What workers do for this app when told to look."""

import time

from celery import shared_task

from . import delivery

#: A task works no longer than this, so that leads and alarms get their turn; the next tick goes on.
SECONDS = 60


@shared_task
def deliver_due() -> None:
    """Send what is due, as long as there is something to send."""
    until = time.monotonic() + SECONDS
    while delivery.deliver_due(seconds=until - time.monotonic()) and time.monotonic() < until:
        pass
