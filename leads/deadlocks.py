"""When two transactions wait for each other PostgreSQL ends one of them; here it begins again."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from psycopg import errors

log = logging.getLogger(__name__)

TRIES = 5

P = ParamSpec("P")
T = TypeVar("T")


def retrying(work: Callable[[], T]) -> T:
    """``work`` in a transaction of its own, again when it was the one to give way in a deadlock. Inside
    another transaction it cannot begin again by itself: then the deadlock is raised."""
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            is_deadlock = isinstance(error.__cause__, errors.DeadlockDetected)
            if not is_deadlock or connection.in_atomic_block or attempt == TRIES:
                raise
            log.info("deadlock, trying again: %s", error)
    raise AssertionError("the loop returns or raises")


def begins_again(verb: Callable[P, T]) -> Callable[P, T]:
    """Decorate a verb that people wait for: it runs in one transaction, as ``retrying`` does."""

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return retrying(lambda: verb(*args, **kwargs))

    return run
