"""The versions of a model on their pages: who reads them, who moves them on, and what stands in the way."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from scoring import model_file, publishing
from scoring.models import ModelVersion, Publication, ScoringModel
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

LOG = "/rules/versions/"
Who = Callable[[], User]


def draft(**parts: Any) -> ModelVersion:
    """Version 2: the live one with some parts of its model file replaced."""
    live = ModelVersion.objects.live()
    made = publishing.draft_from(version=live, by=None)
    if not parts:
        return made
    data = {**model_file.save(version=made), **parts}
    publishing.discard(version=made)
    return model_file.load(data=data)


def checked(**parts: Any) -> ModelVersion:
    return publishing.check_draft(version=draft(**parts), by=None, at=NOW)


def published() -> ModelVersion:
    return publishing.publish(version=draft(), by=None, reason="Fewer, better", at=NOW)


def needs_both_sides() -> None:
    ScoringModel.objects.update(needs_sign_off=True)


def page(version: ModelVersion, step: str = "") -> str:
    return f"{LOG}{version.number}/{step}"


def signed_in(who: Who | User) -> Client:
    client = Client()
    client.force_login(who if isinstance(who, User) else who())
    return client


def read(client: Client, address: str, **data: Any) -> str:
    answer = client.get(address, data)
    assert answer.status_code == 200
    return answer.content.decode()


# Who reads what


@pytest.mark.parametrize(
    ("who", "state", "status"),
    [
        (make.admin, "draft", 200),
        (make.marketer, "draft", 200),
        (make.manager, "draft", 404),
        (make.rep, "draft", 404),
        (make.manager, "checked", 200),
        (make.rep, "checked", 404),
        (make.rep, "published", 200),
        (make.manager, "published", 200),
        (make.rep, "retired", 200),
    ],
)
def test_drafts_are_for_those_who_edit_and_checked_ones_for_those_who_sign(
    who: Who, state: str, status: int
) -> None:
    {"draft": draft, "checked": checked, "published": published, "retired": published}[state]()
    version = ModelVersion.objects.get(state=state)
    client = signed_in(who)

    assert client.get(page(version)).status_code == status
    listed = f'href="{page(version)}?model=default"' in read(client, LOG)
    assert listed == (status == 200)


def test_a_stranger_signs_in_first() -> None:
    assert Client().get(LOG).status_code == 302
    assert Client().post(page(draft(), "check/")).status_code == 302


@pytest.mark.parametrize(
    ("step", "may"),
    [
        ("draft/", {make.marketer, make.admin}),
        ("check/", {make.marketer, make.admin}),
        ("check/undo/", {make.marketer, make.admin}),
        ("removal/", {make.marketer, make.admin}),
        ("publication/", {make.admin}),
    ],
)
@pytest.mark.parametrize("who", [make.admin, make.marketer, make.manager, make.rep])
def test_each_step_is_for_its_people(who: Who, step: str, may: set[Who]) -> None:
    version = checked() if step == "check/undo/" else draft()
    before = set(ModelVersion.objects.values_list("pk", "state"))

    answer = signed_in(who).post(page(version, step), {"reason": "because"})

    changed = set(ModelVersion.objects.values_list("pk", "state")) != before
    assert changed == (who in may)
    assert answer.status_code == (302 if who in may else answer.status_code)
    assert answer.status_code in (302, 403, 404)


@pytest.mark.parametrize(
    "step", ["draft/", "check/", "check/undo/", "signature/", "publication/", "comeback/", "removal/"]
)
def test_no_step_is_a_link(step: str) -> None:
    assert signed_in(make.admin).get(page(ModelVersion.objects.live(), step)).status_code == 405


def test_numbers_that_do_not_exist_are_404() -> None:
    ada = signed_in(make.admin)
    assert ada.get(f"{LOG}99/").status_code == 404
    assert ada.get(f"{LOG}1/", {"model": "nordics"}).status_code == 404
    assert ada.get(LOG, {"model": "nordics"}).status_code == 404
    assert ada.get(f"{LOG}1/", {"against": "99"}).status_code == 404
    assert ada.get(f"{LOG}1/", {"against": "x"}).status_code == 404


def test_a_draft_is_no_secret_to_be_compared_with() -> None:
    """Whoever may not read it cannot read it as a difference either."""
    published()
    hidden = draft()
    assert signed_in(make.rep).get(f"{LOG}1/", {"against": hidden.number}).status_code == 404


# The log


def test_the_log_says_what_was_live_when_and_why() -> None:
    first, ada = ModelVersion.objects.live(), make.admin()
    second = publishing.publish(version=draft(), by=ada, reason="Reps asked for fewer", at=NOW)
    publishing.bring_back(version=first, by=ada, at=NOW, reason="It was too strict")

    log = read(signed_in(ada), LOG)

    assert log.index("Version 2</a>") < log.index("Version 1</a>")
    assert "Reps asked for fewer" in log
    assert "Brought back by <b>Ada Admin</b>" in log
    assert "It was too strict" in log
    assert f'action="{page(second, "comeback/")}?model=default"' in log


def test_signatures_stand_in_the_log() -> None:
    version = checked()
    publishing.sign(version=version, side="marketing", by=make.marketer(), at=NOW)
    publishing.sign(version=version, side="sales", by=make.manager(), at=NOW)

    log = read(signed_in(make.manager("Mo Manager")), LOG)

    assert "Signed by Mara Marker for marketing and Max Manager for sales" in log


def test_the_log_of_another_model_is_a_tab_away() -> None:
    nordics = ScoringModel.objects.create(key="nordics", name="Nordics")
    model_file.load(data={"model": "nordics", "rules": []})
    ada = signed_in(make.admin)

    assert 'href="?model=nordics"' in read(ada, LOG)
    page_ = read(ada, LOG, model="nordics")
    assert "Nordics: what was live when" in page_
    assert "Bring back" not in page_
    assert "In words" in read(ada, f"{LOG}1/", model=nordics.key)


def test_a_long_log_goes_on_page_by_page() -> None:
    live = ModelVersion.objects.live()
    for number in range(2, 36):
        ModelVersion.objects.create(model=live.model, number=number)
    ada = signed_in(make.admin)

    first = ada.get(LOG)
    second = ada.get(LOG, {"after": first.context["log"].next})

    numbers = [row.version.number for answer in (first, second) for row in answer.context["log"].rows]
    assert numbers == list(range(35, 0, -1))


# One version


def test_a_draft_shows_what_it_changes_in_the_live_version() -> None:
    rules = model_file.save(version=ModelVersion.objects.live())["rules"]
    version = draft(rules=[{**rule, "points": 9} if rule["key"] == "phone" else rule for rule in rules])

    shown = read(signed_in(make.marketer), page(version))

    assert "1 change since version 1, which is live." in shown
    assert "“Gave a phone number” gives 9 points instead of 4." in shown
    assert "In words" in shown


def test_a_version_is_compared_with_any_other() -> None:
    first, second = ModelVersion.objects.live(), published()
    ada = signed_in(make.admin)
    assert "It says the same as version 1." in read(ada, page(second))
    assert "There is no version before it" in read(ada, page(first))
    assert "It says the same as version 2." in read(ada, page(first), against=2)


def test_the_page_says_precisely_what_is_missing() -> None:
    needs_both_sides()
    version, ada = draft(), signed_in(make.admin)
    assert "Still missing: check it, marketing signs it, sales signs it." in read(ada, page(version))

    publishing.check_draft(version=version, by=None, at=NOW)
    publishing.sign(version=version, side="marketing", by=make.marketer(), at=NOW)
    assert "Still missing: sales signs it." in read(ada, page(version))

    publishing.sign(version=version, side="sales", by=make.manager(), at=NOW)
    shown = read(ada, page(version))
    assert "Still missing" not in shown
    assert "Publish version 2" in shown
    assert "Everybody is scored again in the background, and version 1 retires." in shown


def test_marketing_reads_who_publishes() -> None:
    version, mara = draft(), signed_in(make.marketer)
    shown = read(mara, page(version))
    assert "An admin publishes it." in shown
    assert "Publish version" not in shown


# The way to being live


def test_from_draft_to_live_with_both_signatures() -> None:
    needs_both_sides()
    mara, max_ = signed_in(make.marketer), signed_in(make.manager)
    mara.post(page(ModelVersion.objects.live(), "draft/"))
    version = ModelVersion.objects.get(number=2)

    mara.post(page(version, "check/"))
    mara.post(page(version, "signature/"), {"side": "marketing"})
    max_.post(page(version, "signature/"), {"side": "sales"})
    answer = mara.post(
        page(version, "publication/"), {"reason": "Agreed on Tuesday", "over": "1"}, follow=True
    )

    version.refresh_from_db()
    assert (version.state, version.reason) == ("published", "Agreed on Tuesday")
    assert "Version 2 is live. Everybody is scored again" in answer.content.decode()


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
    assert "You signed for sales; somebody else signs here." in shown
    assert "Sign for marketing" not in shown


def test_bringing_back_is_one_click_from_the_log() -> None:
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


@pytest.mark.parametrize("over", ["", "x", "-1", "9" * 30])
def test_an_odd_number_in_the_form_is_not_believed(over: str) -> None:
    first = ModelVersion.objects.live()
    published()
    assert signed_in(make.admin).post(page(first, "comeback/"), {"over": over}).status_code in (302, 409)


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
