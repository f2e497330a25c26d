"""Write down what posts mean: leads brought up to date, activities once each, consent, browsers."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from capture import cleaning, identity, intake, submitting
from capture.cleaning import Refused
from capture.intake import Event
from capture.upserting import IncomingLead, Upserted, upsert
from leads import consent
from leads.matching import by_email
from leads.models import ConsentEvent, Lead
from leads.ticks import tick

from .mapping import Mapped

#: Of a visitor.
LONGEST_ID = 128


@dataclass(slots=True)
class Took:
    """What became of the events: by their place in what was given, why some wait; and how many activities
    were new or known, and how long the slowest was on its way."""

    waits: dict[int, str] = field(default_factory=dict)
    accepted: int = 0
    duplicates: int = 0
    lag: timedelta | None = None


def take(*, events: Sequence[Mapped], source: str, ids_of: str, at: datetime) -> Took:
    """Store ``events`` as ``source`` sent them and as arrived ``at``; ``ids_of`` is the source whose external
    ids are meant. An event that cannot be taken waits by itself. Call it in ``intake.retried``. Safe to
    repeat: an event id is stored once per source. A constant number of queries."""
    took = Took()
    events = [_with_own_browser(event, ids_of) for event in events]
    leads = _people(events, took, source=source, ids_of=ids_of, at=at)
    _unknown(events, leads, took)
    typed = [
        _event(index, event, leads.get(index), event.anonymous_ids[:1])
        for index, event in enumerate(events)
        if index not in took.waits and event.type is not None
    ]
    if typed:
        stored = intake.store(typed, None, source, at)
        took.accepted, took.duplicates, took.lag = stored.accepted, stored.duplicates, stored.lag
        for refusal in stored.refused:
            took.waits[refusal.index] = told(refusal.field, refusal.reason)
    took.accepted += sum(event.type is None for index, event in enumerate(events) if index not in took.waits)
    _stitch(events, leads, took, source, at)
    _consent(events, leads, took, source)
    return took


def _with_own_browser(event: Mapped, ids_of: str) -> Mapped:
    """An id that no lead has yet stands for a browser, until somebody says whose it is."""
    if not (event.keep_unknown and event.external_id):
        return event
    own = f"{ids_of}:{event.external_id}"
    if len(own) > LONGEST_ID:
        own = hashlib.sha256(own.encode()).hexdigest()
    return replace(event, anonymous_ids=(*event.anonymous_ids, own))


def told(name: str, reason: str) -> str:
    """Why something waits, as it can be stored: a reason quotes what a stranger sent."""
    return cleaning.storable(f"{name}: {reason}" if name else reason)


def _event(index: int, event: Mapped, lead: UUID | None, browsers: Sequence[str]) -> Event:
    return Event(
        index=index,
        event_id=event.event_id,
        type=event.type or "",
        occurred_at=event.occurred_at,
        email=event.email if lead is None else None,
        lead_id=lead,
        anonymous_id=browsers[0] if browsers else None,
        properties=event.properties,
    )


def _people(
    events: Sequence[Mapped], took: Took, *, source: str, ids_of: str, at: datetime
) -> dict[int, UUID]:
    """Bring the leads up to date of whom more is said than an address; their public ids by place."""
    places, incoming = [], []
    for index, event in enumerate(events):
        if event.external_id or ((event.lead or event.company) and event.email):
            lead = _incoming(event)
            lead.email, lead.external_id = event.email, event.external_id
            lead.lines.setdefault("source", source)
            lead.may_create = event.email is not None and not event.known_only
            places.append(index)
            incoming.append(lead)
    found: dict[int, UUID] = {}
    answers = upsert(incoming=incoming, source=ids_of, at=at) if incoming else []
    for index, answer in zip(places, answers, strict=True):
        event = events[index]
        if isinstance(answer, Upserted):
            found[index] = answer.person.public_id
        elif not (event.email is None and event.anonymous_ids):  # else the browser is who it is about
            took.waits[index] = _why(event, answer, ids_of)
    if found:
        tick("leads_changed")
    return found


def _why(event: Mapped, refused: Refused, ids_of: str) -> str:
    if refused.field:
        return told(refused.field, refused.reason)
    if event.email is None:
        return event.wait or f"No lead is known by the id “{event.external_id}” of {ids_of}."
    return _NOBODY


_NOBODY = "No lead has this address, and events of this kind make none."


def _incoming(event: Mapped) -> IncomingLead:
    """What is said of the lead, as far as it can be taken: what cannot is kept beside it as it was sent."""
    data: dict[str, Any] = {**event.lead, **({"company": dict(event.company)} if event.company else {})}
    as_sent: dict[str, Any] = {}
    while True:
        try:
            lead = submitting.read_facts(data)
        except Refused as refused:
            data = _without(data, refused.field, as_sent)
        else:
            lead.attributes = {**as_sent, **lead.attributes}
            return lead


def _without(data: dict[str, Any], name: str, as_sent: dict[str, Any]) -> dict[str, Any]:
    part, _, below = name.partition(".")
    if part == "company" and below in (company := data.get("company", {})) and below != "name":
        as_sent[f"company_{below}_as_sent"] = cleaning.storable(str(company[below]))[:200]
        return {**data, "company": {key: value for key, value in company.items() if key != below}}
    if part not in ("company", "attributes") and part in data:
        as_sent[f"{part}_as_sent"] = cleaning.storable(str(data[part]))[:200]
    return {key: value for key, value in data.items() if key != part}


def _unknown(events: Sequence[Mapped], leads: dict[int, UUID], took: Took) -> None:
    """Events of kinds that make no leads wait when nobody has the address."""
    asked = {
        index: event.email
        for index, event in enumerate(events)
        if event.known_only and event.email and index not in leads and index not in took.waits
    }
    known = by_email(emails=set(asked.values())) if asked else {}
    for index, email in asked.items():
        if email not in known:
            took.waits[index] = _NOBODY


def _stitch(events: Sequence[Mapped], leads: dict[int, UUID], took: Took, source: str, at: datetime) -> None:
    """Give browsers to whom an event names: the further ones of activities, all of the others."""
    pairs = [
        (event, leads.get(index), browser)
        for index, event in enumerate(events)
        if index not in took.waits and (index in leads or event.email)
        for browser in event.anonymous_ids[0 if event.type is None else 1 :]
        if event.email or event.type is None
    ]
    if pairs:
        named = [_event(place, event, lead, [browser]) for place, (event, lead, browser) in enumerate(pairs)]
        identity.resolve(events=named, user=None, source=source, at=at)


def _consent(events: Sequence[Mapped], leads: dict[int, UUID], took: Took, source: str) -> None:
    said = [
        (leads.get(index), event)
        for index, event in enumerate(events)
        if event.consent and index not in took.waits and (index in leads or event.email)
    ]
    if not said:
        return
    by_id = dict(
        Lead.objects.filter(public_id__in={lead for lead, _ in said if lead}).values_list("public_id", "pk")
    )
    by_address = by_email(emails={event.email for lead, event in said if lead is None and event.email})
    rows = []
    for public_id, event in said:
        known = by_address.get(event.email or "")
        lead_pk = by_id.get(public_id) if public_id else known.pk if known else None
        if lead_pk is not None:
            rows += [
                ConsentEvent(
                    lead_id=lead_pk,
                    channel=channel,
                    granted=granted,
                    at=event.occurred_at,
                    source=source,
                    text=event.kind,
                )
                for channel, granted in event.consent.items()
            ]
    consent.record_all(events=rows)
