"""Statements that everything that arrives asks: planned once for each connection."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection


def ask(statement: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows that ``statement`` gives, in the transaction of Django's connection; ``%b`` binds in binary.
    Past Django's cursor, which writes values into the statement's text, so that PostgreSQL reads and plans
    each anew: for a batch that doubles the time, and one event asks six times. Who counts queries counts
    these as well."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        began = time.monotonic()
        try:
            cursor.execute(statement, parameters, prepare=True)
        finally:
            if connection.queries_logged:
                took = f"{time.monotonic() - began:.3f}"
                connection.queries_log.append({"sql": statement, "time": took})
        return cursor.fetchall() if cursor.description else []
