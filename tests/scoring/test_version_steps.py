"""One version on its way from draft to live and back: who moves it on, and what stands in the way."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from scoring import model_file, publishing
from scoring.models import ModelVersion, Publication
from tests import factories as make
from tests.factories import NOW
from tests.scoring.versioned import (
    LOG,
    Who,
    checked,
    draft,
    needs_both_sides,
    page,
    published,
    read,
    signed_in,
)

pytestmark = pytest.mark.django_db


# The way to being live


def test_from_draft_to_live_with_both_signatures() -> None:
    needs_both_sides()
    mara, max_ = signed_in(make.marketer), signed_in(make.manager)
    mara.post(page(ModelVersion.objects.live(), "draft/"))
    version = ModelVersion.objects.get(number=2)

    mara.post(page(version, "check/"))
    mara.post(page(version, "signature/"), {"side": "marketing", "seen": seen(mara, version)})
    max_.post(page(version, "signature/"), {"side": "sales", "seen": seen(max_, version)})
    answer = mara.post(
        page(version, "publication/"), {"reason": "Agreed on Tuesday", "over": "1"}, follow=True
    )

    version.refresh_from_db()
    assert (version.state, version.reason) == ("published", "Agreed on Tuesday")
    assert "Version 2 is live. Everybody is scored again" in answer.content.decode()


def seen(client: Client, version: ModelVersion) -> str:
    """What the page of ``version`` keeps of it, to post it with what is decided there."""
    found = re.search(r'name="seen" value="([^"]*)"', read(client, page(version)))
    assert found
    return found[1]


def test_S1_20_an_old_page_signs_and_publishes_nothing_that_was_edited_since() -> None:
    version, max_, ada = checked(), signed_in(make.manager), signed_in(make.admin)
    signs = {"side": "sales", "seen": seen(max_, version)}
    publishes = {"reason": "Agreed on Tuesday", "over": "1", "seen": seen(ada, version)}
    assert signs["seen"] == publishes["seen"] != ""

    publishing.reopen(version=version)
    version.rules.update(points=1)
    publishing.check_draft(version=version, by=None, at=NOW + timedelta(minutes=1))
    for client, step, said in ((max_, "signature/", signs), (ada, "publication/", publishes)):
        answer = client.post(page(version, step), said)
        assert answer.status_code == 409
        told = answer.content.decode()
        assert "version 2 was reopened and checked again" in told
        assert said.get("reason", "") in told
    assert not version.sign_offs.exists()
    assert ModelVersion.objects.live() != version

    max_.post(page(version, "signature/"), {"side": "sales", "seen": seen(max_, version)})
    assert version.sign_offs.get().side == "sales"
    ada.post(page(version, "publication/"), {**publishes, "seen": seen(ada, version)})
    assert ModelVersion.objects.live() == version


def test_S1_20_a_press_that_does_not_say_what_it_saw_signs_nothing() -> None:
    version = checked()
    assert signed_in(make.manager).post(page(version, "signature/"), {"side": "sales"}).status_code == 409
    assert not version.sign_offs.exists()


def test_publishing_without_a_reason_is_refused_at_the_field() -> None:
    version = draft()
    answer = signed_in(make.admin).post(page(version, "publication/"), {"reason": " "})
    assert answer.status_code == 422
    assert "what did you see that this version answers?" in answer.content.decode()


def test_publishing_over_another_version_than_one_saw_keeps_what_was_typed() -> None:
    mine, other = draft(), model_file.load(data=model_file.starter("default"))
    publishing.publish(version=other, by=make.admin("Ann Admin"), reason="because", at=NOW)

    answer = signed_in(make.admin).post(page(mine, "publication/"), {"reason": "My own reason", "over": "1"})

    said = answer.content.decode()
    assert answer.status_code == 409
    assert "Default, version 3 went live meanwhile, published by Ann Admin" in said
    assert "My own reason" in said
    assert 'name="over" value="3"' in said, "the next try is over what the page shows now"


def test_publishing_what_is_live_says_who_was_faster() -> None:
    version = published()
    answer = signed_in(make.admin).post(page(version, "publication/"), {"reason": "again"})
    assert answer.status_code == 409
    assert "is published already" in answer.content.decode()


def test_faults_are_named_by_the_rules_they_are_in() -> None:
    version = draft()
    version.rules.filter(key="phone").update(when={"field": "shoe_size", "op": "known"})

    answer = signed_in(make.marketer).post(page(version, "check/"))

    said = answer.content.decode()
    assert answer.status_code == 422
    assert "One thing to fix before it can be checked" in said
    assert "“Gave a phone number”</b>: There is no field &#x27;shoe_size&#x27;" in said


@pytest.mark.parametrize("side", ["", "everybody", "sales "])
def test_there_are_two_sides(side: str) -> None:
    assert signed_in(make.admin).post(page(checked(), "signature/"), {"side": side}).status_code == 404


def test_signing_for_the_other_side_is_refused() -> None:
    version = checked()
    assert signed_in(make.marketer).post(page(version, "signature/"), {"side": "sales"}).status_code == 403
    assert signed_in(make.manager).post(page(version, "signature/"), {"side": "marketing"}).status_code == 403
    assert not version.sign_offs.exists()


def test_one_person_is_offered_one_side_only() -> None:
    version, ada = checked(), make.admin()
    shown = read(signed_in(ada), page(version))
    assert "Sign for marketing" in shown
    assert "Sign for sales" in shown

    publishing.sign(version=version, side="sales", by=ada, at=NOW)

    shown = read(signed_in(ada), page(version))
    assert "Sales agrees" in shown
    assert "You signed for sales; somebody else signs for marketing." in shown
    assert "Sign for marketing" not in shown


def test_bringing_back_needs_no_reason_of_its_own() -> None:
    first = ModelVersion.objects.live()
    published()
    ada = signed_in(make.admin)

    answer = ada.post(page(first, "comeback/"), {"over": "2"}, follow=True)

    first.refresh_from_db()
    assert first.state == "published"
    assert "Version 1 is live again." in answer.content.decode()
    assert Publication.objects.order_by("-id")[0].reason == "Rolled back from version 2"
    assert ada.post(page(first, "comeback/"), {"over": "2"}).status_code == 409


@pytest.mark.parametrize("who", [make.marketer, make.manager, make.rep])
def test_only_an_admin_brings_back(who: Who) -> None:
    first = ModelVersion.objects.live()
    published()
    client = signed_in(who)
    assert "Bring back" not in read(client, LOG)
    assert client.post(page(first, "comeback/")).status_code == 403


@pytest.mark.parametrize(("over", "status"), [("x", 422), ("-1", 409), ("9" * 30, 409)])
@pytest.mark.parametrize("step", ["comeback/", "publication/"])
def test_an_odd_number_in_the_form_is_not_believed(step: str, over: str, status: int) -> None:
    first, second = ModelVersion.objects.live(), published()
    version = first if step == "comeback/" else draft()
    answer = signed_in(make.admin).post(page(version, step), {"over": over, "reason": "because"})
    assert answer.status_code == status
    assert ModelVersion.objects.live() == second


def test_why_a_version_comes_back_is_kept_when_somebody_was_faster() -> None:
    first = ModelVersion.objects.live()
    published()
    ada = signed_in(make.admin)
    answer = ada.post(page(first, "comeback/"), {"reason": "It was better", "over": "7"})
    assert answer.status_code == 409
    assert 'value="It was better"' in answer.content.decode()
    assert 'name="over" value="2"' in answer.content.decode()


@pytest.mark.parametrize("step", ["comeback/", "publication/"])
@pytest.mark.parametrize("reason", ["a\0b", "x" * 2001])
def test_a_reason_that_cannot_be_stored_is_refused_at_the_field(step: str, reason: str) -> None:
    first, second = ModelVersion.objects.live(), published()
    version = first if step == "comeback/" else draft()
    answer = signed_in(make.admin).post(page(version, step), {"reason": reason})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert ModelVersion.objects.live() == second


def test_a_discarded_draft_is_gone_and_what_is_live_stays() -> None:
    version, mara = draft(), signed_in(make.marketer)
    answer = mara.post(page(version, "removal/"), follow=True)
    assert "Draft 2 is gone." in answer.content.decode()
    assert mara.get(page(version)).status_code == 404
    assert mara.post(page(ModelVersion.objects.live(), "removal/")).status_code == 409


def test_reopening_takes_the_signatures_back() -> None:
    version = checked()
    publishing.sign(version=version, side="marketing", by=make.marketer(), at=NOW)
    signed_in(make.admin).post(page(version, "check/undo/"))
    version.refresh_from_db()
    assert version.is_draft
    assert not version.sign_offs.exists()
