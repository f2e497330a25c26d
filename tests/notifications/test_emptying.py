"""What was told is dropped after a while; that it was told stays (P6)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications import emptying
from notifications.delivery import send_again
from notifications.models import Announcement, Delivery, Dispatch, Notification
from notifications.notify import notify
from tests.factories import admin, rep
from tests.notifications.receivers import loopback
from tests.notifications.test_webhooks import endpoint, tell

__all__ = ["loopback"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]

WORDS = "Marta Kowalczyk asked for a demo, +49 40 123456"


def alert(to, days: int, state: str = "sent") -> Notification:
    at = timezone.now() - timedelta(days=days)
    told = notify(
        recipient=to,
        kind="handoff",
        key=f"handoff:{days}",
        title="Marta Kowalczyk is yours",
        body=WORDS,
        sections=[{"heading": "Intent 35", "rows": [("Marta asked", "+25")]}],
        url="/queue/",
        at=at,
    )
    assert told is not None
    sent = at if state == "sent" else None
    Delivery.objects.filter(notification=told).update(state=state, sent_at=sent)
    return told


def announced(days: int, state: str) -> Dispatch:
    if not Dispatch.objects.exists():
        endpoint("https://example.com/")
    tell()
    made = Dispatch.objects.select_related("announcement").latest("id")
    at = timezone.now() - timedelta(days=days)
    Announcement.objects.filter(pk=made.announcement_id).update(created_at=at, data={"summary": WORDS})
    Dispatch.objects.filter(pk=made.pk).update(state=state, sent_at=at if state == "sent" else None)
    return Dispatch.objects.select_related("announcement", "endpoint").get(pk=made.pk)


def test_p6_nothing_older_than_the_limit_keeps_its_words_and_what_is_younger_does():
    sol = rep()
    old, young = alert(sol, 91), alert(sol, 89)
    gone, kept = announced(31, "sent"), announced(29, "sent")
    assert emptying.run() == 2
    assert emptying.run() == 0
    for each in (old, young, gone.announcement, kept.announcement):
        each.refresh_from_db()
    assert (old.title, old.body, old.sections, old.url) == ("A lead is yours", "", [], "/queue/")
    assert (young.body, kept.announcement.data) == (WORDS, {"summary": WORDS})
    assert gone.announcement.data == {}
    assert WORDS not in str(list(Notification.objects.filter(pk=old.pk).values()))


def test_that_it_was_sent_when_and_why_not_stays(client: Client):
    sol = rep()
    old = alert(sol, 120)
    was = Delivery.objects.values().get()
    emptying.run()
    assert Delivery.objects.values().get() == was
    client.force_login(admin())
    page = client.get("/alerts/").content.decode()
    assert "Marta" not in page
    assert "A lead is yours" in page
    assert "to Sol Seller, emptied after 90 days" in page
    assert old.public_id == Notification.objects.get().public_id


def test_the_limits_are_settings(settings):
    settings.ALERT_RETENTION_DAYS, settings.WEBHOOK_RETENTION_DAYS = 10, 400
    alert(rep(), 11)
    announced(300, "sent")
    emptying.run()
    assert Notification.objects.get().emptied_at is not None
    assert Announcement.objects.get().emptied_at is None


def test_what_waited_so_long_is_parked_and_what_is_just_being_sent_waits_a_turn():
    sol = rep()
    alert(sol, 100, state="digest")
    waiting, sending = announced(60, "waiting"), announced(60, "sending")
    emptying.run()
    parked = Delivery.objects.get()
    assert (parked.state, parked.error) == ("parked", "Emptied after 90 days: there is nothing left to send.")
    waiting.refresh_from_db()
    assert waiting.state == "parked"
    assert waiting.error == "Emptied after 30 days: there is nothing left to send."
    sending.announcement.refresh_from_db()
    assert (sending.announcement.data, sending.announcement.emptied_at) == ({"summary": WORDS}, None)


def test_an_emptied_webhook_is_not_replayed_and_the_page_says_why(client: Client):
    gone, kept = announced(60, "parked"), announced(1, "parked")
    emptying.run()
    client.force_login(gone.endpoint.created_by)
    path = f"/webhooks/{gone.endpoint.public_id}/"
    page = client.get(path).content.decode()
    assert "body emptied after 30 days" in page
    assert "Send the parked one again" in page
    assert f"/webhooks/dispatches/{gone.public_id}/replay/" not in page
    refused = client.post(f"/webhooks/dispatches/{gone.public_id}/replay/", follow=True).content.decode()
    assert "its body was emptied after 30 days, so nothing is left to send" in refused
    client.post(f"{path}replay/")
    states = dict(Dispatch.objects.values_list("pk", "state"))
    assert states == {gone.pk: "parked", kept.pk: "waiting"}


def test_an_emptied_alert_is_not_sent_again_and_the_page_says_why(client: Client):
    old = alert(rep(), 100, state="parked")
    emptying.run()
    assert send_again(deliveries=Delivery.objects.all(), at=timezone.now()) == 0
    client.force_login(admin())
    assert f"/alerts/{old.public_id}/replay/" not in client.get("/alerts/").content.decode()
    refused = client.post(f"/alerts/{old.public_id}/replay/", {"next": "/alerts/"}, follow=True)
    assert "emptied after 90 days, so nothing is left to send" in refused.content.decode()


def test_a_run_stops_at_its_limit_and_the_next_goes_on():
    sol = rep()
    for days in (100, 101, 102):
        alert(sol, days)
    assert emptying.run(most=2) == 2
    assert Notification.objects.get(emptied_at=None).key == "handoff:100"
    assert emptying.run(most=2) == 1
