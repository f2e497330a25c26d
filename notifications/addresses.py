"""Where we may call: public hosts alone, and what WEBHOOK_ALLOW_NETS lets through besides (S8).

What counts is the address that a name leads to at the moment of the call, however it is spelled, so a name is
looked up once, every address it gives is checked, and the caller connects to exactly those.
"""

import queue
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

#: One text for what is forbidden and for what does not exist: the difference would tell what is inside.
NOWHERE = "No public address: the name leads to none, or it may not be called from here."
MOST_CHARACTERS = 2000

#: IPv4 that is nobody's, somebody's own, or no single host (IANA special-purpose registry).
_NOT_PUBLIC_4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
#: All of IPv6 that is given out to hosts. Loopback, link-local, private, multicast, v4-mapped, v4-compatible
#: and NAT64 addresses lie outside.
_GLOBAL_6 = IPv6Network("2000::/3")
#: Within it: tunnels that carry an IPv4 address (Teredo, 6to4), other protocols' own, documentation.
_NOT_PUBLIC_6 = [
    IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3ffe::/16", "3fff::/20")
]
#: ISATAP hides an IPv4 address in the last 32 bits behind one of these.
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
#: Services that speak other protocols and sometimes take an HTTP request for one of their own.
_OTHER_SERVICES = frozenset(
    {1433, 1521, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5672, 5900, 5984, 6000, 6379, 6380}
    | {6443, 6667, 7000, 7001, 8500, 9042, 9092, 9200, 9300, 10250, 10255, 11211, 15672, 27017, 50000, 50070}
)


class AddressRefused(ValueError):
    """We do not call there; the message can be shown."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: ``host`` and ``port`` as the URL says, ``path`` with its query."""

    scheme: str
    host: str
    port: int
    path: str
    netloc: str

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"


def read(url: str) -> Target:
    """The parts of ``url``. Raises AddressRefused when it is no plain http(s) address, names a port that is
    no web server's, or spells out an address that is not public. Asks no name server."""
    parts = _split(url)
    host = _ascii(parts.hostname or "")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise AddressRefused("The port is not a number from 1 to 65535.") from None
    allowed = _is_allowed_name(host)
    if not allowed and (port in _OTHER_SERVICES or (port < 1024 and port not in (80, 443))):
        raise AddressRefused("Use port 80, 443 or one from 1024 on that no other service is known by.")
    if not allowed and (host == "localhost" or host.endswith((".localhost", ".local", ".internal"))):
        raise AddressRefused(NOWHERE)
    for address in _spelled_out(host):
        _refuse_unless_ours(address)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    netloc = f"[{host}]" if ":" in host else host
    return Target(parts.scheme, host, port, path, netloc if parts.port is None else f"{netloc}:{port}")


def look_up(target: Target, *, seconds: float) -> list[tuple[socket.AddressFamily, str]]:
    """The addresses ``target`` leads to now, each checked. Raises AddressRefused when there is none within
    ``seconds``, or when a single one of them is not public."""
    found = _resolve(target, seconds)
    if not found:
        raise AddressRefused(NOWHERE)
    if not _is_allowed_name(target.host):
        for _, address in found:
            _refuse_unless_ours(ip_address(address.partition("%")[0]))
    return found


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether ``address`` is a host of the public internet. Every form that carries an IPv4 address inside an
    IPv6 one is none, whatever it carries: nobody needs them, and who unpacks them is not known."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id or address not in _GLOBAL_6 or (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return False
    return not any(address in network for network in _NOT_PUBLIC_6)


def _refuse_unless_ours(address: IPv4Address | IPv6Address) -> None:
    if not is_public(address) and not any(address in network for network in _allowed_networks()):
        raise AddressRefused(NOWHERE)


def _split(url: str) -> SplitResult:
    if len(url) > MOST_CHARACTERS:
        raise AddressRefused(f"An address has at most {MOST_CHARACTERS} characters.")
    if re.search(r"[\x00-\x20\x7f-\x9f\u2028\u2029\\]", url):
        raise AddressRefused("An address has no spaces, control characters or backslashes.")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise AddressRefused("This is not an address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AddressRefused("Write the whole address, such as https://hooks.example.com/handoff.")
    if "[" in parts.netloc and ":" not in parts.hostname:
        raise AddressRefused("Between brackets stands an IPv6 address.")
    if "@" in parts.netloc:
        raise AddressRefused("Leave user name and password out of the address; what we send is signed.")
    if not url.isascii() and not (parts.path + parts.query).isascii():
        raise AddressRefused("Write what is not plain ASCII after the host as %XX.")
    return parts


def _ascii(host: str) -> str:
    """The name as name servers know it, lower-case, without the dot of the root."""
    try:
        return (
            host.rstrip(".").encode("idna").decode("ascii").lower()
            if not host.isascii()
            else (host.rstrip(".").lower())
        )
    except UnicodeError:
        raise AddressRefused("The host's name cannot be written in ASCII.") from None


def _spelled_out(host: str) -> Iterator[IPv4Address | IPv6Address]:
    """The address ``host`` is itself, in any spelling the system takes for one: 127.1, 0x7f000001,
    017700000001. Nothing for a name."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    for *_, address in found:
        yield ip_address(str(address[0]).partition("%")[0])


def _resolve(target: Target, seconds: float) -> list[tuple[socket.AddressFamily, str]]:
    """What the system's resolver says, without repeats. It knows no time limit of its own, so it is asked
    in a thread that is left behind when it takes too long."""
    answers: queue.SimpleQueue[list[tuple[socket.AddressFamily, str]]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys((family, str(address[0])) for family, *_, address in found)))
        except (OSError, UnicodeError):
            answers.put([])

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        return answers.get(timeout=max(seconds, 0.01))
    except queue.Empty:
        return []


def _allowed_networks() -> list[IPv4Network | IPv6Network]:
    return [ip_network(entry) for entry in settings.WEBHOOK_ALLOW_NETS if _is_network(entry)]


def _is_allowed_name(host: str) -> bool:
    return any(host == entry.lower() for entry in settings.WEBHOOK_ALLOW_NETS if not _is_network(entry))


def _is_network(entry: str) -> bool:
    try:
        ip_network(entry)
    except ValueError:
        return False
    return True
