"""The lead page's work and its set-up pages in a browser: readable at every width, by keyboard, and in
as few steps as were agreed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from handoff import decisions, disputes, opportunities, qualification, quality, snoozing
from handoff.models import Handoff, Qualification, Rating, RejectReason, Requirement, Task
from leads.models import Opportunity
from tests.browser import worlds
from tests.browser.test_frame import LOOKS, sideways
from tests.fixtures.browser import axe_violations
from tests.fixtures.processes import wait_until

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
LONG = "W" * 80


@pytest.fixture
def cast(transactional_db: None) -> worlds.Cast:
    """Sven is an SQL, Dora a deal with everything, Rita was sent back and disputed."""
    cast, now = worlds.cast(), timezone.now()
    for name in ("Sven Sql", "Dora Deal"):
        handoff = worlds.asks_for_a_demo(worlds.fitting(name), at=now - timedelta(hours=3))
        decisions.accept(handoff=handoff, by=cast.sol, at=now - timedelta(hours=2))
    rita = worlds.asks_for_a_demo(worlds.fitting("Rita Returned"), at=now - timedelta(hours=5))
    reason = RejectReason.objects.get(code="timing")
    verdict = decisions.reject(handoff=rita, by=cast.sol, reason=reason, at=now, note=LONG)
    disputes.dispute(verdict=verdict, by=cast.mara, note=LONG, at=now)
    quality.rate(handoff=rita, by=cast.sol, score=1, note=LONG, at=now)
    Requirement.objects.update(is_active=False)
    dora = Handoff.objects.get(lead__name="Dora Deal").lead
    qualification.convert(lead=dora, by=cast.sol, at=now - timedelta(hours=1), amount=24000, name=LONG)
    opportunities.note_supplier(lead=dora, name=LONG, note=LONG, by=cast.sol, at=now)
    for hours in (-1, 5):
        Task.objects.create(
            lead=dora, title=LONG, due_at=now + timedelta(hours=hours), owner=cast.sol, created_by=cast.max
        )
    Requirement.objects.update(is_active=True)
    return cast


def path_of(name: str) -> str:
    return f"/leads/{Handoff.objects.get(lead__name=name).lead.public_id}/"


PAGES = {
    "sol": ["{Dora Deal}", "{Rita Returned}", "/companies/"],
    "max": ["{Sven Sql}", "{company}", "/disputes/", "/disputes/?show=settled", "/quality/"],
    "mara": ["{Rita Returned}", "/companies/?q=zebra"],
    "ada": [
        "/questions/",
        "/questions/bant/",
        "/questions/bant/questions/new/",
        "/reasons/",
        "/reasons/new/",
    ],
}


@pytest.mark.parametrize("who", PAGES)
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pages_are_accessible_and_fit(
    open_page: Open, cast: worlds.Cast, width: int, scheme: str, who: str
) -> None:
    page = open_page(getattr(cast, who), width=width, scheme=scheme)
    for path in PAGES[who]:
        answer = page.goto(address(path))
        assert answer is not None
        assert answer.status == 200
        page.evaluate("document.querySelectorAll('main details').forEach((each) => (each.open = true))")
        assert axe_violations(page) == [], path
        assert sideways(page) <= 0, path


def address(path: str) -> str:
    """The page of a lead is named by the lead; that of the company is Dora's."""
    if path == "{company}":
        firm = Handoff.objects.get(lead__name="Dora Deal").lead.company
        assert firm is not None
        return f"/companies/{firm.public_id}/"
    return path_of(path.strip("{}")) if path.startswith("{") else path


def test_an_answer_takes_two_steps_and_is_saved_at_once(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.sol)
    page.goto(path_of("Sven Sql"))
    page.keyboard.press("u")  # 1: the field
    page.keyboard.press("ArrowRight")  # 2: the choice
    expect(page.locator("#saved")).to_contain_text("Saved")
    kept = Qualification.objects.filter(question__key="authority", level=1)
    wait_until(kept.exists, what="the answer is kept")
    expect(page.get_by_label("Authority note")).to_be_visible()
    expect(page.locator("#convert")).not_to_contain_text("authority")


def test_a_stage_and_a_rating_take_one_click_each(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.sol)
    page.goto(path_of("Dora Deal"))
    page.get_by_role("radio", name="Proposal sent").check()
    expect(page.locator("#toasts")).to_contain_text("is at Proposal sent now")
    assert Opportunity.objects.get().stage.key == "proposal"
    page.get_by_role("button", name="4 of 5").click()
    expect(page.locator("#toasts")).to_contain_text("4 of 5")
    assert Rating.objects.get(handoff__lead__name="Dora Deal").score == 4


def test_a_deal_is_won_by_keyboard_without_scripts_too(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.sol, scripts=False, width=390, height=844)
    page.goto(path_of("Dora Deal"))
    page.get_by_text("Won or lost…").click()
    page.get_by_role("radio", name="Won").check(force=True)
    page.get_by_role("button", name="Close the deal").press("Enter")
    expect(page.locator("#deal")).to_contain_text("won")
    assert Opportunity.objects.get().outcome == "won"


def test_each_side_settles_a_dispute_with_one_click(open_page: Open, cast: worlds.Cast) -> None:
    for who, side in ((cast.mara, "marketing"), (cast.max, "sales")):
        page = open_page(who)
        page.goto("/disputes/")
        page.get_by_role("form", name=side).get_by_role("button", name="It was an SQL").click()
    expect(page.get_by_text("Nothing is disputed")).to_be_visible()


def test_what_is_typed_elsewhere_outlives_every_form_of_the_page(open_page: Open, cast: worlds.Cast) -> None:
    Requirement.objects.update(is_active=False)
    page = open_page(cast.sol)
    page.goto(path_of("Sven Sql"))
    page.get_by_label("Amount in EUR").fill("24000")
    page.get_by_label("Expected to close").fill("2031-03-01")
    page.get_by_label("What was said?").fill("Wants a pilot.")
    page.get_by_role("radio", name="Meeting").check(force=True)
    page.get_by_role("button", name="Log it").click()
    expect(page.locator("#toasts")).to_contain_text("Noted for Sven Sql")
    expect(page.get_by_label("What was said?")).to_have_value("")
    expect(page.get_by_label("Amount in EUR")).to_have_value("24000")
    expect(page.get_by_label("Expected to close")).to_have_value("2031-03-01")

    page.get_by_label("What was said?").fill("Two sites first.")
    page.get_by_role("radio", name="Demo", exact=True).check(force=True)
    page.reload()
    page.get_by_role("button", name="Make it an opportunity").click()
    expect(page.locator("#deal")).to_contain_text("€24,000")
    expect(page.get_by_label("What was said?")).to_have_value("Two sites first.")
    expect(page.get_by_role("radio", name="Demo", exact=True)).to_be_checked()
    assert Opportunity.objects.filter(lead__name="Sven Sql").get().amount == 24000


def test_what_is_typed_stays_with_its_lead_and_outlives_an_accept(open_page: Open, cast: worlds.Cast) -> None:
    worlds.asks_for_a_demo(worlds.fitting("Nora New"))
    page = open_page(cast.sol)
    page.goto(path_of("Nora New"))
    page.get_by_label("What was said?").fill("Call after lunch.")
    page.get_by_role("link", name="Reject…").first.click()
    page.get_by_label("What should marketing know?").fill("No budget this year.")
    page.get_by_role("link", name="Close (Esc)").click()
    page.get_by_role("button", name="Accept").first.click()
    expect(page.locator("#toasts")).to_contain_text("Accepted")
    expect(page.get_by_label("What was said?")).to_have_value("Call after lunch.")
    page.goto(path_of("Sven Sql"))
    expect(page.get_by_label("What was said?")).to_have_value("")


def test_what_an_error_page_did_not_take_is_given_back(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.sol)
    page.goto(path_of("Sven Sql"))
    page.get_by_label("What was said?").fill("Wants a pilot.")
    page.evaluate("document.querySelector('#contact [name=csrfmiddlewaretoken]').value = 'x'")
    page.get_by_role("button", name="Log it").click()
    expect(page.get_by_role("heading", name="out of date")).to_be_visible()
    page.goto(path_of("Sven Sql"))
    expect(page.get_by_label("What was said?")).to_have_value("Wants a pilot.")


def test_w_puts_a_snoozed_lead_back_where_it_stands(open_page: Open, cast: worlds.Cast) -> None:
    handoff, now = worlds.asks_for_a_demo(worlds.fitting("Nora New")), timezone.now()
    snoozing.snooze(handoff=handoff, by=cast.sol, until=now + timedelta(hours=3), at=now)
    page = open_page(cast.sol)
    page.goto("/queue/?view=snoozed")
    expect(page.locator("#peek").get_by_role("button", name="Back on the list")).to_be_visible()
    page.keyboard.press("w")
    expect(page.locator("#toasts")).to_contain_text("Nora New is back on the list")
    expect(page.locator("#worklist .row")).to_have_count(0)
    assert not Handoff.objects.asleep(now).exists()
