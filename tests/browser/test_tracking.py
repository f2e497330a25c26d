"""A website of somebody else's, at another origin, with our one line on it: what visitors do there arrives,
and nothing does without their consent."""

import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, Request

from capture import sites
from capture.models import Site
from leads.mail_keys import mail_key
from leads.models import Activity, ActivityType, Lead, Visitor
from tests import factories
from tests.fixtures.processes import Broker, serving, wait_until

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
PAGE = """<!doctype html><html lang="en"><head><title>{path}</title>{snippet}</head><body>
<a href="/pricing">Pricing</a> <a href="/files/guide.pdf">Guide</a> <a href="http://other.invalid/x">Out</a>
<form data-handoff="demo_request" action="/thanks" method="get">
<input name="name" value="Ada Byron"><input type="email" name="email" value="Ada@Firm.example">
<input type="password" name="pin" value="canary-password">
<input type="hidden" name="csrf" value="canary-hidden">
<input name="number" autocomplete="cc-number" value="canary-card"><textarea name="message">Call me</textarea>
<button>Ask</button></form>
<form action="/thanks" method="get"><input type="email" name="email" value="canary@unmarked.example">
<button>Newsletter</button></form>
<div style="height: 3000px"></div></body></html>"""


@dataclass
class Website:
    """Serves every path; ``snippet`` stands on each page."""

    address: str
    snippet: str = ""
    sent: list[str] = field(default_factory=list)


@pytest.fixture
def website() -> Iterator[Website]:
    served = Website("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pdf = self.path.endswith(".pdf")
            text = (
                "%PDF-1.4" if pdf else PAGE.format(path=self.path.partition("?")[0], snippet=served.snippet)
            )
            self.send_response(200)
            self.send_header("Content-Type", "application/pdf" if pdf else "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: Any) -> None:
            """Tests are quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    thread.join(5)


def carry(website: Website, site: str, *, waits: bool, name: str = "Website") -> Site:
    """Put our line on the website's pages."""
    made = sites.make(
        name=name,
        origins=[website.address],
        waits_for_consent=waits,
        by=factories.marketer(),
        at=timezone.now(),
    )
    website.snippet = f'<script async src="{site}/t/{made.key}.js"></script>'
    return made


def listen(context: BrowserContext, site: str) -> list[str]:
    """What the browser sends to us from now on, as text."""
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.url.startswith(f"{site}/t/"):
            sent.append(f"{request.method} {request.url} {request.post_data or ''}")

    context.on("request", note)
    return sent


def arrived(*kinds: str) -> Callable[[], bool]:
    return lambda: sorted(Activity.objects.values_list("type__key", flat=True)) == sorted(kinds)


def test_G12_three_pages_a_guide_and_a_form_the_next_day_are_one_persons_story(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    made = carry(website, site, waits=False)
    guide = ActivityType.objects.get(key="ebook_download")
    sites.add_rule(site=made, pattern="/files/guide.pdf", kind=guide)
    page = open_page()
    page.goto(f"{website.address}/?utm_source=google&utm_medium=cpc&utm_campaign=dispatch&secret=canary")
    page.goto(f"{website.address}/blog")
    page.get_by_role("link", name="Pricing").click()
    wait_until(arrived("page_view", "page_view", "pricing_page_view"), what="three pages have arrived")
    assert not Lead.objects.exists()

    later = page.context.new_page()  # the next day: another page of the same browser
    page.close()
    later.goto(f"{website.address}/resources")
    later.get_by_role("link", name="Guide").click()
    later.goto(f"{website.address}/demo")
    later.get_by_role("button", name="Ask").click()
    later.wait_for_url("**/thanks*")

    every = ["page_view"] * 5 + ["pricing_page_view", "ebook_download", "demo_request"]
    wait_until(arrived(*every), what="all of it has arrived")
    wait_until(Lead.objects.filter(name="Ada Byron").exists, what="what is known of them has, too")
    ada = Lead.objects.get()
    assert ada.email == "ada@firm.example"
    assert (ada.source, ada.campaign) == ("paid_search", "dispatch")
    assert set(Activity.objects.values_list("lead_id", flat=True)) == {ada.pk}
    said = str(list(Activity.objects.values_list("properties", flat=True)))
    assert "Call me" in said
    assert "canary" not in said


@pytest.fixture
def strict(transactional_db: None, broker: Broker, tmp_path: Path) -> Iterator[str]:
    """The address of a server that takes one event of a browser, and the next one ten seconds later."""
    with serving(tmp_path, CAPTURE_RATE="1", CAPTURE_BURST="1") as (address, _):
        yield address
    broker.flush()


def test_L1_the_script_comes_back_when_it_was_told_and_not_before(
    open_page: Open, strict: str, website: Website
) -> None:
    carry(website, strict, waits=False)
    page = open_page()
    sent = listen(page.context, strict)
    page.goto(f"{website.address}/blog")
    wait_until(arrived("page_view"), what="the first page has arrived")
    with page.expect_response(lambda answer: answer.status == 429) as told:
        page.evaluate("handoff('track', 'step-0')")
    assert int(told.value.headers["retry-after"]) >= 4
    for number in (1, 2):
        page.evaluate(f"handoff('track', 'step-{number}')")
        page.wait_for_timeout(1_500)
    assert sum(line.startswith("POST") for line in sent) == 2

    wait_until(arrived("page_view", *["custom_event"] * 3), what="all of it has arrived")
    page.wait_for_timeout(100)  # the browser's own account of it
    assert sum(line.startswith("POST") for line in sent) == 3


def test_L1_a_page_that_is_left_while_told_to_wait_leaves_nothing_behind(
    open_page: Open, strict: str, website: Website
) -> None:
    carry(website, strict, waits=False)
    page = open_page()
    page.goto(f"{website.address}/blog")
    wait_until(arrived("page_view"), what="the first page has arrived")
    with page.expect_response(lambda answer: answer.status == 429):
        page.goto(f"{website.address}/about")
    page.goto(f"{website.address}/pricing")

    wait_until(lambda: Activity.objects.count() >= 3, seconds=40, what="all has arrived")
    page.wait_for_timeout(500)
    assert arrived("page_view", "page_view", "pricing_page_view")(), "once each"


def test_P7_without_consent_there_is_no_request_and_no_cookie_and_with_it_there_is(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    carry(website, site, waits=True)
    page = open_page()
    sent = listen(page.context, site)
    page.goto(website.address)
    page.wait_for_function("!!window.handoff")
    page.evaluate("handoff('track', 'calculator_used', {seats: 4})")
    page.evaluate("handoff('consent', false)")
    page.goto(f"{website.address}/pricing")
    page.wait_for_function("!!window.handoff")
    page.wait_for_timeout(800)
    assert [each for each in sent if each.startswith("POST")] == []
    assert {cookie["name"] for cookie in page.context.cookies()} <= {"handoff_consent"}

    page.evaluate("handoff('consent', true)")
    wait_until(arrived("pricing_page_view"), what="the page one is on has arrived")
    assert "handoff_id" in {cookie["name"] for cookie in page.context.cookies()}
    page.evaluate("handoff('consent', false)")
    assert "handoff_id" not in {cookie["name"] for cookie in page.context.cookies()}


def test_P7_global_privacy_control_is_a_no(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    carry(website, site, waits=False)
    page = open_page()
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    sent = listen(page.context, site)
    page.goto(website.address)
    page.wait_for_function("!!window.handoff")
    page.evaluate("handoff('consent', true)")
    page.evaluate("handoff('identify', 'ada@firm.example')")
    page.get_by_role("button", name="Ask").click()
    page.wait_for_timeout(800)

    assert [each for each in sent if each.startswith("POST")] == []
    assert page.context.cookies() == []


def test_P7_of_forms_only_a_marked_one_is_read_and_never_its_secrets(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    carry(website, site, waits=False)
    page = open_page()
    sent = listen(page.context, site)
    page.goto(website.address)
    wait_until(arrived("page_view"), what="the page has arrived")
    page.get_by_role("button", name="Newsletter").click()
    page.wait_for_url("**/thanks*")
    page.goto(website.address)
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**/thanks*")
    wait_until(lambda: Activity.objects.filter(type__key="demo_request").exists(), what="the form arrived")

    assert "canary" not in str(sent)


def test_C42_a_second_person_at_the_computer_has_their_own_history(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    carry(website, site, waits=False)
    page = open_page()
    page.goto(f"{website.address}/one")
    page.wait_for_function("!!window.handoff")
    page.evaluate("handoff('identify', 'ada@firm.example')")
    page.goto(f"{website.address}/two")
    page.wait_for_function("!!window.handoff")
    page.evaluate("handoff('identify', 'ben@firm.example')")
    page.goto(f"{website.address}/three")
    wait_until(arrived("page_view", "page_view", "page_view"), what="three pages have arrived")

    seen = dict(Activity.objects.values_list("properties__path", "lead__email"))
    assert seen == {
        "/one": "ada@firm.example",
        "/two": "ada@firm.example",
        "/three": "ben@firm.example",
    }


def test_G12_a_link_in_a_mail_says_whose_browser_it_is_and_its_key_goes_from_the_address(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    carry(website, site, waits=False)
    ada = factories.lead(email="Ada+Ö😀@firm.example")
    page = open_page()
    page.goto(f"{website.address}/one")
    wait_until(arrived("page_view"), what="a page has arrived")
    page.goto(f"{website.address}/two?a=1&handoff_mail={mail_key(ada)}#top")
    page.wait_for_url(f"{website.address}/two?a=1#top")
    page.evaluate("email => handoff('identify', email)", ada.email)
    page.goto(f"{website.address}/three")
    wait_until(arrived("page_view", "page_view", "page_view"), what="three pages have arrived")

    assert set(Activity.objects.values_list("lead__email", flat=True)) == {ada.email}
    assert Visitor.objects.count() == 1, "she was taken for two people"


def test_C42_a_link_in_a_mail_to_another_person_at_the_computer_begins_their_own_history(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    carry(website, site, waits=False)
    ada = factories.lead(email="ada@firm.example")
    page = open_page()
    page.goto(f"{website.address}/one")
    page.wait_for_function("!!window.handoff")
    page.evaluate("handoff('identify', 'ben@firm.example')")
    page.goto(f"{website.address}/two?handoff_mail={mail_key(ada)}&flag&b=%20")
    page.wait_for_url(f"{website.address}/two?flag&b=%20")
    page.goto(f"{website.address}/three")
    wait_until(arrived("page_view", "page_view", "page_view"), what="three pages have arrived")

    seen = dict(Activity.objects.values_list("properties__path", "lead__email"))
    assert seen == {
        "/one": "ben@firm.example",
        "/two": "ada@firm.example",
        "/three": "ada@firm.example",
    }


def test_what_could_not_be_sent_is_sent_with_the_next_page_once(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    carry(website, site, waits=False)
    page = open_page()
    page.add_init_script("if (location.pathname === '/one') window.fetch = () => Promise.reject('offline')")
    page.goto(f"{website.address}/one")
    page.wait_for_function("sessionStorage.getItem('handoff_kept')")
    page.goto(f"{website.address}/two")
    wait_until(arrived("page_view", "page_view"), what="both pages have arrived")

    page.goto(f"{website.address}/three")
    wait_until(arrived("page_view", "page_view", "page_view"), what="the third page has arrived")
    assert Activity.objects.filter(properties__path="/one").count() == 1


def test_pages_that_change_without_loading_are_seen_and_links_that_lead_out(
    open_page: Open, site: str, website: Website, transactional_db: None
) -> None:
    carry(website, site, waits=False)
    page = open_page()
    page.goto(website.address)
    page.wait_for_function("!!window.handoff")
    page.evaluate("history.pushState({}, '', '/pricing')")
    page.context.route("http://other.invalid/**", lambda route: route.fulfill(body="elsewhere"))
    wait_until(arrived("page_view", "pricing_page_view"), what="both pages have arrived")
    page.get_by_role("link", name="Out").click()
    wait_until(arrived("page_view", "pricing_page_view", "link_clicked"), what="the click has arrived")

    assert Activity.objects.get(type__key="link_clicked").properties["to"] == "http://other.invalid/x"
