"""Everything works in a browser that runs no scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from handoff.models import Handoff, Qualification, Verdict
from tests.browser import worlds

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def test_a_rep_accepts_and_takes_it_back(open_page: Open, transactional_db: None) -> None:
    cast = worlds.cast()
    worlds.asks_for_a_demo(worlds.fitting("Marta Kowalczyk"))
    page = open_page(cast.sol, scripts=False)

    page.goto("/queue/")
    page.get_by_role("complementary").get_by_role("button", name="Accept").click()
    expect(page.locator("#toasts")).to_contain_text("Accepted Marta Kowalczyk")

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("list").get_by_role("link", name="Marta Kowalczyk")).to_be_visible()
    assert Handoff.objects.get().is_open


@pytest.mark.parametrize("width", [390, 1024])
def test_every_row_shows_its_verdicts_where_no_preview_stands_beside(
    open_page: Open, transactional_db: None, width: int
) -> None:
    cast = worlds.cast()
    for name in ("Marta Kowalczyk", "Lucas Meyer"):
        worlds.asks_for_a_demo(worlds.fitting(name))
    page = open_page(cast.sol, scripts=False, width=width, height=844)

    page.goto("/queue/")
    lucas = page.locator("#worklist .row").filter(has_text="Lucas Meyer")
    lucas.get_by_role("link", name="Reject…").click()
    expect(page.get_by_role("heading", name="Reject this lead")).to_be_visible()
    page.goto("/queue/")
    lucas.get_by_role("button", name="Accept").click()

    expect(page.locator("#toasts")).to_contain_text("Accepted Lucas Meyer")


def test_a_lead_opened_on_a_phone_offers_its_verdicts(open_page: Open, transactional_db: None) -> None:
    cast = worlds.cast()
    worlds.asks_for_a_demo(worlds.fitting("Marta Kowalczyk"))
    page = open_page(cast.sol, scripts=False, width=390, height=844)

    page.goto("/queue/")
    page.locator("#worklist").get_by_role("link", name="Marta Kowalczyk").click()
    dock = page.get_by_role("region", name="Decide", exact=True)
    expect(dock.get_by_role("link", name="Reject…")).to_be_in_viewport()
    dock.get_by_role("button", name="Accept").click()

    expect(page.locator("#toasts")).to_contain_text("Accepted Marta Kowalczyk")


def test_the_sign_in_page_offers_no_button_that_does_nothing(open_page: Open) -> None:
    page = open_page(scripts=False)

    page.goto("/accounts/login/")

    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    expect(page.get_by_text("JavaScript")).to_have_count(0)


def test_a_rep_sends_a_lead_back_with_its_reason(open_page: Open, transactional_db: None) -> None:
    cast = worlds.cast()
    worlds.asks_for_a_demo(worlds.fitting("Marta Kowalczyk"))
    page = open_page(cast.sol, scripts=False)

    page.goto("/queue/")
    page.get_by_role("complementary").get_by_role("link", name="Reject…").click()
    page.get_by_label("No budget").check()
    page.get_by_label("What should marketing know?").fill("Next year.")
    page.get_by_role("button", name="Reject and return").click()

    expect(page.locator("#toasts")).to_contain_text("Rejected Marta Kowalczyk: no budget")
    verdict = Verdict.objects.get()
    assert (verdict.reason.code, verdict.note) == ("no_budget", "Next year.")
    assert verdict.return_on is not None


def test_a_rep_answers_bant_and_saves(open_page: Open, transactional_db: None) -> None:
    cast = worlds.cast()
    handoff = worlds.asks_for_a_demo(worlds.fitting("Marta Kowalczyk"))
    page = open_page(cast.sol, scripts=False)

    page.goto(f"/leads/{handoff.lead.public_id}/")
    page.get_by_role("group", name="Need").get_by_label("Likely").check()
    page.get_by_label("Need note").fill("Dispatch by phone today")
    page.get_by_role("button", name="Save answers").click()

    expect(page.locator("#toasts")).to_contain_text("Saved")
    answer = Qualification.objects.get()
    assert (answer.question.key, answer.level, answer.note) == ("need", 2, "Dispatch by phone today")


def test_filters_apply_and_their_chips_drop_them(open_page: Open, transactional_db: None) -> None:
    cast = worlds.cast()
    worlds.asks_for_a_demo(worlds.fitting("Marta Kowalczyk"))
    page = open_page(cast.sol, scripts=False)

    page.goto("/queue/")
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Country").fill("SE")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="No lead matches")).to_be_visible()

    page.get_by_role("link", name="Remove filter: country").click()
    expect(page.get_by_role("list").get_by_role("link", name="Marta Kowalczyk")).to_be_visible()


def test_a_marketer_hands_a_lead_over(open_page: Open, transactional_db: None) -> None:
    cast = worlds.cast()
    worlds.mqls()
    page = open_page(cast.mara, scripts=False)

    page.goto("/mqls/")
    row = page.get_by_role("listitem").filter(has_text="Decision Doe")
    row.get_by_text("Hand over now…").click()
    row.get_by_role("textbox").fill("Met at the fair, wants to start in May.")
    row.get_by_role("button", name="Hand over", exact=True).click()

    expect(page.locator("#toasts")).to_contain_text("Handed Decision Doe to Sol Seller")
    assert Handoff.objects.get().offered_by == cast.mara
