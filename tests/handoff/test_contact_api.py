"""Contacts over the API: the rules of the lead's page."""

import uuid

import pytest

from handoff import decisions
from handoff.models import Handoff, SlaPolicy, Work
from leads.models import Activity
from tests.api.calling import caller
from tests.factories import NOW, lead, marketer, rep, team
from tests.handoff.factories import offered

pytestmark = pytest.mark.django_db


def said(kind: str = "call", **given):
    return {"key": str(uuid.uuid4()), "kind": kind, **given}


def fields(answer) -> list[str]:
    return [problem["field"] for problem in answer.json()["errors"]]


def test_a_call_that_arrives_three_times_is_one_first_contact():
    sol = rep()
    handoff = offered(to=sol)
    call, body = caller(sol, "decide"), said(note="Wants an offer.")
    answers = [call.post(f"/leads/{handoff.lead.public_id}/contacts", body).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert (answers[0]["kind"], answers[0]["note"], answers[0]["is_first"]) == (
        "call",
        "Wants an offer.",
        True,
    )
    handoff.refresh_from_db()
    assert handoff.first_touch_at == Activity.objects.get(type__key="call_logged").occurred_at


def test_the_first_contact_ends_what_is_owed_and_the_next_activity_is_owed():
    sol = rep()
    SlaPolicy.objects.filter(promise="activity").update(is_on=True)
    handoff = offered(to=sol)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    caller(sol, "decide").post(f"/leads/{handoff.lead.public_id}/contacts", said("meeting"))
    kept, owed = Work.objects.order_by("id")
    assert (kept.promise, kept.was_kept, owed.promise, owed.ended_at) == ("contact", True, "activity", None)


def test_a_note_is_no_contact_and_needs_words():
    sol = rep()
    handoff = offered(to=sol)
    call, path = caller(sol, "decide"), f"/leads/{handoff.lead.public_id}/contacts"
    assert fields(call.post(path, said("note", note=" "))) == ["note"]
    noted = call.post(path, said("note", note="Her boss decides.")).json()
    assert (noted["kind"], noted["is_first"]) == ("note", False)
    assert Handoff.objects.get().first_touch_at is None


def test_s2_09_contact_with_an_mql_asks_why_and_keeps_the_reason():
    sol = rep()
    mql = lead("Ina Interested", stage="mql")
    mql.access.create(team=team())
    call, path, body = caller(sol, "decide"), f"/leads/{mql.public_id}/contacts", said("email")
    refused = call.post(path, body)
    assert (refused.status_code, fields(refused)) == (422, ["reason"])
    assert not Activity.objects.exists()
    taken = call.post(path, {**body, "reason": "She wrote to me."}).json()
    assert taken["reason"] == Activity.objects.get().properties["reason"] == "She wrote to me."


@pytest.mark.parametrize(
    ("given", "field"),
    [({"kind": "fax"}, "kind"), ({"key": "1"}, "key"), ({"note": "a\0"}, "note"), ({"nite": "x"}, "nite")],
)
def test_what_is_not_right_is_named(given, field):
    sol = rep()
    answer = caller(sol, "decide").post(
        f"/leads/{offered(to=sol).lead.public_id}/contacts", {**said(), **given}
    )
    assert (answer.status_code, fields(answer)) == (422, [field])


def test_who_may_not_log_does_not_and_a_key_of_another_lead_is_refused():
    sol, nils = rep(), rep("Nils North", team("Nordics"))
    one, two = offered(to=sol).lead, offered(to=sol).lead
    body = said(note="Their secret plan.")
    assert caller(nils, "decide").post(f"/leads/{one.public_id}/contacts", body).status_code == 404
    assert caller(marketer(), "decide").post(f"/leads/{one.public_id}/contacts", body).status_code == 403
    call = caller(sol, "decide")
    assert call.post(f"/leads/{one.public_id}/contacts", body).status_code == 200
    other = call.post(f"/leads/{two.public_id}/contacts", body)
    assert (other.status_code, fields(other)) == (409, ["key"])
    assert Activity.objects.count() == 1
