"""The queue by keyboard: move, accept, send back, undo, open; focus goes where the work is."""

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from accounts.models import User
from handoff import decisions
from handoff.models import Handoff, Qualification, Verdict
from tests.browser import worlds
from tests.browser.worlds import Cast
from tests.fixtures.processes import wait_until

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Three open leads for Sol, due in the order of their names."""
    cast, now = worlds.cast(), timezone.now()
    for minutes, name in ((30, "Ada One"), (20, "Bo Two"), (10, "Cy Three")):
        worlds.asks_for_a_demo(worlds.fitting(name), at=now - timedelta(minutes=minutes))
    return cast


def row(page: Page, name: str) -> Locator:
    return page.locator("#worklist").get_by_role("link", name=name)


def slowly(seconds: float) -> Callable[[Route], None]:
    """A line on which every request takes this much longer."""

    def go_on(route: Route) -> None:
        time.sleep(seconds)
        route.continue_()

    return go_on


def opened(open_page: Open, user: User, path: str = "/queue/", **options: object) -> Page:
    page = open_page(user, **options)
    page.goto(path)
    return page


def test_j_and_k_move_from_the_row_that_is_current_and_the_preview_follows(
    open_page: Open, cast: Cast
) -> None:
    page = opened(open_page, cast.sol)
    expect(page.locator("#worklist .row[aria-current=true]")).to_contain_text("Ada One")
    expect(page.locator("#peek h2")).to_have_text("Ada One")

    page.keyboard.press("j")
    expect(row(page, "Bo Two")).to_be_focused()
    expect(page.locator("#peek h2")).to_have_text("Bo Two")
    assert "lead=" in page.url
    page.keyboard.press("k")
    expect(row(page, "Ada One")).to_be_focused()


@pytest.mark.parametrize("width", [1440, 1024])
def test_a_alone_accepts_the_current_row_and_the_next_takes_focus(
    open_page: Open, cast: Cast, width: int
) -> None:
    page = opened(open_page, cast.sol, width=width)

    page.keyboard.press("a")

    expect(row(page, "Ada One")).to_be_hidden()
    expect(row(page, "Bo Two")).to_be_focused()
    if width == 1440:
        expect(page.locator("#peek h2")).to_have_text("Bo Two")


def test_undo_brings_the_row_and_the_focus_back(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast.sol)
    page.keyboard.press("a")
    expect(row(page, "Ada One")).to_be_hidden()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()

    page.keyboard.press("z")

    expect(row(page, "Ada One")).to_be_focused()
    assert Handoff.objects.get(lead__name="Ada One").is_open


def test_an_undo_pressed_at_once_waits_for_the_verdict_and_takes_no_other_back(
    open_page: Open, cast: Cast
) -> None:
    page = opened(open_page, cast.sol)
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text("Accepted Ada One")
    expect(row(page, "Bo Two")).to_be_focused()

    page.keyboard.press("a")
    page.keyboard.press("z")

    expect(page.locator("#toasts")).to_contain_text("Undone: Bo Two")
    expect(row(page, "Bo Two")).to_be_focused()
    assert Handoff.objects.get(lead__name="Bo Two").is_open
    assert not Handoff.objects.get(lead__name="Ada One").is_open


def test_r_1_ctrl_enter_in_one_breath_rejects(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast.sol)
    page.route("**/queue/**", slowly(0.4))

    page.keyboard.press("r")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#toasts")).to_contain_text("Rejected Ada One: wrong timing")


def test_slash_leads_to_the_filter(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast.sol)
    page.keyboard.press("/")
    expect(page.locator("#filter :focus")).to_be_visible()


def test_digits_choose_the_reason_and_its_date_follows(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast.sol)
    page.keyboard.press("r")
    form = page.locator("#reject")
    expect(form.get_by_label("Wrong timing")).to_be_focused()

    page.keyboard.press("2")
    expect(form.get_by_label("No budget")).to_be_checked()
    in_90_days = (timezone.localdate() + timedelta(days=90)).isoformat()
    expect(form.get_by_label("Back to marketing until")).to_have_value(in_90_days)
    page.keyboard.press("7")
    expect(form.get_by_label("No answer after 3 tries")).to_be_checked()

    page.keyboard.press("Escape")
    expect(form).to_be_hidden()
    assert not Verdict.objects.exists()


def test_rejecting_works_where_the_preview_has_no_room(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast.sol, width=1024)

    page.keyboard.press("r")
    expect(page.locator("#reject")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#toasts")).to_contain_text("Rejected Ada One: wrong timing")


def test_a_form_that_lies_over_the_list_goes_once_it_is_sent(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast.sol)
    page.keyboard.press("r")
    expect(page.locator("#reject")).to_be_visible()
    page.set_viewport_size({"width": 1024, "height": 800})

    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")

    expect(row(page, "Ada One")).to_be_hidden()
    expect(page.locator("#peek")).to_be_hidden()
    expect(row(page, "Bo Two")).to_be_focused()


def test_enter_opens_the_lead_and_j_k_go_on_there(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast.sol)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada One")

    page.keyboard.press("j")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bo Two")
    page.keyboard.press("k")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada One")


def test_the_lead_page_decides_by_key_too(open_page: Open, cast: Cast) -> None:
    lead = Handoff.objects.get(lead__name="Ada One").lead
    page = opened(open_page, cast.sol, f"/leads/{lead.public_id}/?from=queue&view=due")

    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text("Accepted Ada One")
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("Undone")
    page.keyboard.press("r")
    expect(page.locator("#reject")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Rejected Ada One")
    expect(page.get_by_role("heading", level=1)).to_have_text("My queue")


def test_an_answer_is_saved_as_soon_as_it_is_given(open_page: Open, cast: Cast) -> None:
    lead = Handoff.objects.get(lead__name="Ada One").lead
    page = opened(open_page, cast.sol, f"/leads/{lead.public_id}/")

    def slowly(route: Route) -> None:
        time.sleep(0.2)
        route.continue_()

    page.route("**/qualification/", slowly)

    page.keyboard.press("n")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")

    page.keyboard.press("ArrowRight")

    expect(page.locator("#saved")).to_contain_text("Saved")
    expect(page.get_by_label("Need note")).to_be_visible()
    expect(page.locator("#qualified")).not_to_contain_text("need,")
    expect(page.get_by_text("Accepting makes this an SQL.")).to_be_visible()
    sure = Qualification.objects.filter(question__key="need", level=3)
    wait_until(sure.exists, what="the last answer is kept")


def test_a_lead_that_a_colleague_took_leaves_the_list(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast.sol)

    decisions.accept(handoff=Handoff.objects.get(lead__name="Ada One"), by=cast.max, at=timezone.now())

    expect(row(page, "Ada One")).to_be_hidden(timeout=15_000)
    expect(row(page, "Bo Two")).to_be_focused()


def test_a_late_answer_does_not_take_an_undone_lead_away(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast.sol)
    held: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        if (
            route.request.method == "GET"
            and "worklist" in route.request.headers.get("hx-target", "")
            and not held
        ):
            held.append((route, route.fetch()))
        else:
            route.continue_()

    page.wait_for_timeout(500)  # for the refresh that every page begins with
    page.route(re.compile("/queue/"), hold_the_first)
    page.keyboard.press("a")
    expect(row(page, "Ada One")).to_be_hidden()
    while not held:
        page.wait_for_timeout(20)
    page.keyboard.press("z")
    expect(row(page, "Ada One")).to_be_focused()

    (route, answer) = held[0]
    assert "Ada One" not in answer.text()
    with page.expect_response(lambda response: response.url == route.request.url):
        route.fulfill(response=answer)

    page.wait_for_timeout(500)  # for what must not happen
    expect(row(page, "Ada One")).to_be_focused()


def test_what_was_typed_survives_a_faster_colleague(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast.sol)
    page.keyboard.press("r")
    page.locator("#reject").get_by_label("Wrong timing").check()
    page.get_by_label("What should marketing know?").fill("They have a contract until March.")

    decisions.accept(handoff=Handoff.objects.get(lead__name="Ada One"), by=cast.max, at=timezone.now())
    expect(row(page, "Ada One")).to_be_hidden(timeout=15_000)
    page.get_by_label("What should marketing know?").press("Control+Enter")

    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("Ada One was already accepted by Max Manager")
    expect(notice).to_contain_text("They have a contract until March.")


def test_the_list_still_works_while_the_stream_is_off(open_page: Open, cast: Cast) -> None:
    page = open_page(cast.sol)
    page.route("**/live/", lambda route: route.abort())
    page.goto("/queue/")

    expect(page.locator("[data-live-words]")).to_contain_text("Paused")
    page.keyboard.press("a")

    expect(page.locator("#toasts")).to_contain_text("Accepted Ada One")
