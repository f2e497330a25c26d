"""Disputes over the API."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from handoff import decisions
from handoff.models import Dispute, DisputeWord, Handoff
from tests.api.calling import caller
from tests.factories import NOW, manager, marketer, rep, team
from tests.handoff.factories import offered, reason

pytestmark = pytest.mark.django_db

WHY = {"note": "She asked for an offer."}


def rejected(by) -> Handoff:
    handoff = offered(to=by)
    decisions.reject(handoff=handoff, by=by, reason=reason(), at=NOW)
    return handoff


def test_a_rejection_is_disputed_once_and_settled_by_both_sides():
    sol, mara, max_ = rep(), marketer(), manager()
    handoff = rejected(sol)
    marketing, sales = caller(mara, "decide"), caller(max_, "write")
    path = f"/handoffs/{handoff.public_id}/dispute"
    made = [marketing.post(path, WHY).json() for _ in range(3)]
    assert made[0] == made[1] == made[2]
    assert (made[0]["reason"], made[0]["speaks_for"], made[0]["words"]) == ("timing", ["marketing"], [])
    words = f"/disputes/{made[0]['id']}/words"
    for _ in range(3):
        assert marketing.post(words, {"side": "marketing", "was_sql": True}).json()["was_sql"] is None
    for _ in range(3):  # the last word settles it, and sent again is no conflict
        settled = sales.post(words, {"side": "sales", "was_sql": True})
        assert (settled.status_code, settled.json()["was_sql"]) == (200, True)
    assert DisputeWord.objects.count() == 2
    assert sales.post(words, {"side": "sales", "was_sql": False}).status_code == 409
    assert sales.get("/disputes").json()["items"] == []
    listed = sales.get("/disputes", status="settled").json()["items"]
    assert [(each["id"], each["lead"]) for each in listed] == [(made[0]["id"], str(handoff.lead.public_id))]


def test_nobody_speaks_for_the_other_side_and_reps_for_none():
    sol, mara = rep(), marketer()
    handoff = rejected(sol)
    path = f"/handoffs/{handoff.public_id}/dispute"
    assert caller(sol, "decide").post(path, WHY).status_code == 403
    assert caller(sol, "read").get("/disputes").status_code == 403
    assert caller(manager("Nora North", team("Nordics")), "decide").post(path, WHY).status_code == 404
    call = caller(mara, "decide")
    words = f"/disputes/{call.post(path, WHY).json()['id']}/words"
    assert call.post(words, {"side": "sales", "was_sql": True}).status_code == 403
    assert (
        caller(manager("Nils North", team("Nordics")), "decide")
        .post(words, {"side": "sales", "was_sql": True})
        .status_code
        == 404
    )
    assert [each["field"] for each in call.post(words, {"side": "me", "was_sql": 7}).json()["errors"]] == [
        "side",
        "was_sql",
    ]
    assert not DisputeWord.objects.exists()


def test_only_a_rejection_that_stands_is_disputed():
    sol, mara = rep(), marketer()
    handoff = offered(to=sol)
    call, path = caller(mara, "decide"), f"/handoffs/{handoff.public_id}/dispute"
    assert call.post(path, WHY).status_code == 409
    assert call.post(path, {"note": " "}).json()["errors"][0]["field"] == "note"
    assert not Dispute.objects.exists()


def test_the_list_costs_the_same_however_long():
    sol, call = rep(), caller(marketer(), "write")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert call.get("/disputes").status_code == 200
        return len(asked)

    call.post(f"/handoffs/{rejected(sol).public_id}/dispute", WHY)
    call.get("/disputes")
    few = queries()
    for _ in range(4):
        call.post(f"/handoffs/{rejected(sol).public_id}/dispute", WHY)
    assert queries() == few
