"""The live stream, as a browser meets it: over HTTP from the real web process."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from notifications import hurry
from notifications.notify import notify
from tests.factories import NOW, rep
from tests.fixtures.processes import Broker, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Heard:
    """What one connection said, and whether it has ended."""

    lines: list[str] = field(default_factory=list)
    ended: bool = False

    def events(self, name: str) -> list[dict[str, Any]]:
        found, event = [], ""
        for line in list(self.lines):
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event == name:
                found.append(json.loads(line.removeprefix("data: ")))
        return found

    @property
    def titles(self) -> list[str]:
        return [told["title"] for told in self.events("notification")]

    @property
    def last_id(self) -> str:
        return [line.removeprefix("id: ") for line in self.lines if line.startswith("id: ")][-1]


@contextmanager
def listening(site: str, client: Client, last_id: str = "") -> Iterator[Heard]:
    """A connection to the stream with the cookies of ``client``, read in the background."""
    heard = Heard()
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with (
        httpx.Client(cookies=cookies, timeout=httpx.Timeout(5, read=60)) as browser,
        browser.stream("GET", f"{site}/live/", headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"

        def read() -> None:
            try:
                for line in response.iter_lines():
                    heard.lines.append(line)
                heard.ended = True
            except (httpx.HTTPError, httpx.StreamError):
                pass

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        wait_until(lambda: any(line.startswith("id: ") for line in heard.lines), what="the stream greets")
        yield heard
        response.close()


def tell(person: User, title: str) -> None:
    notify(recipient=person, kind="handoff", key=title, title=title, at=NOW, email=False)


@pytest.fixture
def sol() -> User:
    return rep()


@pytest.fixture
def signed_in(client: Client, sol: User) -> Client:
    client.force_login(sol)
    return client


def test_what_is_told_is_on_the_page_within_a_second(site: str, signed_in: Client, sol: User):
    other = rep("Mona Colleague")
    with listening(site, signed_in) as heard:
        started = time.monotonic()
        tell(other, "Not for you")
        tell(sol, "Ada is yours")
        wait_until(lambda: heard.titles, seconds=5)
        assert time.monotonic() - started < 1
        wait_until(lambda: heard.events("handoff"), seconds=1)
        assert heard.titles == ["Ada is yours"]


def test_a_change_in_ones_lists_wakes_the_page_without_a_message(site: str, signed_in: Client, sol: User):
    with listening(site, signed_in) as heard:
        hurry.look(user_ids=[sol.pk])
        wait_until(lambda: heard.events("handoff"), seconds=2)
        assert heard.titles == []


def test_f17_fifty_disconnects_during_five_hundred_messages_show_each_once(
    site: str, signed_in: Client, sol: User
):
    total, rounds = 500, 50

    def tell_all() -> None:
        try:
            for number in range(total):
                tell(sol, f"Message {number:03}")
        finally:
            connection.close()

    telling = threading.Thread(target=tell_all)
    with listening(site, signed_in) as heard:
        last = heard.last_id
    telling.start()
    seen: list[str] = []
    for _ in range(rounds):
        with listening(site, signed_in, last_id=last) as heard:
            wait_until(partial(_said_or_over, heard, telling), seconds=10)
        seen += heard.titles
        last = heard.last_id
    telling.join()
    with listening(site, signed_in, last_id=last) as heard:
        wait_until(lambda: len(seen) + len(heard.titles) >= total, seconds=20)
        seen += heard.titles
    assert seen == [f"Message {number:03}" for number in range(total)]


def test_f3_with_the_broker_away_the_page_still_hears_within_seconds(
    site: str, signed_in: Client, sol: User, broker: Broker
):
    with listening(site, signed_in) as heard:
        broker.kill()
        tell(sol, "Without a broker")
        wait_until(lambda: "Without a broker" in heard.titles, seconds=15)
        broker.start()
        wait_until(lambda: _is_heard(heard, sol), seconds=15, what="the stream listens again")
        assert heard.titles == ["Without a broker"]  # once, also after it listens again
        assert not heard.ended


def _said_or_over(heard: Heard, telling: threading.Thread) -> bool:
    return bool(heard.titles) or not telling.is_alive()


def _is_heard(heard: Heard, sol: User) -> bool:
    """Whether a call reaches the stream at once, not only at its next look."""
    before = len(heard.events("handoff"))
    hurry.look(user_ids=[sol.pk])
    time.sleep(0.5)
    return len(heard.events("handoff")) > before


@pytest.mark.parametrize("how", ["signs out", "is switched off", "has a new password"])
def test_s12_the_stream_ends_when_the_session_does(site: str, signed_in: Client, sol: User, how: str):
    with listening(site, signed_in) as heard:
        if how == "signs out":
            signed_in.logout()
        elif how == "is switched off":
            User.objects.filter(pk=sol.pk).update(is_active=False)
        else:
            sol.set_password("another-horse")
            sol.save()
        started = time.monotonic()
        wait_until(lambda: heard.ended, seconds=8, what="the stream ends")
        assert time.monotonic() - started <= 5
        assert heard.titles == []


def test_strangers_get_no_stream_and_no_sign_in_page(site: str):
    answer = httpx.get(f"{site}/live/")
    assert answer.status_code == 401
