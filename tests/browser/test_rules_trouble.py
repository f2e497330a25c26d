"""The rule page in a browser when something is in the way: what was typed is kept, and the way on is said."""

import re
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Dialog, Page, Route, expect

from scoring import model_file, publishing
from scoring.models import ModelVersion, Rule
from scoring.parts import Place, part_of
from scoring.rescoring import rescore_everybody
from tests import factories
from tests.browser import worlds
from tests.browser.test_frame import LOOKS, sideways
from tests.fixtures.browser import axe_violations

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
SAVE = re.compile("^Save( Ctrl Enter)?$")  # a phone has no such key, and a second button in its dock


@pytest.fixture
def cast(transactional_db: None) -> worlds.Cast:
    """A draft, and one lead over the line because of it asked for a demo."""
    cast = worlds.cast()
    worlds.asks_for_a_demo(worlds.fitting("Marta Kowalczyk"))
    live = ModelVersion.objects.live()
    rescore_everybody(model=live.model, at=timezone.now())
    publishing.draft_from(version=live, by=cast.mara)
    return cast


def saved(key: str) -> dict[str, object]:
    draft = ModelVersion.objects.get(state="draft")
    return part_of(model_file.save(version=draft), Place("rule", key))


def test_what_the_server_found_wrong_stays_marked_until_it_is_mended(
    open_page: Open, cast: worlds.Cast
) -> None:
    page = open_page(cast.mara)
    page.goto("/rules/?rule=pricing")
    page.get_by_label("give").fill("999")
    page.get_by_label("Rule", exact=True).fill(" ")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("2 things to fix")
    points, name = page.get_by_label("give"), page.get_by_label("Rule", exact=True)

    with page.expect_response("**/rules/preview/"):
        page.get_by_label("counting the last").fill("9")

    for control in (points, name):
        expect(control).to_have_attribute("aria-invalid", "true")
    expect(points).to_have_accessible_description("points of Give a whole number from -200 to 200.")
    points.fill("9")
    expect(points).not_to_have_attribute("aria-invalid", "true")
    expect(points).to_have_accessible_description("points of")
    expect(name).to_have_attribute("aria-invalid", "true")


def test_a_past_that_does_not_come_is_not_waited_for(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.mara)
    page.route("**/rules/past/", lambda route: route.fulfill(status=500))
    page.goto("/rules/?rule=asked-for-sales")

    page.get_by_label("give").fill("2")

    expect(page.get_by_text("The past could not be looked at.")).to_be_visible()
    expect(page.get_by_text("Looking at the past…")).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("Something went wrong on our side.")


def test_one_question_is_asked_at_a_time(open_page: Open, cast: worlds.Cast) -> None:
    """Nobody waits for what was typed before; the server would compute it all the same."""
    page = open_page(cast.mara)
    asked: list[str] = []
    held: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(str(route.request.post_data))
        held.append(route)

    page.goto("/rules/?rule=asked-for-sales")
    page.route("**/rules/preview/", hold)
    for points in ("2", "3", "4"):
        page.get_by_label("give").fill(points)
        page.wait_for_timeout(250)
    assert len(asked) == 1

    held[0].continue_()
    page.wait_for_timeout(500)
    assert len(asked) == 2
    assert 'name="points"\r\n\r\n4\r\n' in asked[1]
    held[1].fulfill(status=429)  # another tab asks too
    page.wait_for_timeout(1500)
    assert len(asked) == 3
    held[2].continue_()
    effect = page.get_by_role("complementary", name="Effect of the draft")
    expect(effect).to_contain_text("1 under it.")


def test_signing_in_again_elsewhere_keeps_what_was_typed(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.mara)
    page.goto("/rules/?rule=asked-for-sales")
    Session.objects.all().delete()

    page.get_by_label("give").fill("2")
    link = page.get_by_role("link", name="Sign in")
    expect(page.locator("#toasts")).to_contain_text("You were signed out.")
    with page.context.expect_page() as opened:
        link.click()
    other = opened.value
    other.get_by_label("Email").fill(cast.mara.email)
    other.get_by_label("Password").fill(factories.PASSWORD)
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other.get_by_label("Rule", exact=True)).to_have_value(re.compile("^Asked for a demo"))
    other.close()

    expect(page.get_by_label("give")).to_have_value("2")
    page.evaluate("dispatchEvent(new Event('focus'))")
    effect = page.get_by_role("complementary", name="Effect of the draft")
    expect(effect).to_contain_text("1 under it.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Saved Asked for a demo")
    assert saved("asked-for-sales")["points"] == 2


@pytest.mark.parametrize("scripts", [True, False])
def test_deleting_asks_first(open_page: Open, cast: worlds.Cast, scripts: bool) -> None:
    page = open_page(cast.mara, scripts=scripts)
    page.goto("/rules/?rule=pricing")
    sure = page.get_by_role("button", name="Delete it")
    expect(sure).to_be_hidden()

    page.get_by_role("button", name="Delete…").press("Enter")
    expect(page.get_by_text("Delete “Viewed pricing” from draft")).to_be_visible()
    assert axe_violations(page) == [] if scripts else True
    sure.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("Deleted Viewed pricing")
    assert not Rule.objects.filter(version__state="draft", key="pricing").exists()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_what_was_typed_in_a_closed_draft_is_saved_in_a_new_one(
    open_page: Open, cast: worlds.Cast, width: int, scheme: str
) -> None:
    page = open_page(cast.mara, width=width, scheme=scheme)
    page.goto("/rules/?line=sql-1")
    page.get_by_label("Intent", exact=True).fill("31")
    old = ModelVersion.objects.get(state="draft")
    publishing.check_draft(version=old, by=None, at=timezone.now())

    page.get_by_role("button", name=SAVE).first.click()
    expect(page.get_by_role("alert")).to_contain_text("save it in a new draft")
    assert axe_violations(page) == []
    assert sideways(page) <= 0
    page.get_by_role("button", name="Save in a new draft").click()

    expect(page.locator("#toasts")).to_contain_text("which is new")
    assert ModelVersion.objects.get(state="draft").lines.get(stage="sql").min_intent == 31


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_conflict_and_the_starters_are_accessible_and_fit(
    open_page: Open, cast: worlds.Cast, width: int, scheme: str
) -> None:
    page = open_page(cast.mara, width=width, scheme=scheme)
    page.goto("/rules/?rule=asked-for-sales")
    page.get_by_label("give").fill("31")
    Rule.objects.filter(version__state="draft", key="asked-for-sales").update(points=30)
    page.get_by_role("button", name=SAVE).first.click()
    expect(page.get_by_role("alert")).to_contain_text("Gives 30 points of intent")
    assert axe_violations(page) == []
    assert sideways(page) <= 0

    page.goto("/rules/starters/")
    page.get_by_label("A new model").check()
    page.get_by_role("button", name="Start a draft of A common template, enterprise").click()
    expect(page.get_by_role("alert")).to_have_text("Give the new model a name, such as Enterprise.")
    expect(page.get_by_label("called")).to_be_focused()
    assert axe_violations(page) == []
    assert sideways(page) <= 0


def test_leaving_with_changes_that_are_not_saved_asks_first(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.mara)
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.goto("/rules/?rule=pricing")
    page.get_by_role("link", name="Replied to an e-mail").click()
    expect(page.get_by_label("Rule", exact=True)).to_have_value("Replied to an e-mail")
    assert asked == []

    page.get_by_label("give").fill("9")
    page.get_by_role("link", name="Viewed pricing").click()
    expect(page.get_by_label("Rule", exact=True)).to_have_value("Viewed pricing")

    assert asked == ["beforeunload"]


def test_a_choice_that_is_made_without_the_focus_changes_the_form(open_page: Open, cast: worlds.Cast) -> None:
    """By voice, or by an extension."""
    page = open_page(cast.mara)
    page.goto("/rules/?new=rule")
    choose = """what => {
        document.activeElement?.blur();
        const list = document.getElementById("id_when-0-what");
        list.value = what;
        for (const kind of ["input", "change"]) list.dispatchEvent(new Event(kind, { bubbles: true }));
    }"""
    page.evaluate(choose, "field:company.employees")
    expect(page.locator("#id_when-0-op")).to_contain_text("is under")
    page.evaluate(choose, "field:title")
    expect(page.locator("#id_when-0-op")).to_contain_text("contains")
