"""Live an imported past again, step by step: what would have been handed over, and when.

The activities lie in the database, with their own times. As of the end of a step, whatever happened later
does not count; so each step marks the leads that appeared or did something in it, scores them, lets points
fade and runs the pipeline, all ``at`` the step's last moment. Deliveries are parked at once: nobody is
written to about the past.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, Max, Min
from django.db.models.functions import TruncWeek

from handoff import pipeline
from handoff.models import Handoff
from leads.lifecycle import advance_phases
from leads.models import Activity, ChangedLead, LeadExternalId
from notifications.models import Delivery, Dispatch
from scoring.models import Score
from scoring.rescoring import rescore_changed, sweep_fading

#: Leads scored, and crossings handled, in one go.
BATCH = 1_000
#: Why a delivery of a replay is not sent.
NOT_SENT = "Made by a replay of the past; not sent."


class ReplayRefused(Exception):
    """The database is not one to replay in; the message says why."""


@dataclass(frozen=True, slots=True)
class Week:
    """How many leads were handed over in the week that starts ``on`` (a Monday, UTC)."""

    starts: datetime
    handoffs: int


def replay(
    *, source: str, step: timedelta, progress: Callable[[datetime, int], None] | None = None
) -> list[Week]:
    """Replay everything ``source`` imported, and return the handoffs week by week. Goes on where scores stop:
    killed and started again it ends the same, and a second run changes nothing. Raises ReplayRefused when
    there is nothing of that source, or others' leads wait to be scored (they would be scored as of the past).
    """
    leads = LeadExternalId.objects.filter(source=source).values("lead")
    span = _span(source)
    others = ChangedLead.objects.exclude(lead__in=leads).count()
    if others:
        raise ReplayRefused(f"{others} leads of other sources wait to be scored; use a database of its own.")
    scored_until = Score.objects.filter(lead__in=leads).aggregate(last=Max("computed_at"))["last"]
    if scored_until is None:
        _forget_marks(source)
    for start, end in _steps(span, step):
        if scored_until is not None and end < scored_until:
            continue
        handled = _live(source, start, end)
        if progress:
            progress(end, handled)
    weeks = (
        Handoff.objects.filter(lead__in=leads)
        .annotate(week=TruncWeek("offered_at", tzinfo=UTC))
        .values_list("week")
        .annotate(count=Count("pk"))
        .order_by("week")
    )
    return [Week(week, count) for week, count in weeks]


def _span(source: str) -> tuple[datetime, datetime]:
    """From the first moment the source knows of to the last."""
    made = LeadExternalId.objects.filter(source=source).aggregate(
        first=Min("lead__created_at"), last=Max("lead__created_at")
    )
    done = Activity.objects.filter(source=source, lead__isnull=False).aggregate(
        first=Min("occurred_at"), last=Max("occurred_at")
    )
    if made["first"] is None or done["first"] is None:
        raise ReplayRefused(f"Nothing was imported of “{source}”.")
    return min(made["first"], done["first"]), max(made["last"], done["last"])


def _steps(span: tuple[datetime, datetime], step: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Steps from the midnight before the first moment until the last one is covered, each from its first
    moment to its last. What is dated but not timed happens at midnight, the first moment of its day."""
    first, last = span
    start = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    while start <= last:
        yield start, start + step - timedelta(microseconds=1)
        start += step


def _forget_marks(source: str) -> None:
    """The import marked all its leads at once; each is marked again in its own step."""
    ChangedLead.objects.filter(lead__in=LeadExternalId.objects.filter(source=source).values("lead")).delete()


def _live(source: str, start: datetime, end: datetime) -> int:
    """Everything that happens in one step. Returns how many crossings were handled."""
    ids = _active(source, start, end)
    advance_phases(lead_ids=ids, at=end)
    _mark(ids)
    while rescore_changed(at=end, limit=BATCH):
        pass
    sweep_fading(at=end)
    last = Delivery.objects.aggregate(last=Max("pk"))["last"] or 0
    last_call = Dispatch.objects.aggregate(last=Max("pk"))["last"] or 0
    handled = 0
    while done := pipeline.run(at=end, limit=BATCH):
        handled += done
    waiting = (Delivery.State.WAITING, Delivery.State.DIGEST)
    Delivery.objects.filter(pk__gt=last, state__in=waiting).update(
        state=Delivery.State.PARKED, error=NOT_SENT
    )
    Dispatch.objects.filter(pk__gt=last_call).update(state=Dispatch.State.PARKED, error=NOT_SENT)
    return handled


def _active(source: str, start: datetime, end: datetime) -> list[int]:
    """Leads of the source that appeared or did something in the step, in id order."""
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVE, {"source": source, "start": start, "end": end})
        return [row[0] for row in cursor.fetchall()]


_ACTIVE = """
SELECT lead_id FROM leads_activity
WHERE source = %(source)s AND lead_id IS NOT NULL AND occurred_at >= %(start)s AND occurred_at <= %(end)s
UNION
SELECT x.lead_id FROM leads_leadexternalid x JOIN leads_lead l ON l.id = x.lead_id
WHERE x.source = %(source)s AND l.created_at >= %(start)s AND l.created_at <= %(end)s
ORDER BY lead_id
"""


@transaction.atomic
def _mark(ids: list[int]) -> None:
    """Live, as each was at the time: a crossing hands over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_changedlead (lead_id, version, live, attempts, error)"
            " SELECT id, 1, true, 0, '' FROM unnest(%s::bigint[]) AS id"
            " ON CONFLICT (lead_id) DO UPDATE SET version = leads_changedlead.version + 1, live = true",
            [ids],
        )
