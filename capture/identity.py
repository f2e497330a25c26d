"""Find whom events are about: leads by id or e-mail, visitors by their browser's id.

A visitor belongs to the first person who says who they are in that browser; what they did before becomes
theirs (stitching). A second person in the same browser gets their own events and never the first one's
(C-42); events without a name stay with the first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.models import User
from leads import matching
from leads.aliases import kept_for, note_use
from leads.lifecycle import advance_phases
from leads.models import Lead, Visitor
from leads.ticks import tick

from . import employers
from .channels import Channel
from .cleaning import Refused

if TYPE_CHECKING:
    from .intake import Event


#: Other systems mean something else by the word.
_CHANNELS = tuple(Channel)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an event is: a lead, a visitor nobody knows yet, or a lead in its own browser."""

    lead_id: int | None
    visitor_id: int | None


@dataclass(slots=True)
class Owners:
    """By place in the batch: whose each event is, or why nobody's. ``made`` are leads that are new."""

    found: dict[int, Owner] = field(default_factory=dict)
    refused: dict[int, Refused] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)


def resolve(*, events: "Sequence[Event]", user: User | None, source: str, at: datetime) -> Owners:
    """Say whose each event is. Makes leads of unknown addresses and visitors of unknown browsers, gives an
    address to a named lead that has none (C-40), stitches visitors. Refuses a lead that ``user`` may not see
    or that does not exist, and a lead and an address that belong to different people. Without a user, what
    named the lead is our own look at it, and any lead will do. At most 16 queries."""
    owners = Owners()
    leads = _leads(events, owners, user, source, at)
    visitors = _visitors(events, leads, owners, source, at)
    for event in events:
        if event.index in owners.refused:
            continue
        lead_id = leads.get(event.index)
        visitor = visitors.get(event.anonymous_id) if event.anonymous_id else None
        if visitor is None:
            owners.found[event.index] = Owner(lead_id, None)
        elif lead_id is None or lead_id == visitor.lead_id:
            owners.found[event.index] = Owner(visitor.lead_id, visitor.pk)
        else:  # a second person in this browser
            owners.found[event.index] = Owner(lead_id, None)
    return owners


def _leads(
    events: "Sequence[Event]", owners: Owners, user: User | None, source: str, at: datetime
) -> dict[int, int]:
    """The lead's primary key for each event that names one."""
    ids = {event.lead_id for event in events if event.lead_id}
    emails = {event.email for event in events if event.email}
    visible = (Lead.objects.visible_to(user) if user else Lead.objects.all()).filter(public_id__in=ids)
    named = {lead.public_id: lead for lead in visible} if ids else {}
    merged = _merged(gone, user) if (gone := ids - named.keys()) else {}
    named |= merged
    # Only the keys: this is asked for every batch of events, and a thousand whole leads would cost more than
    # storing the events.
    holders, old = matching.holders(emails=emails) if emails else matching.Holders({}, set())
    given: dict[int, str] = {}  # addresses for named leads that have none
    found: dict[int, int] = {}
    for event in events:
        if event.lead_id is None:
            continue
        lead = named.get(event.lead_id)
        if lead is None:
            owners.refused[event.index] = Refused("lead_id", "There is no such lead.")
            continue
        if event.email is not None:
            own = given.get(lead.pk) or (lead.email.lower() if lead.email else None)
            if own is None and event.email not in holders:
                given[lead.pk] = event.email
                holders[event.email] = lead.pk
            elif own != event.email and holders.get(event.email) != lead.pk:
                owners.refused[event.index] = Refused(
                    "email", "Is not the address of the lead named by lead_id."
                )
                continue
        found[event.index] = lead.pk
    _give_addresses(given)
    fresh = set(given)
    wanted = {event.email for event in events if event.email and event.lead_id is None}
    if missing := wanted - holders.keys():
        made = matching.match_or_create_by_email(emails=missing, at=at, source=source)
        holders |= {email: lead.pk for email, lead in made.items()}
        owners.made = {lead.pk for lead in made.values() if lead.created_at == at and lead.source == source}
        fresh |= owners.made
    employers.give(lead_ids=fresh, at=at)
    for event in events:
        if event.email and event.lead_id is None:
            found[event.index] = holders[event.email]
    note_use(
        said=[(event.email, event.event_id) for event in events if event.email and event.email in old],
        by_id=[(event.lead_id, event.event_id) for event in events if event.lead_id in merged],
        source=source,
    )
    return found


def _merged(ids: set[UUID], user: User | None) -> dict[UUID, Lead]:
    """Leads that were kept of those with old ids. One query, two with a user."""
    kept = kept_for(ids)
    if not kept or user is None:
        return kept
    seen = set(Lead.objects.visible_to(user).filter(pk__in=[lead.pk for lead in kept.values()]))
    return {old: lead for old, lead in kept.items() if lead in seen}


def _give_addresses(given: dict[int, str]) -> None:
    """Somebody else may have taken one of the addresses meanwhile: then the unique index refuses, and the
    batch is tried again with what is true by then."""
    if given:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE leads_lead l SET email = new.email, updated_at = %s"
                " FROM unnest(%s::bigint[], %s::text[]) AS new (id, email)"
                " WHERE l.id = new.id AND l.email IS NULL",
                [timezone.now(), list(given), list(given.values())],
            )


def _visitors(
    events: "Sequence[Event]", leads: dict[int, int], owners: Owners, source: str, at: datetime
) -> dict[str, Visitor]:
    """The visitors that the events name, by anonymous id, locked, and stitched where one is identified."""
    named = [
        (event.anonymous_id, event)
        for event in sorted(events, key=lambda event: (event.occurred_at, event.event_id))
        if event.anonymous_id is not None and event.index not in owners.refused
    ]
    if not named:
        return {}
    seen: dict[str, datetime] = {}
    identified: dict[str, int] = {}
    touch: dict[str, tuple[datetime, dict[str, Any]]] = {}
    for key, event in named:
        seen.setdefault(key, min(event.occurred_at, at))
        if event.properties.get("channel") in _CHANNELS and not event.is_voided:
            touch.setdefault(key, (min(event.occurred_at, at), event.properties))
        if event.index in leads:
            identified.setdefault(key, leads[event.index])
    known = Visitor.objects.filter(anonymous_id__in=seen).values_list("anonymous_id", flat=True)
    if missing := sorted(seen.keys() - set(known)):
        Visitor.objects.bulk_create(
            [
                Visitor(anonymous_id=key, first_seen_at=seen[key], **_first_touch(touch[key][1]))
                if key in touch
                else Visitor(anonymous_id=key, first_seen_at=seen[key])
                for key in missing
            ],
            ignore_conflicts=True,
        )
    rows = Visitor.objects.select_for_update().filter(anonymous_id__in=seen).order_by("pk")
    visitors = {visitor.anonymous_id: visitor for visitor in rows}
    brought = [
        visitor for key, visitor in visitors.items() if key in touch and _brought_by(visitor, *touch[key])
    ]
    if brought:
        Visitor.objects.bulk_update(brought, ["first_seen_at", "channel", "campaign"])
    stitched = {
        visitor.pk: identified[key]
        for key, visitor in visitors.items()
        if visitor.lead_id is None and key in identified
    }
    for visitor in visitors.values():
        visitor.lead_id = visitor.lead_id or stitched.get(visitor.pk)
    if stitched:
        _stitch(stitched, at)
    made = [visitor for visitor in visitors.values() if visitor.lead_id in owners.made] if stitched else []
    _tell_source({visitor.pk: visitor for visitor in (*made, *brought) if visitor.lead_id}.values(), source)
    return visitors


def _brought_by(visitor: Visitor, at: datetime, properties: dict[str, Any]) -> bool:
    """Whether this is what brought the visitor here first: pages are told of in any order, and the first one
    may come last. Changes ``visitor``, unsaved."""
    if visitor.channel and at >= visitor.first_seen_at:
        return False
    told = _first_touch(properties)
    if not told["channel"] or (visitor.channel, visitor.campaign) == (told["channel"], told["campaign"]):
        return False
    visitor.channel, visitor.campaign = told["channel"], told["campaign"]
    visitor.first_seen_at = min(visitor.first_seen_at, at)
    return True


def _first_touch(found: dict[str, Any]) -> dict[str, str]:
    """What brought a browser here first, as it is kept with the visitor."""
    said = found.get("channel")
    return {
        "channel": said if isinstance(said, str) and said in _CHANNELS else "",
        "campaign": " ".join(str(found.get("utm_campaign", "")).split())[:120],
    }


def _tell_source(visitors: "Iterable[Visitor]", source: str) -> None:
    """A lead that was a visitor before comes from where the visitor came from, not from our own site, which
    ``source`` is."""
    known = [visitor for visitor in visitors if visitor.channel]
    if known:
        with connection.cursor() as cursor:
            cursor.execute(
                _TELL_SOURCE,
                [
                    [visitor.lead_id for visitor in known],
                    [visitor.channel for visitor in known],
                    [visitor.campaign for visitor in known],
                    source,
                ],
            )


def _stitch(stitched: dict[int, int], at: datetime) -> None:
    """Give the visitors (keys) and what they did so far to the leads (values)."""
    with connection.cursor() as cursor:
        pairs = [list(stitched), list(stitched.values())]
        cursor.execute(_GIVE_VISITORS, pairs)
        cursor.execute(_GIVE_ACTIVITIES, pairs)
        if cursor.rowcount:
            advance_phases(lead_ids=sorted(set(stitched.values())), at=at)
            tick("leads_changed")


_GIVE_VISITORS = """
UPDATE leads_visitor v SET lead_id = new.lead_id
FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, lead_id) WHERE v.id = new.id
"""
_TELL_SOURCE = """
UPDATE leads_lead l SET source = new.channel, campaign = new.campaign
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS new (id, channel, campaign)
WHERE l.id = new.id AND l.source = %s
"""
_GIVE_ACTIVITIES = """
UPDATE leads_activity a SET lead_id = new.lead_id
FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, lead_id)
WHERE a.visitor_id = new.id AND a.lead_id IS NULL
"""
