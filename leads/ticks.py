"""Hurry a worker along after commit. A tick carries nothing and promises nothing: the rows are the queue,
beat repeats every tick, so a lost one costs a beat period and never a row."""

import logging

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

log = logging.getLogger(__name__)

#: Cache key that counts ticks the broker did not take; shown by /readyz.
LOST_TICKS = "ticks-lost"


def tick(name: str) -> None:
    """On commit, send the task that ``settings.TICKS`` names for ``name``. Several ticks of one name in a
    transaction are one. Never raises: a broker that is away is counted and logged."""
    hooks = {hook for _, hook, _ in transaction.get_connection().run_on_commit}
    if (send := _senders[name]) not in hooks:
        transaction.on_commit(send)


class _Send:
    """Sends one tick; one object per name, so that a repeat within a transaction is recognised."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> None:
        try:
            current_app.send_task(settings.TICKS[self.name], expires=settings.TICK_EXPIRES, retry=False)
        except Exception as error:  # whatever the broker does, the request that wrote the row succeeded
            log.warning("tick %s not sent: %s", self.name, error)
            _count_lost()


def _count_lost() -> None:
    try:
        cache.add(LOST_TICKS, 0, timeout=None)
        cache.incr(LOST_TICKS)
    except Exception:  # the cache may be away as well
        log.debug("lost tick not counted", exc_info=True)


_senders = {name: _Send(name) for name in settings.TICKS}
