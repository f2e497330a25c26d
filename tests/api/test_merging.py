"""Merging over the API, and old ids and addresses of merged leads."""

import pytest
from zeal import zeal_ignore

from leads import merging, unmerging
from leads.models import Activity, AliasUse, Lead, LeadExternalId, Opportunity
from tests import factories as make
from tests.factories import NOW

from .calling import caller

pytestmark = pytest.mark.django_db


def event(**named: str) -> dict[str, object]:
    return {"event_id": "e1", "type": "page_view", "occurred_at": NOW.isoformat(), **named}


def test_G12_a_duplicate_is_merged_in_the_name_of_the_tokens_user_once() -> None:
    mara = caller(make.marketer(), "decide")
    ada, twin = make.lead("Ada", phone="1"), make.lead("Twin", phone="2")
    for _ in range(3):
        answer = mara.post(
            f"/leads/{ada.public_id}/merge", {"duplicate": str(twin.public_id), "take": ["phone"]}
        )
        assert answer.status_code == 200, answer.content
        assert answer.json()["lead"] == str(ada.public_id)
    assert answer.json()["by"] == "Mara Marker"
    assert Lead.objects.get().phone == "2"


def test_what_stands_in_the_way_is_said() -> None:
    mara = caller(make.marketer(), "decide")
    ada, twin = make.lead("Ada"), make.lead("Twin")
    body = {"duplicate": str(twin.public_id)}
    assert mara.post(f"/leads/{ada.public_id}/merge", {**body, "take": ["shoe"]}).status_code == 422
    assert caller(make.rep(), "decide").post(f"/leads/{ada.public_id}/merge", body).status_code == 403
    for lead in (ada, twin):
        Opportunity.objects.create(lead=lead)
    answer = mara.post(f"/leads/{ada.public_id}/merge", body)
    assert (answer.status_code, answer.json()["detail"][:23]) == (409, "Both have an open deal.")


def test_the_old_id_answers_with_the_survivor() -> None:
    mara = make.marketer()
    ada, twin = make.lead("Ada"), make.lead("Twin")
    merging.merge(ada, twin, by=mara)
    with zeal_ignore():  # one request asks for two leads: the old one, then the survivor
        answer = caller(mara, "read").get(f"/leads/{twin.public_id}")
        stranger = caller(make.rep(), "read").get(f"/leads/{twin.public_id}")
        listed = caller(mara, "read").get("/leads", email=twin.email)
    assert [lead["id"] for lead in listed.json()["items"]] == [str(ada.public_id)]
    assert (answer.status_code, answer.json()["id"]) == (200, str(ada.public_id))
    assert stranger.status_code == 404


@pytest.mark.parametrize("by", ["email", "lead_id"])
def test_C43_what_comes_under_an_old_name_reaches_the_survivor_and_goes_back_with_it(by: str) -> None:
    mara = make.marketer()
    ada, twin = make.lead("Ada"), make.lead("Twin")
    made = merging.merge(ada, twin, by=mara)
    old = {"email": str(twin.email).upper(), "lead_id": str(twin.public_id)}[by]
    sent = caller(mara, "capture").post("/events", [event(**{by: old})])
    assert sent.json()["accepted"] == 1, sent.content
    assert Lead.objects.count() == 1
    assert Activity.objects.get().lead == ada
    assert AliasUse.objects.count() == 1
    unmerging.undo(made, by=mara)
    assert Activity.objects.get().lead == twin


def test_C43_a_lead_sent_again_with_its_old_address_or_id_is_the_survivor() -> None:
    mara = make.marketer()
    ada, twin = make.lead("Ada"), make.lead("Twin")
    LeadExternalId.objects.create(lead=twin, source="crm", external_id="7")
    merging.merge(ada, twin, by=mara)
    api = caller(mara, "capture")
    for body in ({"email": twin.email, "city": "Kiel"}, {"email": ada.email, "title": "CFO"}):
        answer = api.post("/leads", body)
        assert answer.json()["id"] == str(ada.public_id), answer.content
    kept = Lead.objects.get()
    assert (kept.city, kept.title, kept.email) == ("Kiel", "CFO", ada.email)
