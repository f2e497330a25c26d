"""What leads allowed, as the fold of an append-only ledger."""

from collections.abc import Iterable
from datetime import datetime

from .models import ConsentEvent, Lead


def record(*, lead: Lead, channel: str, granted: bool, at: datetime, source: str, text: str = "") -> None:
    """Write down that ``lead`` granted or withdrew consent. Safe to repeat."""
    ConsentEvent.objects.bulk_create(
        [ConsentEvent(lead=lead, channel=channel, granted=granted, at=at, source=source, text=text)],
        ignore_conflicts=True,
    )


def record_all(*, events: Iterable[ConsentEvent]) -> None:
    """The same for many that are not saved yet. One query; safe to repeat."""
    ConsentEvent.objects.bulk_create(events, ignore_conflicts=True)


def current(*, lead: Lead) -> dict[str, ConsentEvent]:
    """The event that holds for each channel ever asked about. A withdrawal wins over a grant of the same
    moment. One query."""
    held: dict[str, ConsentEvent] = {}
    for event in lead.consent_events.order_by("at", "-granted", "id"):
        held[event.channel] = event
    return held
