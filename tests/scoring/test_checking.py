"""``recompute --check`` finds every stored score that is not what the facts say."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from leads.models import Activity, ChangedLead, Lead
from scoring import rescoring
from scoring.models import Score, ScoringModel
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


def test_a_late_sweep_fails(scored: list[Lead]) -> None:
    ScoringModel.objects.update(swept_at=timezone.now() - timedelta(hours=1))
    assert "failed: The sweep is late." in check()


def test_recompute_mends(scored: list[Lead]) -> None:
    Score.objects.update(fit=0, total=F("intent"))
    out = StringIO()
    call_command("recompute", stdout=out)
    assert "3 scores written" in out.getvalue()
    assert "0 wrong" in check()
