"""Two people and one lead that nobody has: who looks at it holds it, and the other one is told."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from handoff import claiming
from handoff.models import Handoff
from tests.browser import worlds
from tests.browser.test_frame import sideways
from tests.browser.worlds import Cast
from tests.fixtures.browser import axe_violations
from tests.fixtures.processes import wait_until

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Fritz is anybody's of Sol's and Sofia's team."""
    cast = worlds.cast()
    free = worlds.asks_for_a_demo(worlds.fitting("Free Fritz"), at=timezone.now() - timedelta(minutes=20))
    Handoff.objects.filter(pk=free.pk).update(rep=None, assigned_at=None)
    return cast


def fritz() -> Handoff:
    return Handoff.objects.select_related("lead", "claimed_by").get(lead__name="Free Fritz")


def lead_page() -> str:
    return f"/leads/{fritz().lead.public_id}/"


def row(page: Page) -> Locator:
    return page.locator("#worklist .row").filter(has_text="Free Fritz")


def runs_out() -> None:
    """Nobody gave a sign of life for as long as a lease lasts."""
    Handoff.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))


def test_one_holds_it_and_the_other_sees_who_and_gets_no_accept(open_page: Open, cast: Cast) -> None:
    hers = open_page(cast.sofia)
    hers.goto("/queue/")
    expect(row(hers).locator("[data-key=a]")).to_have_count(1)
    his = open_page(cast.sol)
    his.goto("/queue/")
    his.locator("#peek").get_by_role("button", name="Hold it for me").click()
    expect(row(his)).to_contain_text("Held for you until")
    expect(his.locator("#toasts")).to_contain_text("Held Free Fritz for you until")

    expect(row(hers)).to_contain_text("Held for Sol Seller until", timeout=15_000)
    expect(row(hers).locator("[data-key=a], [data-key=r], [data-key=s]")).to_have_count(0)
    hers.keyboard.press("a")
    hers.goto(lead_page())
    expect(hers.get_by_text("Held for Sol Seller until")).to_be_visible()
    for verb in ("Accept", "Reject…", "Snooze…"):
        expect(hers.get_by_role("button", name=verb).or_(hers.get_by_role("link", name=verb))).to_have_count(
            0
        )
    assert axe_violations(hers) == []
    assert fritz().is_open

    his.keyboard.press("a")
    expect(his.locator("#toasts")).to_contain_text("Accepted Free Fritz")


def test_a_key_for_a_lead_that_another_one_holds_is_not_pressed_on_its_preview(
    open_page: Open, cast: Cast
) -> None:
    page = open_page(cast.sofia)
    page.goto("/queue/")
    expect(page.locator("#peek [data-key=a]")).to_be_visible()
    claiming.claim(handoff=fritz(), by=cast.sol, at=timezone.now())
    expect(row(page)).to_contain_text("Held for Sol Seller until", timeout=15_000)

    page.keyboard.press("a")  # the preview was drawn before, and still has its button

    expect(page.get_by_role("alert")).to_contain_text("Free Fritz is held for Sol Seller")
    assert fritz().is_open


def test_a_list_begins_with_the_first_lead_that_one_may_decide(open_page: Open, cast: Cast) -> None:
    own = worlds.asks_for_a_demo(worlds.fitting("Own Olga"))
    assert own.rep == cast.sol
    claiming.claim(handoff=fritz(), by=cast.sofia, at=timezone.now())
    page = open_page(cast.sol)
    page.goto("/queue/")
    expect(page.locator("#worklist .row").first).to_contain_text("Free Fritz")
    expect(page.locator("#worklist .row[aria-current=true]")).to_contain_text("Own Olga")
    expect(page.locator("#peek h2")).to_have_text("Own Olga")

    page.keyboard.press("a")

    expect(page.locator("#toasts")).to_contain_text("Accepted Own Olga")


def test_letting_go_gives_it_back_to_everybody(open_page: Open, cast: Cast) -> None:
    hers, his = open_page(cast.sofia), open_page(cast.sol)
    his.goto("/queue/")
    his.locator("#peek").get_by_role("button", name="Hold it for me").click()
    expect(row(his)).to_contain_text("Held for you")
    hers.goto("/queue/")
    expect(row(hers)).to_contain_text("Held for Sol Seller")

    his.keyboard.press("z")

    expect(row(his)).not_to_contain_text("Held for")
    expect(row(hers).locator("[data-key=a]")).to_have_count(1, timeout=15_000)
    assert fritz().claimed_by is None


def test_leaving_the_page_lets_go(open_page: Open, cast: Cast) -> None:
    page = open_page(cast.sol)
    page.goto(lead_page())
    expect(page.get_by_text("Held for you until")).to_be_visible()
    assert fritz().claimed_by == cast.sol

    page.goto("/definitions/")

    wait_until(lambda: fritz().claimed_by is None, what="the hold ends with the page")


def test_what_was_typed_is_kept_when_the_lease_ran_out_and_a_colleague_took_it_up(
    open_page: Open, cast: Cast
) -> None:
    hers = open_page(cast.sofia)
    hers.goto("/queue/")
    expect(hers.locator("#peek h2")).to_have_text("Free Fritz")
    hers.keyboard.press("r")
    hers.keyboard.press("1")
    hers.get_by_label("What should marketing know?").fill("Contract runs until March.")
    runs_out()
    claiming.claim(handoff=fritz(), by=cast.sol, at=timezone.now())

    hers.get_by_label("What should marketing know?").press("Control+Enter")

    notice = hers.get_by_role("alert")
    expect(notice).to_contain_text("Free Fritz is held for Sol Seller until")
    expect(notice).to_contain_text("Contract runs until March.")
    expect(notice).to_be_focused()
    assert fritz().is_open

    claiming.release(handoff=fritz(), by=cast.sol)  # so the list is drawn anew
    expect(row(hers).locator("[data-key=a]")).to_have_count(1, timeout=15_000)
    expect(notice).to_contain_text("Contract runs until March.")
    hers.get_by_label("What should marketing know?").press("Control+Enter")
    expect(hers.locator("#toasts")).to_contain_text("Free Fritz")
    expect(notice).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 320])
def test_the_same_conflict_on_the_lead_page_says_who_and_keeps_the_words(
    open_page: Open, cast: Cast, width: int
) -> None:
    hers = open_page(cast.sofia, width=width, height=844)
    hers.goto(f"{lead_page()}?reject=1")
    hers.get_by_label("Wrong timing").check()
    hers.get_by_label("What should marketing know?").fill("Contract runs until March.")
    runs_out()
    claiming.claim(handoff=fritz(), by=cast.sol, at=timezone.now())
    hers.get_by_role("button", name="Reject and return").click()

    expect(hers.get_by_role("heading", level=1)).to_have_text("Somebody is on it")
    expect(hers.get_by_role("alert")).to_contain_text("Free Fritz is held for Sol Seller until")
    expect(hers.get_by_role("alert")).to_contain_text("Contract runs until March.")
    assert sideways(hers) <= 0
    assert axe_violations(hers) == []


def test_when_the_lease_runs_out_the_list_offers_it_again_by_itself(open_page: Open, cast: Cast) -> None:
    claiming.claim(handoff=fritz(), by=cast.sol, at=timezone.now())
    page = open_page(cast.sofia)
    page.clock.install()
    page.goto("/queue/")
    expect(row(page)).to_contain_text("Held for Sol Seller until")
    page.wait_for_timeout(1_000)  # for the refresh that every page begins with
    runs_out()

    page.clock.fast_forward(80_000)

    expect(row(page)).not_to_contain_text("Held for")
    expect(row(page).locator("[data-key=a]")).to_have_count(1)


def test_a_page_that_stays_open_keeps_its_hold(open_page: Open, cast: Cast) -> None:
    page = open_page(cast.sol)
    page.clock.install()
    page.goto(lead_page())
    expect(page.get_by_text("Held for you until")).to_be_visible()
    soon = timezone.now() + timedelta(minutes=1)
    Handoff.objects.update(claimed_until=soon)

    page.clock.run_for(5 * 60_000)

    def renewed() -> bool:
        until = fritz().claimed_until
        return until is not None and until > soon

    wait_until(renewed, what="the hold is renewed")


def test_of_two_who_accept_at_once_one_gets_it_and_the_other_hears_who(open_page: Open, cast: Cast) -> None:
    hers, his = open_page(cast.sofia), open_page(cast.sol)
    for page in (hers, his):
        page.route("**/live/**", lambda route: route.abort())  # neither hears of the other in time
        page.goto("/queue/")
        expect(page.locator("#peek h2")).to_have_text("Free Fritz")

    his.keyboard.press("a")
    expect(his.locator("#toasts")).to_contain_text("Accepted Free Fritz")
    hers.keyboard.press("a")

    expect(hers.get_by_role("alert")).to_contain_text("Sol Seller")
    assert fritz().rep == cast.sol
