"""Who leads a team reads what was sent about its leads: to whom, when, and why not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from notifications.models import Delivery, Notification
from notifications.notify import notify
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def told(of, to: User, key: str, **fields) -> None:
    notify(
        recipient=to, kind="handoff", key=key, title=f"{of} is yours", body="", about=of.public_id,
        url=f"/leads/{of.public_id}/", at=timezone.now(), **fields,
    )  # fmt: skip


def test_a_manager_reads_what_became_of_each_alert_of_a_lead(
    sol: User, max_: User, signed_in: SignIn
) -> None:
    ada, bo = handed_over(sol, "Ada").lead, handed_over(sol, "Bo").lead
    told(ada, sol, "a")
    told(bo, sol, "b")
    Delivery.objects.filter(notification__about=ada.public_id).update(
        state="parked", attempts=10, error="554 no such mailbox"
    )
    client = signed_in(max_)
    assert f'href="/leads/{ada.public_id}/alerts/"' in client.get(f"/leads/{ada.public_id}/").content.decode()
    page = client.get(f"/leads/{ada.public_id}/alerts/").content.decode()
    assert "Ada is yours" in page
    assert "to Sol Seller" in page
    assert "554 no such mailbox" in page
    assert "Bo is yours" not in page
    assert "Send again" not in page
    assert (
        "Ada is yours" not in client.get("/alerts/").content.decode()
    )  # the log of everything is the admins'


def test_it_is_for_who_leads_a_team_and_about_its_own_leads(
    sol: User, max_: User, mara: User, signed_in: SignIn
) -> None:
    ada = handed_over(sol, "Ada").lead
    north = handed_over(None, "Nora North", in_pool="Nordics").lead
    for person in (sol, mara):
        assert signed_in(person).get(f"/leads/{ada.public_id}/alerts/").status_code == 403
        assert (
            "/alerts/"
            not in signed_in(person).get(f"/leads/{ada.public_id}/").content.decode().split("<main")[1]
        )
    assert signed_in(max_).get(f"/leads/{north.public_id}/alerts/").status_code == 404
    assert "Nobody has been told" in signed_in(max_).get(f"/leads/{ada.public_id}/alerts/").content.decode()


def test_it_goes_back_page_by_page_and_asks_no_more_for_120_than_for_one(
    sol: User, max_: User, signed_in: SignIn
) -> None:
    ada, client, counted = handed_over(sol, "Ada").lead, signed_in(max_), []
    path, now = f"/leads/{ada.public_id}/alerts/", timezone.now()
    for rows in (1, 120):
        some = [
            Notification(recipient=sol, kind="overdue", key=f"k{number}", title=f"No {number:03}",
                         about=ada.public_id, created_at=now + timedelta(seconds=number))
            for number in range(Notification.objects.count(), rows)
        ]  # fmt: skip
        made = Notification.objects.bulk_create(some)
        Delivery.objects.bulk_create(
            Delivery(notification=each, channel="email", message_id=str(each.public_id)) for each in made
        )
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(path).content.decode()
        counted.append(len(queries))
    assert counted[0] == counted[1]
    assert "No 119" in page
    assert "No 069" not in page
    older = page.split('rel="next" href="')[1].split('"')[0]
    assert "No 069" in client.get(f"{path}{older}").content.decode()
