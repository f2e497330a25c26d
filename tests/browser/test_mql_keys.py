"""The marketing queue by keys alone, and without scripts: rows are chosen, moved and let go."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

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
