"""The rule page: what it shows to whom, and how a draft begins."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from leads.models import ActivityType
from scoring import model_file, publishing
from scoring.models import ModelVersion, ScoringModel
from tests import factories
from tests.factories import NOW, activity
from tests.scoring.pasts import accepted, sent_back
from tests.scoring.rule_desk import (
    DRAFTS,
    PARTS,
    PAST,
    PREVIEW,
    RULES,
    draft_of_live,
    saved,
    signed_in,
    typed,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Client:
    return signed_in(factories.admin())


@pytest.fixture
def draft(db: None) -> ModelVersion:
    return draft_of_live()


# Reading


@pytest.mark.parametrize("who", ["rep", "manager", "marketer", "admin"])
def test_everybody_reads_what_is_live(who: str) -> None:
    page = signed_in(getattr(factories, who)()).get(RULES + "?rule=pricing")

    assert page.status_code == 200
    html = page.content.decode()
    assert "Viewed pricing" in html
    assert ("Edit in a draft" in html) is (who in ("marketer", "admin"))
    assert 'value="save"' not in html


def test_strangers_sign_in_first() -> None:
    assert Client().get(RULES).status_code == 302


def test_sales_neither_sees_nor_changes_drafts(draft: ModelVersion) -> None:
    client = signed_in(factories.rep())

    assert client.get(RULES + f"?version={draft.number}").status_code == 404
    assert f"Draft {draft.number}" not in client.get(RULES).content.decode()
    for path in (PARTS, DRAFTS, PREVIEW, PAST):
        assert client.post(path, {"kind": "rule", "key": "pricing"}).status_code == 403
    assert client.get("/rules/starters/").status_code == 403
    assert client.get("/rules/moves/").status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "?rule=nothing",
        "?line=sql-9",
        "?version=99",
        "?version=x",
        "?version=9999999999999",
        "?model=none",
        "?new=nothing",
    ],
)
def test_what_is_not_there_is_not_found(desk: Client, query: str) -> None:
    assert desk.get(RULES + query).status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"kind": "planet", "key": "mars"},
        {"kind": "rule", "key": "pricing", "version": "99"},
        {"kind": "rule", "key": "pricing", "model": "none"},
    ],
)
def test_a_form_about_nothing_is_not_found(desk: Client, draft: ModelVersion, data: dict[str, str]) -> None:
    for path in (PARTS, PREVIEW, PAST):
        assert desk.post(path, data).status_code == 404


def test_the_list_is_searched(desk: Client, draft: ModelVersion) -> None:
    html = desk.get(RULES + "?q=PRICING").content.decode()

    listed = html[html.index('class="rules__list"') : html.index('id="editor"')]
    assert "Viewed pricing" in listed
    assert "Gave a phone number" not in listed
    assert "Nothing has “zebra”" in desk.get(RULES + "?q=zebra").content.decode()


@pytest.mark.parametrize(
    "query",
    ["?line=sql-1", "?trigger=intent", "?blocker=competitor", "?group=staff", "?settings=model",
     "?new=rule&dimension=fit", "?new=line", "?new=trigger", "?new=blocker", "?new=group"],
)  # fmt: skip
def test_every_kind_of_part_has_its_form(desk: Client, draft: ModelVersion, query: str) -> None:
    page = desk.get(RULES + query)

    assert page.status_code == 200
    assert 'value="save"' in page.content.decode()


# Drafts


def test_editing_begins_in_a_draft_of_what_is_live(desk: Client) -> None:
    live = ModelVersion.objects.live()

    made = desk.post(DRAFTS, {"model": "default", "version": live.number, "kind": "rule", "key": "pricing"})

    draft = ModelVersion.objects.get(state="draft")
    assert made.headers["Location"] == f"/rules/?version={draft.number}&rule=pricing"
    assert draft.based_on == live
    page = desk.get(made.headers["Location"]).content.decode()
    assert f"Draft {draft.number}" in page
    assert f"v{live.number} is live since" in page

    desk.post(DRAFTS, {"model": "default", "version": live.number})
    assert ModelVersion.objects.filter(state="draft").count() == 1


def test_a_draft_that_is_there_is_gone_on_with_and_named(desk: Client, draft: ModelVersion) -> None:
    checked = publishing.draft_from(version=ModelVersion.objects.live(), by=None)
    publishing.check_draft(version=checked, by=None, at=NOW)

    shown = desk.get(RULES).content.decode()
    answer = desk.post(DRAFTS, {"model": "default", "version": checked.number}, follow=True)

    assert f"Draft {draft.number}</span>" in shown  # not the checked one, which nobody can edit
    assert answer.redirect_chain == [(f"/rules/?version={draft.number}", 302)]
    html = answer.content.decode()
    assert f"Draft {draft.number} was there already, made from version 1. You go on with it." in html
    assert 'value="save"' in html


def test_every_address_of_a_draft_names_it(desk: Client, draft: ModelVersion) -> None:
    html = desk.get(RULES + "?rule=pricing").content.decode()

    listed = html[html.index('class="rules__list"') : html.index('id="editor"')]
    addresses = re.findall(r'href="(\?[^"]*)"', listed)
    assert len(addresses) > 20
    assert all(address.startswith(f"?version={draft.number}") for address in addresses)
    assert f'<input type="hidden" name="version" value="{draft.number}">' in listed
    # Whoever must sign in first comes back to the rule.
    assert f'name="next" value="/rules/?version={draft.number}&amp;rule=pricing"' in html


def test_what_is_live_is_read_without_a_number(desk: Client) -> None:
    html = desk.get(RULES + "?rule=pricing").content.decode()

    assert 'href="?rule=pricing"' in html
    assert 'href="?version=1&amp;rule=pricing"' in desk.get(RULES + "?version=1").content.decode()


@pytest.mark.parametrize("path", [RULES, "/rules/versions/", "/rules/starters/"])
def test_an_address_with_a_nul_in_it_is_not_found(desk: Client, path: str) -> None:
    assert desk.get(path + "?model=%00").status_code == 404


# Starters


def test_a_starter_becomes_a_draft(desk: Client) -> None:
    assert "Start a draft" in desk.get("/rules/starters/").content.decode()

    answer = desk.post(DRAFTS, {"starter": "default", "model": "default"})

    draft = ModelVersion.objects.get(state="draft")
    assert answer.headers["Location"] == f"/rules/?version={draft.number}"
    assert model_file.save(version=draft) == model_file.save(version=ModelVersion.objects.live())


@pytest.mark.parametrize(
    "data",
    [
        {"starter": "../settings", "model": "default"},
        {"starter": "default", "model": "foo"},
        {"starter": "default", "model": "Not a key!"},
        {"starter": "default", "model": ""},
        {"starter": "default", "model": "\0"},
    ],
)
def test_a_starter_for_a_model_there_is_not_is_not_found(desk: Client, data: dict[str, str]) -> None:
    assert desk.post(DRAFTS, data).status_code == 404
    assert ScoringModel.objects.count() == 1


def test_a_starter_begins_a_second_model(desk: Client) -> None:
    page = desk.get("/rules/starters/?model=default").content.decode()
    assert "Only for leads of whom it is so: the company&#x27;s staff is over 1,000" in page
    assert 'name="model" value="default" checked' in page

    answer = desk.post(DRAFTS, {"starter": "b2b_enterprise", "model": "+", "name": " Large firms "})

    model = ScoringModel.objects.get(name="Large firms")
    draft = ModelVersion.objects.get(model=model)
    assert answer.headers["Location"] == f"/rules/?model=large-firms&version={draft.number}"
    assert draft.applies_to
    assert not ModelVersion.objects.filter(model__key="default", state="draft").exists()
    assert "Large firms" in desk.get(RULES).content.decode()  # its tab


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "Give the new model a name"), ("default", "There is a model “default” already")],
)
def test_a_new_model_needs_a_name_of_its_own(desk: Client, name: str, said: str) -> None:
    answer = desk.post(DRAFTS, {"starter": "b2b", "model": "+", "name": name})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert 'name="model" value="+" checked' in answer.content.decode()
    assert ScoringModel.objects.count() == 1


def test_a_model_without_rules_leads_to_a_starter_for_it(desk: Client) -> None:
    ScoringModel.objects.create(key="nordics", name="Nordics")

    html = desk.get(RULES + "?model=nordics").content.decode()

    assert 'href="/rules/starters/?model=nordics"' in html
    assert (
        'name="model" value="nordics" checked' in desk.get("/rules/starters/?model=nordics").content.decode()
    )


def test_a_starter_that_asks_for_what_is_gone_says_so(desk: Client) -> None:
    ActivityType.objects.filter(key="unsubscribe").delete()
    gone = ActivityType.objects.get(key="webinar_attended")
    gone.delete()

    answer = desk.post(DRAFTS, {"starter": "default", "model": "+", "name": "Second"})

    assert answer.status_code == 422
    assert "webinar_attended" in answer.content.decode()
    assert ScoringModel.objects.count() == 1


def test_starters_are_found_from_what_is_live_on_a_phone_too(desk: Client) -> None:
    html = desk.get(RULES).content.decode()

    listed = html[html.index('class="rules__list"') : html.index('id="editor"')]
    assert 'href="/rules/starters/?model=default">Starter models</a>' in listed
    rep = signed_in(factories.rep("Rita Rep")).get(RULES).content.decode()
    assert "Starter models" not in rep


def test_what_was_live_once_does_not_call_itself_live(desk: Client) -> None:
    first = ModelVersion.objects.live()
    second = publishing.draft_from(version=first, by=None)
    publishing.publish(version=second, by=None, reason="for the test", at=factories.NOW)
    page = desk.get(RULES, {"version": first.number}).content.decode()
    assert "You are reading what was live once." in page
    assert "You are reading what is live." in desk.get(RULES).content.decode()


def test_what_is_retired_is_no_edit_of_what_is_live(desk: Client) -> None:
    retired = ModelVersion.objects.live()
    draft = publishing.draft_from(version=retired, by=None)
    draft.rules.filter(key="pricing").update(points=9)
    publishing.publish(version=draft, by=None, reason="Higher", at=NOW)
    page = desk.get(f"/rules/?version={retired.number}").content.decode()
    assert 'class="tag tag--accent">edited' not in page


# Figures beside the rules


def noted(html: str, label: str) -> str:
    """The small words below one rule in the list."""
    found = re.search(rf'class="rl__n">{label}.*?<small>([^<]*)</small>', html, re.DOTALL)
    assert found
    return found[1]


def test_figures_of_the_live_rule_are_not_shown_as_those_of_an_edited_one(desk: Client) -> None:
    """Forty asked for a demo and were decided: the figures are of the rule that was live then."""
    for n in range(40):
        made = (accepted if n % 2 else sent_back)(timezone.now() - timedelta(days=n + 1))
        activity(made, "pricing_page_view", timezone.now() - timedelta(days=n + 3))
    draft = draft_of_live()
    page = desk.get(RULES + "?rule=pricing")
    as_it_is = noted(page.content.decode(), "Viewed pricing")
    assert as_it_is == "50% accepted, 40 leads"

    desk.post(PARTS, typed(page, do="save", label="Viewed pricing, renamed"))
    assert noted(desk.get(RULES).content.decode(), "Viewed pricing, renamed") == as_it_is

    desk.post(PARTS, typed(desk.get(RULES + "?rule=pricing"), do="save", points="3"))
    assert saved(draft, "pricing")["points"] == 3
    assert noted(desk.get(RULES).content.decode(), "Viewed pricing, renamed") == f"as live: {as_it_is}"
    reader = signed_in(factories.rep())
    assert noted(reader.get(RULES).content.decode(), "Viewed pricing") == as_it_is


def test_rules_that_count_the_same_activity_are_named_beside_it(desk: Client, draft: ModelVersion) -> None:
    page = desk.get(RULES + "?rule=pricing")
    assert "Counted by other rules too" not in page.content.decode()
    desk.post(PARTS, typed(page, do="copy"))
    html = desk.get(RULES + "?rule=pricing").content.decode()
    assert "Counted by other rules too; their points are added to these:" in html
    assert "viewed pricing" in html
