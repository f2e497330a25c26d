"""What the ORM would send, as a part of statements written by hand."""

from typing import Any

from django.db.models import QuerySet


def sql_of(rows: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    """The statement that ``rows`` are, and its values. Also where they are nobody for sure, as those of a
    filter without a hit: the ORM sends none then, and would raise EmptyResultSet."""
    statement, values = rows.query.get_compiler(rows.db, elide_empty=False).as_sql()
    return statement, tuple(values)
