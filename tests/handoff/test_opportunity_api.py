"""Deals and ratings over the API."""

from datetime import timedelta

import pytest

from handoff import decisions, qualification
from handoff.models import Requirement
from leads.models import Lead, Opportunity
from leads.stages import Stage
from tests.api.calling import caller
from tests.factories import NOW, manager, marketer, rep, team
from tests.handoff.factories import offered

pytestmark = pytest.mark.django_db


def deal(by) -> Opportunity:
    handoff = offered(to=by)
    decisions.accept(handoff=handoff, by=by, at=NOW)
    Requirement.objects.update(is_active=False)
    return qualification.convert(lead=handoff.lead, by=by, at=NOW + timedelta(minutes=1), amount=24000)


def fields(answer) -> list[str]:
    return [problem["field"] for problem in answer.json()["errors"]]


def test_a_deal_is_moved_lost_and_reopened():
    sol = rep()
    made = deal(sol)
    call, path = caller(sol, "decide"), f"/opportunities/{made.public_id}"
    moved = call.post(f"{path}/stage", {"stage": "proposal"}).json()
    assert (moved["stage"], moved["probability"], moved["currency"]) == ("proposal", 50, "EUR")
    assert fields(call.post(f"{path}/stage", {"stage": "heaven"})) == ["stage"]
    assert fields(call.post(f"{path}/outcome", {"outcome": "lost"})) == ["reason"]
    to_nobody = {"outcome": "lost", "reason": "price", "lost_to": "Nobody Ltd"}
    assert fields(call.post(f"{path}/outcome", to_nobody)) == ["lost_to"]
    for _ in range(2):
        lost = call.post(f"{path}/outcome", {"outcome": "lost", "reason": "price"})
        assert (lost.status_code, lost.json()["outcome"], lost.json()["probability"]) == (200, "lost", 0)
    assert call.post(f"{path}/outcome", {"outcome": "won"}).status_code == 409
    assert call.post(f"{path}/stage", {"stage": "agreed"}).status_code == 409
    assert call.post(f"{path}/reopening", {}).json()["outcome"] is None
    assert call.post(f"{path}/outcome", {"outcome": "won"}).json()["outcome"] == "won"
    assert Lead.objects.get().stage == Stage.CUSTOMER


def test_deals_are_listed_to_who_sees_their_leads():
    sol = rep()
    made = deal(sol)
    path = f"/opportunities/{made.public_id}"
    for reader, status in ((sol, 200), (marketer(), 200), (rep("Eve", team("Nordics")), 404)):
        assert caller(reader, "read").get(path).status_code == status
    call = caller(sol, "read")
    assert [each["id"] for each in call.get("/opportunities", outcome="open").json()["items"]] == [
        str(made.public_id)
    ]
    assert call.get("/opportunities", outcome="won").json() == {"items": [], "next": ""}
    assert (
        caller(rep("Mona Colleague"), "decide").post(f"{path}/stage", {"stage": "agreed"}).status_code == 403
    )


def test_s2_16_only_a_managers_token_goes_on_while_something_is_missing():
    sol, max_ = rep(), manager()
    handoff = offered(to=sol)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    path, body = f"/leads/{handoff.lead.public_id}/opportunity", {"override": "Their CEO called."}
    assert caller(sol, "decide").post(path, body).status_code == 403
    assert caller(max_, "decide").post(path, body).json()["stage"] == "discovery"


def test_s4_14_a_handoff_is_rated_after_the_verdict():
    sol = rep()
    handoff = offered(to=sol)
    call, path = caller(sol, "decide"), f"/handoffs/{handoff.public_id}/rating"
    assert call.post(path, {"score": 4}).status_code == 409
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    assert call.post(path, {"score": 4}).json()["score"] == 4
    assert call.post(path, {"score": 6}).status_code == 422
    assert caller(rep("Mona Colleague"), "decide").post(path, {"score": 1}).status_code == 403


def test_an_acceptance_may_answer_any_question_of_the_framework():
    sol = rep()
    call, path = caller(sol, "decide"), f"/handoffs/{offered(to=sol).public_id}/acceptance"
    assert fields(call.post(path, {"answers": {"mood": {"level": "weak"}}})) == ["mood"]
    assert fields(call.post(path, {"answers": {"need": {"level": "huge"}}})) == ["need.level"]
    assert call.post(path, {"answers": {"need": {"level": "weak"}}}).json()["stage"] == "sql"
    assert "need" not in qualification.missing(lead=Lead.objects.get(), at=NOW)
