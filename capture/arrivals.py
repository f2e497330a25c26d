"""Count what arrives: how much, from where, what became of it."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from leads.asking import ask

from .cleaning import storable
from .models import RefusedItem, Source

#: What arrived less long ago than this is still on its own; adding up later keeps requests out of the way.
SETTLES = timedelta(minutes=1)
#: So many refused items of a source are kept, none longer than the days.
KEPT, KEPT_DAYS = 200, 30
#: So much of a refused item is kept, in characters; and so many of one request.
SHOWN, OF_ONE_REQUEST = 2_000, 20


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """One item that was not taken: which field, why, and the item as it was sent."""

    field: str
    reason: str
    item: object = None


@dataclass(frozen=True, slots=True)
class Became:
    """What became of the items of one request. ``lag``: from the earliest that was taken until it arrived.
    ``too_many`` were refused for their number alone (``capture.limiting``), and are not kept."""

    accepted: int = 0
    duplicates: int = 0
    held: int = 0
    refused: list[TurnedAway] = field(default_factory=list)
    too_many: int = 0
    lag: timedelta | None = None


def note(*, source: str, kind: Source.Kind, became: Became, at: datetime) -> None:
    """Write down what ``source`` brought ``at``. A source that is seen for the first time is made, named as
    its key. Call it in the transaction that stores the items, so that both are true or neither. 1 query, 2
    more when items were refused, 2 more for a new source."""
    tally: tuple[Any, ...] = (
        at,
        became.accepted,
        became.duplicates,
        became.held,
        len(became.refused) + became.too_many,
        became.lag,
        source,
    )
    noted = ask(_NOTE, tally)
    if not noted:
        Source.objects.bulk_create(
            [Source(key=source, name=source, kind=kind, created_at=at)], ignore_conflicts=True
        )
        noted = ask(_NOTE, tally)
    if became.refused:
        _keep(noted[0][0], became.refused, at)


_NOTE = """
INSERT INTO capture_arrival (source_id, at, accepted, duplicates, held, refused, lag)
SELECT id, %s, %s, %s, %s, %s, %s::interval FROM capture_source WHERE key = %s
RETURNING source_id
"""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became, later, of items of one request that were held: so many ``fewer`` are held now."""

    fewer: int
    accepted: int
    duplicates: int


def settle(*, source: str, settled: Settled, at: datetime) -> None:
    """Count otherwise what ``source`` brought ``at`` and was held then. It stays one arrival, of its own
    time. Call it in the transaction that takes the items. 1 query, 1 more once they were added up."""
    counts = {**asdict(settled), "source": source, "at": at}
    with connection.cursor() as cursor:
        # A row that is just being added up is waited for, and then found in its hour.
        cursor.execute(_SETTLE_ARRIVAL, counts)
        if not cursor.rowcount:
            cursor.execute(_SETTLE_HOUR, counts)


_SETTLE_ARRIVAL = """
UPDATE capture_arrival SET held = greatest(held - %(fewer)s, 0), accepted = accepted + %(accepted)s,
    duplicates = duplicates + %(duplicates)s
WHERE id = (
    SELECT a.id FROM capture_arrival a JOIN capture_source s ON s.id = a.source_id
    WHERE s.key = %(source)s AND a.at = %(at)s ORDER BY a.held DESC, a.id LIMIT 1)
"""
_SETTLE_HOUR = """
UPDATE capture_sourcehour h SET held = greatest(h.held - %(fewer)s, 0), accepted = h.accepted + %(accepted)s,
    duplicates = h.duplicates + %(duplicates)s
FROM capture_source s
WHERE s.id = h.source_id AND s.key = %(source)s AND h.at = date_trunc('hour', %(at)s::timestamptz, 'UTC')
"""


def _keep(source_id: int, refused: Iterable[TurnedAway], at: datetime) -> None:
    RefusedItem.objects.bulk_create(
        RefusedItem(
            source_id=source_id,
            at=at,
            field=storable(each.field)[:200],
            reason=storable(each.reason)[:300],
            sent="" if each.item is None else _text(each.item),
        )
        for each in list(refused)[:OF_ONE_REQUEST]
    )


def _text(item: object) -> str:
    """``item`` as JSON, without what PostgreSQL cannot keep as text."""
    text = json.dumps(item, ensure_ascii=False, default=str)
    return storable(text.replace("\\u0000", ""))[:SHOWN]


@transaction.atomic
def add_up(*, at: datetime) -> int:
    """Add to the hours what arrived until a minute before ``at`` and forget it singly; returns how many rows
    that were. Drops the oldest refused items. Safe to repeat and beside itself: a row is added once."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP, [at - SETTLES])
        added: int = cursor.fetchone()[0]
        cursor.execute(_FORGET, [at - timedelta(days=KEPT_DAYS), KEPT])
    return added


_ADD_UP = """
WITH gone AS (
    DELETE FROM capture_arrival WHERE at < %s
    RETURNING source_id, at, accepted, duplicates, held, refused, lag
), hours AS (
    SELECT source_id, date_trunc('hour', at, 'UTC') AS hour, max(at) AS last_at, sum(accepted) AS accepted,
        sum(duplicates) AS duplicates, sum(held) AS held, sum(refused) AS refused, max(lag) AS lag
    FROM gone GROUP BY 1, 2 ORDER BY 1, 2
), added AS (
    INSERT INTO capture_sourcehour AS h (source_id, at, last_at, accepted, duplicates, held, refused, lag)
    SELECT source_id, hour, last_at, accepted, duplicates, held, refused, lag FROM hours
    ON CONFLICT (source_id, at) DO UPDATE SET
        last_at = greatest(h.last_at, excluded.last_at),
        accepted = h.accepted + excluded.accepted,
        duplicates = h.duplicates + excluded.duplicates,
        held = h.held + excluded.held,
        refused = h.refused + excluded.refused,
        lag = greatest(h.lag, excluded.lag)
)
SELECT count(*) FROM gone
"""
_FORGET = """
DELETE FROM capture_refuseditem WHERE at < %s OR id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY source_id ORDER BY at DESC, id DESC) AS place
        FROM capture_refuseditem
    ) AS placed WHERE place > %s
)
"""


@dataclass(frozen=True, slots=True)
class Brought:
    """What a source brought in a span of time; ``last_at`` is None when that is nothing."""

    accepted: int = 0
    duplicates: int = 0
    held: int = 0
    refused: int = 0
    lag: timedelta | None = None
    last_at: datetime | None = None

    @property
    def arrived(self) -> int:
        return self.accepted + self.duplicates + self.held + self.refused


def brought(*, since: datetime) -> dict[int, Brought]:
    """By primary key of the source: what it brought since the hour of ``since`` began. One query, over the
    hours and what is not yet added to them."""
    with connection.cursor() as cursor:
        cursor.execute(_BROUGHT, [since, since])
        return {row[0]: Brought(*row[1:]) for row in cursor.fetchall()}


_BROUGHT = """
SELECT source_id, sum(accepted)::int, sum(duplicates)::int, sum(held)::int, sum(refused)::int, max(lag),
    max(last_at)
FROM (
    SELECT source_id, accepted, duplicates, held, refused, lag, last_at FROM capture_sourcehour
    WHERE at >= date_trunc('hour', %s::timestamptz, 'UTC')
    UNION ALL
    SELECT source_id, accepted, duplicates, held, refused, lag, at FROM capture_arrival
    WHERE at >= date_trunc('hour', %s::timestamptz, 'UTC')
) AS told GROUP BY source_id
"""


@dataclass(frozen=True, slots=True)
class Day:
    """What a source brought on one day of the reader."""

    on: date
    brought: Brought


def days(*, source: Source, since: datetime, zone: str) -> list[Day]:
    """What ``source`` brought on each day that brought anything since the hour of ``since``, the latest
    first; days begin at midnight in ``zone``, to the hour. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, [zone, source.pk, since, source.pk, since])
        return [Day(row[0], Brought(*row[1:])) for row in cursor.fetchall()]


_DAYS = """
SELECT (last_at AT TIME ZONE %s)::date AS day, sum(accepted)::int, sum(duplicates)::int, sum(held)::int,
    sum(refused)::int, max(lag), max(last_at)
FROM (
    SELECT accepted, duplicates, held, refused, lag, last_at FROM capture_sourcehour
    WHERE source_id = %s AND at >= date_trunc('hour', %s::timestamptz, 'UTC')
    UNION ALL
    SELECT accepted, duplicates, held, refused, lag, at FROM capture_arrival
    WHERE source_id = %s AND at >= date_trunc('hour', %s::timestamptz, 'UTC')
) AS told GROUP BY day ORDER BY day DESC
"""
