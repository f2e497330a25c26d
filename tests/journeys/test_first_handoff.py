"""From an event that another system sends to a verdict, through the real web, workers, beat and mail server.

Under the starter model of a fresh install; S1-14, S0-14, S0-15 and S4-09 are what it must do.
"""

import json
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from leads.models import ChangedLead, Lead
from notifications.models import Notification
from scoring.models import Crossing
from tests.factories import marketer, rep
from tests.fixtures.mail import Mailbox
from tests.fixtures.processes import Broker, Process, wait_until
from tests.handoff.factories import pool

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

#: A firm with enough fit for the SQL line, and one without.
FITTING = {"name": "Isar Aufzugdienst", "domain": "isar.example", "employees": 240, "industry": "HVAC"}
TINY = {"name": "Atelier Klein", "domain": "klein.example", "employees": 3, "industry": "Retail"}


@dataclass(frozen=True)
class Api:
    """The API over HTTP, with a token of ``user``."""

    address: str
    token: str

    def post(self, path: str, body: Any) -> Any:
        return self._call(path, json.dumps(body).encode())

    def get(self, path: str) -> Any:
        return self._call(path, None)

    def did(self, *happened: tuple[str, str], ago: timedelta = timedelta(minutes=1)) -> None:
        """Send that these addresses did these things, one after the other."""
        start = timezone.now() - ago
        events = [
            _event(email, kind, start + timedelta(seconds=number))
            for number, (email, kind) in enumerate(happened)
        ]
        answer = self.post("/events", events)
        assert (answer["accepted"], answer["refused"]) == (len(events), [])

    def _call(self, path: str, body: bytes | None) -> Any:
        connection = HTTPConnection(urlsplit(self.address).netloc, timeout=20)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request("POST" if body else "GET", f"/api/v1{path}", body, headers)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status < 300, said
        return json.loads(said)


def _event(email: str, kind: str, at: datetime) -> dict[str, Any]:
    return {"event_id": str(uuid.uuid4()), "type": kind, "occurred_at": at.isoformat(), "email": email}


def api(site: str, user: User) -> Api:
    return Api(site, tokens.issue(user=user, scope="write", name="website"))


@pytest.fixture
def seller(transactional_db: None) -> User:
    """Sol, alone in a pool that takes every country."""
    sol = rep()
    pool(sol)
    return sol


@pytest.fixture
def at_work(seller: User, broker: Broker, smtp: Mailbox, beat: Process, tmp_path: Path) -> Iterator[Mailbox]:
    """Worker and beat at work; mail leaves by SMTP and arrives here."""
    celery = [sys.executable, "-m", "celery", "-A", "crm", "worker", "-Q", ",".join(settings.QUEUES)]
    options = ["-c", "2", "-n", "journey@%h", "--without-gossip", "--without-mingle", "-l", "INFO"]
    mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(smtp.port), "EMAIL_USE_TLS": "0"}
    worker = Process([*celery, *options], tmp_path / "mailing.log", ready="ready.", environment=mail)
    worker.start()
    yield smtp
    worker.kill()


def words_of(mail: Message) -> str:
    """The plain text of a mail."""
    part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    text = part.get_payload(decode=True)
    assert isinstance(text, bytes)
    return text.decode()


def stage(email: str) -> str:
    return Lead.objects.values_list("stage", flat=True).get(email=email)


def settle() -> None:
    """Wait until nothing is left to be scored or handled."""
    wait_until(
        lambda: not ChangedLead.objects.exists() and not Crossing.objects.filter(handled_at=None).exists(),
        seconds=60,
        what="all events worked off",
    )


def test_a_guide_and_a_demo_request_hand_over_in_either_order_whoever_asks_s1_14(
    site: str, seller: User, at_work: Mailbox
) -> None:
    website = api(site, marketer())

    website.did(("first@anywhere.example", "comparison_guide_download"))
    settle()
    assert stage("first@anywhere.example") == "mql"
    website.did(("first@anywhere.example", "demo_request"))
    website.did(("second@anywhere.example", "demo_request"))
    settle()
    assert stage("second@anywhere.example") == "mql"
    website.did(("second@anywhere.example", "comparison_guide_download"))
    settle()

    assert stage("first@anywhere.example") == stage("second@anywhere.example") == "handed_over"
    told = Notification.objects.filter(recipient=seller, kind="handoff")
    assert told.count() == 2
    wait_until(lambda: len(at_work.messages) == 2, what="two mails")
    for mail in at_work.messages:
        assert mail["To"] == seller.email
        assert "Downloaded the comparison guide" in words_of(mail)
        assert "Asked for a demo" in words_of(mail)
        assert "Intent 35, line 20" in words_of(mail)


def test_a_demo_request_alone_hands_over_with_enough_fit_and_else_makes_an_mql_s0_14_s0_15_s4_09(
    site: str, at_work: Mailbox
) -> None:
    website = api(site, marketer())
    website.post("/leads", {"email": "head@isar.example", "title": "Head of Service", "company": FITTING})
    website.post("/leads", {"email": "owner@klein.example", "title": "Intern", "company": TINY})
    website.post("/leads", {"email": "reader@isar.example", "title": "Head of IT", "company": FITTING})

    website.did(
        ("head@isar.example", "demo_request"),
        ("owner@klein.example", "demo_request"),
        ("reader@isar.example", "ebook_download"),
    )
    settle()

    assert stage("head@isar.example") == "handed_over"
    assert stage("owner@klein.example") == "mql"
    assert stage("reader@isar.example") == "mql"


def test_sales_accepts_one_and_sends_one_back_to_marketing_over_the_api(
    site: str, seller: User, at_work: Mailbox
) -> None:
    website, sales = api(site, marketer()), api(site, seller)
    for name in ("good", "early"):
        website.post("/leads", {"email": f"{name}@isar.example", "name": name, "company": FITTING})
        website.did((f"{name}@isar.example", "quote_request"))
    settle()

    offered = {row["lead"]["name"]: row for row in sales.get("/handoffs?status=open&mine=true")["items"]}
    accepted = sales.post(f"/handoffs/{offered['good']['id']}/acceptance", {})
    rejected = sales.post(
        f"/handoffs/{offered['early']['id']}/rejection", {"reason": "timing", "note": "After the audit."}
    )
    settle()

    assert offered["good"]["evidence"]["explanation"]["dimensions"]
    assert (accepted["stage"], rejected["stage"]) == ("sql", "mql")
    back = website.get(f"/leads/{offered['early']['lead']['id']}")
    assert back["stage"] == "mql"
    assert (rejected["reason"], rejected["return_on"] is not None) == ("timing", True)
    assert Notification.objects.filter(recipient=seller, kind="handoff").count() == 2
    website.did(("early@isar.example", "page_view"))
    settle()
    assert stage("early@isar.example") == "mql"
