"""Questions over everybody, asked while somebody types: one at a time for each person, and none for long. A
browser that gives up does not stop the statement, so that a fast typist could occupy the whole database."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import OperationalError, transaction

from .statement import run

#: First key of the advisory locks, by what is asked; the second is the person.
NOW, PAST = 7_305, 7_306
#: So long one statement may take.
STATEMENT_SECONDS = 30


class Busy(Exception):
    """What the person asked before is not answered yet."""


class TookTooLong(Exception):
    """A statement was stopped after ``STATEMENT_SECONDS``."""


@contextmanager
def turn(*, of: int, user_id: int) -> Iterator[None]:
    """Ask within: ``of`` is ``NOW`` or ``PAST``. Raises Busy at once, TookTooLong in the end. 2 queries."""
    try:
        with transaction.atomic():
            if not run(_TAKE, {"of": of, "user": user_id})[0]["mine"]:
                raise Busy
            run(_LIMIT, {"milliseconds": str(int(STATEMENT_SECONDS * 1000))})
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise TookTooLong from error
        raise


#: Until the end of the transaction, whatever becomes of it.
_TAKE = "SELECT pg_try_advisory_xact_lock(%(of)s::int, (%(user)s::bigint & 2147483647)::int) AS mine"
_LIMIT = "SELECT set_config('statement_timeout', %(milliseconds)s::text, true)"
