"""GET /api/v1/leads and /api/v1/leads/{id}: who sees what, and why a score is what it is."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from leads.models import Lead, LeadAccess
from scoring import model_file
from scoring.models import ModelVersion
from scoring.publishing import publish
from scoring.rescoring import rescore_changed
from tests import factories as make

from .calling import Caller, caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara() -> Caller:
    return caller(make.marketer())


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [lead["name"] for lead in answer.json()["items"]]


def test_a_lead_is_found_by_its_address_whatever_the_case(mara: Caller) -> None:
    ada = make.lead("Ada", email="Ada@Firm.example")
    make.lead("Bob")
    answer = mara.get("/leads", email=" ADA@firm.EXAMPLE ")
    assert names(answer) == ["Ada"]
    assert answer.json()["items"][0]["id"] == str(ada.public_id)
    assert names(mara.get("/leads", email="nobody@firm.example")) == []


def test_a_lead_is_shown_with_stage_phase_company_scores_and_their_reasons(mara: Caller) -> None:
    firm = make.company("Firm Ltd", employees=240)
    ada = make.lead("Ada", company=firm, title="Head of Operations", at=timezone.now())
    make.activity(ada, "demo_request", at=timezone.now() - timedelta(hours=1))
    rescore_changed()

    shown = mara.get(f"/leads/{ada.public_id}").json()

    assert (shown["stage"], shown["phase"], shown["company"]["employees"]) == ("lead", "awareness", 240)
    score = shown["scores"][0]
    assert score["model"] == "default"
    assert score["total"] == pytest.approx(score["fit"] + score["engagement"] + score["intent"])
    explained = shown["explanation"]
    assert explained["total"] == pytest.approx(score["total"], abs=0.2)
    intent = next(part for part in explained["dimensions"] if part["key"] == "intent")
    assert "demo" in intent["reasons"][0]["label"].lower()


def test_before_anything_is_published_there_is_no_explanation(mara: Caller) -> None:
    ModelVersion.objects.update(state="retired")
    ada = make.lead("Ada")
    assert mara.get(f"/leads/{ada.public_id}").json()["explanation"] is None


def test_S2_sales_sees_its_own_leads_and_foreign_ones_are_not_there() -> None:
    ours, theirs = make.lead("Ours"), make.lead("Theirs")
    dach = make.team("DACH")
    LeadAccess.objects.create(lead=ours, team=dach)
    sol = caller(make.rep(in_team=dach), "read")

    assert names(sol.get("/leads")) == ["Ours"]
    assert names(sol.get("/leads", email=theirs.email)) == []
    assert sol.get(f"/leads/{ours.public_id}").status_code == 200
    assert sol.get(f"/leads/{theirs.public_id}").status_code == 404
    assert sol.get(f"/leads/{uuid4()}").json() == sol.get(f"/leads/{theirs.public_id}").json()


@pytest.mark.parametrize("lead_id", ["17", "x", "5b7a2b43", "%00", "5b7a2b43-93d8-4aa1-9a4c-9a7e6f3c6b1dd"])
def test_what_is_no_id_is_refused_by_its_field(mara: Caller, lead_id: str) -> None:
    answer = mara.get(f"/leads/{lead_id}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "lead_id"


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many", "1e9"])
def test_L6_a_page_has_1_to_200_rows(mara: Caller, limit: str) -> None:
    answer = mara.get("/leads", limit=limit)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "limit")


def test_pages_follow_each_other_without_gap_or_repeat(mara: Caller) -> None:
    for number in range(7):
        make.lead(f"L{number}", at=make.NOW + timedelta(minutes=number // 2))
    found: list[str] = []
    after = ""
    while True:
        answer = mara.get("/leads", limit=2, after=after)
        found += names(answer)
        after = answer.json()["next"]
        if not after:
            break
    assert sorted(found) == sorted(f"L{number}" for number in range(7))
    assert len(found) == 7
    assert found[0] == "L6"


def test_L6_the_same_number_of_queries_for_1_and_50_rows(
    mara: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # token, its last use, the leads with companies, scores with models and versions
    make.lead("First", company=make.company())
    rescore_changed()
    mara.get("/leads")
    with django_assert_num_queries(3):
        mara.get("/leads")
    for _ in range(50):
        make.lead(company=make.company())
    rescore_changed()
    with django_assert_num_queries(3):
        assert len(names(mara.get("/leads"))) == 50


def test_reading_needs_the_scope_to_read() -> None:
    sender = caller(make.marketer(), "capture")
    ada = make.lead("Ada")
    assert sender.get("/leads").status_code == 403
    assert sender.get(f"/leads/{ada.public_id}").status_code == 403
    assert Lead.objects.count() == 1


def test_what_would_make_it_an_sql_is_said(mara: Caller) -> None:
    ada = make.lead(title="Head of Operations", company=make.company(employees=200))
    steps = mara.get(f"/leads/{ada.public_id}").json()["next_steps"]
    assert steps["state"] == "under"
    first = steps["ways"][0]["steps"][0]
    assert first["words"] == "Requests a demo, asks to talk to sales, asks for a quote or starts a trial"
    assert (first["kind"], first["points"]) == ("activity", {"intent": 25.0})


def test_g01_any_moment_under_any_version_has_an_exact_answer(mara: Caller) -> None:
    ada = make.lead("Ada", at=timezone.now() - timedelta(days=40))
    asked = timezone.now() - timedelta(days=20)
    make.activity(ada, "demo_request", at=asked)
    number = ModelVersion.objects.live().number

    def intent(**query: Any) -> float:
        said = mara.get(f"/leads/{ada.public_id}/explanation", **query).json()
        return float(next(part["points"] for part in said["dimensions"] if part["key"] == "intent"))

    before, then = asked - timedelta(seconds=1), asked + timedelta(seconds=1)
    assert intent(at=before.isoformat(), version=number) == 0
    assert intent(at=then.isoformat(), version=number) == 25
    assert 0 < intent() < 25
    assert intent(model="default") == pytest.approx(intent(), abs=0.01)


@pytest.mark.parametrize(
    ("query", "status"),
    [({"version": 99}, 404), ({"model": "nobody"}, 404), ({"at": "2026-05-03T14:03"}, 422),
     ({"at": "1900-01-01T00:00:00Z"}, 422), ({"at": "2199-01-01T00:00:00Z"}, 422), ({"version": 0}, 422)],
)  # fmt: skip
def test_a_moment_or_version_that_is_none_is_refused(
    mara: Caller, query: dict[str, Any], status: int
) -> None:
    ada = make.lead("Ada")
    assert mara.get(f"/leads/{ada.public_id}/explanation", **query).status_code == status


def test_drafts_are_explained_to_those_who_edit_them_only(mara: Caller) -> None:
    draft = model_file.load(data=model_file.starter("default"))
    dach = make.team("DACH")
    ada = make.lead("Ada")
    LeadAccess.objects.create(lead=ada, team=dach)
    sol = caller(make.rep(in_team=dach), "read")
    path = f"/leads/{ada.public_id}/explanation"
    assert mara.get(path, version=draft.number).json()["version"] == draft.number
    assert sol.get(path, version=draft.number).status_code == 404


def test_an_explanation_says_what_would_make_it_an_sql_and_until_when_its_reasons_count(mara: Caller) -> None:
    ada = make.lead("Ada")
    data = {
        "model": "default",
        "rules": [
            {
                "key": "twice", "label": "Twice in a week", "dimension": "intent", "points": 12, "when": {
                    "activity": ["pricing_page_view"], "at_least": 2, "within_days": 7}},
            {
                "key": "demo", "label": "Demo", "dimension": "intent", "points": 20,
                "when": {"activity": ["demo_request"]}},
        ],
        "lines": [{"stage": "sql", "min": {"intent": 30}}],
    }  # fmt: skip
    publish(version=model_file.load(data=data), by=None, reason="For the test.", at=timezone.now())
    now = timezone.now()
    for days in (1, 3):
        make.activity(ada, "pricing_page_view", now - timedelta(days=days))

    said = mara.get(f"/leads/{ada.public_id}/explanation").json()

    (intent,) = [part for part in said["dimensions"] if part["key"] == "intent"]
    (reason,) = intent["reasons"]
    assert reason["counts_until"] == (now + timedelta(days=4)).isoformat()
    assert said["next_steps"]["state"] == "under"
    assert said["next_steps"]["ways"][0]["steps"][0]["types"] == ["demo_request"]
    assert said["next_steps"] == mara.get(f"/leads/{ada.public_id}").json()["next_steps"]
    then = mara.get(f"/leads/{ada.public_id}/explanation", at=(now - timedelta(hours=1)).isoformat()).json()
    assert then["next_steps"] is None


def test_the_document_says_what_an_explanation_holds() -> None:
    document = Client().get("/api/v1/openapi.json").json()
    answers = document["paths"]["/api/v1/leads/{lead_id}/explanation"]["get"]["responses"]["200"]
    shape = document["components"]["schemas"]["ExplainedOut"]["properties"]
    assert answers["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ExplainedOut"}
    assert {"next_steps", "dimensions", "triggers"} <= set(shape)
    assert "counts_until" in document["components"]["schemas"]["ReasonOut"]["properties"]
