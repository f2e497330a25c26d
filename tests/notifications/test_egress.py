"""One call: it ends in time, reads little, and says what came of it (F9)."""

import time

import pytest

from notifications import egress
from tests.notifications.receivers import (
    Behaviour,
    Flood,
    answers,
    cuts,
    drips_body,
    drips_head,
    loopback,
    receiving,
    stalls,
    talks_nonsense,
)

__all__ = ["loopback"]
pytestmark = pytest.mark.usefixtures("loopback")


def test_f9_a_call_ends_within_fifteen_seconds_by_default() -> None:
    assert egress.SECONDS <= 15


@pytest.mark.parametrize("behaviour", [stalls, drips_head], ids=["stalls", "drips"])
def test_f9_whoever_keeps_us_waiting_is_left_when_the_time_is_up(behaviour: Behaviour) -> None:
    with receiving(behaviour) as receiver:
        started = time.monotonic()
        answer = egress.post(receiver.url, body=b"{}", headers={}, seconds=1)
        assert time.monotonic() - started < 1.5
        assert answer.status is None
        assert answer.error == "No whole answer within 1 seconds."


def test_f9_once_the_status_is_known_the_rest_is_read_for_a_moment_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(egress, "BODY_SECONDS", 0.5)
    with receiving(drips_body) as receiver:
        started = time.monotonic()
        assert egress.post(receiver.url, body=b"{}", headers={}).arrived
        assert time.monotonic() - started < 1.5


def test_f9_of_ten_gigabytes_no_more_than_64_kb_is_read() -> None:
    flood = Flood()
    with receiving(flood) as receiver:
        started = time.monotonic()
        assert egress.post(receiver.url, body=b"{}", headers={}).arrived
        assert time.monotonic() - started < 2
        time.sleep(0.2)
    # What the system buffers on both sides counts as taken; what we read ourselves is limited exactly.
    assert flood.taken < 20_000_000
    assert egress.MOST_BYTES == 64 * 1024


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (cuts, "The connection broke before an answer came."),
        (talks_nonsense, "The connection broke before an answer came."),
        (answers(500), "It answered 500."),
        (answers(301, Location="http://127.0.0.1/"), "It answered 301, a redirect; these are not followed."),
        (answers(410), "It answered 410."),
    ],
    ids=["cut", "nonsense", "500", "301", "410"],
)
def test_what_went_wrong_is_said_without_a_word_of_the_other_side(behaviour: Behaviour, error: str) -> None:
    with receiving(behaviour) as receiver:
        answer = egress.post(receiver.url, body=b"{}", headers={})
    assert answer.error.startswith(error)
    assert "Said" not in answer.error
    assert "ESMTP" not in answer.error


def test_a_port_that_nobody_listens_on_is_said_to_be_silent() -> None:
    with receiving(answers(200)) as receiver:
        url = receiver.url
    assert egress.post(url, body=b"{}", headers={}).error == "Nobody answers there."


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7), ("0", 0), ("-5", 0), ("soon", 0), ("99999999", 86400), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after_is_read_and_kept_within_reason(said: str, seconds: float) -> None:
    with receiving(answers(429, Retry_After=said)) as receiver:
        assert egress.post(receiver.url, body=b"{}", headers={}).wait_seconds == seconds


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(answers(200)) as proxy, receiving(answers(200)) as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert egress.post(receiver.url, body=b"{}", headers={"X-Mine": "1"}).arrived
        assert proxy.connections == 0
        (heard,) = receiver.requests
    assert (heard.path, heard.headers["x-mine"], heard.body) == ("/hook", "1", b"{}")
