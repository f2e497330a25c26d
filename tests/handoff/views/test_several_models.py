"""A lead that several models score is shown against the line of the one that leads."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from handoff import pipeline
from leads.models import Lead
from scoring import model_file, publishing, rescoring
from scoring.models import Score
from tests import factories as make
from tests.api.calling import caller
from tests.factories import NOW
from tests.handoff.factories import offered

pytestmark = pytest.mark.django_db


def publish(key: str, points: int, least: int) -> None:
    data: dict[str, Any] = {
        "model": key,
        "rules": [
            {
                "key": "demo",
                "label": "Demo",
                "dimension": "intent",
                "points": points,
                "when": {"activity": ["demo_request"]},
            }
        ],
        "lines": [{"stage": "sql", "min": {"intent": least}}],
    }
    publishing.publish(version=model_file.load(data=data), by=None, reason="for the test", at=NOW)
    rescoring.continue_publishing(at=NOW, seconds=10)


@pytest.fixture
def lead() -> Lead:
    publish("default", points=90, least=100)
    publish("small-scale", points=9, least=5)
    lead = make.lead("Ada")
    make.activity(lead, "demo_request")
    rescoring.rescore_changed(at=NOW)
    return lead


def test_the_leading_score_is_the_one_that_is_highest_over_its_line(lead: Lead) -> None:
    scores = Score.objects.filter(lead=lead).select_related("model").leading_first()
    assert [score.model.key for score in scores] == ["small-scale", "default"]


def test_a_list_holds_each_score_against_the_line_of_its_model(lead: Lead, client: Client) -> None:
    client.force_login(make.marketer())
    page = client.get(reverse("handoff:leads")).content.decode()
    assert "Intent 9, line 5" in page


def test_the_api_lists_the_leading_model_first_and_explains_it(lead: Lead) -> None:
    answer = caller(make.admin(), "read").get(f"/leads/{lead.public_id}").json()
    assert [score["model"] for score in answer["scores"]] == ["small-scale", "default"]
    assert answer["explanation"]["model"] == "small-scale"


def test_the_panel_beside_a_list_explains_the_model_that_leads(lead: Lead, client: Client) -> None:
    sofia = make.rep()
    offered(to=sofia, of=lead)
    client.force_login(sofia)
    page = client.get(reverse("handoff:queue"), {"lead": str(lead.public_id)}).content.decode()
    panel = page[page.index('id="peek"') :]
    assert "line 5" in panel
    assert "line 100" not in panel


def test_a_marketers_own_handoff_freezes_the_reasons_of_the_leading_model(
    lead: Lead,
) -> None:
    handoff = pipeline.hand_over(lead=lead, by=make.marketer(), note="Met her at the fair.", at=NOW)
    assert handoff.evidence["explanation"]["model"] == "small-scale"
    assert handoff.allowed_minutes == 240, "intent 9, and not the 90 of the model that does not lead"
