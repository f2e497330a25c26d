"""The Celery application. Messages carry nothing but "look": all work lies in the database."""

import logging
import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, heartbeat_sent, setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

log = logging.getLogger(__name__)

app = Celery("handoff")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**kwargs: Any) -> None:
    """Being connected is the point: Celery then leaves ``settings.LOGGING`` alone."""


@heartbeat_sent.connect
def sign_for_worker(**kwargs: Any) -> None:
    """Every two seconds, from the worker's main process: busy children do not make it look dead."""
    from redis import RedisError

    from crm import health

    for queue in app.amqp.queues.consume_from:
        try:
            health.sign(f"worker-{queue}")
        except RedisError as error:
            log.warning("No sign of life could be left: %s", error)


@beat_init.connect
def sign_for_beat_at_once(**kwargs: Any) -> None:
    """Who starts everything waits for it; the first regular one comes a period later."""
    from django.conf import settings

    from crm.tasks import sign_for_beat

    try:
        sign_for_beat.apply_async(expires=settings.TICK_EXPIRES)
    except Exception as error:  # whatever the broker does, beat goes on and says it again
        log.warning("No sign of life could be sent: %s", error)
