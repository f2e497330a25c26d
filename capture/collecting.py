"""Make events of what our script sends from a page. A page is a stranger: it names a lead by an address or by
the key of a link in a mail to it, claims no mail and no call, and what it says of itself is cut down to what
we want to know."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from leads.models import ActivityType

from . import bots, channels, cleaning, intake
from .cleaning import Refused
from .intake import Taken
from .models import Site, Source
from .page_rules import PageRules

MOST_EVENTS = 100
#: What a page may not say about anybody: mails and calls, and what we write down ourselves.
KEPT_FOR_OURSELVES = (
    ActivityType.Category.EMAIL,
    ActivityType.Category.SALES,
    ActivityType.Category.SYSTEM,
)
_LONGEST = 300
#: Of 128 bits, so that nobody can claim a browser, or the id of another system, by guessing.
_RANDOM = re.compile("[0-9a-f]{32}")
#: Nothing happened: somebody of ours says whose browser this is.
OURS = "ours"
#: kind → the activity type where no rule of the site says another.
_KINDS = {
    "page": "page_view",
    "left": "time_on_page",
    "outbound": "link_clicked",
    "download": "content_download",
    "form": "form_submitted",
    "track": "custom_event",
    "identify": intake.IDENTIFY,
    OURS: intake.IDENTIFY,
}


class NotABatch(ValueError):
    """The body is not what the script sends; the message is a sentence."""


def collect(*, site: Site, body: object, at: datetime, client: bots.Client | None = None) -> Taken:
    """Store what a page of ``site`` sent: ``{"anonymous_id", "sent_at", "events": […]}``; ``client`` is the
    browser. Safe to repeat: an event's id is stored once. Raises NotABatch; a single event that cannot be
    taken is refused by itself."""
    events = body.get("events") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(events, list):
        raise NotABatch("The body must be an object with events.")
    if len(events) > MOST_EVENTS:
        raise NotABatch(f"A batch may have {MOST_EVENTS} events at most.")
    if not _RANDOM.fullmatch(str(body.get("anonymous_id"))):
        raise NotABatch("The anonymous_id must be 32 hexadecimal digits, random for each browser.")
    reader = _Reader(site, body)
    items = [reader.item(event) for event in events]
    taken = intake.take(
        items=items, user=None, source=site.source.key, kind=Source.Kind.SCRIPT, at=at, client=client
    )
    _name_the_nameless(events)
    if any(isinstance(event, dict) and event.get("kind") == OURS for event in events):
        bots.disown(anonymous_id=str(body["anonymous_id"]), at=at)
    return taken


def many(body: object) -> int:
    """How many events ``body`` holds, whatever else may be wrong with it; ``MOST_EVENTS`` at most, for more
    are refused unread and must not use up what the other visitors of the site may send."""
    events = body.get("events") if isinstance(body, dict) else None
    return min(len(events), MOST_EVENTS) if isinstance(events, list) else 1


class _Reader:
    """What one batch's events become."""

    def __init__(self, site: Site, body: Mapping[str, Any]) -> None:
        self.rules = PageRules.of(site)
        self.body = body
        open_to_pages = ActivityType.objects.exclude(category__in=KEPT_FOR_OURSELVES)
        self.types = set(open_to_pages.values_list("key", flat=True))

    def item(self, event: object) -> object:
        """``event`` as ``intake`` reads events; what is no event is left as it is, to be refused there."""
        if not isinstance(event, dict):
            return event
        kind = event.get("kind")
        address = _address(event.get("url"))
        properties = self._properties(event, address)
        mail_key = event.get("mail") or None
        return {
            "event_id": event.get("id"),
            "type": self._type(kind, event, address.path),
            "occurred_at": event.get("at"),
            "sent_at": self.body.get("sent_at"),
            "anonymous_id": self.body.get("anonymous_id"),
            "email": None if mail_key else event.get("email") or None,
            "mail_key": mail_key,
            "properties": properties,
        }

    def _type(self, kind: object, event: Mapping[str, Any], path: str) -> object:
        otherwise = _KINDS.get(kind) if isinstance(kind, str) else None
        if otherwise is None:
            return f"kind {kind}"[:64]  # no such type: refused with its name
        if kind in ("page", "download"):
            return self.rules.kind_of(path, otherwise=otherwise)
        name = event.get("name")
        if kind in ("track", "form") and isinstance(name, str) and name in self.types:
            return name
        return otherwise

    def _properties(self, event: Mapping[str, Any], address: Any) -> dict[str, Any]:
        """Where it was, without what may be secret in an address, and what the page added."""
        own = event.get("properties")
        found = dict(own) if isinstance(own, dict) else {}
        if address.netloc:
            found |= {"url": f"{address.scheme}://{address.netloc}{address.path}"[:_LONGEST]}
            found |= {"path": (address.path or "/")[:_LONGEST]}
        for name in ("title", "name"):
            if isinstance(event.get(name), str) and event[name]:
                found[name] = event[name][:_LONGEST]
        for name in ("seconds", "depth"):
            if isinstance(event.get(name), int | float):
                found[name] = event[name]
        if event.get("kind") == "page":
            found |= _brought_by(event, address)
        return found


def _brought_by(event: Mapping[str, Any], address: Any) -> dict[str, str]:
    """Where the visitor came from; nothing for a page reached from another one of the same host."""
    said = event.get("tags")
    known = (*channels.TAGS, *channels.PAID_SEARCH_CLICKS, *channels.PAID_SOCIAL_CLICKS)
    tags = {
        name: said[name][:_LONGEST]
        for name in known
        if isinstance(said, dict) and isinstance(said.get(name), str) and said[name]
    }
    referrer = _address(event.get("referrer")).hostname or ""
    if referrer == address.hostname and not tags:
        return {}
    referrer = "" if referrer == address.hostname else referrer[:_LONGEST]
    found = {name: text for name, text in tags.items() if name in channels.TAGS}
    found["channel"] = channels.channel(tags=tags, referrer=referrer)
    return {**found, "referrer": referrer} if referrer else found


def _address(value: object) -> Any:
    try:
        return urlsplit(value[:2_000] if isinstance(value, str) else "")
    except ValueError:  # half an IPv6 address
        return urlsplit("")


def _name_the_nameless(events: list[Any]) -> None:
    """Somebody who says who they are may say their name; it never replaces one."""
    names: dict[str, str] = {}
    for event in events:
        if not isinstance(event, dict) or event.get("kind") not in ("identify", "form"):
            continue
        properties, address = event.get("properties"), event.get("email")
        said = properties.get("name") if isinstance(properties, dict) else None
        if not isinstance(address, str) or not said:
            continue
        try:
            names[cleaning.email(address)] = cleaning.line(said, field="name", most=200)
        except Refused:
            continue
    if names:
        with connection.cursor() as cursor:
            cursor.execute(_NAME, [list(names), list(names.values())])


_NAME = """
UPDATE leads_lead l SET name = said.name FROM unnest(%s::text[], %s::text[]) AS said (email, name)
WHERE lower(l.email) = said.email AND l.name = ''
"""
