"""The launcher's own task: what beat sends must arrive."""

from celery import shared_task

from crm import health


@shared_task
def sign_for_beat() -> None:
    """Leave beat's sign of life: it sent, the broker carried, a worker took."""
    health.sign("beat")
