"""The palette of Ctrl K: people, companies, pages and verbs by keys alone, by touch, and as a page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from handoff.models import Handoff
from tests.browser import worlds
from tests.browser.hands import Hands
from tests.browser.test_frame import LOOKS, sideways
from tests.browser.worlds import Cast
from tests.factories import company
from tests.fixtures.browser import axe_violations

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
HOSTILE = "<img src=x onerror=\"document.title='taken'\"> \u202eevil " + "W" * 60


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Marta is Sol's, and so is somebody whose name is an attack."""
    cast, now = worlds.cast(), timezone.now()
    firm = company("Nordwind Aufzüge", domain="nordwind.example", employees=240, industry="Field service")
    worlds.asks_for_a_demo(worlds.fitting("Marta Kowalczyk", firm), at=now - timedelta(minutes=30))
    bad = company(HOSTILE, domain="evil.example", employees=240, industry="Field service")
    worlds.asks_for_a_demo(worlds.fitting(HOSTILE, bad), at=now - timedelta(minutes=20))
    return cast


def opened(open_page: Open, cast: Cast, who: str = "sol", path: str = "/queue/", **options: object) -> Page:
    page = open_page(getattr(cast, who), **options)
    page.goto(path)
    return page


def palette(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Jump to or do")


@pytest.mark.parametrize(
    ("who", "letters", "shown", "heading"),
    [
        ("sol", "kowal", "Marta Kowalczyk", "Marta Kowalczyk"),
        ("sol", "marta.kow", "Marta Kowalczyk", "Marta Kowalczyk"),
        ("sol", "nordw", "Nordwind Aufzüge", "Nordwind Aufzüge"),
        ("sol", "defin", "Definitions", "What we call a good lead"),
        ("max", "pools", "Pools", "Pools"),
        ("mara", "mqls", "MQLs by stage", "MQLs by stage"),
    ],
)
def test_a_few_letters_and_enter_lead_anywhere(
    open_page: Open, cast: Cast, who: str, letters: str, shown: str, heading: str
) -> None:
    page = opened(open_page, cast, who, "/leads/")
    hands = Hands(page)

    hands.press("Control+k")
    hands.write(letters)
    expect(palette(page).get_by_role("option", name=shown).first).to_be_visible()
    if shown == "Nordwind Aufzüge":  # the people of a company come before it
        while not palette(page).locator("[aria-selected=true][href^='/companies/']").count():
            hands.press("ArrowDown")
            assert hands.steps < 10
    hands.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def test_a_verb_of_the_palette_is_done_to_the_current_lead(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast)
    page.keyboard.press("Control+k")
    page.keyboard.type("accept")
    expect(palette(page).get_by_role("option", name="Accept this lead")).to_be_visible()
    page.keyboard.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("Accepted Marta Kowalczyk")
    assert Handoff.objects.get(lead__name="Marta Kowalczyk").status == Handoff.Status.ACCEPTED


def test_only_verbs_that_the_page_has_are_offered(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast, path="/definitions/")
    page.keyboard.press("Control+k")
    expect(palette(page).get_by_role("option", name="Show all keys")).to_be_visible()
    expect(palette(page).get_by_role("option", name="Accept this lead")).to_have_count(0)
    expect(palette(page).get_by_role("option", name="Log a contact")).to_have_count(0)


def test_no_match_is_said_and_enter_does_nothing(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast)
    address = page.url
    page.keyboard.press("Control+k")
    page.keyboard.type("zebra<b>")

    expect(palette(page)).to_contain_text("Nothing found for “zebra<b>”")
    expect(palette(page).get_by_role("status")).to_contain_text("Nothing found")
    assert axe_violations(page) == []
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    expect(palette(page)).to_be_visible()
    assert page.url == address


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_hostile_name_stays_text_and_the_palette_is_accessible(
    open_page: Open, cast: Cast, width: int, scheme: str
) -> None:
    page = opened(open_page, cast, width=width, height=844, scheme=scheme)
    page.keyboard.press("Control+k")
    page.keyboard.type("evil")

    found = palette(page).get_by_role("option").filter(has_text="<img src=x onerror=")
    expect(found.first).to_be_visible()
    expect(palette(page).locator("img")).to_have_count(0)
    assert page.title() != "taken"
    assert sideways(page) <= 0
    assert palette(page).evaluate("each => each.scrollWidth - each.clientWidth") <= 0
    assert axe_violations(page) == []


def test_the_arrows_move_the_choice_and_go_round(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast)
    page.keyboard.press("Control+k")
    options = palette(page).get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    field = palette(page).get_by_role("combobox")

    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", options.last.get_attribute("id") or "?")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_be_focused()


def test_focus_returns_to_what_had_it(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast)
    row = page.locator("#worklist").get_by_role("link", name="Marta Kowalczyk")
    row.focus()
    page.keyboard.press("Control+k")
    expect(palette(page).get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(palette(page)).to_be_hidden()
    expect(row).to_be_focused()

    jump = page.get_by_role("link", name="Jump to…")
    jump.click()
    page.keyboard.press("Escape")
    expect(jump).to_be_focused()


def test_it_opens_over_a_field_and_gives_it_back(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast, path="/leads/")
    field = page.locator("input[type=search]").first
    field.fill("mar")
    field.press("Control+k")
    expect(palette(page).get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_be_focused()
    expect(field).to_have_value("mar")


def test_by_touch_on_a_phone(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast, **PHONE)
    burger = page.get_by_role("button", name="Open menu")
    burger.tap()
    page.get_by_role("link", name="Jump to…").tap()
    field = palette(page).get_by_role("combobox")
    expect(field).to_be_focused()
    assert field.evaluate("each => parseFloat(getComputedStyle(each).fontSize)") >= 16

    palette(page).get_by_role("button", name="Close (Esc)").tap()
    expect(palette(page)).to_be_hidden()
    expect(burger).to_be_focused()

    burger.tap()
    page.get_by_role("link", name="Jump to…").tap()
    page.keyboard.type("kowal")
    option = palette(page).get_by_role("option", name="Marta Kowalczyk")
    expect(option).to_be_visible()
    assert (option.bounding_box() or {"height": 0})["height"] >= 44
    option.tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Marta Kowalczyk")


def test_a_server_that_cannot_be_reached_is_said(open_page: Open, cast: Cast) -> None:
    page = opened(open_page, cast)
    page.route("**/search/**", lambda route: route.abort())
    page.keyboard.press("Control+k")
    page.keyboard.type("mar")

    expect(palette(page)).to_contain_text("Could not reach the server")
    expect(palette(page).get_by_role("option")).to_have_count(0)
    page.unroute("**/search/**")
    page.keyboard.type("t")
    expect(palette(page).get_by_role("option", name="Marta Kowalczyk")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_without_scripts_the_same_is_a_page(open_page: Open, cast: Cast, width: int) -> None:
    page = opened(open_page, cast, scripts=False, width=width, height=844)
    if width == 390:
        page.get_by_role("button", name="Open menu").click()
    page.get_by_role("link", name="Jump to…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")

    page.get_by_role("searchbox").fill("zebra")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    page.get_by_role("searchbox").fill("kowal")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    page.get_by_role("main").get_by_role("link", name="Marta Kowalczyk").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Marta Kowalczyk")
