"""What rejected rows have in common: which column is to blame for most of them."""

from typing import NamedTuple

from django.db.models import CharField, Count, F, Func, Min, QuerySet, Value

from capture.models import RejectedRow

#: So many rows are looked at, the first of the file; the page says so when there are more.
MOST_LOOKED_AT = 10_000
#: So many reasons are named; the file has all of them.
MOST_NAMED = 6


class Reason(NamedTuple):
    """Why several rows were rejected, without what stood in the cells; ``line`` is the first of them."""

    said: str
    rows: int
    line: int


def reasons(rows: QuerySet[RejectedRow]) -> list[Reason]:
    """What more than one of ``rows`` was rejected for, the most frequent first; of the first
    ``MOST_LOOKED_AT`` of them. One query."""
    quoted = (Value("“[^”]*”"), Value("“…”"), Value("g"))
    first = rows.order_by("line", "id").values("pk")[:MOST_LOOKED_AT]
    told = RejectedRow.objects.filter(pk__in=first).annotate(
        said=Func(F("reason"), *quoted, function="regexp_replace", output_field=CharField())
    )
    found = told.values("said").annotate(rows=Count("id"), line=Min("line")).filter(rows__gt=1)
    return [Reason(**each) for each in found.order_by("-rows", "line")[:MOST_NAMED]]
