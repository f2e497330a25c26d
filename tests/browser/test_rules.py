"""The rule page in a browser: what is typed is answered, rows come and go, nothing is lost by accident."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from scoring import model_file, publishing
from scoring.models import ModelVersion, Rule
from scoring.parts import Place, part_of
from scoring.rescoring import rescore_everybody
from tests.browser import worlds
from tests.browser.test_frame import LOOKS, sideways
from tests.fixtures.browser import axe_violations

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


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


def test_the_effect_follows_what_is_typed(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.mara)
    page.goto("/rules/?rule=asked-for-sales")
    effect = page.get_by_role("complementary", name="Effect of the draft")
    expect(effect).to_contain_text("it would move nobody")

    page.get_by_label("give").fill("2")

    expect(effect).to_contain_text("Moves 0 leads over the SQL line, 1 under it.")
    expect(effect).to_contain_text("Marta Kowalczyk")
    expect(effect).to_contain_text("Handoffs a week")
    expect(page.locator("#words")).to_contain_text("2 points of intent")
    expect(page.get_by_text("was 25")).to_have_count(0)  # that comes with the saved page
    assert saved("asked-for-sales")["points"] == 25

    page.keyboard.press("Control+Enter")

    expect(page.locator("#toasts")).to_contain_text("Saved Asked for a demo")
    expect(page.get_by_text("was 25")).to_be_visible()
    assert saved("asked-for-sales")["points"] == 2


EVERYTHING = {
    "any": [
        {
            "activity": ["pricing_page_view", "calculator_used"],
            "where": [{"property": "path", "op": "starts", "value": ["/pricing", "/plans"]}],
            "at_least": 2,
            "at_most": 5,
            "within_days": 7,
            "after": {"activity": ["email_clicked"], "within_minutes": 120},
        },
        {
            "all": [
                {"colleagues": ["page_view"], "at_least": 2, "within_days": 30},
                {"stage": ["mql"], "for_days": 7},
            ]
        },
        {"none": [{"field": "country", "op": "in_region", "value": ["DACH"]}]},
        {"field": "seniority", "op": "in", "value": ["vp", "head"]},
        {"field": "company.employees", "op": "between", "value": [50, 500]},
        {"field": "company.attributes.tier", "op": "eq", "value": 3},
        {"field": "created_on", "op": "before", "value": "2026-01-01"},
        {"field": "company.industry", "op": "in", "value": ["HVAC", "Utilities"]},
        {"field": "free_mail", "op": "is_false"},
    ]
}


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_rule_with_everything_is_accessible_and_fits(
    open_page: Open, cast: worlds.Cast, width: int, scheme: str
) -> None:
    Rule.objects.filter(version__state="draft", key="email-reply").update(
        when=EVERYTHING,
        decay_kind="",
        decay_days=None,
        mismatch_points=-3,
        unless={"field": "phone", "op": "unknown"},
    )
    page = open_page(cast.mara, width=width, scheme=scheme)
    page.goto("/rules/?rule=email-reply")
    expect(page.get_by_role("complementary", name="Effect of the draft")).to_contain_text("Handoffs a week")

    assert axe_violations(page) == []
    assert sideways(page) <= 0
    wider = "[...document.querySelectorAll('.rules__edit, .rules__edit .blk, .rules__prev')]"
    assert page.evaluate(f"{wider}.filter((it) => it.scrollWidth > it.clientWidth + 1).length") == 0


def test_a_rule_is_built_by_keyboard(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.mara)
    page.goto("/queue/")
    page.goto("/leads/")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.get_by_role("link", name="New: Intent").press("Enter")

    page.get_by_label("Rule", exact=True).fill("Pricing and the guide")
    page.get_by_label("What, condition 1").focus()
    page.keyboard.type("Viewed pric")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Times, condition 1", exact=True)).to_be_visible()
    page.get_by_label("Times, condition 1", exact=True).fill("2")
    page.get_by_role("button", name="Condition", exact=True).press("Enter")
    expect(page.locator("#id_when-1-what")).to_be_focused()
    page.locator("#id_when-1-what").select_option(label="Downloaded the comparison guide")
    expect(page.locator("[name=when-1-n]")).to_be_visible()
    expect(page.get_by_label("Times, condition 1", exact=True)).to_have_value("2")
    page.get_by_label("give").fill("16")
    expect(page.locator("#words")).to_contain_text("16 points of intent")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#toasts")).to_contain_text("Saved Pricing and the guide")
    assert saved("pricing-and-the-guide")["when"] == {
        "all": [
            {"activity": ["pricing_page_view"], "at_least": 2},
            {"activity": ["comparison_guide_download"]},
        ]
    }


def test_a_removed_row_leaves_the_focus_beside_it(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.mara)
    page.goto("/rules/?trigger=guide-and-demo")

    page.get_by_role("button", name="Remove condition").first.press("Enter")

    expect(page.get_by_role("button", name="Remove condition")).to_have_count(1)
    expect(page.locator("#id_when-0-what")).to_be_focused()


def test_a_fault_shows_at_its_field_once_that_was_touched(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.mara)
    page.goto("/rules/?rule=pricing")

    page.get_by_label("give").fill("999")
    expect(page.get_by_text("Give a whole number from -200 to 200.")).to_be_visible()
    page.get_by_label("give").fill("9")
    expect(page.get_by_text("Give a whole number from -200 to 200.")).to_have_count(0)

    page.get_by_label("give").fill("999")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("give")).to_be_focused()


def test_a_new_rule_waits_and_an_old_effect_is_said_to_be_old(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.mara)
    effect = page.get_by_role("complementary", name="Effect of the draft")
    page.goto("/rules/?rule=asked-for-sales")
    page.get_by_label("give").fill("2")
    expect(effect).to_contain_text("Moves 0 leads over the SQL line, 1 under it.")
    expect(page.get_by_text("As it was before your last change.")).to_be_hidden()
    assert page.locator("#effect-said").text_content() == "Moves 0 leads over the SQL line, 1 under it."
    expect(effect).not_to_have_attribute("aria-live", "polite")

    page.get_by_label("give").fill("200000")

    expect(effect).to_contain_text("As it was before your last change.")
    expect(effect).to_contain_text("Moves 0 leads over the SQL line, 1 under it.")
    page.get_by_label("give").fill("3")
    expect(page.get_by_text("As it was before your last change.")).to_be_hidden()
    page.get_by_role("button", name="Save Ctrl Enter").click()

    page.get_by_role("link", name="New: Intent").click()
    expect(effect).to_contain_text("Complete the form; then this shows who would move")
    expect(page.get_by_text("Scoring everybody with this draft…")).to_have_count(0)


def test_on_a_phone_the_effect_in_short_stays_in_sight(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.mara, width=390, height=844)
    page.goto("/rules/")
    page.get_by_role("link", name="Asked for a demo").click()

    page.get_by_label("give").fill("2")

    dock = page.get_by_role("region", name="Effect in short")
    expect(dock).to_contain_text("0 over, 1 under the line")
    expect(dock).to_be_in_viewport()
    page.get_by_role("link", name="All rules").click()
    expect(page.get_by_role("link", name="Viewed pricing")).to_be_visible()


def test_it_all_works_without_scripts(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.mara, scripts=False)
    page.goto("/rules/")
    page.get_by_role("link", name="Asked for a demo").click()

    page.get_by_label("give").fill("2")
    page.get_by_role("button", name="Preview").click()
    effect = page.get_by_role("complementary", name="Effect of the draft")
    expect(effect).to_contain_text("Moves 0 leads over the SQL line, 1 under it.")
    expect(effect).to_contain_text("Handoffs a week")

    page.get_by_role("button", name="Condition", exact=True).click()
    page.get_by_label("What, condition 2").select_option(label="Company's staff")
    page.get_by_role("button", name="Update the form").click()
    page.get_by_label("How, condition 2", exact=True).select_option(label="is under")
    page.get_by_label("Value, condition 2").fill("50")
    page.get_by_label("fading", exact=True).select_option(label="never")
    page.locator("[name=window_days]").fill("")
    page.get_by_role("button", name="Save Ctrl Enter").click()

    expect(page.locator("#toasts")).to_contain_text("Saved Asked for a demo")
    assert saved("asked-for-sales")["points"] == 2
