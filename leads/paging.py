"""Pages of a list that cost the same however deep: each one starts after the last row of the one before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db import connection
from django.db.models import Model, Q, QuerySet

from .statements import sql_of

Row = TypeVar("Row", bound=Model)


class BrokenCursor(ValueError):
    """The cursor is damaged, or of another list."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page, and the cursor of the next ("" on the last page)."""

    rows: list[Row]
    next: str


def page(
    queryset: QuerySet[Row], *, order: Sequence[str], after: str, size: int, strict: bool = False
) -> Page[Row]:
    """The ``size`` rows of ``queryset`` after the cursor ``after`` in ``order`` (as for ``order_by``; it must
    end in a unique column, and no column in it may be null). A cursor that is broken or belongs to another
    order gives the first page, as a person expects; a program would go round in circles, so ``strict`` raises
    BrokenCursor. One query, no OFFSET, no count."""
    queryset = queryset.order_by(*order)
    position = read_cursor(after, salt=_salt(order))
    if position is not None and len(position) == len(order):
        queryset = queryset.filter(_following(order, position))
    elif after and strict:
        raise BrokenCursor(after)
    rows = list(queryset[: size + 1])
    if len(rows) <= size:
        return Page(rows, "")
    rows = rows[:size]
    return Page(rows, make_cursor([_value(rows[-1], column) for column in order], salt=_salt(order)))


#: Counted no further: "999+" says as much, and counting on would cost more than the page.
MOST_COUNTED = 1000


def counts(
    lists: Mapping[str, QuerySet[Any]], beside: QuerySet[Any] | None = None, *, most: int | None = None
) -> dict[str, Any]:
    """How long each list is, or "999+"; and under "beside" the one value that ``beside`` selects. One
    statement, which reads no more than that of any list; or ``most`` rows instead of ``MOST_COUNTED``."""
    most = most or MOST_COUNTED
    if not lists:
        return {}
    selects: list[str] = []
    values: list[Any] = []
    for rows in lists.values():
        statement, parameters = sql_of(rows.order_by().values("pk")[:most])
        selects.append(f"(SELECT count(*) FROM ({statement}) AS rows)")  # noqa: S608 — Django's own text
        values += parameters
    if beside is not None:
        statement, parameters = sql_of(beside)
        selects.append(f"({statement})")
        values += parameters
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(selects)}", values)
        found = cursor.fetchone()
    said = {
        name: f"{most - 1}+" if count == most else count for name, count in zip(lists, found, strict=False)
    }
    return said if beside is None else {**said, "beside": found[-1]}


def _following(order: Sequence[str], position: Sequence[Any]) -> Q:
    """``(a, b, c) > (x, y, z)`` for mixed directions. The bound on the first column stands by itself, too:
    PostgreSQL starts its index scan there instead of reading everything before it."""
    first, direction = _split(order[0])
    condition = Q(**{f"{first}__{direction}e": position[0]})
    after = Q()
    same = Q()
    for column, value in zip(order, position, strict=True):
        name, direction = _split(column)
        after |= same & Q(**{f"{name}__{direction}": value})
        same &= Q(**{name: value})
    return condition & after


def _split(column: str) -> tuple[str, str]:
    return (column[1:], "lt") if column.startswith("-") else (column, "gt")


def _value(row: Model, column: str) -> Any:
    found: Any = row
    for part in column.removeprefix("-").split("__"):
        found = getattr(found, part)
    return found


def _salt(order: Sequence[str]) -> str:
    return f"page:{','.join(order)}"


def make_cursor(values: Sequence[Any], *, salt: str) -> str:
    """``values`` (moments, days, numbers, texts) as a signed text for a URL."""
    return signing.dumps([_told(value) for value in values], salt=salt)


def _told(value: Any) -> list[Any]:
    if isinstance(value, datetime):
        return ["at", value.isoformat()]
    return ["on", value.isoformat()] if isinstance(value, date) else ["", value]


def read_cursor(text: str, *, salt: str) -> list[Any] | None:
    """What ``make_cursor`` was given, or None when ``text`` is not its work."""
    if not text:
        return None
    try:
        values = signing.loads(text, salt=salt)
    except signing.BadSignature:
        return None
    read = {"at": datetime.fromisoformat, "on": date.fromisoformat}
    return [read[kind](value) if kind else value for kind, value in values]
