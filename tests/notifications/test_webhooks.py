"""Facts on their way to endpoints: written once, tried as promised, parked, replayed, given up on."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from statistics import quantiles

import pytest
from django.db import connection, transaction
from pytest_django import Settings
from standardwebhooks import Webhook

from accounts.models import User
from notifications import calling, egress, endpoints, switching, tasks, webhooks
from notifications.announcing import Told, announce
from notifications.models import Announcement, Delivery, Dispatch, Endpoint, Notification
from notifications.notify import notify
from notifications.retrying import DISPATCH_MINUTES, wait_after
from tests.factories import NOW, admin
from tests.fixtures.mail import Mailbox
from tests.fixtures.processes import wait_until
from tests.notifications.receivers import (
    Behaviour,
    Flood,
    Receiver,
    answers,
    cuts,
    drips_head,
    loopback,
    one_after_the_other,
    receiving,
    stalls,
)

__all__ = ["loopback"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]

EVENT = "lead.accepted"
#: F8, in minutes after the first try.
PROMISED = [0, 5 / 60, 5, 30, 120, 300, 600, 840, 1200, 1440]


def endpoint(url: str, name: str = "n8n", **fields) -> Endpoint:
    made = Endpoint(
        name=name,
        events=fields.pop("events", [EVENT]),
        created_by=User.objects.filter(role="admin").first() or admin(),
        **fields,
    )
    made.point_to(url)
    endpoints.equip(made)
    made.save()
    return made


def tell(key: str = "", at: datetime = NOW) -> Announcement | None:
    data = Told(
        summary="Sol accepted Ada",
        url="https://handoff.example/leads/1/",
        lead={"id": str(uuid.uuid4()), "name": "Ada", "title": "", "company": None},
    )
    return announce(event=EVENT, key=key or f"test:{uuid.uuid4()}", at=at, data=data)


def send(at: datetime = NOW) -> int:
    return calling.make_due(sources=[(webhooks.lease, tasks.ENDPOINTS)], at=at)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(answers(204)) as made:
        yield made


@pytest.fixture
def quick_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call ends after a second instead of fifteen."""
    monkeypatch.setattr(webhooks, "post", lambda url, **fields: egress.post(url, **fields, seconds=1))


# Written once, with the fact


def test_a_fact_is_told_once_to_each_endpoint_that_listens(receiver: Receiver) -> None:
    endpoint(receiver.url)
    endpoint(receiver.url, "Elsewhere", events=["lead.mql"])
    off = endpoint(receiver.url, "Off")
    switching.switch_off(endpoint=off, why=Endpoint.Off.PERSON, at=NOW)
    assert tell("verdict:1") is not None
    assert tell("verdict:1") is None
    assert send() == 1
    assert send() == 0
    assert len(receiver.requests) == 1


def test_what_nobody_listens_to_leaves_no_row() -> None:
    assert tell() is None
    assert not Announcement.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_f11_tellers_of_one_fact_at_once_tell_it_once_and_break_nobodys_transaction(
    receiver: Receiver,
) -> None:
    endpoint(receiver.url)
    start, told = threading.Barrier(4), []

    def work() -> None:
        try:
            start.wait(10)
            with transaction.atomic():
                told.append(tell("same"))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len([one for one in told if one]) == 1
    assert Dispatch.objects.count() == 1


def test_a_fact_that_is_rolled_back_is_not_told(receiver: Receiver) -> None:
    endpoint(receiver.url)
    with transaction.atomic():
        assert tell() is not None
        transaction.set_rollback(True)
    assert send() == 0
    assert receiver.requests == []


def test_s14_what_arrives_is_signed_and_says_what_happened(receiver: Receiver) -> None:
    made = endpoint(receiver.url)
    announcement = tell()
    # The reference library looks at the clock, so the try is made now.
    assert send(at=datetime.now(tz=NOW.tzinfo)) == 1
    (heard,) = receiver.requests
    checked = Webhook(made.secret).verify(heard.body, heard.headers)
    assert heard.headers["webhook-id"] == announcement.message_id
    assert heard.headers["content-type"] == "application/json; charset=utf-8"
    assert checked["type"] == EVENT
    assert datetime.fromisoformat(checked["timestamp"]) == NOW
    assert checked["data"]["lead"]["name"] == "Ada"


def test_s14_after_a_rotation_both_secrets_sign_for_24_hours(receiver: Receiver) -> None:
    made = endpoint(receiver.url)
    old = made.secret
    new = endpoints.rotate(endpoint=made, at=NOW)
    for hours, count in ((0, 2), (23.9, 2), (24, 1), (30, 1)):
        tell()
        assert send(at=NOW + timedelta(hours=hours)) == 1
        assert len(receiver.requests[-1].headers["webhook-signature"].split()) == count
    made.refresh_from_db()
    assert made.secret == new != old


def test_s13_the_database_holds_neither_address_nor_secret_in_clear(receiver: Receiver) -> None:
    made = endpoint(f"{receiver.url}/T0/B0/token-of-the-channel")
    endpoints.rotate(endpoint=made, at=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(e)::text FROM notifications_endpoint e")
        (row,) = cursor.fetchone()
    made.refresh_from_db()
    assert made.secret.startswith("whsec_")
    assert "whsec_" not in row
    assert "token-of-the-channel" not in row


def test_with_another_secret_key_nothing_is_signed_with_an_empty_secret(
    receiver: Receiver, settings: Settings
) -> None:
    endpoint(receiver.url)
    tell()
    settings.SECRET_KEY = "another" * 10
    assert send() == 0
    assert receiver.requests == []
    assert "SECRET_KEY changed" in Dispatch.objects.get().error


# Tried as promised


def test_f8_a_failing_endpoint_is_tried_at_the_promised_moments_and_then_parked(settings: Settings) -> None:
    settings.RETRY_SCALE = 1.0
    with receiving(answers(500)) as failing:
        endpoint(failing.url)
        tell()
        moments, at = [], NOW
        while (waiting := Dispatch.objects.get()).state == "waiting":
            at = max(at, waiting.next_at)
            assert send(at=at - timedelta(seconds=1)) == 0
            assert send(at=at) == 0
            moments.append((at - NOW).total_seconds() / 60)
        assert len(failing.requests) == 10
        assert len(set(failing.ids)) == 1
    assert moments == pytest.approx(PROMISED, rel=0.1, abs=1e-6)
    parked = Dispatch.objects.get()
    assert (parked.state, parked.attempts, parked.status, parked.error) == (
        "parked",
        10,
        500,
        "It answered 500.",
    )
    assert Endpoint.objects.get().is_on
    with receiving(answers(200)) as mended:
        made = Endpoint.objects.get()
        made.point_to(mended.url)
        made.save()
        assert endpoints.replay(dispatches=Dispatch.objects.all(), at=at) == 1
        assert send(at=at) == 1
        assert mended.ids == failing.ids[:1]


def test_f8_the_jitter_is_a_tenth_either_way_and_differs(settings: Settings) -> None:
    settings.RETRY_SCALE = 1.0
    for attempt in range(1, 10):
        gap = PROMISED[attempt] - PROMISED[attempt - 1]
        waits = {wait_after(attempt, moments=DISPATCH_MINUTES).total_seconds() / 60 for _ in range(200)}
        assert min(waits) >= 0.9 * gap
        assert max(waits) <= 1.1 * gap
        assert len(waits) > 100
    assert wait_after(10, moments=DISPATCH_MINUTES) is None


def test_the_waits_can_be_shortened_for_tests(settings: Settings) -> None:
    settings.RETRY_SCALE = 0.0
    with receiving(one_after_the_other(*[answers(500)] * 3, answers(200))) as moody:
        endpoint(moody.url)
        tell()
        for _ in range(4):
            send()
        assert len(moody.requests) == 4
        assert Dispatch.objects.get().state == "sent"


@pytest.mark.parametrize("status", [429, 503])
def test_f8_retry_after_is_obeyed_by_everything_for_that_endpoint(status: int, settings: Settings) -> None:
    settings.RETRY_SCALE = 0.0
    busy = one_after_the_other(answers(status, Retry_After="90"), answers(200))
    with receiving(busy) as receiver, receiving(answers(200)) as other:
        endpoint(receiver.url)
        endpoint(other.url, "Other")
        tell()
        tell()
        assert send() == 2  # both to the other one
        assert len(receiver.requests) == 1
        assert send(at=NOW + timedelta(seconds=89)) == 0
        assert len(receiver.requests) == 1
        assert send(at=NOW + timedelta(seconds=90)) == 2
        assert len(other.requests) == 2


@pytest.mark.parametrize("trouble", ["refuses", "cuts", "stalls", "drips"])
def test_f8_every_kind_of_trouble_is_tried_again_with_the_same_id(
    trouble: str, settings: Settings, quick_to_give_up: None
) -> None:
    settings.RETRY_SCALE = 1.0
    bad = {"cuts": cuts, "stalls": stalls, "drips": drips_head}.get(trouble, answers(200))
    behaviour = answers(200) if trouble == "refuses" else one_after_the_other(bad, answers(200))
    with receiving(behaviour) as receiver:
        made = endpoint("http://127.0.0.1:65534/" if trouble == "refuses" else receiver.url)
        announcement = tell()
        assert send() == 0
        made.refresh_from_db()
        made.point_to(receiver.url)
        made.save()
        assert send(at=NOW + timedelta(seconds=4)) == 0
        assert send(at=NOW + timedelta(seconds=6)) == 1
        assert set(receiver.ids) == {announcement.message_id}
        dispatch = Dispatch.objects.get()
        assert (dispatch.state, dispatch.attempts, dispatch.error) == ("sent", 2, "")


# Given up on


def test_f8_one_410_switches_the_endpoint_off_and_the_admins_get_a_mail(smtp: Mailbox) -> None:
    boss, gone = admin(), answers(410)
    with receiving(gone) as receiver:
        made = endpoint(receiver.url)
        tell()
        assert send() == 0
        tell()
        assert send(at=NOW + timedelta(days=1)) == 0
        assert len(receiver.requests) == 1
    made.refresh_from_db()
    assert (made.is_on, made.off_reason) == (False, "gone")
    told = Notification.objects.get(kind="endpoint_off")
    assert (told.recipient, told.url) == (boss, f"/webhooks/{made.public_id}/")
    tasks.deliver_due()
    assert [mail["Subject"] for mail in smtp.messages] == ["Webhook switched off: n8n"]


def test_f8_after_five_days_of_failures_it_is_switched_off_and_what_waits_is_kept(settings: Settings) -> None:
    settings.RETRY_SCALE = 1.0
    admin()
    with receiving(answers(500)) as failing:
        made = endpoint(failing.url)
        for day in range(6):
            tell(at=NOW + timedelta(days=day))
            send(at=NOW + timedelta(days=day, seconds=-1))
            send(at=NOW + timedelta(days=day))
            made.refresh_from_db()
            assert made.is_on == (day < 5), day
    assert made.off_reason == "failing"
    assert Notification.objects.filter(kind="endpoint_off").count() == 1
    with receiving(answers(200)) as mended:
        made.point_to(mended.url)
        made.save()
        assert switching.switch_on(endpoint=made)
        assert send(at=NOW + timedelta(days=30)) == Dispatch.objects.filter(state="sent").count() > 0


def test_an_arrival_in_between_begins_the_five_days_anew(settings: Settings) -> None:
    settings.RETRY_SCALE = 1.0
    with receiving(one_after_the_other(answers(500), answers(200), answers(500))) as moody:
        made = endpoint(moody.url)
        for day in (0, 3, 6):
            Dispatch.objects.all().delete()
            tell(at=NOW + timedelta(days=day))
            send(at=NOW + timedelta(days=day))
        made.refresh_from_db()
    assert made.is_on
    assert made.failing_since == NOW + timedelta(days=6)


# Neither dies with a worker nor waits for one


def test_a_worker_that_died_in_the_middle_is_followed_by_another(receiver: Receiver) -> None:
    made = endpoint(receiver.url)
    announcement = tell()
    webhooks.lease(NOW, 1)
    assert send(at=NOW + timedelta(minutes=1)) == 0
    assert send(at=NOW + timedelta(minutes=3)) == 1
    assert receiver.ids == [announcement.message_id]
    made.refresh_from_db()
    assert made.leased_until is None


def test_what_kills_every_worker_is_parked(receiver: Receiver) -> None:
    endpoint(receiver.url)
    tell()
    Dispatch.objects.update(state="sending", attempts=10, leased_until=NOW)
    assert send(at=NOW + timedelta(minutes=3)) == 0
    assert Dispatch.objects.get().state == "parked"
    assert receiver.requests == []


def test_an_answer_that_comes_after_somebody_took_over_changes_nothing(receiver: Receiver) -> None:
    endpoint(receiver.url)
    tell()
    (late,) = webhooks.lease(NOW, 1)
    Dispatch.objects.update(attempts=2)
    assert not late.record(egress.Answer(500, "It answered 500.", 3), NOW)
    assert Dispatch.objects.get().state == "sending"


def test_f9_with_one_of_ten_endpoints_hanging_the_others_hear_at_most_a_second_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nine alone, and nine beside one that hangs for three seconds, drips or floods. Of two rounds the better
    one counts: this machine has other things to do."""
    monkeypatch.setattr(webhooks, "post", lambda url, **fields: egress.post(url, **fields, seconds=3))
    troubles = {"stalls": stalls, "drips": drips_head, "floods": Flood()}

    def p95(trouble: Behaviour | None) -> float:
        Endpoint.objects.all().delete()
        with ExitStack() as stack:
            nine = [stack.enter_context(receiving(answers(200))) for _ in range(9)]
            if trouble:  # first in line
                endpoint(stack.enter_context(receiving(trouble)).url, "Bad")
            for number, one in enumerate(nine):
                endpoint(one.url, f"Good {number}")
            tell()
            started = time.monotonic()
            send()
            return quantiles([one.requests[0].at - started for one in nine], n=20)[-1]

    alone = min(p95(None) for _ in range(2))
    beside = {name: min(p95(trouble) for _ in range(2)) for name, trouble in troubles.items()}
    print({"alone": alone, **beside})  # noqa: T201 — pytest -s shows the figures
    assert max(beside.values()) - alone <= 1.0


@pytest.mark.django_db(transaction=True)
def test_f9_mail_goes_out_while_an_endpoint_hangs(smtp: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "post", lambda url, **fields: egress.post(url, **fields, seconds=30))
    eve = admin("Eve Early")

    def work() -> None:
        try:
            tasks.make_calls()
        finally:
            connection.close()

    with receiving(stalls) as receiver:
        endpoint(receiver.url)
        tell()
        calls = threading.Thread(target=work)
        calls.start()
        wait_until(lambda: receiver.requests)
        notify(recipient=eve, kind="handoff", key="k", title="Hi", at=NOW)
        tasks.deliver_due()
        assert len(smtp.messages) == Delivery.objects.filter(state="sent").count() == 1
        assert calls.is_alive()
    calls.join()


def test_one_endpoint_hears_in_order_while_it_answers(receiver: Receiver) -> None:
    endpoint(receiver.url)
    told = [tell(at=NOW - timedelta(seconds=9 - number)) for number in range(9)]
    assert send() == 9
    assert receiver.ids == [one.message_id for one in told]


# Tests and chat rooms


def test_a_test_is_sent_at_once_is_not_tried_again_and_is_no_evidence() -> None:
    with receiving(answers(410)) as receiver:
        made = endpoint(receiver.url)
        dispatch = endpoints.send_test(endpoint=made, at=NOW)
    assert (dispatch.state, dispatch.attempts, dispatch.status) == ("parked", 1, 410)
    made.refresh_from_db()
    assert made.is_on
    assert made.failing_since is None
    with receiving(answers(200)) as receiver:
        made.point_to(receiver.url)
        made.save()
        assert endpoints.send_test(endpoint=made, at=NOW).state == "sent"
        assert json.loads(receiver.requests[0].body)["type"] == "endpoint.test"
