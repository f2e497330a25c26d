"""The marketing queue by keys alone, and without scripts: rows are chosen, moved and let go."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from handoff import shortfalls
from handoff.models import Shortfall
from leads.models import Lead, PhaseChange
from tests.browser import worlds

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def test_x_and_shift_j_choose_m_moves_and_esc_lets_go(open_page: Open, transactional_db: None) -> None:
    cast = worlds.cast()
    worlds.mqls()
    page = open_page(cast.mara)
    page.goto("/mqls/")
    bar = page.get_by_role("form", name="Selected leads")
    expect(bar).to_be_hidden()

    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    expect(bar).to_contain_text("2 selected")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()

    page.keyboard.press("x")
    page.keyboard.press("m")
    expect(bar.get_by_role("button", name="Awareness")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("In awareness now")
    assert PhaseChange.objects.filter(to_phase="awareness", by=cast.mara).count() == 1


def test_without_scripts_rows_are_ticked_and_closed_with_a_note(
    open_page: Open, transactional_db: None
) -> None:
    cast = worlds.cast()
    worlds.mqls()
    page = open_page(cast.mara, scripts=False)
    page.goto("/mqls/")
    page.get_by_role("checkbox", name="Select Decision Doe").check()
    bar = page.get_by_role("form", name="Selected leads")
    bar.get_by_label("Note, kept in the history of each").fill("Bought elsewhere.")
    bar.get_by_text("More", exact=True).click()
    bar.get_by_role("button", name="Close").click()
    expect(page.locator("#toasts")).to_contain_text("Closed: Decision Doe")
    assert Lead.objects.get(name="Decision Doe").stage == "closed"


def test_a_menu_and_what_is_typed_stay_while_the_list_is_drawn_anew(
    open_page: Open, transactional_db: None
) -> None:
    cast = worlds.cast()
    worlds.mqls()
    page = open_page(cast.mara)
    page.goto("/mqls/")
    fold = page.locator(".mrow .fold").first
    fold.get_by_text("Hand over now…").click()
    fold.get_by_role("textbox").fill("Asked for an offer.")
    page.get_by_text("Sorted by distance to the SQL line").click()
    page.evaluate("document.querySelector('.tools').dataset.old = 'yes'")
    page.evaluate("htmx.ajax('GET', worklist.dataset.refresh, {target: '#worklist', swap: 'outerMorph'})")
    expect(page.locator(".tools[data-old]")).to_have_count(0)  # it was drawn anew
    expect(page.get_by_role("link", name="Newest signal")).to_be_visible()
    expect(fold.get_by_role("textbox")).to_have_value("Asked for an offer.")
    expect(fold.get_by_role("textbox")).to_be_visible()


def test_z_takes_back_what_the_last_press_did(open_page: Open, transactional_db: None) -> None:
    cast = worlds.cast()
    worlds.mqls()
    page = open_page(cast.mara)
    page.goto("/mqls/")
    page.keyboard.press("m")  # nobody is chosen: it is about the row one is on
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("In awareness now")
    assert PhaseChange.objects.filter(by=cast.mara).exists()
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("Undone, where it was")
    assert not PhaseChange.objects.filter(by=cast.mara).exists()


@pytest.mark.parametrize("width", [320, 390])
def test_no_tag_covers_a_name_and_no_word_leaves_its_chip(
    open_page: Open, transactional_db: None, width: int
) -> None:
    cast = worlds.cast()
    worlds.mqls()
    for lead in Lead.objects.filter(stage="mql"):
        shortfalls.record(lead=lead, kind="budget", by=cast.mara, at=timezone.now())
    page = open_page(cast.mara, width=width)
    page.goto(f"/mqls/?source={'x' * 60}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(_INSIDE, [".tools .chip", "b"]) == []
    page.goto("/mqls/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(_WIDTH, ".mrow__lead") >= 120
    assert page.evaluate(_INSIDE, [".mrow", ".tag"]) == []


def test_on_a_phone_without_scripts_a_toast_covers_no_button_and_undoes(
    open_page: Open, transactional_db: None
) -> None:
    cast = worlds.cast()
    worlds.mqls()
    page = open_page(cast.mara, width=320, height=640, scripts=False)
    page.goto("/mqls/")
    page.get_by_role("checkbox", name="Select Decision Doe").check()
    bar = page.get_by_role("form", name="Selected leads")
    bar.get_by_text("Falls short by").click()
    bar.get_by_role("button", name="No money").click()
    toast = page.locator(".toast")
    expect(toast).to_contain_text("Noted, no money: Decision Doe")
    box, below = bar.bounding_box(), toast.bounding_box()
    assert box is not None
    assert below is not None
    assert box["y"] + box["height"] <= below["y"]
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_contain_text("Undone, where it was: Decision Doe")
    assert not Shortfall.objects.holding().exists()


#: What of the inner elements sticks out of the outer ones.
_INSIDE = """([outer, inner]) => [...document.querySelectorAll(outer)].flatMap((box) => {
  const right = box.getBoundingClientRect().right + 1;
  const found = [...box.querySelectorAll(inner)];
  return found.filter((each) => each.getBoundingClientRect().right > right).map((each) => each.textContent);
})"""
_WIDTH = "(found) => Math.min(...[...document.querySelectorAll(found)].map((each) => each.clientWidth))"
