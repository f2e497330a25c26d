"""Alerts in the browser: what reaches the push service is for one browser's eyes only."""

import base64
import json
import os
from dataclasses import dataclass
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from py_vapid import Vapid02
from pytest_django import Settings

from accounts.models import User
from notifications import calling, pushing
from notifications.models import AlertWishes, Browser, Delivery
from notifications.notify import notify
from tests.factories import NOW, rep
from tests.notifications.receivers import answers, loopback, one_after_the_other, receiving

__all__ = ["loopback"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Device:
    """The browser's side: its keys, and what it can read."""

    url: str

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)

    @property
    def subscription(self) -> dict[str, Any]:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.url, "keys": {"p256dh": b64(point), "auth": b64(self.auth)}}

    def reads(self, body: bytes) -> dict[str, str]:
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        read: dict[str, str] = json.loads(plain)
        return read


def subscribe(person: User, device: Device) -> int:
    client = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    client.force_login(person)
    address = "/profile/alerts/browsers/"
    return client.post(address, device.subscription, content_type="application/json").status_code


def tell(person: User, title: str = "Ada is yours", **fields: object) -> Delivery:
    told = notify(recipient=person, kind="handoff", key=title, title=title, at=NOW, email=False, **fields)
    return Delivery.objects.get(notification=told, channel="push")


def send() -> int:
    return calling.make_due(sources=[(pushing.lease, 4)], at=NOW)


def test_the_browser_reads_the_alert_and_nobody_else_can() -> None:
    sol = rep()
    with receiving(answers(201)) as service:
        device = Device(service.url)
        assert subscribe(sol, device) == 204
        assert Browser.objects.get().label == "Firefox on Linux"
        delivery = tell(sol, "Ada “Äpfel” is yours", body="x" * 5000, url="/leads/1/")
        assert send() == 1
    (heard,) = service.requests
    assert len(heard.body) <= 4096
    said = device.reads(heard.body)
    assert (said["title"], said["url"]) == ("Ada “Äpfel” is yours", "/leads/1/")
    assert heard.headers["content-encoding"] == "aes128gcm"
    assert heard.headers["ttl"] == "86400"
    assert Vapid02.verify(heard.headers["authorization"])
    assert heard.headers["authorization"].endswith(f"k={pushing.public_key()}")
    with pytest.raises(http_ece.ECEException):
        Device("").reads(heard.body)
    delivery.refresh_from_db()
    assert delivery.state == "sent"


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_expired_is_forgotten_and_the_alert_says_why(status: int) -> None:
    sol = rep()
    with receiving(answers(status)) as service:
        subscribe(sol, Device(service.url))
        delivery = tell(sol)
        assert send() == 0
    assert not Browser.objects.exists()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == ("skipped", "gone")


def test_one_of_two_browsers_is_enough_and_a_service_in_trouble_is_tried_again(settings: Settings) -> None:
    settings.RETRY_SCALE = 1.0
    sol = rep()
    with receiving(answers(410)) as gone, receiving(one_after_the_other(answers(500), answers(201))) as moody:
        subscribe(sol, Device(gone.url))
        subscribe(sol, Device(moody.url))
        delivery = tell(sol)
        assert send() == 0
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts, delivery.error) == ("waiting", 1, "It answered 500.")
        Delivery.objects.update(next_at=NOW)
        assert send() == 1
        assert (len(gone.requests), len(moody.requests)) == (1, 2)
    assert Browser.objects.count() == 1


def test_turned_off_is_written_down_and_nothing_is_sent() -> None:
    sol = rep()
    AlertWishes.objects.create(user=sol, push=False)
    with receiving(answers(201)) as service:
        subscribe(sol, Device(service.url))
        assert (tell(sol).state, tell(sol, "Second").reason) == ("skipped", "off")
        assert send() == 0
        assert service.requests == []


def test_who_has_no_browser_gets_no_push_row() -> None:
    sol = rep()
    notify(recipient=sol, kind="handoff", key="k", title="Hi", at=NOW)
    assert not Delivery.objects.filter(channel="push").exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("not json", "endpoint"),
        ("[]", "endpoint"),
        ('{"endpoint": 1, "keys": {"p256dh": "a", "auth": "b"}}', "endpoint"),
        ('{"endpoint": "ftp://x.example", "keys": {"p256dh": "a", "auth": "b"}}', "endpoint"),
        ('{"endpoint": "http://10.0.0.1/", "keys": {"p256dh": "a", "auth": "b"}}', "endpoint"),
        ('{"endpoint": "https://push.example/1", "keys": {"p256dh": "a", "auth": "b"}}', "p256dh"),
        ('{"endpoint": "https://push.example/1", "keys": {"p256dh": "%s", "auth": "AAAA"}}', "auth"),
        ('{"endpoint": "https://push.example/1", "keys": ' + " " * 5000, "endpoint"),
    ],
)  # fmt: skip
def test_s8_what_is_no_subscription_is_refused_with_the_field(body: str, field: str) -> None:
    client = Client()
    client.force_login(rep())
    point = Device("").subscription["keys"]["p256dh"]
    sent = body.replace("%s", point)
    answer = client.post("/profile/alerts/browsers/", sent, content_type="application/json")
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_s2_anothers_browser_is_404_and_a_shared_one_belongs_to_who_asked_last() -> None:
    sol, mona = rep(), rep("Mona Colleague")
    device = Device("https://push.example/1")
    subscribe(sol, device)
    browser = Browser.objects.get()
    client = Client()
    client.force_login(mona)
    assert client.post(f"/profile/alerts/browsers/{browser.public_id}/deletion/").status_code == 404
    subscribe(mona, device)
    assert Browser.objects.get().user == mona
    assert (
        client.post(f"/profile/alerts/browsers/{Browser.objects.get().public_id}/deletion/").status_code
        == 302
    )
    assert not Browser.objects.exists()


def test_the_worker_script_rules_the_whole_site_and_is_never_kept() -> None:
    answer = Client().get("/push-worker.js")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"
    assert "showNotification" in answer.content.decode()
