"""P-4: one event arrives, and the new score is committed."""

import itertools
import time
import uuid

from django.db import connection
from django.utils import timezone

from bench.measuring import Line, Times, spell
from leads import activities
from leads.models import Activity, ActivityType, ChangedLead, Lead
from scoring import rescoring

EVENTS = 400
_numbers = itertools.count()


def one_event(*, seed: int) -> list[Line]:
    """Against a plain insert of the same row; on leads of every length, and on the one with the longest
    history. Everything the product does counts: the trigger, the tick to the broker, the two commits."""
    ChangedLead.objects.all().delete()
    heavy = Lead.objects.get(email=f"lead1@work.s{seed}.example").pk
    anybody = list(Lead.objects.order_by("public_id").values_list("pk", flat=True)[:EVENTS])
    page_view = ActivityType.objects.get(key="page_view").pk
    for lead_id in anybody[:50]:  # statements prepared, pages read
        _event(lead_id, page_view)
    floor = _inserts(anybody, page_view)
    ours = Times([_event(lead_id, page_view) for lead_id in anybody])
    heaviest = Times([_event(heavy, page_view) for _ in range(EVENTS // 2)])
    history = Activity.objects.filter(lead_id=heavy).count()
    said = f"insert only p50 {spell(floor.median)}, p99 {spell(floor.percentile(99))}"
    p50, p99 = ours.median / floor.median, ours.percentile(99) / floor.percentile(99)
    long = heaviest.median / floor.median
    return [
        Line("P-4", "event → score committed, p50", said, spell(ours.median), f"{p50:.1f}", "≤ 8"),
        Line("P-4", "the same, p99", "", spell(ours.percentile(99)), f"{p99:.1f}"),
        Line("P-4", f"lead with {history:,} events, p50", "", spell(heaviest.median), f"{long:.1f}", "≤ 20"),
    ]


def _inserts(lead_ids: list[int], type_id: int) -> Times:
    """The floor: one row, one commit, none of our triggers."""
    seconds = []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leads_activity DISABLE TRIGGER USER")
        try:
            for lead_id in lead_ids:
                start = time.perf_counter()
                cursor.execute(
                    "INSERT INTO leads_activity (lead_id, type_id, occurred_at, received_at, undated,"
                    " source, event_id, properties, void_reason)"
                    " VALUES (%s, %s, %s, %s, false, 'bench', %s, '{}', '')",
                    [lead_id, type_id, timezone.now(), timezone.now(), _event_id()],
                )
                seconds.append(time.perf_counter() - start)
        finally:
            cursor.execute("ALTER TABLE leads_activity ENABLE TRIGGER USER")
    return Times(seconds)


def _event(lead_id: int, type_id: int) -> float:
    now = timezone.now()
    activity = activities.NewActivity(
        event_id=_event_id(), type_id=type_id, occurred_at=now, source="bench", lead_id=lead_id
    )
    start = time.perf_counter()
    activities.record(activities=[activity], at=now)
    rescoring.rescore_changed()
    return time.perf_counter() - start


def _event_id() -> str:
    """In the order of time, as senders are asked to make them."""
    return f"{time.time_ns():020}-{next(_numbers)}-{uuid.uuid4().hex[:8]}"
