"""What workers do for this app when told to look."""

from celery import shared_task

from . import delivery


@shared_task
def deliver_due() -> None:
    """Send what is due, as long as there is something to send."""
    while delivery.deliver_due():
        pass
