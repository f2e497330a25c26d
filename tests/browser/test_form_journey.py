"""A form of ours in a frame on a website of somebody else's, at another origin: what the visitor did before
and what they sent are one person's story; without their consent only what they sent arrives."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Browser, Dialog, FrameLocator, Page, expect

from capture.models import Site, Submission, WebForm
from capture.webforms import arranging, starters
from leads.models import Activity, Lead
from tests import factories
from tests.browser.test_tracking import Website, arrived, carry, listen, website
from tests.fixtures.processes import wait_until

pytestmark = pytest.mark.browser
__all__ = ["website"]

Open = Callable[..., Page]


def guide(website: Website, **settings: object) -> WebForm:
    """A guide for an address, which the website's pages may carry."""
    form = arranging.make(
        name="Guide download",
        starter=starters.of("guide"),
        by=factories.admin(),
        at=timezone.now(),
    )
    values = {"origins": [website.address], "offer_url": f"{website.address}/files/guide.pdf", **settings}
    for key, value in values.items():
        setattr(form, key, value)
    form.save()
    return form


def frame(site: str, form: WebForm, *, script: bool = True) -> str:
    """What one pastes into a page."""
    line = f'<iframe src="{site}/f/{form.key}/embed/" title="Guide" width="100%" height="560"></iframe>'
    return line + (f'<script async src="{site}/static/js/embed.js"></script>' if script else "")


def fill(inside: FrameLocator, page: Page, *, email: str = "ada@firm.example") -> None:
    if inside.get_by_label("Your name").count():
        inside.get_by_label("Your name").fill("Ada Byron")
    inside.get_by_label("Work e-mail").fill(email)
    page.wait_for_timeout(2_200)  # nobody is faster
    inside.get_by_role("button", name="Get the guide").click()


def test_G12_C40_three_pages_and_the_next_day_a_guide_are_one_persons_story(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    carry(website, site, waits=False)
    form = guide(website)
    page = open_page()
    page.goto(f"{website.address}/?utm_source=google&utm_medium=cpc&utm_campaign=dispatch")
    page.goto(f"{website.address}/blog")
    page.get_by_role("link", name="Pricing").click()
    wait_until(arrived("page_view", "page_view", "pricing_page_view"), what="three pages have arrived")
    assert not Lead.objects.exists()
    # A day goes by.
    Activity.objects.update(occurred_at=F("occurred_at") - timedelta(days=1))

    website.snippet += frame(site, form)
    later = page.context.new_page()
    page.close()
    later.goto(f"{website.address}/resources?token=canary")
    inside = later.frame_locator("iframe")
    expect(inside.locator("[name=_visitor]")).to_have_value(re.compile("[0-9a-f]{32}"))
    box = later.locator("iframe").bounding_box()
    assert box is not None
    assert 200 < box["height"] != 560  # as high as the form
    inside.get_by_label("I would like to receive news").check()
    fill(inside, later)
    expect(inside.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(inside.get_by_role("link")).to_have_attribute("href", f"{website.address}/files/guide.pdf")

    wait_until(
        arrived("page_view", "page_view", "pricing_page_view", "page_view", "content_download"),
        what="all of it has arrived",
    )
    ada = Lead.objects.get()
    assert (ada.email, ada.name) == ("ada@firm.example", "Ada Byron")
    assert (ada.source, ada.campaign) == ("paid_search", "dispatch")
    assert set(Activity.objects.values_list("lead_id", flat=True)) == {ada.pk}
    got = Activity.objects.get(type__key="content_download")
    assert (got.source, got.properties["path"]) == ("guide-download", "/resources")
    assert "canary" not in str(got.properties)
    assert ada.consent_events.get().text == arranging.wording(form)

    reader = open_page(factories.marketer(name="Mia", email="mia@handoff.example"))
    reader.goto(f"/leads/{ada.public_id}/")
    expect(reader.locator("main")).to_contain_text("Downloaded content")
    expect(reader.locator("main")).to_contain_text("Viewed pricing")

    # The third time: this browser is known, so it is asked what it has not said yet.
    later.goto(f"{website.address}/resources")
    inside = later.frame_locator("iframe")
    expect(inside.get_by_label("Job title")).to_be_visible()
    assert inside.get_by_label("Your name").count() == 0
    assert "Ada" not in later.frames[-1].content()


def test_P7_without_consent_there_is_no_request_and_no_cookie_and_the_form_works(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    carry(website, site, waits=True)
    form = guide(website)
    website.snippet += frame(site, form)
    page = open_page()
    sent = listen(page.context, site)
    page.goto(f"{website.address}/resources?utm_source=google")
    page.wait_for_function("!!window.handoff")
    fill(page.frame_locator("iframe"), page)
    expect(page.frame_locator("iframe").get_by_role("heading", name="Thank you")).to_be_visible()

    assert [each for each in sent if each.startswith("POST")] == []
    assert page.context.cookies() == []
    stored = Submission.objects.get()
    assert (stored.state, stored.anonymous_id, stored.came) == ("taken", "", {})
    assert Lead.objects.get().source == "guide-download"


def test_a_plain_frame_works_where_no_script_runs(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    form = guide(website)
    website.snippet = frame(site, form, script=False)
    page = open_page(scripts=False, width=390)
    page.goto(f"{website.address}/resources")
    inside = page.frame_locator("iframe")
    fill(inside, page)
    expect(inside.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Submission.objects.get().state == "taken"


def test_S9_a_page_that_is_not_named_cannot_frame_the_form(
    browser: Browser, site: str, website: Website, transactional_db: None
) -> None:
    form = guide(website, origins=["https://www.fieldline.example"])
    website.snippet = frame(site, form, script=False)
    context = browser.new_context()  # its complaint about the refusal is what is wanted
    page = context.new_page()
    page.goto(f"{website.address}/resources")
    page.wait_for_timeout(500)
    assert page.frame_locator("iframe").get_by_label("Work e-mail").count() == 0
    context.close()


@pytest.mark.parametrize("after", ["offer", "address"])
def test_S7_a_form_in_a_browser_leads_to_the_stored_page(
    open_page: Open, site: str, website: Website, transactional_db: None, after: str
) -> None:
    stored = f"{website.address}/welcome"
    form = guide(website, after=after, offer_url=stored, redirect_url=stored)
    page = open_page()
    page.goto(f"/f/{form.key}/?next=https://evil.invalid/&url=//evil.invalid")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Work e-mail").fill("ada@firm.example")
    page.wait_for_timeout(2_200)
    page.get_by_role("button", name="Get the guide").click()
    page.wait_for_url(stored)

    website.snippet = frame(site, form)
    page.goto(f"{website.address}/resources?next=https://evil.invalid/")
    fill(page.frame_locator("iframe"), page, email="ben@firm.example")
    page.wait_for_url(stored)
    assert Submission.objects.count() == 2


#: Some of each way of spelling another page (all: tests/capture/test_form_redirects.py).
SPELLINGS = [
    "//evil.invalid", "/\\evil.invalid", "https:evil.invalid", "\t//evil.invalid", "javascript:alert(1)",
    "https://www.fieldline.example@evil.invalid", "/%09/evil.invalid", "data:text/html,evil",
]  # fmt: skip


def test_S7_no_spelling_leads_a_browser_off_the_stored_pages(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    stored = f"{website.address}/welcome"
    form = guide(website, after="address", offer_url=f"{website.address}/guide", redirect_url=stored)
    page = open_page()
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc or "here"))
    for number, spelling in enumerate(SPELLINGS):
        said = urlencode(dict.fromkeys(["next", "url", "redirect", "return_to", "after"], spelling))
        page.goto(f"/f/{form.key}/?{said}")
        page.get_by_label("Your name").fill("Ada")
        page.get_by_label("Work e-mail").fill(f"ada{number}@firm.example")
        page.get_by_role("button", name="Get the guide").click()
        page.wait_for_url(stored)
        page.goto(f"/f/{form.key}/thanks/?{said}")
        page.locator("main a").click()
        page.wait_for_url(f"{website.address}/guide")
    assert asked - {"here"} == {urlsplit(site).netloc, urlsplit(website.address).netloc}


def test_a_marketer_puts_a_form_on_a_page_in_a_few_clicks(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    carry(website, site, waits=False)
    assert Site.objects.count() == 1
    page = open_page(factories.marketer(name="Mia", email="mia@handoff.example"))
    page.goto("/forms/")
    page.get_by_role("link", name="New form").click()
    page.get_by_text("Demo request").click()
    page.get_by_role("button", name="Create").click()
    page.locator("#id_heading").fill("Half an hour with us")
    expect(page.locator("#preview")).to_contain_text("Half an hour with us")
    page.locator("#id_add").select_option("city")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".frow")).to_have_count(8)
    expect(page.locator("#id_heading")).to_have_value("Half an hour with us")
    page.locator(".builder__save").get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Saved")

    website.snippet += page.locator("#snippet").inner_text()
    visitor = open_page()
    visitor.goto(f"{website.address}/demo")
    inside = visitor.frame_locator("iframe")
    expect(inside.get_by_role("heading", name="Half an hour with us")).to_be_visible()
    expect(inside.get_by_label("City")).to_be_visible()


def test_a_form_is_built_without_scripts(open_page: Open, transactional_db: None) -> None:
    page = open_page(factories.marketer(name="Mia", email="mia@handoff.example"), scripts=False, width=390)
    page.goto("/forms/new/")
    page.get_by_role("button", name="Create").click()
    page.locator("#id_heading").fill("Say hello")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Say hello")
    page.locator(".builder__save").get_by_role("button", name="Save").click()
    assert WebForm.objects.get().heading == "Say hello"


def test_what_is_not_saved_of_a_form_is_not_left_by_accident(open_page: Open, transactional_db: None) -> None:
    page = open_page(factories.marketer(name="Mia", email="mia@handoff.example"))
    page.goto("/forms/new/")
    page.get_by_role("button", name="Create").click()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)

    page.locator("#id_heading").fill("Half an hour with us")
    page.locator("#side").get_by_role("link", name="Imports").click()
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    expect(page.locator("#id_heading")).to_have_value("Half an hour with us")

    page.locator("#id_add").select_option("city")
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator(".builder__save").get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Saved")
    page.locator("#side").get_by_role("link", name="Imports").click()
    page.wait_for_url("**/imports/")
    assert asked == ["beforeunload"]


def test_who_agrees_on_the_page_and_fills_the_form_in_by_keyboard_is_the_visitor(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    carry(website, site, waits=True)
    website.snippet += frame(site, guide(website))
    page = open_page()
    page.goto(f"{website.address}/guide")
    inside = page.frame_locator("iframe")
    expect(inside.get_by_label("Work e-mail")).to_be_visible()

    page.evaluate("handoff('consent', true)")
    inside.get_by_label("Work e-mail").focus()

    expect(inside.locator("[name=_visitor]")).to_have_value(re.compile("[0-9a-f]{32}"))
