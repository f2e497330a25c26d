"""The one clock that all processes share: the database's."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """The moment, aware, by the database's clock: leases and due times stay true when a machine's clock
    jumps. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at
