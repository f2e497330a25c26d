"""Suspected evidence by keyboard alone, without scripts, and the link that makes a browser ours."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from leads import voiding
from leads.models import Activity, Suspicion
from leads.voiding import Suspected
from tests.browser import worlds

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def test_g09_a_marketer_voids_and_undoes_by_keyboard_and_without_scripts(
    open_page: Open, transactional_db: None
) -> None:
    cast, now = worlds.cast(), timezone.now()
    handoff = worlds.asks_for_a_demo(worlds.fitting("Boris Scanner"))
    ids = list(handoff.lead.activities.values_list("id", flat=True))
    voiding.suspect(found=[Suspected(pk, Suspicion.Signal.BURST, "", void=False) for pk in ids], at=now)
    page = open_page(cast.mara, scripts=False)

    page.goto("/evidence/?signal=burst")
    page.get_by_role("radio", name="All that match").focus()
    page.keyboard.press("Space")
    page.get_by_label("Reason").focus()
    page.keyboard.type("A scanner of theirs")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Void", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("2 activities voided")
    assert not Activity.objects.filter(pk__in=ids, voided_at=None).exists()

    page.get_by_role("link", name="What was changed").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Undone: 2 as before")
    assert Activity.objects.filter(pk__in=ids, voided_at=None).count() == 2


def test_g09_a_rep_says_on_the_leads_page_that_it_was_a_test(open_page: Open, transactional_db: None) -> None:
    cast = worlds.cast()
    handoff = worlds.asks_for_a_demo(worlds.fitting("Boris Scanner"))
    page = open_page(cast.sol, scripts=False, width=390, height=844)

    page.goto(f"/leads/{handoff.lead.public_id}/")
    page.get_by_role("link", name="Not real? Requested a demo").click()
    page.get_by_label("A test of ours").check()
    page.get_by_role("button", name="Void").click()

    expect(page.locator("#toasts")).to_contain_text("Requested a demo does not count any more")
    expect(page.locator(".tl__void")).to_contain_text("Does not count: A test of ours")
    expect(page.get_by_role("link", name="Restore… Requested a demo")).to_be_visible()
