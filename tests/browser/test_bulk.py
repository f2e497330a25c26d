"""Several leads at once, on the team queue of who leads it: chosen by keys or clicks, moved with one."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.models import Absence
from handoff.models import Handoff
from handoff.snoozing import MORNING
from tests.browser import worlds
from tests.browser.hands import Hands
from tests.browser.test_frame import LOOKS, sideways
from tests.browser.worlds import Cast
from tests.fixtures.browser import axe_violations

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
NAMES = ("Ada One", "Bo Two", "Cy Three", "Di Four")


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Four open leads of Sol's, due in the order of their names."""
    cast, now = worlds.cast(), timezone.now()
    for place, name in enumerate(NAMES):
        worlds.asks_for_a_demo(worlds.fitting(name), at=now - timedelta(minutes=40 - 5 * place))
    return cast


def team(open_page: Open, cast: Cast, **options: object) -> Page:
    page = open_page(cast.max, **options)
    page.goto("/team/")
    return page


def bar(page: Page) -> Locator:
    return page.get_by_role("form", name="Move the chosen leads")


def row(page: Page, name: str) -> Locator:
    return page.locator("#worklist .row").filter(has_text=name)


def with_whom() -> dict[str, str]:
    return {each.lead.name: str(each.rep or "") for each in Handoff.objects.select_related("lead", "rep")}


def test_x_and_shift_j_choose_and_the_bar_moves_them_by_keys_alone(open_page: Open, cast: Cast) -> None:
    page = team(open_page, cast)
    hands = Hands(page)
    expect(bar(page)).to_be_hidden()

    hands.press("x", "Shift+J", "Shift+J")
    expect(bar(page)).to_contain_text("3 chosen")
    assert hands.steps == 3
    for name in NAMES[:3]:
        expect(row(page, name).get_by_role("checkbox")).to_be_checked()
    expect(row(page, NAMES[3]).get_by_role("checkbox")).not_to_be_checked()
    people = page.get_by_label("Give to")
    while not people.evaluate("each => each === document.activeElement"):
        hands.press("Tab")
        assert hands.steps < 20, "the bar comes soon after the list"
    hands.write("Sof")
    expect(people.locator("option:checked")).to_have_text("Sofia Reuter")
    hands.press("Tab")
    hands.write("On leave")
    hands.press("Tab", "Enter")

    expect(page.locator("#toasts")).to_contain_text("With Sofia Reuter now: 3 leads")
    expect(row(page, "Ada One")).to_contain_text("With Sofia Reuter")
    expect(bar(page)).to_be_hidden()
    expect(page.locator("#worklist .row[aria-current=true] [data-row-link]")).to_be_focused()
    sofia, sol = "Sofia Reuter", "Sol Seller"
    assert with_whom() == {"Ada One": sofia, "Bo Two": sofia, "Cy Three": sofia, "Di Four": sol}


def test_z_takes_a_move_back_and_so_does_the_line_that_stays(open_page: Open, cast: Cast) -> None:
    page = team(open_page, cast)
    for undo in ("z", "button"):
        page.keyboard.press("x")
        page.keyboard.press("Shift+J")
        bar(page).get_by_label("Give to").select_option(str(cast.sofia.public_id))
        bar(page).get_by_role("button", name="Reassign").click()
        expect(row(page, "Ada One")).to_contain_text("With Sofia Reuter")
        line = page.locator("#worklist .held--moved")
        expect(line).to_contain_text("With Sofia Reuter now: 2 leads")
        if undo == "z":
            page.keyboard.press("z")
        else:
            line.get_by_role("button", name="Undo").click()
        expect(row(page, "Ada One")).to_contain_text("With Sol Seller")
        expect(line).to_have_count(0)
        assert set(with_whom().values()) == {"Sol Seller"}
    assert axe_violations(page) == []


def test_shift_k_chooses_upwards_and_x_takes_one_out_again(open_page: Open, cast: Cast) -> None:
    page = team(open_page, cast)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+K")
    page.keyboard.press("Shift+K")
    expect(bar(page)).to_contain_text("3 chosen")

    page.keyboard.press("x")

    expect(bar(page)).to_contain_text("2 chosen")
    expect(row(page, "Ada One").get_by_role("checkbox")).not_to_be_checked()
    expect(row(page, "Ada One").get_by_role("link", name="Ada One")).to_be_focused()


def test_back_to_the_pool_leaves_them_to_everybody(open_page: Open, cast: Cast) -> None:
    page = team(open_page, cast)
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    bar(page).get_by_role("button", name="Back to the pool").click()

    expect(page.locator("#toasts")).to_contain_text("Back in the pool: 2 leads")
    expect(page.get_by_role("heading", name="Unassigned 2")).to_be_visible()
    assert sorted(name for name, rep in with_whom().items() if not rep) == ["Ada One", "Bo Two"]


def test_snoozing_several_takes_them_off_the_list_until_the_morning(open_page: Open, cast: Cast) -> None:
    page = team(open_page, cast)
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    bar(page).get_by_role("button", name="Snooze until tomorrow").click()

    expect(page.locator("#toasts")).to_contain_text("Snoozed until tomorrow 9:00: 2 leads")
    expect(row(page, "Ada One")).to_have_count(0)
    page.get_by_role("link", name="Snoozed 2").first.click()
    expect(row(page, "Ada One")).to_contain_text(f"{MORNING:%H:%M}")


def test_what_is_chosen_stays_chosen_while_the_list_is_drawn_anew(open_page: Open, cast: Cast) -> None:
    page = team(open_page, cast)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar(page)).to_contain_text("1 chosen")

    worlds.asks_for_a_demo(worlds.fitting("New Nora"))

    expect(row(page, "New Nora")).to_be_visible(timeout=15_000)
    expect(row(page, "Bo Two").get_by_role("checkbox")).to_be_checked()
    expect(bar(page)).to_contain_text("1 chosen")


def test_nobody_named_is_said_and_nothing_is_lost(open_page: Open, cast: Cast) -> None:
    page = team(open_page, cast)
    page.keyboard.press("x")
    bar(page).get_by_label("Why").fill("On leave")
    bar(page).get_by_role("button", name="Reassign").click()

    expect(page.get_by_role("alert")).to_contain_text("Choose who is to have them.")
    expect(bar(page)).to_contain_text("1 chosen")
    expect(bar(page).get_by_label("Why")).to_have_value("On leave")


def test_who_is_away_is_asked_about_before_they_get_any(open_page: Open, cast: Cast) -> None:
    now = timezone.now()
    Absence.objects.create(user=cast.sofia, starts_at=now, ends_at=now + timedelta(days=2), reason="ill")
    page = team(open_page, cast)
    page.keyboard.press("x")
    to = bar(page).get_by_label("Give to")
    expect(to.get_by_role("option", name=re.compile("^Sofia Reuter .away until"))).to_have_count(1)
    to.select_option(str(cast.sofia.public_id))
    bar(page).get_by_role("button", name="Reassign").click()

    question = page.locator("#peek")
    expect(question).to_contain_text("away until")
    assert with_whom()["Ada One"] == "Sol Seller"
    question.get_by_role("button", name="Give it to Sofia Reuter all the same").click()
    expect(page.locator("#toasts")).to_contain_text("With Sofia Reuter now: Ada One")
    expect(bar(page)).to_be_hidden()


def test_a_rep_has_nothing_to_choose(open_page: Open, cast: Cast) -> None:
    page = open_page(cast.sol)
    page.goto("/team/")
    expect(row(page, "Ada One")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Choose Ada One")).to_have_count(0)
    page.keyboard.press("x")
    expect(bar(page)).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_bar_is_accessible_and_fits(open_page: Open, cast: Cast, width: int, scheme: str) -> None:
    page = team(open_page, cast, width=width, height=844, scheme=scheme)
    page.get_by_role("checkbox", name="Choose Bo Two").check()
    expect(bar(page)).to_be_in_viewport()
    assert axe_violations(page) == []
    assert sideways(page) <= 0


def test_by_touch_on_a_phone(open_page: Open, cast: Cast) -> None:
    page = team(open_page, cast, width=390, height=844, has_touch=True, is_mobile=True)
    hands = Hands(page)
    for name in NAMES[:2]:
        hands.tap(page.get_by_role("checkbox", name=f"Choose {name}"))
    expect(bar(page)).to_contain_text("2 chosen")
    hands.tap(bar(page).get_by_role("button", name="Back to the pool"))

    expect(page.locator("#toasts")).to_contain_text("Back in the pool: 2 leads")
    assert hands.steps == 3


def test_without_scripts(open_page: Open, cast: Cast) -> None:
    page = team(open_page, cast, scripts=False)
    page.get_by_role("checkbox", name="Choose Ada One").check()
    bar(page).get_by_label("Give to").select_option("Sofia Reuter")
    bar(page).get_by_role("button", name="Reassign").click()

    expect(page.locator("#toasts")).to_contain_text("With Sofia Reuter now: Ada One")
    assert with_whom()["Ada One"] == "Sofia Reuter"
