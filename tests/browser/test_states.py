"""Every state of a lead or a list is in the gallery of parts, and a paused clock reads in one line."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from handoff import pausing, snoozing
from tests import factories
from tests.browser import worlds
from tests.browser.test_frame import LOOKS, sideways
from tests.fixtures.browser import axe_violations

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
WIDTHS = [1440, 390, 320]


def size(of: Locator) -> tuple[float, float]:
    """Width and height of what is drawn, in px."""
    box = of.locator("> *").bounding_box()
    assert box is not None
    return box["width"], box["height"]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_gallery_shows_every_state(open_page: Open, transactional_db: None, width: int) -> None:
    page = open_page(factories.rep(), width=width, height=900)
    page.goto("/ui/")
    for title in (
        "Held, snoozed, paused, back again",
        "The stream",
        "Somebody was faster",
        "Error, with a way out",
        "Empty, because the work is done",
        "Empty, because of a filter",
        "Empty, because it is new",
        "Loading",
        "Form error",
        "Snooze Lucas Meyer",
    ):
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    waiting = page.locator("#waiting")
    mine = waiting.get_by_role("listitem").filter(has_text="Held for you until 10:51")
    theirs = waiting.get_by_role("listitem").filter(has_text="Held for Sofia Reuter until 10:44")
    expect(mine.locator("[data-key=a]")).to_have_count(1)
    expect(theirs.locator("[data-key=a]")).to_have_count(0)
    for words in ("until Wed 18 Nov, 09:00", "Paused until 25 Nov", "new sign of intent"):
        expect(waiting).to_contain_text(words)
    for words in ("Live", "Paused, last 10:36", "Checked 10:36"):
        expect(page.get_by_text(words, exact=True).last).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_paused_and_snoozed_leads_read_well_on_both_lists(
    open_page: Open, transactional_db: None, width: int, scheme: str
) -> None:
    cast, now = worlds.cast(), timezone.now()
    for name in ("Paused Paula", "Asleep Asta", "Open Ole"):
        worlds.asks_for_a_demo(worlds.fitting(name), at=now - timedelta(minutes=10))
    paula, asta, _ = cast.sol.handoffs.order_by("id")
    reason = "Sits in the van until Thursday; asked to be called then, and not before"
    pausing.pause(handoff=paula, by=cast.sol, reason=reason, at=now, until=now + timedelta(days=3))
    snoozing.snooze(handoff=asta, by=cast.sol, until=now + timedelta(days=2), at=now)

    for who, path in ((cast.sol, "/queue/"), (cast.max, "/team/")):
        page = open_page(who, width=width, height=900, scheme=scheme)
        page.goto(path)
        clock = page.locator("#worklist .row").filter(has_text="Paused Paula").locator(".row__sla")
        expect(clock).to_contain_text("until ")
        expect(clock.locator("[title]")).to_have_attribute(
            "title", re.compile(f"^Paused until .*: {reason}$")
        )
        width_of_it, height = size(clock)
        assert width_of_it <= 104, "it fits its column"
        assert height < 24, "it is one line"
        expect(page.locator("#worklist")).not_to_contain_text("Asleep Asta")
        page.goto(f"{path}?view=snoozed")
        expect(page.locator("#worklist .row")).to_contain_text("until ")
        assert sideways(page) <= 0
        assert axe_violations(page) == []
