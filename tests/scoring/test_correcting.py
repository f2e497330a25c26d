"""People's words on single scores: what is said counts at once, once, and can be taken back."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from leads.models import Lead
from scoring import correcting, rescoring
from scoring.correcting import NotYours, TakenBack
from scoring.models import Adjustment, Crossing, Score
from tests import factories as make

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
Commits = DjangoCaptureOnCommitCallbacks


def scored() -> Lead:
    lead = make.lead("Ada")
    rescoring.rescore_changed()
    return lead


def fit_of(lead: Lead) -> int:
    return Score.objects.get(lead=lead).fit // 100


def test_a_word_counts_at_once_and_no_more_when_it_is_taken_back(
    django_capture_on_commit_callbacks: Commits,
) -> None:
    lead, mara, at = scored(), make.marketer(), timezone.now()
    before = fit_of(lead)

    with django_capture_on_commit_callbacks(execute=True):
        word = correcting.adjust(
            lead=lead, by=mara, kind="add", dimensions=["fit"], points=7, reason="Met at the fair", at=at
        )
    assert fit_of(lead) == before + 7

    with django_capture_on_commit_callbacks(execute=True):
        correcting.take_back(lead=lead, by=mara, said_at=word.at, at=timezone.now())
    assert fit_of(lead) == before
    word.refresh_from_db()
    assert word.voided_at is not None


def test_who_is_set_over_the_line_crosses_it(django_capture_on_commit_callbacks: Commits) -> None:
    lead, mara = scored(), make.marketer()
    with django_capture_on_commit_callbacks(execute=True):
        correcting.adjust(
            lead=lead,
            by=mara,
            kind="set",
            dimensions=["intent", "fit"],
            points=30,
            reason="Called us",
            at=timezone.now(),
        )
    crossing = Crossing.objects.get(lead=lead, stage="sql")
    assert crossing.held_at is None


def test_the_same_word_since_one_began_to_write_is_one_word() -> None:
    lead, mara, began = scored(), make.marketer(), timezone.now()
    said = {
        "kind": "add",
        "dimensions": ["fit", "intent"],
        "points": 5,
        "reason": "Met",
        "until": began + DAY,
    }

    first = correcting.adjust(lead=lead, by=mara, at=began, since=began, **said)
    again = correcting.adjust(lead=lead, by=mara, at=began + DAY / 2, since=began, **said)
    assert first == again
    assert first.dimensions == ["intent", "fit"]

    others = [
        {"by": make.admin(), "at": began + DAY / 2, "since": began, **said},
        {"by": mara, "at": began + DAY / 2, "since": began, **said, "points": 6},
        {"by": mara, "at": began + DAY / 2, "since": began + DAY / 3, **said},
    ]
    for other in others:
        correcting.adjust(lead=lead, **other)
    assert Adjustment.objects.count() == 1 + len(others)


def test_what_was_taken_back_can_be_said_again() -> None:
    lead, mara, began = scored(), make.marketer(), timezone.now()
    said = {"kind": "add", "dimensions": ["fit"], "points": 5, "reason": "Met", "since": began}
    first = correcting.adjust(lead=lead, by=mara, at=began, **said)
    correcting.take_back(lead=lead, by=mara, said_at=first.at, at=began)
    assert correcting.adjust(lead=lead, by=mara, at=began, **said) != first


def test_nothing_is_taken_back_twice_nor_when_its_time_is_over() -> None:
    lead, mara, at = scored(), make.marketer(), timezone.now()
    word = correcting.adjust(
        lead=lead, by=mara, kind="add", dimensions=["fit"], points=5, reason="Met", at=at, until=at + DAY
    )
    with pytest.raises(TakenBack):
        correcting.take_back(lead=lead, by=mara, said_at=at, at=at + 2 * DAY)
    with pytest.raises(TakenBack):
        correcting.take_back(lead=make.lead(), by=mara, said_at=at, at=at)
    correcting.take_back(lead=lead, by=mara, said_at=word.at, at=at)
    with pytest.raises(TakenBack):
        correcting.take_back(lead=lead, by=mara, said_at=word.at, at=at)


def test_the_restart_of_a_rejection_goes_with_its_verdict_only() -> None:
    lead, at = scored(), timezone.now()
    restart = Adjustment.objects.create(
        lead=lead, kind="restart", dimensions=["intent"], at=at, reason="Sent back: no budget"
    )
    with pytest.raises(TakenBack):
        correcting.take_back(lead=lead, by=make.marketer(), said_at=at, at=at)
    restart.refresh_from_db()
    assert restart.voided_at is None


@pytest.mark.parametrize("who", [make.rep, make.manager])
def test_sales_gives_verdicts_and_no_points(who: object) -> None:
    lead, sol, at = scored(), who(), timezone.now()  # type: ignore[operator]
    with pytest.raises(NotYours):
        correcting.adjust(lead=lead, by=sol, kind="add", dimensions=["fit"], points=5, reason="Mine", at=at)
    with pytest.raises(NotYours):
        correcting.take_back(lead=lead, by=sol, said_at=at, at=at)
    assert not Adjustment.objects.exists()
