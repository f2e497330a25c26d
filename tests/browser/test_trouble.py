"""What a list does when fingers are heavy, colleagues quick, and connections poor."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from handoff import decisions
from handoff.models import Handoff, Verdict
from tests.browser import worlds
from tests.browser.worlds import Cast

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Two open leads for Sol."""
    cast, now = worlds.cast(), timezone.now()
    for minutes, name in ((30, "Ada One"), (20, "Bo Two")):
        worlds.asks_for_a_demo(worlds.fitting(name), at=now - timedelta(minutes=minutes))
    return cast


def queue(open_page: Open, cast: Cast) -> Page:
    page = open_page(cast.sol)
    page.goto("/queue/")
    expect(page.locator("#peek h2")).to_have_text("Ada One")
    return page


def rejecting(open_page: Open, cast: Cast) -> Page:
    """The reject form for the first lead, with a reason pressed before the form was there, and a note."""
    page = queue(open_page, cast)
    page.keyboard.press("r")
    page.keyboard.press("1")
    expect(page.get_by_label("Wrong timing")).to_be_checked()
    page.get_by_label("What should marketing know?").fill("Contract runs until March.")
    return page


def test_a_held_key_decides_one_lead_only(open_page: Open, cast: Cast) -> None:
    page = queue(open_page, cast)

    for _ in range(5):
        page.keyboard.down("a")
    page.keyboard.up("a")

    expect(page.locator("#toasts")).to_contain_text("Accepted Ada One")
    expect(page.locator("#worklist .row")).to_have_count(1)
    assert Verdict.objects.count() == 1


def test_what_was_typed_survives_a_server_that_fails(open_page: Open, cast: Cast) -> None:
    page = rejecting(open_page, cast)

    def fail(route: Route) -> None:
        route.fulfill(status=500, body="<h1>500</h1>")

    page.route("**/rejection/", fail)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Nothing was changed")
    page.unroute("**/rejection/", fail)
    page.keyboard.press("Control+Enter")

    expect(page.locator("#toasts")).to_contain_text("Rejected Ada One")
    assert Verdict.objects.get().note == "Contract runs until March."


def test_a_refresh_leaves_an_open_reject_form_alone(open_page: Open, cast: Cast) -> None:
    page = rejecting(open_page, cast)

    decisions.accept(handoff=Handoff.objects.get(lead__name="Ada One"), by=cast.max, at=timezone.now())
    page.evaluate("htmx.ajax('GET', '/queue/', {target: '#worklist', swap: 'outerMorph'})")

    expect(page.locator("#worklist .row")).to_have_count(1)
    expect(page.get_by_label("What should marketing know?")).to_have_value("Contract runs until March.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Already accepted").first).to_be_visible()


def test_a_broken_stream_says_so_and_the_list_asks_by_itself(open_page: Open, cast: Cast) -> None:
    page = open_page(cast.sol)
    page.route("**/live/**", lambda route: route.abort())
    page.clock.install()
    page.goto("/queue/")
    expect(page.locator("[data-live]")).to_contain_text("Paused, last")

    worlds.asks_for_a_demo(worlds.fitting("Cy Three"))
    page.clock.run_for(11_000)

    expect(page.locator("#worklist").get_by_role("link", name="Cy Three")).to_be_visible()


def refused(open_page: Open, cast: Cast) -> Page:
    """The queue, its stream answered once with a 503."""
    page = open_page(cast.sol)
    page.route("**/live/**", lambda route: route.fulfill(status=503), times=1)
    page.clock.install()
    page.goto("/queue/")
    expect(page.locator("[data-live-words]")).to_contain_text("Paused")
    return page


def test_a_refused_stream_is_tried_again(open_page: Open, cast: Cast) -> None:
    page = refused(open_page, cast)

    page.clock.run_for(11_000)

    expect(page.locator("[data-live-words]")).to_have_text("Live")


def test_a_late_answer_does_not_call_a_stream_paused_that_is_back(open_page: Open, cast: Cast) -> None:
    page = refused(open_page, cast)
    held: list[Route] = []
    page.route(lambda url: urlsplit(url).path == "/queue/", lambda route: held.append(route))

    page.clock.run_for(11_000)
    expect(page.locator("[data-live-words]")).to_have_text("Live")
    late = len(held)
    held[0].continue_()
    while len(held) == late:  # until the next one is asked for, the late one's answer is not dealt with
        page.clock.run_for(200)

    expect(page.locator("[data-live-words]")).to_have_text("Live")


def test_a_clock_counts_down_and_says_aloud_when_time_is_up(open_page: Open, cast: Cast) -> None:
    page = open_page(cast.sol)
    page.clock.install(time=timezone.now())
    page.route("**/live/**", lambda route: route.abort())
    page.goto("/queue/")
    clock = page.locator("#worklist .sla").first
    expect(clock).to_contain_text("min left")
    page.locator("#worklist").evaluate("list => delete list.dataset.refresh")  # left to its own clocks

    page.clock.run_for(35 * 60_000)

    expect(clock).to_contain_text("over")
    expect(page.locator("#announce")).to_contain_text("Ada One")
