"""Telling somebody something, once."""

import threading

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from notifications.models import Delivery, Notification
from notifications.notify import notify, notify_all
from tests.api.calling import caller
from tests.factories import NOW, marketer, rep

pytestmark = pytest.mark.django_db


def tell(person, key: str = "handoff:1:offered", **fields) -> Notification | None:
    return notify(recipient=person, kind="handoff", key=key, title="Ada is yours", at=NOW, **fields)


def test_a_message_is_told_once_however_often_it_is_sent():
    sol = rep()
    assert tell(sol) is not None
    assert tell(sol) is None
    assert Notification.objects.count() == Delivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_f11_a_message_sent_by_many_workers_at_once_is_told_once():
    sol = rep()
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        try:
            tell(sol)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Notification.objects.count() == Delivery.objects.count() == 1


def test_the_same_key_for_two_people_are_two_messages():
    notify_all(recipients=[rep(), marketer()], kind="overdue", key="handoff:1:overdue", title="Late", at=NOW)
    assert Notification.objects.count() == 2
    assert len(set(Delivery.objects.values_list("message_id", flat=True))) == 2


def test_a_message_for_the_product_only_has_no_delivery():
    tell(rep(), email=False)
    assert not Delivery.objects.exists()


def test_line_ends_in_a_title_become_spaces():
    told = notify(
        recipient=rep(), kind="handoff", key="k", title="Ada\r\nBcc: all@x.example\x00\u2028!", at=NOW
    )
    assert told.title == "Ada Bcc: all@x.example !"


@pytest.mark.django_db(transaction=True)
def test_f17_messages_for_one_person_become_visible_in_the_order_of_their_ids():
    """A reader that resumes after the newest id it saw must never find an older one later."""
    sol, first_told, may_commit = rep(), threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                tell(sol, key="slow")
                first_told.set()
                may_commit.wait(10)
        finally:
            connection.close()

    def quick() -> None:
        try:
            tell(sol, key="quick")
        finally:
            connection.close()

    one, two = threading.Thread(target=slow), threading.Thread(target=quick)
    one.start()
    assert first_told.wait(10)
    two.start()
    two.join(0.5)
    assert not Notification.objects.exists()  # the quick one waits for the slow one
    may_commit.set()
    one.join()
    two.join()
    assert list(Notification.objects.order_by("id").values_list("key", flat=True)) == ["slow", "quick"]


# The page, the count, the API


def test_the_page_lists_ones_own_messages_and_reading_it_marks_nothing(client: Client):
    sol = rep()
    tell(sol, body="Answer by Tue 17 Nov, 11:36.", url="/leads/x/")
    tell(marketer(), key="other")
    client.force_login(sol)
    page = client.get(reverse("notifications:messages"))
    assert page.status_code == 200
    assert "Ada is yours" in page.content.decode()
    assert page.content.decode().count("told__row") == 1
    assert Notification.objects.visible_to(sol).unread().count() == 1
    assert client.get(reverse("notifications:unread")).json()["unread"] == 1
    client.post(reverse("notifications:reading"))
    assert client.get(reverse("notifications:unread")).json()["unread"] == 0
    assert Notification.objects.unread().count() == 1  # the marketer's stays


def test_the_page_goes_back_to_older_ones(client: Client):
    sol = rep()
    for number in range(51):
        tell(sol, key=f"key-{number}", email=False)
    client.force_login(sol)
    page = client.get(reverse("notifications:messages"))
    assert page.content.decode().count("told__row") == 50
    older = client.get(reverse("notifications:messages"), {"before": page.context["older"]})
    assert older.content.decode().count("told__row") == 1
    assert client.get(reverse("notifications:messages"), {"before": "x"}).status_code == 200


def test_a_strangers_words_are_text_on_the_page(client: Client):
    sol = rep()
    notify(recipient=sol, kind="handoff", key="k", title="<script>alert(1)</script>", at=NOW)
    client.force_login(sol)
    assert "<script>alert" not in client.get(reverse("notifications:messages")).content.decode()


def test_the_api_lists_ones_own_newest_first():
    sol, mara = rep(), marketer()
    for number in range(3):
        tell(sol, key=f"key-{number}")
    tell(mara)
    call = caller(sol, "read")
    first = call.get("/notifications", limit=2).json()
    rest = call.get("/notifications", limit=2, after=first["next"]).json()
    assert len(first["items"]) == 2
    assert len(rest["items"]) == 1
    assert rest["next"] == ""
    newest = Notification.objects.visible_to(sol).latest("id")
    assert first["items"][0]["id"] == str(newest.public_id)
    wrong = call.get("/notifications", after="x")
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "after"
