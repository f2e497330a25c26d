"""Hurry a worker along after commit. A tick carries nothing and promises nothing: the rows are the queue,
beat repeats every tick, so a lost one costs a beat period and never a row. One that waits already says it
all: while no worker comes, thousands of events leave one message, not thousands (L3)."""

import logging
from functools import cache
from typing import Any

import redis
from celery import current_app
from celery.signals import task_prerun
from django.conf import settings
from django.core.cache import cache as counters
from django.db import transaction

log = logging.getLogger(__name__)

#: Cache key that counts ticks the broker did not take; shown by /readyz.
LOST_TICKS = "ticks-lost"
#: A broker that does not answer must not hold up the request that wrote the row.
PATIENCE_SECONDS = 0.5


def tick(name: str) -> None:
    """On commit, send the task that ``settings.TICKS`` names for ``name``, unless one waits. Several ticks of
    one name in a transaction are one. Never raises: a broker that is away is counted and logged."""
    hooks = {hook for _, hook, _ in transaction.get_connection().run_on_commit}
    if (send := _senders[name]) not in hooks:
        transaction.on_commit(send)


class _Send:
    """Sends one tick; one object per name, so that a repeat within a transaction is recognised."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> None:
        task = settings.TICKS[self.name]
        try:
            if _broker().set(_waiting(task), 1, nx=True, ex=settings.TICK_EXPIRES):
                current_app.send_task(task, expires=settings.TICK_EXPIRES, retry=False)
        except Exception as error:  # whatever the broker does, the request that wrote the row succeeded
            log.warning("tick %s not sent: %s", self.name, error)
            _count_lost()


@task_prerun.connect
def about_to_look(sender: Any, **kwargs: Any) -> None:
    """From here on a tick is news again: what was written before it is seen, what comes later ticks anew. A
    message or a worker that got lost before this point holds ticks back until the mark runs out; beat goes on
    meanwhile."""
    if sender.name in settings.TICKS.values():
        try:
            _broker().delete(_waiting(sender.name))
        except redis.RedisError as error:
            log.warning("tick not taken back: %s", error)


def _waiting(task: str) -> str:
    """The broker's key that says: a tick for ``task`` waits for a worker."""
    return f"handoff:tick:{task}"


@cache
def _broker() -> redis.Redis:
    return redis.Redis.from_url(
        settings.BROKER_URL, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
    )


def _count_lost() -> None:
    try:
        counters.add(LOST_TICKS, 0, timeout=None)
        counters.incr(LOST_TICKS)
    except Exception:  # the cache may be away as well
        log.debug("lost tick not counted", exc_info=True)


_senders = {name: _Send(name) for name in settings.TICKS}
