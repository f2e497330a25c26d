"""Ticks: each says "look"; the rows say what is to be done."""

import time

from celery import shared_task
from django.utils import timezone

from . import publishing, rescoring

#: A task works no longer than this; beat or the next tick goes on.
SECONDS = 60


@shared_task
def rescore_changed() -> None:
    """Score the leads that changed, until none is left."""
    until = time.monotonic() + SECONDS
    while rescoring.rescore_changed() and time.monotonic() < until:
        pass


@shared_task
def rescore_everybody() -> None:
    """Go on with what publishing began, and close held crossings whose lead has left the line."""
    rescoring.continue_publishing(seconds=SECONDS)
    publishing.drop_overtaken(at=timezone.now())


@shared_task
def sweep_fading() -> None:
    """Score the leads whose points fade."""
    rescoring.sweep_fading(seconds=SECONDS)
