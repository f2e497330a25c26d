"""Write activities, once each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection, transaction

from .lifecycle import advance_phases_by
from .ticks import tick

_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class NewActivity:
    """One activity to record; ``lead_id`` or ``visitor_id`` or both. With a ``void_reason`` it is stored and
    does not count."""

    event_id: str
    type_id: int
    occurred_at: datetime
    source: str
    lead_id: int | None = None
    visitor_id: int | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    undated: bool = False
    void_reason: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch: positions in the input that were new, and that were known already."""

    inserted: list[int]
    duplicates: list[int]


@transaction.atomic
def record(*, activities: Sequence[NewActivity], at: datetime) -> Recorded:
    """Store ``activities`` as received ``at``. The same (source, event id) is stored once, whether it comes
    again in the batch, later or at the same moment elsewhere. Marks the leads as changed (trigger), moves
    their buying phase forward and hurries the rescoring. One insert; safe to repeat."""
    first: dict[tuple[str, str], int] = {}
    for position, activity in enumerate(activities):
        first.setdefault((activity.source, activity.event_id), position)
    # Sorted, so that two batches with common ids wait for each other instead of deadlocking.
    batch = [activities[first[key]] for key in sorted(first)]
    stored = _insert(batch, at) if batch else set()
    inserted = sorted(first[key] for key in stored)
    news = [activities[position] for position in inserted]
    if seen := [
        (new.lead_id, new.type_id, new.occurred_at)
        for new in news
        if new.lead_id is not None and not new.void_reason
    ]:
        advance_phases_by(seen=seen, at=at)
        tick("leads_changed")
    known = set(range(len(activities))) - set(inserted)
    return Recorded(inserted=inserted, duplicates=sorted(known))


def _insert(batch: list[NewActivity], at: datetime) -> set[tuple[str, str]]:
    columns = zip(
        *[
            (
                a.lead_id, a.visitor_id, a.type_id, a.occurred_at, a.undated, a.source, a.event_id,
                _encode(a.properties), a.void_reason,
            )
            for a in batch
        ],
        strict=True,
    )  # fmt: skip
    # Past Django's cursor, which would write the values into the statement's text: binding them on the server
    # halves the time.
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_INSERT, [at, *(list(column) for column in columns)], prepare=True)
        return {(source, event_id) for source, event_id in cursor.fetchall()}


_INSERT = """
INSERT INTO leads_activity
    (received_at, lead_id, visitor_id, type_id, occurred_at, undated, source, event_id, properties,
     void_reason, voided_at)
SELECT at, new.*, CASE WHEN new.void_reason <> '' THEN at END
FROM (SELECT %b::timestamptz AS at) AS now,
  unnest(%b::bigint[], %b::bigint[], %b::smallint[], %b::timestamptz[], %b::boolean[], %b::text[], %b::text[],
         %b::text[]::jsonb[], %b::text[])
  AS new (lead_id, visitor_id, type_id, occurred_at, undated, source, event_id, properties, void_reason)
ON CONFLICT (source, event_id) DO NOTHING
RETURNING source, event_id
"""
