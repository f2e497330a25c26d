"""One worker at a time, where two would only stand in each other's way."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

#: The advisory lock of whoever sends mail.
MAIL = 7_303
#: The advisory lock of whoever calls other systems and push services.
CALLS = 7_304


@contextmanager
def only_one(lock: int) -> Iterator[bool]:
    """Whether nobody else holds ``lock`` at the moment. A worker that dies lets go with its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        ours = bool(cursor.fetchone()[0])
    try:
        yield ours
    finally:
        if ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])
