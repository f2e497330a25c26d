"""The versions of a model on their pages: who reads what of them."""

from typing import Any

import pytest
from django.test import Client

from leads.stages import Stage
from scoring import model_file, publishing, rescoring
from scoring.models import ModelVersion, ScoringModel
from tests import factories as make
from tests.factories import NOW
from tests.scoring.pasts import moved
from tests.scoring.test_publishing import line, rescore_all, rule
from tests.scoring.test_publishing import published as rules_published
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
from tests.scoring.waiting import held

pytestmark = pytest.mark.django_db


def line_version(min_points: int) -> ModelVersion:
    """10 points for a demo, 10 for a page view, handed over from ``min_points`` on."""
    viewed = {**rule(10), "key": "view", "label": "Viewed a page", "when": {"activity": ["page_view"]}}
    return rules_published(rules=[rule(10), viewed], lines=[line(min_points)])


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
    # Whoever may not read a draft does not learn that there is one by trying to publish it.
    refused = 404 if step == "publication/" and who in (make.manager, make.rep) else 403

    answer = signed_in(who).post(page(version, step), {"reason": "because"})

    changed = set(ModelVersion.objects.values_list("pk", "state")) != before
    assert changed == (who in may)
    assert answer.status_code == (302 if who in may else refused)


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
    assert "comeback" not in log, "what makes a version live asks first, on a page that says what it does"
    assert f'href="{page(second)}?model=default#back"' in log
    asked = read(signed_in(ada), page(second))
    assert 'id="back"' in asked
    assert f'action="{page(second, "comeback/")}?model=default"' in asked
    assert "in place of version 1, which retires" in asked


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


def test_discarding_is_asked_about_first() -> None:
    """One step back is far from one press: what was edited is lost."""
    version = draft()
    shown = read(signed_in(make.marketer), page(version))
    question, _, form = shown.partition("Discard this draft…</summary>")
    assert question.rstrip().endswith("</svg>")
    assert "What was edited in draft 2 is lost; version 1 stays live." in form
    assert shown.index("<details") < shown.index(f'action="{page(version, "removal/")}')


def test_an_sql_is_called_what_the_company_calls_it(settings: Any) -> None:
    version, ada = draft(), signed_in(make.admin)
    assert "The rep’s acceptance makes it an SQL." in read(ada, page(version))
    settings.HANDED_OVER_IS_SQL = True
    assert "Handed over, it is an SQL" in read(ada, page(version))


def test_after_publishing_the_version_leads_to_who_waits() -> None:
    version, ada = published(), signed_in(make.admin)
    rescoring.continue_publishing(seconds=10)
    assert "/rules/crossings/" not in read(ada, page(version)).partition("<main")[2]
    held()
    assert 'href="/rules/crossings/"' in read(ada, page(version)).partition("<main")[2]
    assert 'href="/rules/crossings/"' not in read(signed_in(make.rep), page(version)).partition("<main")[2]
    retired = ModelVersion.objects.get(state="retired")
    assert "/rules/crossings/" not in read(ada, page(retired)).partition("<main")[2]


def test_starters_are_found_from_the_versions_by_those_who_draft() -> None:
    ScoringModel.objects.create(key="nordics", name="Nordics")
    mara = signed_in(make.marketer)
    assert 'href="/rules/starters/?model=default"' in read(mara, LOG)
    empty = read(mara, LOG, model="nordics")
    assert 'href="/rules/starters/?model=nordics"' in empty
    assert "Marketing starts a draft from a starter model" in empty
    assert "/rules/starters/" not in read(signed_in(make.manager), LOG)


def test_a_manager_who_signs_sees_what_the_version_would_do() -> None:
    version = checked()
    max_ = signed_in(make.manager)
    shown = read(max_, page(version))
    for address in ("/rules/proof/", "/rules/moves/"):
        link = f"{address}?model=default&amp;version={version.number}"
        assert f'href="{link}"' in shown
        assert max_.get(link.replace("&amp;", "&")).status_code == 200
    assert signed_in(make.rep).get(f"/rules/moves/?version={version.number}").status_code == 403


# What sales agreed to take


@pytest.mark.parametrize(
    ("who", "status"), [(make.admin, 302), (make.manager, 302), (make.marketer, 403), (make.rep, 403)]
)
def test_managers_and_admins_say_what_sales_takes(who: Who, status: int) -> None:
    client = signed_in(who)
    answer = client.post("/rules/agreement/", {"handoffs": "85"})
    assert answer.status_code == status
    agreed = ScoringModel.objects.get().agreed_handoffs
    assert agreed == (85 if status == 302 else None)
    assert ("up to <b>85</b> handoffs a week" in read(client, LOG)) == (status == 302)
    assert ("/rules/agreement/" in read(client, LOG)) == (status == 302)


def test_an_agreement_ends_with_an_empty_field() -> None:
    ScoringModel.objects.update(agreed_handoffs=85)
    signed_in(make.manager).post("/rules/agreement/", {"handoffs": ""})
    assert ScoringModel.objects.get().agreed_handoffs is None


@pytest.mark.parametrize("handoffs", ["0", "-4", "many", "10001", "9" * 400, "1\0"])
def test_an_agreement_that_makes_no_sense_is_refused_at_the_field(handoffs: str) -> None:
    answer = signed_in(make.manager).post("/rules/agreement/", {"handoffs": handoffs})
    assert answer.status_code == 422
    assert 'id="id_handoffs-error"' in answer.content.decode()
    assert ScoringModel.objects.get().agreed_handoffs is None


def test_an_agreement_is_of_one_model_and_no_link() -> None:
    ScoringModel.objects.create(key="nordics", name="Nordics")
    max_ = signed_in(make.manager)
    max_.post("/rules/agreement/?model=nordics", {"handoffs": "7"})
    assert {model.key: model.agreed_handoffs for model in ScoringModel.objects.all()} == {
        "default": None,
        "nordics": 7,
    }
    assert max_.get("/rules/agreement/").status_code == 405
    assert max_.post("/rules/agreement/?model=none", {"handoffs": "7"}).status_code == 404


# What a publication leads to


def test_the_piece_follows_until_everybody_is_scored_and_then_says_who_waits() -> None:
    version, ada = published(), signed_in(make.admin)
    shown = read(ada, page(version))
    assert 'hx-get="/rules/aftermath/?model=default"' in shown
    assert f"Scoring everybody with version {version.number}" in shown

    rescoring.continue_publishing(seconds=10)
    held("Ada Waits")

    piece = read(ada, "/rules/aftermath/")
    assert "hx-get" not in piece
    assert "<b>1</b> lead crossed a line and waits" in piece
    assert 'href="/rules/crossings/"' in piece
    assert "release" not in read(signed_in(make.rep), "/rules/aftermath/")


def test_those_who_fell_under_the_line_are_counted_and_named() -> None:
    """A stricter version takes nobody from sales, so it says whom sales still has."""
    stays, falls, told = make.lead("Stella Stays"), make.lead("Fred Falls"), make.lead("Tom Told")
    first = line_version(min_points=5)
    for each in (stays, falls, told):
        make.activity(each, "demo_request", at=NOW)
    make.activity(stays, "page_view", at=NOW)
    rescore_all()
    moved(told, Stage.MQL, NOW)
    moved(told, Stage.HANDED_OVER, NOW)
    ada = signed_in(make.admin)
    assert "See who fell" not in read(ada, page(first))

    live = line_version(min_points=15)
    rescore_all()

    shown = read(ada, page(live))
    assert "<b>2</b> leads that were over the SQL line are under it now; sales still has <b>1</b>" in shown
    named = read(ada, "/rules/fallen/?model=default")
    assert "Fred Falls" in named
    assert "Tom Told" in named
    assert "Stella Stays" not in named
    assert f"/leads/{falls.public_id}/" in named
    of_sales = read(ada, "/rules/fallen/?model=default&with=sales")
    assert "Tom Told" in of_sales
    assert "Fred Falls" not in of_sales
    assert signed_in(make.rep).get("/rules/fallen/").status_code == 403


def test_rolling_back_is_a_button_on_the_live_version() -> None:
    first = ModelVersion.objects.live()
    version, ada = published(), signed_in(make.admin)
    shown = read(ada, page(version))
    assert "Roll back to version 1" in shown
    assert f'action="{page(first, "comeback/")}?model=default"' in shown
    assert "Roll back to version" not in read(signed_in(make.manager), page(version))

    ada.post(page(first, "comeback/"), {"over": version.number})

    assert ModelVersion.objects.live() == first
    assert "Roll back to version" not in read(ada, page(first)), "nothing was live before it"
    assert "Bring back version 2" in read(ada, page(version)), "and forward again"


# What a version would do, beside its Publish button


def test_the_figures_of_the_preview_stand_beside_publish() -> None:
    ScoringModel.objects.update(agreed_handoffs=85)
    make.activity(lead := make.lead(company=make.company(employees=100)), "demo_request")
    rescoring.rescore_changed(at=NOW)
    version = draft(lines=[{"stage": "sql", "min": {"intent": 5}}])
    mara = signed_in(make.marketer)

    shown = read(mara, page(version))
    assert f'hx-get="/rules/figures/?model=default&amp;version={version.number}"' in shown
    assert 'href="?model=default&amp;preview=1">Preview</a>' in shown, "without scripts"

    piece = read(mara, "/rules/figures/", version=version.number)
    at_once = read(mara, page(version), preview="1")
    for html in (piece, at_once):
        assert "Handoffs a week" in html
        assert "sales agreed to up to 85" in html
        assert "over the SQL line" in html
    assert "hx-get" not in piece
    assert lead.scores.exists()
    rep_ = signed_in(make.rep)
    assert rep_.get("/rules/figures/", {"version": version.number}).status_code == 403
