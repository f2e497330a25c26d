"""Two leads are compared, merged and taken apart again: by keyboard, and in a browser without scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from leads import duplicates
from leads.models import Lead
from tests.browser import worlds

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def twins() -> None:
    marta = worlds.fitting("Marta Kowalczyk")
    Lead.objects.filter(pk=marta.pk).update(title="Head of Operations")
    twin = worlds.fitting("Marta Kowalczyk", marta.company)
    Lead.objects.filter(pk=twin.pk).update(title="Chief Operating Officer")
    duplicates.search(seconds=5)


@pytest.mark.parametrize("scripts", [True, False])
def test_G12_a_pair_is_merged_and_undone_by_keyboard(
    open_page: Open, transactional_db: None, scripts: bool
) -> None:
    cast = worlds.cast()
    twins()
    page = open_page(cast.mara, scripts=scripts)

    page.goto("/duplicates/")
    page.get_by_role("link", name="Marta Kowalczyk and Marta Kowalczyk").focus()
    page.keyboard.press("Enter")
    theirs = page.get_by_role("radio", name="Chief Operating Officer")
    page.get_by_role("radio", name="Head of Operations").focus()
    page.keyboard.press("ArrowRight")
    expect(theirs).to_be_checked()
    page.get_by_role("button", name="See what merging does").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Merge Marta Kowalczyk (")
    expect(page.get_by_text("Chief Operating Officer")).to_be_visible()
    page.get_by_role("button", name="Merge them").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("Merged Marta Kowalczyk into this lead")
    assert Lead.objects.get().title == "Chief Operating Officer"
    page.locator("#timeline").get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("is a lead of its own again")
    assert set(Lead.objects.values_list("title", flat=True)) == {
        "Head of Operations",
        "Chief Operating Officer",
    }
