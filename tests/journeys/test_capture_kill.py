"""PostgreSQL and web processes die while everything that captures is in use: whatever was answered 2xx is
there, once, and who comes in between is told when to come back (F4, F6)."""

import http.client
import json
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psutil
import pytest
from django.utils import timezone

from accounts import tokens
from capture import sites
from capture.hooks import inbox
from capture.models import InboxItem, Submission
from capture.webforms import stamps
from leads.models import Activity
from tests import factories as make
from tests.capture import forms
from tests.capture.hooks.posting import PLAIN, hook
from tests.fixtures.processes import ROOT, Broker, Process, serving, wait_until
from tests.journeys.test_launcher import Launched, environment, free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(580)]
HERE = "https://www.fieldline.example"
KILLS_OF_POSTGRES, EVENTS = 5, 10_000
KILLS_OF_WEB, CLIENTS = 20, 200


@dataclass
class Doors:
    """What it takes to come in by each door. ``stamps``: pages of the form, one for each visitor."""

    token: str
    site: str
    hook: str
    form: str
    stamps: list[str] = field(default_factory=list)


@dataclass
class Heard:
    """What clients were answered, and what they were promised to be kept, by door."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    kept: dict[str, set[str]] = field(
        default_factory=lambda: {door: set() for door in ("api", "beacon", "hook", "form")}
    )
    untold: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, door: str, status: int, ids: list[str], retry_after: str | None) -> None:
        with self.lock:
            self.statuses[door, status] += 1
            if status < 400:
                self.kept[door].update(ids)
            elif not (status == 503 and retry_after and 1 <= int(retry_after) <= 5):
                self.untold.append(f"{door}: {status}, Retry-After {retry_after}")


Answer = tuple[int, str | None]


def ask(address: str, path: str, body: str, **headers: str) -> Answer:
    """The status and when to come back. Raises OSError or HTTPException when nobody answers."""
    parts = urlsplit(address)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=40)
    try:
        line.request("POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = line.getresponse()
        answer.read()
        return answer.status, answer.headers["Retry-After"]
    finally:
        line.close()


def by_api(address: str, doors: Doors, ids: list[str]) -> Answer:
    now = datetime.now(UTC).isoformat()
    events = [
        {"event_id": key, "type": "page_view", "occurred_at": now, "email": f"{key[-1]}@firm.example"}
        for key in ids
    ]
    bearer = f"Bearer {doors.token}"
    return ask(
        address, "/api/v1/events", json.dumps(events), Authorization=bearer, Content_Type="application/json"
    )


def by_beacon(address: str, doors: Doors, ids: list[str]) -> Answer:
    now = datetime.now(UTC).isoformat()
    events = [{"id": key, "kind": "page", "at": now, "url": f"{HERE}/"} for key in ids]
    body = json.dumps({"anonymous_id": "a" * 32, "sent_at": now, "events": events})
    return ask(address, f"/t/{doors.site}", body, Origin=HERE, Content_Type="text/plain")


def by_hook(address: str, doors: Doors, ids: list[str]) -> Answer:
    [key] = ids
    body = json.dumps({"event": "demo", "id": key, "email": f"{key[-1]}@firm.example"})
    return ask(address, f"/in/{doors.hook}/", body, Content_Type="application/json")


def by_form(address: str, doors: Doors, ids: list[str]) -> Answer:
    """Each visitor has a page of their own: the number in the id says which."""
    [key] = ids
    stamp = doors.stamps[int(key.rpartition("-")[2]) % len(doors.stamps)]
    typed = {"name": "Ada", "email": f"{key}@firm.example", "message": "x", "_stamp": stamp}
    sent = urlencode({**typed, "_proof": stamps.proof(stamp)})
    return ask(address, f"/f/{doors.form}/", sent, Content_Type="application/x-www-form-urlencoded")


Door = Callable[[str, Doors, list[str]], Answer]
DOORS: dict[str, Door] = {"api": by_api, "beacon": by_beacon, "hook": by_hook, "form": by_form}


PREPARE = """
import json, sys
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from accounts import tokens
from capture import sites
from capture.models import WebForm
from capture.webforms import stamps
from tests import factories as make
from tests.capture import forms
from tests.capture.hooks.posting import PLAIN, hook
form = forms.built("contact")
at = timezone.now() - timedelta(seconds=30)
asked = [one.key for one in form.fields.all()]
pages = [stamps.make(form=form, asked=asked, came={}, at=at) for _ in range(150)]
site = sites.make(name="Website", origins=["https://www.fieldline.example"], waits_for_consent=False,
                  by=make.marketer("Site Sand", email="s@handoff.example"), at=timezone.now())
user = make.marketer("Token Tom", email="t@handoff.example")
print(json.dumps({"token": tokens.issue(user=user, scope="capture", name="shop"), "site": site.key,
    "hook": hook(mapping=PLAIN).token, "form": form.key, "stamps": pages,
    "proofs": [stamps.proof(page) for page in pages]}))
"""
COUNT = """
import json, sys
import django
django.setup()
from capture.models import InboxItem, Submission
from leads.models import Activity
print(json.dumps({
    "api": list(Activity.objects.filter(source="shop").values_list("event_id", flat=True)),
    "beacon": list(Activity.objects.filter(source="website").values_list("event_id", flat=True)),
    "hook": [json.loads(body)["id"] for body in InboxItem.objects.values_list("body", flat=True)],
    "form": [email.partition("@")[0] for email in Submission.objects.values_list("email", flat=True)],
}))
"""


def told(local: Path, program: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(local) | {"DJANGO_SETTINGS_MODULE": "crm.settings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def launched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    folder = tmp_path_factory.mktemp("kill")
    for each in (folder, *list(folder.parents)[:2]):
        each.chmod(0o755)
    launched = Launched(folder / "local", free_port())
    yield launched
    if not launched.ended:
        launched.interrupt()


def postgres_of(launched: Launched) -> psutil.Process | None:
    """The server itself, and none of its children."""
    for process in launched.processes():
        try:
            if re.search(r"postgres$", process.name()) and "-D" in process.cmdline():
                return process
        except psutil.Error:
            continue
    return None


def await_taken(heard: Heard, kill: int) -> None:
    """Some batches after this moment are taken."""
    before = heard.statuses["api", 202]
    wait_until(
        lambda: heard.statuses["api", 202] > before + 4,
        seconds=90,
        what=f"events are taken again after kill {kill}",
    )


def test_F4_postgresql_killed_five_times_under_load_loses_nothing_that_was_acknowledged(
    launched: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPTURE_RATE", "0")
    launched.start()
    address = f"http://localhost:{launched.port}"
    made = told(launched.local, PREPARE)
    proofs = dict(zip(made["stamps"], made.pop("proofs"), strict=True))
    doors, heard, stop = Doors(**made), Heard(), threading.Event()

    def go_on(name: str, door: Door, many: int, client: int, pause: float) -> None:
        for number in range(100_000):
            if stop.is_set():
                return
            ids = [f"{name}{client}.{n}-{number}" for n in range(many)]
            status, retry_after = door(address, doors, ids)
            heard.note(name, status, ids, retry_after)
            stop.wait(0.3 if status == 503 else pause)

    def form(address: str, doors: Doors, ids: list[str]) -> Answer:
        stamp = doors.stamps[int(ids[0].rpartition("-")[2]) % len(doors.stamps)]
        typed = {"name": "Ada", "email": f"{ids[0]}@firm.example", "message": "x", "_stamp": stamp}
        sent = urlencode({**typed, "_proof": proofs[stamp]})
        return ask(address, f"/f/{doors.form}/", sent, Content_Type="application/x-www-form-urlencoded")

    load: list[tuple[str, Door, int, float]] = [
        ("api", by_api, 100, 0.05),
        ("beacon", by_beacon, 10, 0.05),
        ("hook", by_hook, 1, 0.05),
        ("form", form, 1, 0.4),
    ]
    clients = [
        threading.Thread(target=go_on, args=(name, door, many, client, pause))
        for name, door, many, pause in load
        for client in range(1 if name == "form" else 2)
    ]
    for client in clients:
        client.start()
    try:
        chance = random.Random(7)
        for kill in range(KILLS_OF_POSTGRES):
            time.sleep(chance.uniform(0.5, 2))
            wait_until(lambda: postgres_of(launched), seconds=60, what="PostgreSQL runs")
            server = postgres_of(launched)
            assert server is not None
            server.kill()
            await_taken(heard, kill)
        wait_until(
            lambda: sum(len(kept) for kept in heard.kept.values()) >= EVENTS,
            seconds=180,
            what=f"{EVENTS} events",
        )
    finally:
        stop.set()
        for client in clients:
            client.join(60)

    assert heard.untold == []
    assert any(status == 503 for _, status in heard.statuses)
    stored = told(launched.local, COUNT)
    for name, kept in heard.kept.items():
        assert kept, f"{name} was used"
        assert kept <= set(stored[name]), f"{name}: {len(kept - set(stored[name]))} of {len(kept)} are lost"
        assert len(stored[name]) == len(set(stored[name])), f"{name}: stored twice"


def test_F6_web_processes_killed_under_many_clients_who_try_again_store_everything_once(
    transactional_db: None, broker: Broker, tmp_path: Path
) -> None:
    by = make.marketer()
    form = forms.built("contact")
    at = timezone.now() - timedelta(seconds=30)
    asked = [one.key for one in form.fields.all()]
    site = sites.make(name="Website", origins=[HERE], waits_for_consent=False, by=by, at=timezone.now())
    to = hook(mapping=PLAIN)
    doors = Doors(
        token=tokens.issue(user=by, scope="capture", name="shop"),
        site=site.key,
        hook=to.token,
        form=form.key,
        stamps=[stamps.make(form=form, asked=asked, came={}, at=at) for _ in range(CLIENTS)],
    )
    acknowledged: dict[str, list[str]] = {name: [] for name in DOORS}
    tries, done = Counter[str](), threading.Event()

    def insist(address: str, name: str, ids: list[str]) -> None:
        status = 0
        while not 200 <= status < 400:
            tries[ids[0]] += 1
            try:
                status, _ = DOORS[name](address, doors, ids)
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
        acknowledged[name].append(ids[0])

    def go_on(address: str, client: int) -> None:
        for number in range(10_000):
            # Few send forms: many from one network would be a robot's.
            names = list(DOORS) if client % 20 == 0 and number < 10 else ["api", "beacon", "hook"]
            for name in names:
                insist(address, name, [f"{name}-{client}-{number}"])
            if done.is_set():
                return

    with serving(tmp_path, processes=2, CAPTURE_RATE="0") as (address, processes):
        clients = [threading.Thread(target=go_on, args=(address, client)) for client in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            _kill(processes)
        finally:
            done.set()
            for client in clients:
                client.join(240)
        assert not any(client.is_alive() for client in clients)
    while inbox.work():
        pass

    assert max(tries.values()) > 1, "nobody had to try again"
    assert all(acknowledged.values()), "every door was used"
    assert sum(map(len, acknowledged.values())) >= CLIENTS
    events = Activity.objects.values_list("event_id", flat=True)
    assert sorted(events.filter(source="shop")) == sorted(acknowledged["api"])
    assert sorted(events.filter(source="website")) == sorted(acknowledged["beacon"])
    assert sorted(events.filter(source=to.source.key)) == sorted(acknowledged["hook"])
    assert InboxItem.objects.count() == len(acknowledged["hook"])
    emails = Submission.objects.values_list("email", flat=True)
    assert sorted(email.partition("@")[0] for email in emails) == sorted(acknowledged["form"])


def _kill(processes: list[Process]) -> None:
    """One process after the other, at odd moments; the other one serves meanwhile."""
    chance = random.Random(11)
    for number in range(KILLS_OF_WEB):
        process = processes[number % len(processes)]
        time.sleep(chance.uniform(0.2, 1))
        process.kill()
        process.start()
