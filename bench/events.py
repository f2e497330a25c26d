"""P-4: one event arrives, and the new score is committed."""

import itertools
import time
import uuid

from django.db import connection
from django.utils import timezone

from bench.measuring import Line, Times, spell
from leads import activities, ticks
from leads.models import Activity, ActivityType, ChangedLead, Lead
from scoring import rescoring
from scoring.tasks import rescore_changed

EVENTS = 400
#: So many at a time in turn, floor and product, so that both meet the same weather on a shared machine.
IN_A_ROW = 25
_numbers = itertools.count()


def one_event(*, seed: int) -> list[Line]:
    """Against a plain insert of the same row, committed to the disk as ours is; on leads of every length, and
    on the one with the longest history. Everything the product does counts: the trigger, the tick to the
    broker (where one waits already, or not), the three commits, of which the event's must reach the disk."""
    ChangedLead.objects.all().delete()
    heavy = Lead.objects.get(email=f"lead1@work.s{seed}.example").pk
    anybody = list(Lead.objects.order_by("public_id").values_list("pk", flat=True)[:EVENTS])
    page_view = ActivityType.objects.get(key="page_view").pk
    floor: list[float] = []
    ours: dict[str, list[float]] = {"": [], "sent": [], "heavy": []}
    for start in range(0, EVENTS, IN_A_ROW):
        leads = anybody[start : start + IN_A_ROW]
        floor += _inserts(leads, page_view)
        for lead_id in [heavy, *leads[:2]]:  # statements prepared, pages read
            _event(lead_id, page_view)
        ours[""] += [_event(lead_id, page_view) for lead_id in leads]
        ours["sent"] += [_event(lead_id, page_view, tick_waits=False) for lead_id in leads]
        ours["heavy"] += [_event(heavy, page_view) for _ in leads]
    history = Activity.objects.filter(lead_id=heavy).count()
    least = Times(floor)
    said = f"insert only p50 {spell(least.median)}, p99 {spell(least.percentile(99))}"
    times = {what: Times(seconds) for what, seconds in ours.items()}

    def ratio(what: str, percent: float) -> str:
        return f"{times[what].percentile(percent) / least.percentile(percent):.1f}"

    return [
        Line("P-4", "event → score committed, p50", said, spell(times[""].median), ratio("", 50), "≤ 8"),
        Line("P-4", "the same, p99", "", spell(times[""].percentile(99)), ratio("", 99)),
        Line("P-4", "with a message to the broker, p50", "", spell(times["sent"].median), ratio("sent", 50)),
        Line(
            "P-4",
            f"lead with {history:,} events, p50",
            "",
            spell(times["heavy"].median),
            ratio("heavy", 50),
            "≤ 20",
        ),
    ]


def _inserts(lead_ids: list[int], type_id: int) -> list[float]:
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
    return seconds


def _event(lead_id: int, type_id: int, *, tick_waits: bool = True) -> float:
    """Seconds until the score is committed. ``tick_waits``: the broker holds a tick already, as it does
    whenever workers are busy; no worker runs here."""
    if not tick_waits:
        ticks.about_to_look(rescore_changed)
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
