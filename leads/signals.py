"""What leads did last that says why now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

#: Repetitions are counted up to this many: "100 times this week" says as much as any more.
MOST = 100


@dataclass(frozen=True, slots=True)
class Signal:
    """The newest activity of one type of one lead, and how often there was one in the last 7 days (up to
    ``MOST``). ``asked``: the lead said something, instead of looking at a page."""

    lead_id: int
    key: str
    label: str
    is_intent: bool
    asked: bool
    at: datetime
    this_week: int
    properties: dict[str, Any]


def newest(*, lead_ids: Iterable[int], at: datetime) -> dict[int, list[Signal]]:
    """For each lead that did anything until ``at``: signs of intent, what it asked for in the last 7 days
    first, then the newest of everything else that shows a buying phase; within each, the newest first. One
    statement; it reads one index entry per lead and type, so a long history costs no more than a short."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {"leads": list(lead_ids), "at": at, "most": MOST})
        found: dict[int, list[Signal]] = {}
        for lead_id, *rest in cursor.fetchall():
            found.setdefault(lead_id, []).append(Signal(lead_id, *rest))
    for signals in found.values():
        signals.sort(key=lambda signal: _weight(signal, at), reverse=True)
    return found


def _weight(signal: Signal, at: datetime) -> tuple[bool, bool, datetime]:
    return signal.is_intent, signal.asked and signal.at > at - timedelta(days=7), signal.at


_NEWEST = """
SELECT l.lead_id, t.key, t.label, true, t.category <> 'visit', newest.occurred_at, week.n, newest.properties
FROM unnest(%(leads)s::bigint[]) AS l (lead_id)
JOIN leads_activitytype t ON t.is_intent
CROSS JOIN LATERAL (
    SELECT a.occurred_at, a.properties::json AS properties
    FROM leads_activity a
    WHERE a.lead_id = l.lead_id AND a.type_id = t.id AND a.voided_at IS NULL AND a.occurred_at <= %(at)s
    ORDER BY a.occurred_at DESC
    LIMIT 1
) newest
CROSS JOIN LATERAL (
    SELECT count(*) AS n
    FROM (
        SELECT 1
        FROM leads_activity a
        WHERE a.lead_id = l.lead_id AND a.type_id = t.id AND a.voided_at IS NULL
          AND a.occurred_at <= %(at)s AND a.occurred_at > %(at)s - interval '7 days'
        LIMIT %(most)s
    ) counted
) week
UNION ALL
SELECT l.lead_id, newest.key, newest.label, false, false, newest.occurred_at, 1, newest.properties
FROM unnest(%(leads)s::bigint[]) AS l (lead_id)
CROSS JOIN LATERAL (
    SELECT t.key, t.label, a.occurred_at, a.properties::json AS properties
    FROM leads_activity a
    JOIN leads_activitytype t ON t.id = a.type_id
    WHERE a.lead_id = l.lead_id AND a.voided_at IS NULL AND a.occurred_at <= %(at)s
      AND NOT t.is_intent AND t.phase <> ''
    ORDER BY a.occurred_at DESC, a.id DESC
    LIMIT 1
) newest
"""


def active_colleagues(*, lead_id: int, company_id: int | None, since: datetime) -> int:
    """How many other people of the lead's company did something after ``since``. One query."""
    if company_id is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_COLLEAGUES, {"lead": lead_id, "company": company_id, "since": since})
        row = cursor.fetchone()
    return int(row[0]) if row else 0


_COLLEAGUES = """
SELECT count(*)
FROM leads_lead l
WHERE l.company_id = %(company)s AND l.id <> %(lead)s
  AND EXISTS (
      SELECT 1 FROM leads_activity a
      WHERE a.lead_id = l.id AND a.occurred_at > %(since)s AND a.voided_at IS NULL
  )
"""
