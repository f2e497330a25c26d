"""Say of events, when they arrive, what speaks against their being a person's interest: our own people,
crawlers, machines that read mail. What only shows once more has come is in ``looking_back``."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import crawleruseragents
from django.db import connection

from leads.models import Activity, Suspicion, Visitor
from leads.voiding import Suspected, suspect

from .models import EvidenceRules, Treatment
from .page_rules import fits

if TYPE_CHECKING:
    from .intake import Event

Signal = Suspicion.Signal
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: Properties of an event that say who sent it. The address is looked at and never stored.
USER_AGENT, CLIENT_IP, MACHINE = "user_agent", "client_ip", "machine_open"
#: Nobody opens or clicks a mail sooner after it was delivered; gateways do before they deliver it at all.
SOONEST = timedelta(seconds=5)
#: The delivery of a mail that was opened or clicked so long after is not looked for.
LONGEST_LOOK = timedelta(minutes=10)
MAIL = ("email_opened", "email_clicked")
DELIVERED = ("email_delivered", "email_status")
_LONGEST = 300
#: Fetch pictures in mails before anybody reads them: Apple's privacy protection says only this of itself.
_MAIL_PROXIES = ("yahoomailproxy",)
_APPLE = "mozilla/5.0"
_APPLES_NETWORK = ipaddress.ip_network("17.0.0.0/8")
#: Fetches a picture when the reader looks at it: that is somebody.
_READERS = ("googleimageproxy", "ggpht.com")
#: Of one browser's past, when somebody says that it is ours.
MOST_OF_A_BROWSER = 10_000


@dataclass(frozen=True, slots=True)
class Client:
    """Who a request came from: an IP address and what the program calls itself; "" where it is not known."""

    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """One signal of one event."""

    signal: Suspicion.Signal
    detail: str
    treatment: Treatment


@dataclass(slots=True)
class Guard:
    """The company's rules at work on one batch. ``found``: the signals of each event, by its place there."""

    rules: EvidenceRules
    found: dict[int, list[Named]] = field(default_factory=dict)
    own: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.own = frozenset(each.lower().removeprefix("@") for each in self.rules.own_addresses)

    @classmethod
    def on_duty(cls) -> "Guard":
        """With the rules as they are now. One query."""
        # Written out, since every event asks: the ORM takes longer to word it than PostgreSQL to answer.
        rules = EvidenceRules.objects.raw("SELECT * FROM capture_evidencerules WHERE id = 1")
        return cls(next(iter(rules), None) or EvidenceRules())

    def look_at(self, events: "Sequence[Event]", client: Client | None) -> None:
        """What each event says by itself. ``client`` sent them all; otherwise each says whose it is. No
        query."""
        networks = _networks(tuple(self.rules.own_networks))
        for event in events:
            sender = client or _client_of(event.properties)
            if event.email and (own := self.own_of(event.email)):
                self.name(event.index, Signal.OWN_ADDRESS, own)
            if network := _within(sender.address, networks):
                self.name(event.index, Signal.OWN_NETWORK, str(network))
            self._program(event, sender)
            for name in ("url", "path"):
                if path := self._hidden(event.properties.get(name)):
                    self.name(event.index, Signal.HIDDEN_LINK, path)
                    break

    def _program(self, event: "Event", sender: Client) -> None:
        said = sender.user_agent[:_LONGEST]
        if event.type == "email_opened":
            if event.properties.get(MACHINE) is True:
                self.name(event.index, Signal.MAIL_PROXY, "said by the mail service")
                return
            if proxy := mail_proxy(said, sender.address):
                self.name(event.index, Signal.MAIL_PROXY, proxy)
                return
        if said and not any(reader in said.lower() for reader in _READERS) and is_crawler(said):
            self.name(event.index, Signal.CRAWLER, said[:120])

    def own_of(self, email: str) -> str:
        """Which of our addresses or domains ``email`` is; "" for none."""
        if not self.own:
            return ""
        email = email.lower()
        domain = email.rpartition("@")[2]
        if email in self.own:
            return email
        parts = domain.split(".")
        return next((d for n in range(len(parts)) if (d := ".".join(parts[n:])) in self.own), "")

    def _hidden(self, address: object) -> str:
        if not self.rules.hidden_links or not isinstance(address, str):
            return ""
        try:
            path = urlsplit(address[:2_000]).path or "/"
        except ValueError:
            return ""
        return next((link for link in self.rules.hidden_links if fits(link, path)), "")

    def look_up(self, events: "Sequence[Event]", leads: Mapping[int, int]) -> None:
        """What only the leads tell: whether they are our own people, and when a mail was delivered that is
        opened or clicked. ``leads`` by place. At most two queries."""
        if self.rules.own_addresses and (ids := sorted(set(leads.values()))):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT id, email FROM leads_lead WHERE id = ANY(%s) AND email IS NOT NULL", [ids]
                )
                ours = {pk: own for pk, email in cursor.fetchall() if (own := self.own_of(email))}
            for index, lead_id in leads.items():
                if lead_id in ours:
                    self.name(index, Signal.OWN_ADDRESS, ours[lead_id])
        read = [event for event in events if event.type in MAIL and event.index in leads]
        asked = [(event, key) for event in read if (key := message_of(event.properties))]
        if asked and self.rules.treatment(Signal.TOO_SOON) != Treatment.IGNORE:
            delivered = _delivered([(leads[event.index], key, event.occurred_at) for event, key in asked])
            for event, key in asked:
                at = delivered.get((leads[event.index], key))
                if at is not None and event.occurred_at < at + SOONEST:
                    self.name(event.index, Signal.TOO_SOON, after_delivery(event.occurred_at - at))

    def name(self, index: int, signal: Suspicion.Signal, detail: str) -> None:
        treatment = self.rules.treatment(signal)
        named = self.found.get(index, [])
        if treatment != Treatment.IGNORE and all(each.signal != signal for each in named):
            self.found[index] = [*named, Named(signal, detail[:120], treatment)]

    def voided(self, index: int) -> str:
        """Why the event at ``index`` does not count; "" where it does."""
        named = self.found.get(index, ())
        return next((str(each.signal.label) for each in named if each.treatment == Treatment.VOID), "")

    def write_down(self, keys: Mapping[int, str], source: str, at: datetime) -> None:
        """Name the signals of the activities that were stored under these event ids; ``keys`` by place. One
        query for whatever was found, none for nothing."""
        rows = [(keys[index], named) for index, all_ in self.found.items() if index in keys for named in all_]
        if not rows:
            return
        ids = dict(
            Activity.objects.filter(source=source, event_id__in={key for key, _ in rows}).values_list(
                "event_id", "id"
            )
        )
        suspect(
            found=[
                Suspected(ids[key], named.signal, named.detail, named.treatment == Treatment.VOID)
                for key, named in rows
                if key in ids
            ],
            at=at,
            stored=True,
        )


def without_address(properties: dict[str, Any]) -> dict[str, Any]:
    """What of an event is stored: where it came from was looked at, and is nobody's business."""
    if CLIENT_IP not in properties:
        return properties
    return {name: value for name, value in properties.items() if name != CLIENT_IP}


def message_of(properties: Mapping[str, Any]) -> str:
    """Which mail it was about."""
    found = properties.get("message_id")
    return found if isinstance(found, str) else ""


def after_delivery(gap: timedelta) -> str:
    seconds = gap.total_seconds()
    return f"{seconds:.0f} s after delivery" if seconds >= 0 else f"{-seconds:.0f} s before delivery"


@lru_cache(maxsize=4_096)
def is_crawler(user_agent: str) -> bool:
    """By the kept list of ``crawleruseragents``."""
    return bool(crawleruseragents.is_crawler(user_agent[:_LONGEST]))


def mail_proxy(user_agent: str, address: str) -> str:
    """Which provider's machine fetched a mail's picture before anybody looked; "" for none."""
    said = user_agent.strip().lower()
    if said == _APPLE:
        return "Apple Mail Privacy Protection"
    if any(name in said for name in _MAIL_PROXIES):
        return "Yahoo"
    return "Apple" if _within(address, (_APPLES_NETWORK,)) else ""


def _client_of(properties: Mapping[str, Any]) -> Client:
    address, said = properties.get(CLIENT_IP), properties.get(USER_AGENT)
    return Client(
        address if isinstance(address, str) else "", said[:_LONGEST] if isinstance(said, str) else ""
    )


@lru_cache(maxsize=16)
def _networks(typed: tuple[str, ...]) -> tuple[Network, ...]:
    found = []
    for each in typed:
        try:
            found.append(ipaddress.ip_network(each.strip(), strict=False))
        except ValueError:
            continue  # the form refuses these
    return tuple(found)


def _within(address: str, networks: Sequence[Network]) -> Network | None:
    if not address or not networks:
        return None
    try:
        ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.strip())
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return next((network for network in networks if ip in network), None)


def _delivered(asked: Sequence[tuple[int, str, datetime]]) -> dict[tuple[int, str], datetime]:
    """When each lead's mail was delivered, or queued where no delivery is told; by lead and message. The
    latest, since nobody reads it before. One query, over each lead's deliveries of those minutes."""
    leads, keys, moments = zip(*asked, strict=True)
    parameters: dict[str, Any] = {
        "leads": list(leads),
        "keys": list(keys),
        "moments": list(moments),
        "look": LONGEST_LOOK,
        "types": list(DELIVERED),
    }
    with connection.cursor() as cursor:
        cursor.execute(_DELIVERED, parameters)
        return {(lead_id, key): at for lead_id, key, at in cursor.fetchall()}


_DELIVERED = """
SELECT asked.lead_id, asked.key, max(a.occurred_at)
FROM unnest(%(leads)s::bigint[], %(keys)s::text[], %(moments)s::timestamptz[]) AS asked (lead_id, key, at)
CROSS JOIN (SELECT id, key FROM leads_activitytype WHERE key = ANY(%(types)s)) t
JOIN leads_activity a ON a.lead_id = asked.lead_id AND a.type_id = t.id AND a.voided_at IS NULL
  AND a.occurred_at BETWEEN asked.at - %(look)s::interval AND asked.at + %(look)s::interval
WHERE a.properties ->> 'message_id' = asked.key
  AND (t.key = 'email_delivered' OR a.properties ->> 'status' IN ('queued', 'sent'))
GROUP BY 1, 2
"""


def disown(*, anonymous_id: str, at: datetime) -> int:
    """Somebody opened the link that says "this browser is ours": what it did until now is our own people's.
    Returns how many activities that names. Safe to repeat."""
    guard = Guard.on_duty()
    treatment = guard.rules.treatment(Signal.OWN_BROWSER)
    visitor = Visitor.objects.filter(anonymous_id=anonymous_id).first()
    if visitor is None or treatment == Treatment.IGNORE:
        return 0
    did = Activity.objects.filter(visitor=visitor, lead=visitor.lead_id).order_by("-id")
    return suspect(
        found=[
            Suspected(pk, Signal.OWN_BROWSER, "", treatment == Treatment.VOID)
            for pk in did.values_list("id", flat=True)[:MOST_OF_A_BROWSER]
        ],
        at=at,
    )
