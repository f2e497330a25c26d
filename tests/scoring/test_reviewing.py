"""Is the model still right: a look once a month, and a word when it grows old."""

from datetime import UTC, datetime, timedelta

import pgtrigger
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scoring import publishing, reviewing
from scoring.models import ModelReview, ModelVersion, Publication, ScoringModel
from scoring.reviewing import Standing, months_after
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def live_since(at: datetime) -> ModelVersion:
    """A version that went live at ``at``."""
    draft = publishing.draft_from(version=ModelVersion.objects.live(), by=None)
    return publishing.publish(version=draft, by=None, reason="for the test", at=at)


def standing(at: datetime) -> Standing:
    [found] = reviewing.standings(at=at)
    return found


def model() -> ScoringModel:
    return ScoringModel.objects.get(key="default")


def test_a_version_is_due_a_month_after_it_went_live() -> None:
    live_since(NOW)

    assert standing(NOW).due_at == datetime(2026, 12, 17, 10, 36, tzinfo=UTC)
    assert not standing(NOW + 29 * DAY).is_due
    assert standing(NOW + 30 * DAY).is_due


def test_a_review_puts_the_next_one_off_by_a_month() -> None:
    live_since(NOW)

    review = reviewing.record(model=model(), by=make.manager(), note=" Still right ", at=NOW + 31 * DAY)

    assert (review.note, review.version) == ("Still right", ModelVersion.objects.live())
    assert not standing(NOW + 60 * DAY).is_due
    assert standing(NOW + 62 * DAY).is_due


def test_a_review_of_the_version_before_says_nothing_about_the_new_one() -> None:
    reviewing.record(model=model(), by=make.admin(), note="Fine", at=NOW)
    live_since(NOW + DAY)

    assert standing(NOW + 2 * DAY).review is None


def test_bringing_a_version_back_starts_its_month_anew() -> None:
    first = live_since(NOW)
    live_since(NOW + DAY)
    publishing.bring_back(version=first, by=None, at=NOW + 20 * DAY)

    assert not standing(NOW + 40 * DAY).is_due
    assert standing(NOW + 40 * DAY).age_days == 20


def test_a_version_grows_old(settings) -> None:
    live_since(NOW)
    assert not standing(NOW + 89 * DAY).is_old
    assert standing(NOW + 90 * DAY).is_old
    settings.MODEL_AGE_WARNING_DAYS = 30
    assert standing(NOW + 30 * DAY).is_old


def test_a_review_needs_a_word() -> None:
    with pytest.raises(reviewing.NoteMissing, match="Say what you saw"):
        reviewing.record(model=model(), by=make.admin(), note="  ", at=NOW)


def test_there_is_nothing_to_review_before_the_first_version_is_live() -> None:
    nordics = ScoringModel.objects.create(key="nordics", name="Nordics")
    with pytest.raises(reviewing.NothingLive, match="No version of Nordics is live"):
        reviewing.record(model=nordics, by=make.admin(), note="Fine", at=NOW)


def test_reps_review_nothing() -> None:
    with pytest.raises(reviewing.NotYours):
        reviewing.record(model=model(), by=make.rep(), note="Fine", at=NOW)


def test_every_live_model_stands_somewhere_the_default_one_first(django_assert_num_queries) -> None:
    other = ScoringModel.objects.create(key="aaa", name="Another")
    draft = publishing.draft_from(version=ModelVersion.objects.live(), by=None)
    ModelVersion.objects.filter(pk=draft.pk).update(model=other)
    draft.refresh_from_db()
    publishing.publish(version=draft, by=None, reason="for the test", at=NOW)

    with django_assert_num_queries(3):
        found = reviewing.standings(at=NOW)

    assert [each.version.model.key for each in found] == ["default", "aaa"]


@pytest.mark.parametrize(
    ("at", "months", "then"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-05-15", 0, "2026-05-15"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_one(at: str, months: int, then: str) -> None:
    moment = datetime.fromisoformat(f"{at}T10:00+00:00")
    assert months_after(moment, months) == datetime.fromisoformat(f"{then}T10:00+00:00")


def test_reminders_come_monthly_until_somebody_looks() -> None:
    live_since(NOW)  # due on 17 December
    reminders = {standing(NOW + days * DAY).reminder_at.date().isoformat() for days in range(30, 100)}
    assert reminders == {"2026-12-17", "2027-01-17", "2027-02-17"}


# The page


@pytest.mark.parametrize("who", [make.admin, make.marketer, make.manager])
def test_a_review_is_noted_on_the_page(client: Client, who) -> None:
    client.force_login(who())
    answer = client.post(reverse("scoring:reviews"), {"note": "Rejections fell."}, follow=True)

    assert ModelReview.objects.get().note == "Rejections fell."
    assert "Rejections fell." in answer.content.decode()
    assert "The next review is due in a month" in answer.content.decode()


def test_a_review_without_a_word_is_refused_at_the_field(client: Client) -> None:
    client.force_login(make.marketer())
    answer = client.post(reverse("scoring:reviews"), {"note": " "})
    assert answer.status_code == 422
    assert "Say what you saw" in answer.content.decode()


def test_a_rep_finds_no_form_and_may_not_post(client: Client) -> None:
    client.force_login(make.rep())
    assert "Reviewed: still right" not in client.get(reverse("scoring:versions")).content.decode()
    assert client.post(reverse("scoring:reviews"), {"note": "x"}).status_code == 403


@pytest.mark.parametrize("name", ["scoring:versions", "scoring:definitions"])
def test_age_and_due_review_are_shown(client: Client, name: str) -> None:
    with pgtrigger.ignore("scoring.Publication:append_only"):
        Publication.objects.update(at=timezone.now() - 100 * DAY)
    client.force_login(make.rep())

    page = client.get(reverse(name)).content.decode()

    assert "Live for 100 days." in page
    assert "Its monthly review is due" in page


@pytest.mark.parametrize("name", ["scoring:versions", "scoring:definitions"])
def test_a_young_version_is_shown_without_a_word_of_warning(client: Client, name: str) -> None:
    client.force_login(make.rep())
    page = client.get(reverse(name)).content.decode()
    assert "Live for" not in page
    assert "review is due" not in page
