"""The monthly reminder: once for each month that a review is due, to those who look after the rules."""

from datetime import timedelta

import pytest

from handoff import model_reviews
from notifications.models import Delivery, Notification
from scoring import publishing, reviewing
from scoring.models import ModelVersion, ScoringModel
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _live_since_now() -> None:
    draft = publishing.draft_from(version=ModelVersion.objects.live(), by=None)
    publishing.publish(version=draft, by=None, reason="for the test", at=NOW)


def test_nobody_is_reminded_before_a_month_has_passed() -> None:
    make.admin()
    assert model_reviews.remind(at=NOW + 29 * DAY) == 0
    assert not Notification.objects.exists()


def test_admins_marketers_and_managers_are_told_in_the_product_and_by_mail() -> None:
    people = [make.admin(), make.marketer(), make.manager()]
    make.rep()
    make.admin("Gone Admin", is_active=False)

    assert model_reviews.remind(at=NOW + 30 * DAY) == 3

    told = Notification.objects.order_by("recipient")
    assert [each.recipient for each in told] == people
    assert told[0].title == "Time to look at the scoring rules: Default"
    assert told[0].url == "/reviews/monthly/"
    assert "Version 2 has been live for 30 days." in told[0].body
    assert Delivery.objects.filter(channel="email").count() == 3


def test_each_is_asked_for_what_they_may_do() -> None:
    mara, max_ = make.marketer(), make.manager()
    model_reviews.remind(at=NOW + 30 * DAY)
    bodies = {told.recipient: told.body for told in Notification.objects.select_related("recipient")}
    assert bodies[mara].endswith("or draft a better one.")
    assert bodies[max_].endswith("or ask marketing for a better one.")


def test_however_often_it_runs_each_month_is_said_once() -> None:
    make.admin()
    for days in range(28, 95):
        model_reviews.remind(at=NOW + days * DAY)

    assert [each.created_at.date().isoformat() for each in Notification.objects.order_by("id")] == [
        "2026-12-17",
        "2027-01-17",
        "2027-02-17",
    ]


def test_a_review_ends_the_reminders_for_a_month() -> None:
    ada = make.admin()
    model_reviews.remind(at=NOW + 31 * DAY)
    model = ScoringModel.objects.get(key="default")
    reviewing.record(model=model, by=ada, note="Rejections fell.", at=NOW + 32 * DAY)

    assert model_reviews.remind(at=NOW + 60 * DAY) == 0
    assert model_reviews.remind(at=NOW + 63 * DAY) == 1

    assert "Ada Admin looked at it last: “Rejections fell.”" in Notification.objects.order_by("-id")[0].body


def test_an_old_version_is_called_old() -> None:
    make.admin()
    model_reviews.remind(at=NOW + 91 * DAY)
    assert "older than 90 days" in Notification.objects.get().body
