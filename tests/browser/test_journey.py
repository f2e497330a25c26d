"""The main job, through real processes: an event arrives, the rep sees why and answers, marketing hears."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import tokens
from handoff.models import Handoff, Verdict
from leads.models import Lead
from leads.stages import Stage
from tests.browser import worlds
from tests.fixtures.processes import Process, wait_until

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


class Website:
    """The company's own site, which reports what its visitors do."""

    def __init__(self, site: str, token: str) -> None:
        self.client = httpx.Client(base_url=site, headers={"Authorization": f"Bearer {token}"}, timeout=10)

    def report(self, *kinds: str, email: str, **properties: str) -> None:
        at = timezone.now() - timedelta(seconds=2)
        events = [
            {
                "event_id": str(uuid.uuid4()),
                "type": kind,
                "occurred_at": at.isoformat(),
                "email": email,
                "properties": properties,
            }
            for kind in kinds
        ]
        answer = self.client.post("/api/v1/events", json=events)
        assert answer.status_code == 202, answer.text
        assert answer.json()["accepted"] == len(events)


def test_s1_14_from_the_download_to_the_verdict_and_back(
    open_page: Open, site: str, worker: Process, beat: Process
) -> None:
    cast = worlds.cast()
    website = Website(site, tokens.issue(user=cast.ada, scope="capture", name="website"))
    first = worlds.fitting("Marta Kowalczyk", email="marta@nordwind.example")
    second = worlds.fitting("Lucas Meyer", email="lucas@meyer.example")
    sales, marketing = open_page(cast.sol), open_page(cast.mara)
    sales.goto("/queue/")
    expect(sales.get_by_role("heading", name="Your queue is empty")).to_be_visible()

    # A visitor downloads the comparison guide: an MQL at most. Then she requests a demo: over the line.
    website.report("comparison_guide_download", email=first.email, title="Comparison guide")
    website.report("demo_request", email=first.email, form="Demo", message="We run 20 technicians.")

    # The rep sees her appear without reloading, with the reason, and accepts with one key.
    marta = sales.locator("#worklist").get_by_role("link", name="Marta Kowalczyk")
    expect(marta).to_be_visible(timeout=15_000)
    expect(sales.locator("#worklist")).to_contain_text("Requested a demo")
    expect(sales.locator("#peek")).to_contain_text("Marta Kowalczyk")
    sales.keyboard.press("a")
    expect(sales.locator("#toasts")).to_contain_text("Accepted Marta Kowalczyk")
    expect(marta).to_be_hidden()
    first.refresh_from_db()
    assert (first.stage, first.owner) == (Stage.SQL, cast.sol)

    # A second one comes while the page is open; the rep sends him back: R, 1, Ctrl Enter.
    website.report("comparison_guide_download", "demo_request", email=second.email)
    lucas = sales.locator("#worklist").get_by_role("link", name="Lucas Meyer")
    expect(lucas).to_be_visible(timeout=15_000)
    expect(sales.locator("#peek")).to_contain_text("Lucas Meyer")
    sales.keyboard.press("r")
    expect(sales.locator("#reject")).to_be_visible()
    sales.keyboard.press("1")
    sales.keyboard.press("Control+Enter")
    expect(sales.locator("#toasts")).to_contain_text("Rejected Lucas Meyer: wrong timing")
    assert Verdict.objects.get(handoff__lead=second).reason.code == "timing"

    # Marketing finds him with the reason.
    marketing.goto("/mqls/")
    back = marketing.get_by_role("listitem").filter(has_text="Lucas Meyer")
    expect(back).to_contain_text("Wrong timing")
    expect(back).to_contain_text("Sol Seller")

    # Z takes it back: he is in the queue again, and no longer with marketing.
    sales.keyboard.press("z")
    expect(lucas).to_be_visible()
    expect(sales.locator("#toasts")).to_contain_text("Undone")
    marketing.reload()
    expect(marketing.get_by_role("listitem").filter(has_text="Lucas Meyer")).to_have_count(0)
    assert Handoff.objects.get(lead=second).is_open


def test_a_download_alone_makes_an_mql_at_most(
    open_page: Open, site: str, worker: Process, beat: Process
) -> None:
    cast = worlds.cast()
    website = Website(site, tokens.issue(user=cast.ada, scope="capture", name="website"))
    worlds.fitting("Rita Reader", email="rita@reader.example")
    marketing = open_page(cast.mara)

    website.report("ebook_download", email="rita@reader.example", title="Dispatch basics")

    def is_mql() -> bool:
        marketing.goto("/mqls/")
        return marketing.get_by_role("link", name="Rita Reader").count() == 1

    wait_until(is_mql, seconds=15, what="Rita is an MQL")
    assert Lead.objects.get(name="Rita Reader").stage == Stage.MQL
    assert not Handoff.objects.exists()
