"""The filter panel of reports: every field of it can be reached on every screen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import factories

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "height"), [(1366, 900), (1366, 600), (390, 700)])
def test_the_filter_panel_fits_the_screen_and_its_last_field_is_reached(
    open_page: Callable[..., Page], width: int, height: int
) -> None:
    page = open_page(factories.marketer(), width=width)
    page.set_viewport_size({"width": width, "height": height})
    for path in ("/dashboard/", "/reports/conversion/", "/reports/forecast/"):
        page.goto(path)
        page.get_by_role("button", name="Filter").click()
        panel = page.locator("#filter")
        expect(panel).to_be_visible()
        box = panel.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height
        for last in (panel.get_by_label("Handed over under"), panel.get_by_role("button", name="Apply")):
            last.scroll_into_view_if_needed()
            expect(last).to_be_in_viewport(ratio=1)
