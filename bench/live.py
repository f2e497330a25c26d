"""P-6: an event is posted to the real web, and the rep's stream says so."""

import http.client
import json
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection
from django.test import Client

from accounts import tokens
from accounts.models import BusinessCalendar, Role, Team, User
from bench.measuring import Line, Times, spell
from bench.rules import score_everybody
from bench.screen import Screen, open_queue
from bench.web import ROOT, wait_for
from handoff.models import Pool, PoolMember
from leads.models import ChangedLead, Lead
from scoring.models import Crossing

PER_SECOND = 20
SECONDS = 20
WARM_UP = 20
#: One event in so many takes its lead over the line; the others are page views of other people.
ONE_IN = 4
#: Of those sent while a browser looks; all their rows fit on the queue's first page.
ONE_IN_ON_SCREEN = 10
SENDERS = 8
#: Give up on a message after this.
PATIENCE = 30.0


def event_to_screen() -> list[Line]:
    """Everything runs as ``manage.py up`` starts it: two web processes, five worker processes, beat. One rep
    looks at the queue in a browser while of 20 events a second two are demo requests that hand their lead
    over; then the stream alone is heard while five of 20 are."""
    rep, marketer = _people()
    each = WARM_UP + PER_SECOND * SECONDS
    ready = _ready_to_cross(2 * each)
    looked_at, doing = ready[:each], ready[each:]
    client = Client()
    client.force_login(rep, backend=settings.AUTHENTICATION_BACKENDS[0])
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    token = tokens.issue(user=marketer, scope="capture", name="bench")
    connection.close()
    with running() as port:
        with open_queue(port=port, cookie=cookie) as screen:
            _send(port, token, looked_at[:WARM_UP], screen, one_in=ONE_IN_ON_SCREEN)
            shown = _send(port, token, looked_at[WARM_UP:], screen, one_in=ONE_IN_ON_SCREEN)
            rows = _line("rep's screen", shown, screen.seen, ONE_IN_ON_SCREEN)
        heard = _Listener(port, cookie)
        _send(port, token, doing[:WARM_UP], heard)
        sent = _send(port, token, doing[WARM_UP:], heard)
        heard.stop()
    return [rows, _line("rep's stream", sent, heard.seen, ONE_IN)]


def _line(where: str, sent: "list[_Sent]", seen_at: dict[str, float], one_in: int) -> Line:
    posted = Times([each.answered - each.began for each in sent])
    asked = [each for each in sent if each.crosses]
    seen = [seen_at[each.lead] - each.began for each in asked if each.lead in seen_at]
    times = Times(seen or [PATIENCE])
    lost = len(asked) - len(seen)
    floor = f"POST /events answered p50 {spell(posted.median)}, p99 {spell(posted.percentile(99))}"
    said = f"p50 {spell(times.median)}, p99 {spell(times.percentile(99))}"
    if lost:
        said += f", {lost} of {len(asked)} not seen"
    what = f"event → {where}, {PER_SECOND}/s, {PER_SECOND // one_in}/s cross"
    return Line("P-6", what, floor, said, "", "p50 ≤ 300 ms, p99 ≤ 1 s")


def _people() -> tuple[User, User]:
    """One rep who gets everything, and the marketer whose website sends events."""
    calendar = BusinessCalendar.objects.get_or_create(name="Always open")[0]
    team = Team.objects.get_or_create(name="Bench", defaults={"calendar": calendar})[0]
    rep = _person("rep@bench.example", Role.REP)
    rep.teams.add(team)
    pool = Pool.objects.update_or_create(name="Bench", defaults={"team": team, "position": 1})[0]
    PoolMember.objects.get_or_create(pool=pool, user=rep)
    return rep, _person("marketer@bench.example", Role.MARKETER)


def _person(email: str, role: Role) -> User:
    return User.objects.get_or_create(email=email, defaults={"name": role.label, "role": role})[0]


def _ready_to_cross(count: int) -> list[tuple[str, str]]:
    """(public id, address) of leads with enough fit that have never crossed; everybody is up to date."""
    ChangedLead.objects.all().delete()
    score_everybody()
    over = Crossing.objects.filter(stage="sql").values("lead")
    leads = Lead.objects.filter(scores__fit__gte=2_000).exclude(pk__in=over).order_by("public_id")
    return [(str(lead.public_id), str(lead.email)) for lead in leads[:count]]


@contextmanager
def running() -> Iterator[int]:
    """The whole product on the bench's folder, as ``bench-up.log`` there tells it. Yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    log = (settings.LOCAL_DIR / "bench-up.log").open("wb")
    up = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port)], cwd=ROOT, stdout=log, stderr=log
    )
    try:
        wait_for(port, lambda: up.poll() is None, path="/readyz")
        time.sleep(8)  # workers connect, beat finds its feet
        yield port
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(60)
        log.close()


class _Listener:
    """The rep's browser tab: reads the stream and notes when it first heard of each lead."""

    def __init__(self, port: int, cookie: str) -> None:
        self.seen: dict[str, float] = {}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        headers = {"Host": "localhost", "Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
        self._connection.request("GET", "/live/", headers=headers)
        self._stream = self._connection.getresponse()
        if self._stream.status != http.client.OK:
            raise RuntimeError(f"The stream answered {self._stream.status}.")
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while line := self._stream.readline():
            if found := re.search(rb'"about": ?"([0-9a-f-]{36})"', line):
                self.seen.setdefault(found[1].decode(), time.perf_counter())

    def stop(self) -> None:
        self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)


@dataclass(frozen=True, slots=True)
class _Sent:
    """One posted event; moments by ``perf_counter``."""

    lead: str
    crosses: bool
    began: float
    answered: float


def _send(
    port: int, token: str, doing: list[tuple[str, str]], heard: _Listener | Screen, *, one_in: int = ONE_IN
) -> list[_Sent]:
    """Post one event for each of these leads at an even pace. Returns what was sent, once everybody who
    crossed was heard of or is seen, or patience is over."""
    sent: list[_Sent] = []
    work: queue.Queue[tuple[float, bool, str, str] | None] = queue.Queue()
    start = time.perf_counter() + 0.1
    for number, (lead, email) in enumerate(doing):
        work.put((start + number / PER_SECOND, number % one_in == 0, lead, email))
    for _ in range(SENDERS):
        work.put(None)

    def sender() -> None:
        web = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        headers = {"Host": "localhost", "Authorization": f"Bearer {token}"}
        headers["Content-Type"] = "application/json"
        while (item := work.get()) is not None:
            due, crosses, lead, email = item
            time.sleep(max(0.0, due - time.perf_counter()))
            event = {
                "event_id": f"live-{lead}",
                "type": "demo_request" if crosses else "page_view",
                "occurred_at": datetime.now(UTC).isoformat(),
                "email": email,
            }
            began = time.perf_counter()
            web.request("POST", "/api/v1/events", json.dumps([event]), headers)
            answer = web.getresponse()
            answer.read()
            if answer.status != http.client.ACCEPTED:
                raise RuntimeError(f"POST /events answered {answer.status}.")
            sent.append(_Sent(lead, crosses, began, time.perf_counter()))

    threads = [threading.Thread(target=sender) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deadline = time.monotonic() + PATIENCE
    crossed = {each.lead for each in sent if each.crosses}
    while time.monotonic() < deadline and not crossed <= heard.seen.keys():
        time.sleep(0.05)
    return sent
