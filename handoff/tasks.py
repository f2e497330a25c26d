"""What workers do for this app when told to look."""

from celery import shared_task

from . import pipeline


@shared_task
def run_pipeline() -> None:
    """Handle every crossing that is ready."""
    while pipeline.run():
        pass


@shared_task
def raise_overdue_alarms() -> None:
    """Say which handoffs are overdue."""
    while pipeline.raise_overdue_alarms():
        pass
