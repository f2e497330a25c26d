"""Where webhooks may go: nowhere inside, however it is spelled (S8)."""

import socket
import time
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from notifications import addresses, egress
from notifications.addresses import NOWHERE, AddressRefused, is_public, look_up, read
from tests.notifications.receivers import answers, receiving

#: IPv4 inside, in dotted form; each is spelled in every way the system understands.
_INSIDE_4 = ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1"]


def _spellings(dotted: str) -> list[str]:
    number = int(IPv4Address(dotted))
    a, b, c, d = (int(part) for part in dotted.split("."))
    high, low = number >> 16, number & 0xFFFF
    return [
        dotted,
        str(number),
        hex(number),
        f"0{number:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{low}",
        f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"0x{a:02x}.{b}.0{c:o}.{d}",
        f"{dotted}.",
        "".join(chr(0xFF10 + int(c)) if c.isdigit() else "。" for c in dotted),
        f"[::ffff:{dotted}]",
        f"[::ffff:{high:x}:{low:x}]",
        f"[0:0:0:0:0:ffff:{high:x}:{low:x}]",
        f"[::{dotted}]",
        f"[64:ff9b::{high:x}:{low:x}]",
        f"[64:ff9b:1::{high:x}:{low:x}]",
        f"[2002:{high:x}:{low:x}::1]",
        f"[2001:0:5ef5:79fd::{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}]",
        f"[2a00:1450::5efe:{high:x}:{low:x}]",
        f"[::ffff:0:{high:x}:{low:x}]",
    ]


SPELLINGS = [
    *(spelling for dotted in _INSIDE_4 for spelling in _spellings(dotted)),
    "localhost", "LOCALHOST", "localhost.", "foo.localhost", "printer.local", "db.internal",
    "127.0.0.2", "127.255.255.254", "0", "0x0", "127.1", "192.0.2.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.88.99.1", "192.0.0.8",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[fc00::1]",
    "[fd12:3456:789a::1]", "[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]", "[2001:10::1]",
]  # fmt: skip


def test_s8_there_are_at_least_120_spellings() -> None:
    assert len(set(SPELLINGS)) >= 120


@pytest.mark.parametrize("host", SPELLINGS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_s8_no_spelling_of_an_inner_address_is_called(
    scheme: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form refuses it, or the look-up before the call does; nothing is ever connected to."""
    connected: list[tuple[str, int]] = []

    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address)
        raise OSError

    monkeypatch.setattr(socket.socket, "connect", connect)
    answer = egress.post(f"{scheme}://{host}/hook", body=b"{}", headers={}, seconds=3)
    assert answer.status is None
    assert not answer.arrived
    assert connected == []


@pytest.mark.parametrize(
    "url",
    [
        "", "hook", "//example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
        "javascript:alert(1)", "http://", "http:///hook", "http://user:pw@example.com/", "http://a@127.0.0.1/",
        "http://example.com\\@127.0.0.1/", "http://exa mple.com/", "http://example.com/\r\nHost: inside",
        "http://example.com/\x00", "http://example.com:0x50/", "http://example.com:99999/",
        "http://example.com:22/", "http://example.com:25/", "http://example.com:6379/",
        "http://example.com:5432/", "http://example.com:11211/", "http://[::1/", "http://[v1.x]/",
        f"http://example.com/{'a' * 2000}", "http://example.com/ä",
    ],
)  # fmt: skip
def test_s8_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        read(url)


@pytest.mark.parametrize(
    "url",
    ["https://hooks.slack.com/services/T0/B0/x", "http://example.com:8080/a?b=c", "https://bücher.example/x"],
)
def test_public_names_are_read_without_asking_anybody(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    real = socket.getaddrinfo

    def numeric_only(*args: object, **options: object) -> object:
        asked.append(options.get("flags", 0))
        return real(*args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", numeric_only)
    assert read(url).host.isascii()
    assert set(asked) == {socket.AI_NUMERICHOST}


@given(st.ip_addresses(v=4))
def test_s8_no_address_that_python_knows_as_special_is_public(address: IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert not is_public(address)


@given(
    st.ip_addresses(v=6),
    st.sampled_from(["::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32", "::/96"]),
)
def test_s8_no_transition_form_is_public_whatever_it_carries(address: IPv6Address, network: str) -> None:
    prefix, _, length = network.partition("/")
    mask = (1 << (128 - int(length))) - 1
    assert not is_public(IPv6Address(int(ip_address(prefix)) | (int(address) & mask)))


@given(st.ip_addresses(v=6))
def test_s8_no_ipv6_address_outside_the_global_range_is_public(address: IPv6Address) -> None:
    if not address.is_global:
        assert not is_public(address)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """The name server says the first of ``answers``, then the second, …; the last one stays."""
    asked: list[str] = []

    def say(host: str, port: object, *args: object, **options: object) -> list[object]:
        if options.get("flags") == socket.AI_NUMERICHOST:
            raise socket.gaierror
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", say)
    return asked


def test_s8_one_inner_address_among_public_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["93.184.216.34", "10.0.0.7"])
    with pytest.raises(AddressRefused):
        look_up(read("http://example.com/"), seconds=1)


def test_s8_a_name_that_changes_its_mind_is_asked_once_a_call_and_the_call_goes_where_it_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: public when checked, inside a moment later."""
    asked = resolving(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    connected: list[tuple[str, int]] = []

    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address)
        raise OSError

    monkeypatch.setattr(socket.socket, "connect", connect)
    first = egress.post("http://rebind.example/", body=b"", headers={}, seconds=2)
    second = egress.post("http://rebind.example/", body=b"", headers={}, seconds=2)
    assert asked == ["rebind.example", "rebind.example"]
    assert connected == [("93.184.216.34", 80)]
    assert not first.arrived
    assert second.error == NOWHERE


def test_s8_the_error_tells_nobody_whether_a_name_exists_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    for found in (["10.0.0.7"], ["169.254.169.254"], ["fd00::1"], []):
        resolving(monkeypatch, found)
        said.append(egress.post("http://wiki.example/", body=b"", headers={}, seconds=2).error)
    assert set(said) == {NOWHERE}


def test_s8_a_redirect_inside_is_not_followed(settings: Settings) -> None:
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.1/32"]
    with receiving(answers(204)) as inside, receiving(answers(302, Location=inside.url)) as outside:
        answer = egress.post(outside.url, body=b"{}", headers={})
        assert answer.status == 302
        assert "not followed" in answer.error
        assert inside.url not in answer.error
        assert inside.connections == 0


def test_what_a_company_allows_by_network_or_by_name_is_called(settings: Settings) -> None:
    with receiving(answers(200)) as receiver:
        assert egress.post(receiver.url, body=b"{}", headers={}).error == NOWHERE
        settings.WEBHOOK_ALLOW_NETS = ["127.0.0.0/8"]
        assert egress.post(receiver.url, body=b"{}", headers={}).arrived
        named = receiver.url.replace("127.0.0.1", "LOCALHOST")
        assert not egress.post(named, body=b"{}", headers={}).arrived
        settings.WEBHOOK_ALLOW_NETS = ["localhost"]
        assert egress.post(named, body=b"{}", headers={}).arrived
        assert len(receiver.requests) == 2


def test_a_name_server_that_says_nothing_costs_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep(*args: object, **options: object) -> list[object]:
        time.sleep(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", sleep)
    target = addresses.Target("http", "slow.example", 80, "/", "slow.example")
    started = time.monotonic()
    with pytest.raises(AddressRefused):
        look_up(target, seconds=0.2)
    assert time.monotonic() - started < 1
