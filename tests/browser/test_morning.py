"""A rep's morning: by keys alone, and by touch on a phone."""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from handoff.models import Handoff, Qualification, Verdict
from leads.models import Activity
from tests.browser import worlds
from tests.browser.hands import Hands
from tests.browser.test_frame import sideways
from tests.browser.worlds import Cast
from tests.fixtures.processes import wait_until

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Four open leads for Sol, due in the order of their names."""
    cast, now = worlds.cast(), timezone.now()
    for minutes, name in ((40, "Ada One"), (30, "Bo Two"), (20, "Cy Three"), (10, "Di Four")):
        worlds.asks_for_a_demo(worlds.fitting(name), at=now - timedelta(minutes=minutes))
    return cast


def row(page: Page, name: str) -> Locator:
    return page.locator("#worklist").get_by_role("link", name=name)


def of(name: str) -> Handoff:
    return Handoff.objects.select_related("lead").get(lead__name=name)


def test_a_morning_by_keys_alone(open_page: Open, cast: Cast) -> None:
    page = open_page(cast.sol)
    page.goto("/")
    hands, toasts, heading = Hands(page), page.locator("#toasts"), page.get_by_role("heading", level=1)
    expect(heading).to_have_text("My queue")
    expect(page.locator("#worklist .row[aria-current=true]")).to_contain_text("Ada One")

    # The first one due is accepted; the second goes back, comes back, and goes to sleep instead.
    hands.press("a")
    expect(toasts).to_contain_text("Accepted Ada One")
    expect(row(page, "Bo Two")).to_be_focused()
    hands.press("r", "1", "Control+Enter")
    expect(toasts).to_contain_text("Rejected Bo Two: wrong timing")
    expect(row(page, "Cy Three")).to_be_focused()
    hands.press("z")
    expect(toasts).to_contain_text("Undone: Bo Two")
    expect(row(page, "Bo Two")).to_be_focused()
    until = timezone.now().astimezone(ZoneInfo(cast.sol.time_zone)) + timedelta(days=2)
    hands.press("s")
    moment = page.get_by_label("Another moment")
    while not moment.evaluate("each => each === document.activeElement"):
        hands.press("Tab")
    hands.write(f"{until:%m%d%Y}")
    hands.press("ArrowRight")
    hands.write("0915A")
    expect(moment).to_have_value(f"{until:%Y-%m-%d}T09:15")
    hands.press("Control+Enter")
    expect(toasts).to_contain_text("Snoozed Bo Two until")
    expect(row(page, "Cy Three")).to_be_focused()
    asleep = of("Bo Two").snoozed_until
    assert asleep is not None
    assert f"{asleep.astimezone(until.tzinfo):%Y-%m-%d %H:%M}" == f"{until:%Y-%m-%d} 09:15"

    # The next one is opened: what she said is written down, and that one talked to her.
    hands.press("Enter")
    expect(heading).to_have_text("Cy Three")
    hands.press("b", "ArrowRight", "ArrowRight")
    expect(page.locator("#saved")).to_contain_text("Saved")
    likely = Qualification.objects.filter(lead=of("Cy Three").lead, question__key="budget", level=2)
    wait_until(likely.exists, what="the answer is kept")
    hands.press("Tab")
    expect(page.get_by_label("Budget note")).to_be_focused()
    hands.write("40 thousand, approved")
    hands.press("Escape", "l", "Tab")
    expect(page.get_by_label("What was said?")).to_be_focused()
    hands.write("Wants a date for the demo")
    hands.press("Control+Enter")
    expect(page.locator("#timeline")).to_contain_text("Wants a date for the demo")
    call = Activity.objects.get(lead=of("Cy Three").lead, type__key="call_logged")
    assert call.properties["note"] == "Wants a date for the demo"
    noted = Qualification.objects.filter(question__key="budget", note="40 thousand, approved")
    wait_until(noted.exists, what="the note is kept")

    # On to the next without the list between, and back to it.
    hands.press("j")
    expect(heading).to_have_text("Di Four")
    hands.press("g", "q")
    expect(heading).to_have_text("My queue")
    expect(page.locator("#worklist .row")).to_have_count(2)


def test_the_same_morning_by_touch_on_a_phone(open_page: Open, cast: Cast) -> None:
    page = open_page(cast.sol, **PHONE)
    page.goto("/")
    hands, toasts, heading = Hands(page), page.locator("#toasts"), page.get_by_role("heading", level=1)
    dock = page.get_by_role("region", name="Decide", exact=True)
    expect(heading).to_have_text("My queue")
    assert sideways(page) <= 0

    hands.tap(row(page, "Ada One"))
    hands.tap(dock.get_by_role("button", name="Accept"))
    expect(toasts).to_contain_text("Accepted Ada One")
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="My queue").tap()

    hands.tap(row(page, "Bo Two"))
    hands.tap(dock.get_by_role("link", name="Reject…"))
    expect(page.get_by_label("Wrong timing")).to_be_in_viewport()
    hands.tap(page.locator("#reject").get_by_text("Wrong timing"))
    hands.tap(page.get_by_role("button", name="Reject and return"))
    expect(toasts).to_contain_text("Rejected Bo Two: wrong timing")
    expect(heading).to_have_text("My queue")
    hands.tap(toasts.get_by_role("button", name="Undo"))
    expect(row(page, "Bo Two")).to_be_visible()
    assert of("Bo Two").is_open

    hands.tap(row(page, "Bo Two"))
    hands.tap(dock.get_by_role("link", name="Snooze…"))
    hands.tap(page.get_by_role("button", name="In 1 hour"))
    expect(toasts).to_contain_text("Snoozed Bo Two until")
    assert of("Bo Two").snoozed_until is not None
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="My queue").tap()

    hands.tap(row(page, "Cy Three"))
    hands.tap(page.get_by_role("group", name="Budget").get_by_text("Likely"))
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.get_by_label("What was said?").fill("Wants a date for the demo")
    hands.tap(page.get_by_role("button", name="Log it"))
    expect(page.locator("#timeline")).to_contain_text("Wants a date for the demo")
    assert sideways(page) <= 0
    assert Verdict.objects.filter(kind="accept").count() == 1


def test_everything_on_a_phone_is_big_enough_to_hit(open_page: Open, cast: Cast) -> None:
    """44 px for what one taps all day."""
    page = open_page(cast.sol, **PHONE)
    for path in ("/queue/", f"/leads/{of('Ada One').lead.public_id}/?from=queue&view=due"):
        page.goto(path)
        small = page.evaluate(
            """() => [...document.querySelectorAll(".dock :is(a, button), .tabbar a, .bar > button")]
              .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 44)
              .map((each) => each.outerHTML.slice(0, 90))"""
        )
        assert small == [], path
