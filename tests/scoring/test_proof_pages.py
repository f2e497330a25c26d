"""The pages of the back-test and of the suggestions: for those who review rules, and each figure leads on."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from leads.models import Lead
from scoring import replacing
from scoring.backtest import Judged
from scoring.figure_leads import with_leads
from scoring.models import ModelVersion, ScoringModel
from scoring.views.proof import OutcomeForm
from tests import factories
from tests.factories import company
from tests.scoring.pasts import accepted, live, ready, sent_back

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TITLE = "Service manager"


def past() -> ModelVersion:
    """Two in three are over the line and mostly accepted; small firms are sent back as that."""
    now = timezone.now()
    for k in range(60):
        small = k % 3 == 0
        at = now - (k + 1) * DAY
        firm = company(employees=10 if small else 300)
        good = k % 18 == 0 if small else k % 7 != 0
        made = (
            accepted(at, title=TITLE, company=firm)
            if good
            else sent_back(at, "too_small", title=TITLE, company=firm)
        )
        ready(made, at - 3 * DAY)
    return live()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("path", ["/rules/proof/", "/rules/proof/leads/", "/rules/suggestions/"])
def test_only_those_who_review_rules_see_them(path: str) -> None:
    past()
    assert as_(factories.marketer()).get(path).status_code == 200
    assert as_(factories.manager()).get(path).status_code == 200
    assert as_(factories.admin()).get(path).status_code == 200
    assert as_(factories.rep()).get(path).status_code == 403
    assert Client().get(path).status_code == 302


def test_each_figure_of_the_back_test_opens_its_leads() -> None:
    past()
    client = as_(factories.marketer())

    page = client.get("/rules/proof/").content.decode()

    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/rules/proof/leads/[^"]*)"', page)}
    cells = {link.partition("cell=")[2] for link in links}
    assert cells >= {"all", "over", "good", "tp", "fp", "fn", "tn", "decile-1", "decile-10", "band-1"}
    for link in links:
        assert client.get(link).status_code == 200
    back = client.get("/rules/proof/leads/?cell=fp").content.decode()
    assert "sent back: too small" in back
    assert back.count("<tr>") == 1 + len(re.findall(r"/leads/[0-9a-f-]{36}/", back))


def test_a_figure_that_is_none_is_not_found() -> None:
    past()
    client = as_(factories.marketer())
    assert client.get("/rules/proof/leads/?cell=decile-99").status_code == 404
    assert client.get("/rules/proof/?version=77").status_code == 404
    assert client.get("/rules/proof/?model=none").status_code == 404
    assert client.get("/rules/proof/?outcome=rain&days=x&mature=-3").status_code == 200


def test_too_few_outcomes_are_said_and_no_figure_is_shown() -> None:
    live()
    page = as_(factories.marketer()).get("/rules/proof/").content.decode()
    assert "Nothing is decided yet" in page
    assert "<h2>Precision" not in page
    page = as_(factories.admin()).get("/rules/suggestions/").content.decode()
    assert "Nothing is decided yet" in page


def test_before_the_first_version_both_pages_are_empty_and_say_so() -> None:
    ScoringModel.objects.create(key="other", name="Other")
    mara = as_(factories.marketer())
    assert "No version yet" in mara.get("/rules/proof/?model=other").content.decode()
    assert mara.get("/rules/proof/leads/?model=other").status_code == 404
    assert "No version is live" in mara.get("/rules/suggestions/?model=other").content.decode()


def test_the_page_does_not_call_unknown_what_is_right() -> None:
    """Forty verdicts about which no rule and no line can be judged."""
    for n in range(40):
        (accepted if n % 2 else sent_back)(timezone.now() - (n + 1) * DAY, title="x" if n % 4 < 2 else "")
    live()

    page = as_(factories.marketer()).get("/rules/suggestions/").content.decode()

    assert "No change found, and not all of it could be judged" in page
    assert "What these outcomes cannot tell:" in page
    assert "Nothing to change" not in page


def test_a_suggestion_becomes_a_draft_by_one_button_once() -> None:
    version, client = past(), as_(factories.marketer())
    page = client.get("/rules/suggestions/").content.decode()
    (key,) = re.findall(r'name="key" value="(against-[^"]+)"', page)

    first = client.post("/rules/suggestions/drafts/", {"key": key})
    again = client.post("/rules/suggestions/drafts/", {"key": key})

    draft = ModelVersion.objects.get(state="draft")
    assert first.status_code == again.status_code == 302
    assert first["Location"] == again["Location"] == f"/rules/versions/{draft.number}/?model=default"
    assert draft.based_on == version
    assert "too small" in draft.evidence


def test_a_suggestion_that_is_not_made_any_more_is_refused() -> None:
    past()
    answer = as_(factories.marketer()).post("/rules/suggestions/drafts/", {"key": "points-moon"})
    assert answer.status_code == 409
    assert "not suggested any more" in answer.content.decode()
    assert not ModelVersion.objects.filter(state="draft").exists()


@pytest.mark.parametrize("who", [factories.rep, factories.manager])
def test_sales_makes_no_drafts(who: Callable[[], User]) -> None:
    past()
    client = as_(who())
    assert client.post("/rules/suggestions/drafts/", {"key": "against-too_small"}).status_code == 403
    assert client.post("/rules/suggestions/models/", {"among": "source"}).status_code == 403


def test_a_manager_reads_the_suggestions_and_is_offered_no_draft_of_them() -> None:
    past()
    page = as_(factories.manager()).get("/rules/suggestions/").content.decode()
    assert "Changes that the outcomes ask for" in page
    assert "Marketing applies them in a draft." in page
    assert "/rules/suggestions/drafts/" not in page
    assert "Learn a model" not in page


def test_nothing_ticked_is_said_as_that() -> None:
    past()
    answer = as_(factories.marketer()).post("/rules/suggestions/drafts/", {})
    assert answer.status_code == 422
    assert "Tick what the draft should change" in answer.content.decode()
    assert "not suggested any more" not in answer.content.decode()


def test_what_was_ticked_stays_ticked_when_one_of_it_is_gone() -> None:
    past()
    client = as_(factories.marketer())
    (key,) = re.findall(
        r'name="key" value="(against-[^"]+)"', client.get("/rules/suggestions/").content.decode()
    )
    page = client.post("/rules/suggestions/drafts/", {"key": [key, "points-moon"]})
    assert page.status_code == 409
    assert re.search(rf'value="{key}" id="s-\d+" checked', page.content.decode())


def test_a_page_of_leads_reads_the_leads_of_that_page(monkeypatch: pytest.MonkeyPatch) -> None:
    past()
    monkeypatch.setattr("scoring.views.proof.PAGE", 7)
    read = []

    def reading(rows: Sequence[Judged], *, user: User) -> list[tuple[Lead, Judged]]:
        read.append(len(rows))
        return with_leads(rows, user=user)

    monkeypatch.setattr("scoring.figure_leads.with_leads", reading)
    page = as_(factories.marketer()).get("/rules/proof/leads/?page=2")
    assert read == [7]
    assert "60 leads" in page.content.decode()


def test_the_leads_behind_a_figure_do_not_score_everybody_again(monkeypatch: pytest.MonkeyPatch) -> None:
    past()
    client = as_(factories.marketer())
    assert client.get("/rules/proof/").status_code == 200
    monkeypatch.setattr("scoring.backtest.of_version", None)
    assert client.get("/rules/proof/leads/?cell=tp").status_code == 200
    assert client.get("/rules/proof/leads/?cell=fp&page=2").status_code == 200


def test_managers_find_leads_they_may_open_and_no_others() -> None:
    past()
    page = as_(factories.manager()).get("/rules/proof/leads/").content.decode()
    assert "0 leads" in page  # they were never handed to his team


def test_a_model_is_learned_from_what_was_ticked() -> None:
    past()
    client = as_(factories.marketer())

    answer = client.post(
        "/rules/suggestions/models/", {"among": ["company.employees"], "outcome": "accepted"}
    )

    draft = ModelVersion.objects.get(state="draft")
    assert answer["Location"] == f"/rules/versions/{draft.number}/?model=default"
    assert draft.evidence.startswith("Learned from 60 outcomes")
    assert {rule.when["field"] for rule in draft.rules.all()} == {"company.employees"}


def test_what_a_learned_model_drops_keeps_and_does_is_said_before_it_is_a_draft() -> None:
    version = past()
    client = as_(factories.marketer())
    asked = {"among": ["company.employees"], "outcome": "accepted"}

    page = client.post("/rules/suggestions/models/", {**asked, "do": "look"}).content.decode()

    assert not ModelVersion.objects.filter(state="draft").exists()
    assert ModelVersion.objects.count() == version.number, "nothing stays stored"
    for words in (
        "What goes",
        "of the live version go",
        "The lines are drawn anew",
        "over the SQL line",
        "Handoffs a week",
        "Make it a draft",
    ):
        assert words in page, words
    form = page[page.index("Make it a draft") - 2000 : page.index("Make it a draft")]
    assert 'name="among" value="company.employees"' in form
    assert 'name="outcome" value="accepted"' in form
    client.post("/rules/suggestions/models/", asked)
    assert ModelVersion.objects.filter(state="draft").exists()


def test_everything_that_a_learned_model_leaves_out_is_named() -> None:
    rule = {"points": 5, "decay": {"kind": "half_life", "days": 30}}
    live = {
        "rules": [rule, {**rule, "on": False}, {"points": 3, "cap": 9}],
        "ceilings": {"fit": 45, "intent": 50},
        "groups": [{"key": "g", "cap": 5}],
        "grades": {"from": "D"},
        "lines": [{"stage": "sql", "min": {"intent": 20}}],
        "time_zone": "Europe/Berlin",
    }
    learned = {"rules": [rule], "triggers": [{}], "blockers": [{}, {}], "time_zone": "Europe/Berlin"}
    assert replacing.dropped(live, learned) == [
        "All 2 rules of the live version go; 1 learned one comes.",
        "1 rule that fades: nothing of that is learned.",
        "1 rule that has a cap: nothing of that is learned.",
        "The ceilings go: fit 45, intent 50.",
        "1 group with a shared cap goes.",
        "Fit is points again, not a grade.",
        "The lines are drawn anew, so that as many decided leads stand over them as do now; their leave"
        " margins and cool-downs go.",
    ]
    assert replacing.kept(live, learned) == [
        "1 trigger of the live version stays.",
        "2 blockers of the live version stay.",
        "Its time zone stays: Europe/Berlin.",
    ]


def test_where_nothing_is_learned_the_page_says_so() -> None:
    past()
    answer = as_(factories.marketer()).post("/rules/suggestions/models/", {"among": ["source"]})
    assert answer.status_code == 200
    assert "No model was learned." in answer.content.decode()
    assert not ModelVersion.objects.filter(state="draft").exists()


def test_versions_lead_to_the_proof_and_the_suggestions() -> None:
    version = past()
    client = as_(factories.marketer())
    log = client.get("/rules/versions/").content.decode()
    assert "/rules/proof/?model=default" in log
    assert "/rules/suggestions/?model=default" in log
    page = client.get(f"/rules/versions/{version.number}/").content.decode()
    assert f"/rules/proof/?model=default&amp;version={version.number}" in page
    assert "/rules/proof/" not in as_(factories.rep()).get("/rules/versions/").content.decode()
    sales = as_(factories.manager()).get("/rules/versions/").content.decode()
    assert "/rules/proof/?model=default" in sales
    assert "/rules/suggestions/?model=default" in sales


@pytest.mark.parametrize(("given", "days"), [("0", None), ("1", 1), ("-3", None), ("90", 90)])
def test_who_is_undecided_needs_a_day_at_least_to_count_as_not_won(given: str, days: int | None) -> None:
    """In no days at all everybody who was ever seen would be an outcome."""
    assert OutcomeForm({"outcome": "won", "mature": given}).chosen() == ("won", days)
