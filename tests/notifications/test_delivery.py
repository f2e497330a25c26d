"""Mail to a real server: it arrives, once by id, whatever goes wrong on the way."""

import itertools
import socket
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from notifications import tasks
from notifications.delivery import LEASE, deliver_due
from notifications.models import Delivery, Notification, Section
from notifications.notify import notify
from tests.factories import NOW, rep
from tests.fixtures.mail import Mailbox

pytestmark = pytest.mark.django_db


def tell(person=None, title: str = "Ada is yours: requested a demo", **fields) -> Delivery:
    told = notify(
        recipient=person or rep(),
        kind="handoff",
        key="handoff:1:offered",
        title=title,
        body="Head of Operations, Nordwind\nAnswer by Tue 17 Nov, 11:36.",
        url="/leads/6b/",
        sections=[Section(heading="Intent 35, line 20", rows=[("Requested a demo", "+25")])],
        at=NOW,
        **fields,
    )
    return Delivery.objects.get(notification=told)


def parts(message) -> dict[str, str]:
    return {
        part.get_content_type(): part.get_payload(decode=True).decode()
        for part in message.walk()
        if not part.is_multipart()
    }


def test_the_mail_has_all_reasons_and_one_link_as_text_and_as_html(smtp: Mailbox, settings: Settings):
    settings.PUBLIC_URL = "https://handoff.example"
    sol = rep()
    delivery = tell(sol)
    assert deliver_due(at=NOW) == 1
    (mail,) = smtp.messages
    assert mail["Subject"] == "Ada is yours: requested a demo"
    assert mail["To"] == sol.email
    assert mail["Message-ID"] == delivery.message_id
    for words in parts(mail).values():
        for piece in ("Intent 35, line 20", "Requested a demo", "+25", "Nordwind"):
            assert piece in words
        assert "https://handoff.example/leads/6b/" in words
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.sent_at) == ("sent", 1, NOW)
    assert deliver_due(at=NOW) == 0
    tasks.deliver_due()
    assert len(smtp.messages) == 1


def test_b9_what_a_stranger_typed_adds_no_header_and_no_recipient(smtp: Mailbox):
    sol = rep(name="Sol\r\nBcc: a@evil.example", email="sol@handoff.example")
    tell(sol, title="Ada\r\nBcc: all@evil.example\nX-Hello: 1 is yours")
    deliver_due(at=NOW)
    (mail,) = smtp.messages
    assert mail["Bcc"] is None
    assert mail["X-Hello"] is None
    assert mail.get_all("To") == ["sol@handoff.example"]
    assert mail["Subject"] == "Ada Bcc: all@evil.example X-Hello: 1 is yours"


def test_markup_in_a_name_is_text_in_the_html_mail(smtp: Mailbox):
    tell(title="<img src=x onerror=alert(1)> is yours")
    deliver_due(at=NOW)
    assert "<img" not in parts(smtp.messages[0])["text/html"]
    assert "<img" in parts(smtp.messages[0])["text/plain"]


def test_f7_a_server_that_says_later_is_tried_again_with_the_same_id(smtp: Mailbox, settings: Settings):
    settings.RETRY_SCALE = 1.0
    delivery = tell()
    smtp.refuse_with = "451 try later"
    assert deliver_due(at=NOW) == 0
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("waiting", 1)
    assert delivery.next_at == NOW + timedelta(seconds=5)
    assert "451" in delivery.error
    assert deliver_due(at=NOW + timedelta(seconds=4)) == 0
    smtp.refuse_with = ""
    assert deliver_due(at=NOW + timedelta(seconds=5)) == 1
    assert [mail["Message-ID"] for mail in smtp.messages] == [delivery.message_id]


def test_after_the_last_try_the_mail_is_parked_with_what_went_wrong(smtp: Mailbox, settings: Settings):
    settings.RETRY_SCALE = 0.0
    delivery = tell()
    smtp.refuse_with = "554 no"
    for _ in range(10):
        deliver_due(at=NOW)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("parked", 6)
    assert "554" in delivery.error


def test_the_waits_can_be_shortened(smtp: Mailbox, settings: Settings):
    settings.RETRY_SCALE = 0.1
    delivery = tell()
    smtp.refuse_with = "451 try later"
    deliver_due(at=NOW)
    delivery.refresh_from_db()
    assert delivery.next_at == NOW + timedelta(seconds=0.5)


def test_with_the_server_away_one_mail_notices_and_the_others_keep_their_tries(settings: Settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 1, False
    for number in range(3):
        notify(recipient=rep(f"Rep{number} X"), kind="handoff", key="k", title="Hello", at=NOW)
    assert deliver_due(at=NOW) == 0
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    assert "cannot be reached" in Delivery.objects.get(attempts=1).error


def test_a_worker_that_died_in_the_middle_is_followed_by_another_once_its_lease_is_over(smtp: Mailbox):
    delivery = tell()
    Delivery.objects.update(state="sending", attempts=1, leased_until=NOW + LEASE)
    assert deliver_due(at=NOW + LEASE) == 0
    assert deliver_due(at=NOW + LEASE + timedelta(seconds=1)) == 1
    assert smtp.messages[0]["Message-ID"] == delivery.message_id


def test_a_mail_that_kills_every_worker_is_parked():
    tell()
    Delivery.objects.update(state="sending", attempts=6, leased_until=NOW)
    deliver_due(at=NOW + timedelta(minutes=5))
    assert Delivery.objects.get().state == "parked"


def test_nobody_is_written_to_who_no_longer_works_here(smtp: Mailbox):
    sol = rep()
    delivery = tell(sol)
    sol.is_active = False
    sol.save()
    assert deliver_due(at=NOW) == 0
    delivery.refresh_from_db()
    assert delivery.state == "parked"
    assert smtp.messages == []
    assert Notification.objects.count() == 1


def test_an_address_that_is_refused_for_good_is_not_tried_again(smtp: Mailbox, monkeypatch):
    async def no_such_user(server, session, envelope, address, options):
        return "550 No such user"

    monkeypatch.setattr(type(smtp), "handle_RCPT", staticmethod(no_such_user), raising=False)
    delivery = tell()
    deliver_due(at=NOW)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("parked", 1)


@pytest.mark.django_db(transaction=True)
def test_f7_one_worker_delivers_at_a_time_so_that_a_stalling_server_never_takes_them_all(smtp: Mailbox):
    tell()
    delivering, sent_meanwhile, in_hand = threading.Event(), [], []

    def other_worker() -> None:
        try:
            delivering.wait(10)
            sent_meanwhile.append(deliver_due(at=NOW))
            in_hand.append(Delivery.objects.get().state)
        finally:
            connection.close()

    other = threading.Thread(target=other_worker)
    other.start()
    smtp_answers = smtp.handle_DATA

    async def handle(server, session, envelope):
        delivering.set()
        other.join(10)
        return await smtp_answers(server, session, envelope)

    smtp.handle_DATA = handle  # type: ignore[method-assign]
    assert deliver_due(at=NOW) == 1
    assert sent_meanwhile == [0]
    assert in_hand == ["sending"]
    assert len(smtp.messages) == 1


def test_out_of_time_no_further_try_begins(smtp: Mailbox, monkeypatch):
    delivery = tell()
    assert deliver_due(at=NOW, seconds=0) == 0
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("waiting", 0)

    rounds = itertools.count(1)
    monkeypatch.setattr(tasks, "SECONDS", 0.05)
    monkeypatch.setattr("notifications.delivery.deliver_due", lambda **_: next(rounds))
    tasks.deliver_due()
    assert next(rounds) > 2


def test_f7_a_server_that_accepts_and_then_says_nothing_costs_one_wait(settings: Settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = False, 0.3
        for number in range(5):
            tell(rep(f"Rep{number} X"))
        started = time.monotonic()
        assert deliver_due(at=NOW) == 0
        assert time.monotonic() - started < 2
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 0, 0, 1]
