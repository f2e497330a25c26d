"""Write activities, once each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from .asking import ask
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


@transaction.atomic(savepoint=False)
def record(*, activities: Sequence[NewActivity], at: datetime) -> Recorded:
    """Store ``activities`` as received ``at``. The same (source, event id) is stored once, whether it comes
    again in the batch, later or at the same moment elsewhere. Marks the leads as changed (trigger), moves
    their buying phase forward and hurries the rescoring. One insert, and one update where something shows
    more than awareness; safe to repeat."""
    first: dict[tuple[str, str], int] = {}
    for position, activity in enumerate(activities):
        first.setdefault((activity.source, activity.event_id), position)
    # Sorted, so that two batches with common ids wait for each other instead of deadlocking.
    batch = [activities[first[key]] for key in sorted(first)]
    stored = _insert(batch, at) if batch else {}
    inserted = sorted(first[key] for key in stored)
    counting = [
        ((new.lead_id, new.type_id, new.occurred_at), stored[new.source, new.event_id])
        for new in (activities[position] for position in inserted)
        if new.lead_id is not None and not new.void_reason
    ]
    if seen := [what for what, is_further in counting if is_further]:
        advance_phases_by(seen=seen, at=at)
    if counting:
        tick("leads_changed")
    known = set(range(len(activities))) - set(inserted)
    return Recorded(inserted=inserted, duplicates=sorted(known))


def _insert(batch: list[NewActivity], at: datetime) -> dict[tuple[str, str], bool]:
    """(source, event id) of what was not known, and whether it shows a buying phase beyond the first."""
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
    rows = ask(_INSERT, [at, *(list(column) for column in columns)])
    return {(source, event_id): is_further for source, event_id, is_further in rows}


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
RETURNING source, event_id,
  type_id IN (SELECT id FROM leads_activitytype WHERE phase IN ('consideration', 'decision'))
"""
