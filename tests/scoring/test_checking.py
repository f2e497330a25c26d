"""``recompute --check`` finds every stored score that is not what the facts say."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from accounts.clock import database_now
from leads.models import Activity, ChangedLead, Lead
from scoring import buckets, checking, model_file, publishing, rescoring
from scoring.models import ModelVersion, Score, ScoringModel
from tests import factories as make

pytestmark = pytest.mark.django_db


def check() -> str:
    out = StringIO()
    try:
        call_command("recompute", "--check", stdout=out)
    except CommandError as failed:
        return f"{out.getvalue()}failed: {failed}"
    return out.getvalue()


@pytest.fixture
def scored() -> list[Lead]:
    leads = [make.lead(phone="1", at=timezone.now()) for _ in range(3)]
    make.activity(leads[0], "demo_request", timezone.now() - timedelta(days=3))
    rescoring.continue_publishing(at=timezone.now(), seconds=5)
    while rescoring.rescore_changed():
        pass
    return leads


def test_true_scores_pass_however_old_they_are(scored: list[Lead]) -> None:
    rescoring.sweep_fading(at=timezone.now())
    assert check() == "3 scores checked, 0 wrong; 0 leads wait.\n"


def test_a_wrong_score_is_named_with_what_it_should_be(scored: list[Lead]) -> None:
    Score.objects.filter(lead=scored[1]).update(fit=700, total=700)
    said = check()
    assert f"lead {scored[1].pk} (default): fit 7.00, should be 4.00" in said
    assert "failed: Stored scores are not what the facts say." in said


def test_a_lead_that_was_forgotten_is_named(scored: list[Lead]) -> None:
    Score.objects.filter(lead=scored[2]).delete()
    assert f"lead {scored[2].pk} (default): never scored" in check()


def test_a_fact_that_nobody_marked_is_found(scored: list[Lead]) -> None:
    make.activity(scored[1], "demo_request", timezone.now() - timedelta(days=1))
    ChangedLead.objects.all().delete()
    assert "1 wrong" in check()


def test_a_lead_that_waits_is_not_wrong(scored: list[Lead]) -> None:
    Activity.objects.all().delete()
    assert check() == "3 scores checked, 0 wrong; 1 leads wait.\n"


def test_a_score_that_publishing_forgot_is_named(scored: list[Lead]) -> None:
    before = ModelVersion.objects.live()
    draft = publishing.draft_from(version=before, by=None)
    version = publishing.publish(version=draft, by=None, reason="The same again.", at=timezone.now())
    assert "0 wrong" in check()  # publishing is under way: nobody is forgotten yet

    rescoring.continue_publishing(seconds=30)
    assert "0 wrong" in check()
    Score.objects.filter(lead=scored[1]).update(version=before)

    said = check()
    assert f"lead {scored[1].pk} (default): scored under version {before.number}, which is retired" in said
    assert "1 wrong" in said
    assert version.number != before.number


def test_a_score_of_a_retired_version_is_not_wrong_while_its_lead_waits(scored: list[Lead]) -> None:
    draft = publishing.draft_from(version=ModelVersion.objects.live(), by=None)
    version = publishing.publish(version=draft, by=None, reason="The same again.", at=timezone.now())
    ModelVersion.objects.filter(pk=version.pk).update(rescored_to=None)
    assert "3 wrong" in check()
    Lead.objects.update(phone="2")
    assert "0 wrong; 3 leads wait." in check()


def test_a_late_sweep_fails(scored: list[Lead], settings: Settings) -> None:
    settings.FADING_SWEEP_MINUTES = 0.0001
    ScoringModel.objects.update(swept_at=timezone.now() - timedelta(hours=1))
    assert "failed: The sweep is late." in check()


def test_a_sweep_is_late_by_when_the_last_finished_one_or_a_publishing_began(scored: list[Lead]) -> None:
    """A sweep under way does not count: it may have died where it stands."""
    published_at = ModelVersion.objects.live().published_at
    assert published_at is not None
    soon, late = published_at + timedelta(minutes=29), published_at + timedelta(minutes=31)
    assert checking.late_sweeps(at=soon) == []
    assert len(checking.late_sweeps(at=late)) == 1

    ScoringModel.objects.update(swept_to=1, sweep_began_at=late)
    assert len(checking.late_sweeps(at=late)) == 1

    rescoring.sweep_fading(at=late)
    assert checking.late_sweeps(at=late + timedelta(minutes=29)) == []


def test_recompute_mends(scored: list[Lead]) -> None:
    Score.objects.update(fit=0, total=F("intent"))
    out = StringIO()
    call_command("recompute", stdout=out)
    assert "3 scores written" in out.getvalue()
    assert "0 wrong" in check()


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """``happens`` once, when ``recompute`` has begun and has not come to the first leads yet."""
    following, left = buckets.following, [happens]

    def slow(first: int) -> int | None:
        while left:
            left.pop()()
        return following(first)

    monkeypatch.setattr(buckets, "following", slow)


def test_recompute_forgets_nothing_that_is_scored_meanwhile(
    scored: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asks_for_a_demo() -> None:
        make.activity(scored[1], "demo_request", database_now())
        rescoring.rescore_changed()

    meanwhile(monkeypatch, asks_for_a_demo)
    call_command("recompute", stdout=StringIO())

    assert Score.objects.get(lead=scored[1]).intent == 2500


def test_recompute_stores_nothing_under_a_version_that_is_retired_meanwhile(
    scored: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    def another_is_published() -> None:
        draft = model_file.load(data=model_file.save(version=ModelVersion.objects.live()))
        publishing.publish(version=draft, by=None, reason="for the test", at=timezone.now())
        rescoring.continue_publishing(seconds=5)

    meanwhile(monkeypatch, another_is_published)
    call_command("recompute", stdout=StringIO())

    assert set(Score.objects.values_list("version", flat=True)) == {ModelVersion.objects.live().pk}
