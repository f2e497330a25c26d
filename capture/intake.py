"""Take events from outside: check each, find whom it is about, and write it down once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from accounts.models import User
from leads import mail_keys
from leads.activities import NewActivity, record
from leads.asking import ask
from leads.retrying import retrying

from . import arrivals, bots, cleaning, identity
from .arrivals import Became, TurnedAway
from .cleaning import FURTHEST_AHEAD, Refused
from .models import Source

#: Further ahead than this, a clock is wrong; the event counts as of its arrival and says so (F13).
TOLERATED_AHEAD = timedelta(minutes=5)
#: A clock is believed to be wrong by 24 hours at most; an hour more for an event that was long on its way.
WRONGEST_CLOCK = timedelta(hours=25)
#: Property that keeps the time a wrong clock claimed.
CLAIMED = "claimed_occurred_at"
#: Instead of a type: nothing happened, somebody says whose browser this is.
IDENTIFY = "$identify"
FIELDS = frozenset(
    {
        "event_id",
        "type",
        "occurred_at",
        "sent_at",
        "email",
        "lead_id",
        "mail_key",
        "anonymous_id",
        "properties",
    }
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it was sent, checked by itself; ``index`` is its place in the batch, ``lead_id`` whom a
    ``mail_key`` stands for, too."""

    index: int
    event_id: str
    type: str
    occurred_at: datetime
    email: str | None
    lead_id: UUID | None
    anonymous_id: str | None
    properties: dict[str, Any]
    is_voided: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the item at ``index`` was not taken."""

    index: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch; the three together are every item in it."""

    accepted: int
    duplicates: int
    refused: list[Refusal]
    lag: timedelta | None = None


def take(
    *,
    items: Sequence[object],
    user: User | None,
    source: str,
    kind: Source.Kind,
    at: datetime,
    client: bots.Client | None = None,
) -> Taken:
    """Store ``items`` that ``source`` sent and that arrived ``at``, and count what became of them. An item
    that cannot be taken is refused by itself; the others are stored. ``client`` is the browser they all came
    from, where one sent them itself. Who is named by a ``lead_id`` or ``mail_key`` must be visible to
    ``user``; without a user no lead can be named by its id. Safe to repeat: an event id is stored once per
    source. A constant number of queries, however many items."""
    events: list[Event] = []
    refused: list[Refusal] = []
    for index, item in enumerate(items):
        try:
            if user is None and isinstance(item, dict) and item.get("lead_id") is not None:
                raise Refused("lead_id", "Cannot be named here.")
            events.append(read(item, index=index, at=at))
        except Refused as refusal:
            refused.append(Refusal(index, refusal.field, refusal.reason))

    def take_all() -> Taken:
        stored = store(events, user, source, at, client) if events else Taken(0, 0, [])
        every = sorted([*refused, *stored.refused], key=lambda refusal: refusal.index)
        turned_away = [TurnedAway(each.field, each.reason, items[each.index]) for each in every]
        became = Became(stored.accepted, stored.duplicates, refused=turned_away, lag=stored.lag)
        arrivals.note(source=source, kind=kind, became=became, at=at)
        return replace(stored, refused=every)

    return retried(take_all)


def read(item: object, *, index: int, at: datetime) -> Event:
    """Check one item without looking anything up. Raises Refused."""
    if not isinstance(item, dict):
        raise Refused("", "Must be an object with event_id, type and occurred_at.")
    for name in item:
        if name not in FIELDS:
            raise Refused(str(name)[:64].encode(errors="replace").decode(), "Is not a field of an event.")
    event_id = cleaning.line(item.get("event_id"), field="event_id", most=128, least=1)
    key = cleaning.line(item.get("type"), field="type", most=64, least=1)
    properties = cleaning.json_object(item.get("properties"), field="properties")
    occurred_at, claimed = _occurred_at(item, at)
    if claimed is not None:
        properties = {**properties, CLAIMED: claimed.isoformat()}
    email, lead_id, visitor = item.get("email"), _named(item), item.get("anonymous_id")
    if email is None and lead_id is None and visitor is None:
        raise Refused("email", "Nobody is named: send email, lead_id or anonymous_id.")
    return Event(
        index=index,
        event_id=event_id,
        type=key,
        occurred_at=occurred_at,
        email=None if email is None else cleaning.email(email),
        lead_id=lead_id,
        anonymous_id=None if visitor is None else cleaning.anonymous_id(visitor),
        properties=properties,
    )


def _named(item: Mapping[str, object]) -> UUID | None:
    """The lead that the item names by its id, or by the key of a link in a mail to it."""
    lead_id, key = item.get("lead_id"), item.get("mail_key")
    named = None if lead_id is None else cleaning.public_id(lead_id, field="lead_id")
    if key is None:
        return named
    try:
        behind = mail_keys.lead_behind(cleaning.line(key, field="mail_key", most=200))
    except mail_keys.NoKey:
        raise Refused("mail_key", "Is no key that we gave out.") from None
    if named not in (None, behind):
        raise Refused("mail_key", "Is the key of another lead than lead_id names.")
    return behind


def _occurred_at(item: Mapping[str, object], at: datetime) -> tuple[datetime, datetime | None]:
    """When it happened by our clock, and what the sender's clock claimed when that cannot be. ``sent_at``,
    read off the same clock as ``occurred_at``, tells how wrong that clock is."""
    occurred_at = cleaning.moment(item.get("occurred_at"), field="occurred_at")
    if item.get("sent_at") is not None:
        wrong_by = cleaning.moment(item["sent_at"], field="sent_at") - at
        if abs(wrong_by) <= WRONGEST_CLOCK:
            occurred_at -= wrong_by
    if occurred_at > at + FURTHEST_AHEAD:
        raise Refused("occurred_at", "Lies more than 24 hours in the future.")
    if occurred_at > at:  # by our clock it has happened by now; only a big lead is worth noting
        return at, occurred_at if occurred_at > at + TOLERATED_AHEAD else None
    return occurred_at, None


def store(
    events: list[Event], user: User | None, source: str, at: datetime, client: bots.Client | None = None
) -> Taken:
    """Store ``events``, which are checked, each once per source; ``user`` as for ``identity.resolve``. What
    looks like a bot or one of our own is named, and counts or not as the company says. Call it in
    ``retried``."""
    types = _types(events)
    refused = [
        Refusal(event.index, "type", f"There is no activity type “{event.type}”.")
        for event in events
        if event.type not in types and event.type != IDENTIFY
    ]
    known = _known(events, source)
    fresh: dict[str, Event] = {}
    duplicates = 0
    for event in events:
        if event.type not in types and event.type != IDENTIFY:
            continue
        if event.event_id in known or event.event_id in fresh:
            duplicates += 1
        else:
            fresh[event.event_id] = event
    guard = bots.Guard.on_duty()
    guard.look_at(list(fresh.values()), client)
    news = [
        replace(event, is_voided=True) if guard.voided(event.index) else event for event in fresh.values()
    ]
    owners = identity.resolve(events=news, user=user, source=source, at=at)
    guard.look_up(news, {place: one.lead_id for place, one in owners.found.items() if one.lead_id})
    refused += [Refusal(index, refusal.field, refusal.reason) for index, refusal in owners.refused.items()]
    activities = [
        NewActivity(
            event_id=event.event_id,
            type_id=types[event.type],
            occurred_at=event.occurred_at,
            source=source,
            lead_id=owner.lead_id,
            visitor_id=owner.visitor_id,
            properties=bots.without_address(event.properties),
            void_reason=guard.voided(event.index),
        )
        for event in news
        if event.type != IDENTIFY and (owner := owners.found.get(event.index)) is not None
    ]
    recorded = record(activities=activities, at=at)
    stored = {activities[place].event_id for place in recorded.inserted}
    guard.write_down({event.index: event.event_id for event in news if event.event_id in stored}, source, at)
    new = [activities[place].occurred_at for place in recorded.inserted]
    lag = at - min(new) if new else None
    said = sum(event.type == IDENTIFY and event.index in owners.found for event in fresh.values())
    return Taken(len(recorded.inserted) + said, duplicates + len(recorded.duplicates), refused, lag)


def _known(events: list[Event], source: str) -> set[str]:
    """Event ids stored before; left out early, so that a repeat makes no lead and stitches nothing."""
    rows = ask(
        "SELECT event_id FROM leads_activity WHERE source = %s AND event_id = ANY(%s)",
        [source, [event.event_id for event in events]],
    )
    return {event_id for (event_id,) in rows}


def _types(events: list[Event]) -> dict[str, int]:
    """Those that the events name, by key."""
    keys = sorted({event.type for event in events})
    return dict(ask("SELECT key, id FROM leads_activitytype WHERE key = ANY(%s)", [keys]))


def retried(work: Callable[[], T]) -> T:
    """Do ``work`` in a transaction, again when another one was in its way: the same new address twice at
    once, or two batches that touch the same leads in different order."""
    return retrying(work, worth=_WORTH_A_RETRY)


#: unique violation, foreign key violation (a lead deleted meanwhile), serialisation failure, deadlock
_WORTH_A_RETRY = frozenset({"23505", "23503", "40001", "40P01"})
