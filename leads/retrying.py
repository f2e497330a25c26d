"""Work that another transaction was in the way of begins again, from its start and by itself."""

import logging
import time
from collections.abc import Callable, Collection
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction

log = logging.getLogger(__name__)

TRIES = 5
#: Two transactions waited for each other, and PostgreSQL ended this one.
DEADLOCK = frozenset({"40P01"})

P = ParamSpec("P")
T = TypeVar("T")


def retrying(work: Callable[[], T], *, worth: Collection[str] = DEADLOCK) -> T:
    """``work`` in a transaction of its own, again when PostgreSQL ended it with one of the error codes in
    ``worth``. Inside another transaction it cannot begin again by itself: then the error is raised."""
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                return work()
        except (IntegrityError, OperationalError) as error:
            code = getattr(error.__cause__, "sqlstate", None)
            if connection.in_atomic_block or attempt == TRIES or code not in worth:
                raise
            log.info("%s, trying again: %s", code, error)
            time.sleep(0.01 * 2**attempt)
    raise AssertionError("the loop returns or raises")


def begins_again(verb: Callable[P, T]) -> Callable[P, T]:
    """Decorate a verb that people wait for: it runs in one transaction, again after a deadlock."""

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return retrying(lambda: verb(*args, **kwargs))

    return run
