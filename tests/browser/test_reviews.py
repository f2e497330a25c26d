"""The weekly review as both teams hold it, its pages for everybody at every width, and on paper."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from handoff.models import Dispute
from notifications.models import Notification
from reports.models import Review
from reports.reviews import days, deciding, notes, preparing
from scoring import written
from scoring.models import ModelVersion
from tests.browser import worlds
from tests.browser.test_frame import LOOKS, sideways
from tests.fixtures.browser import axe_violations
from tests.reports.meetings import checked, deal, sent_back
from tests.reports.test_reviews import close, give_crossings

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.fixture
def cast(transactional_db: None) -> worlds.Cast:
    """A week in which sales sent a lead back that scored high, and found one that nobody scored."""
    cast, then = worlds.cast(), days.period("weekly", at=timezone.now()).start + timedelta(days=2)
    sent_back(cast.sol, at=then, name="Viktor Hansson", total=83.0, source="paid search")
    give_crossings()
    deal(cast.sol, at=then)
    checked(cast.mara, at=timezone.now())
    return cast


def test_S1_21_from_preparing_to_the_notes(open_page: Open, cast: worlds.Cast) -> None:
    mara = open_page(cast.mara)
    mara.goto("/reviews/")
    mara.get_by_role("button", name="Prepare it now").first.click()
    expect(mara.get_by_role("heading", level=1)).to_have_text("Weekly review")
    review = Review.objects.get()

    mara.locator("#reason-too_small summary").click()
    mara.get_by_label("What marketing does about Too small").fill("Stop the free trial ads")
    mara.get_by_role("button", name="Save").click()
    expect(mara.locator("#reason-too_small")).to_contain_text("Stop the free trial ads Mara Marker")
    viktor = "Marketing on Viktor Hansson"
    mara.get_by_role("form", name=viktor).get_by_role("button", name="No", exact=True).click()
    mara.get_by_role("button", name="Agree to intent line").click()
    mara.get_by_label("Decision or to-do").fill("Ask staff size on the form")
    mara.get_by_role("button", name="Add", exact=True).click()
    mara.get_by_role("banner").get_by_role("link", name="Sign…").click()
    expect(mara.locator("#signing")).to_contain_text(
        "One proposal is still open: intent line 22 (needs sales)"
    )
    mara.locator("#signing").get_by_role("button", name="Sign for marketing").click()

    max_ = open_page(cast.max)
    max_.goto("/leads/")
    max_.keyboard.press("g")
    max_.keyboard.press("w")
    expect(max_).to_have_url(re.compile(f"/reviews/{review.public_id}/$"))
    viktor = "Sales on Viktor Hansson"
    max_.get_by_role("form", name=viktor).get_by_role("button", name="No", exact=True).click()
    expect(max_.locator("#talk")).to_contain_text("Both sides: no")
    max_.get_by_role("button", name="Agree, live at once to intent line").click()
    expect(max_.locator("#proposals")).to_contain_text("live")
    max_.get_by_role("banner").get_by_role("button", name="Close and send notes").click()
    expect(max_.get_by_role("main")).to_contain_text("Nothing on it changes any more")

    assert Dispute.objects.get().was_sql is False
    live = ModelVersion.objects.live()
    assert live.lines.get(stage="sql").min_intent == 22
    assert notes.send_owed(at=timezone.now()) == 3
    told = Notification.objects.filter(recipient=cast.mara, key__endswith=":notes").get()
    assert "Stop the free trial ads" in told.body
    assert "The SQL line asks for intent 22 instead of 20." in told.body
    assert "Signed: Mara Marker for marketing" in told.body


#: What is wider than the panel that it is in.
_ESCAPED = """() => [...document.querySelectorAll(".panel:not(.scroll-x) li, .talk > li, .change p")]
    .filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.textContent.slice(0, 80))"""


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_they_are_readable_for_everybody(open_page: Open, cast: worlds.Cast, width: int, scheme: str) -> None:
    now = timezone.now()
    words = written.propose(
        by=cast.mara, side="marketing", mql="Came to learn.", sql="Asked.", note="So we agree", at=now
    )
    written.sign(definition=words, by=cast.mara, side="marketing", at=now)
    closed = preparing.prepare(kind="weekly", at=now - timedelta(weeks=1))
    word = "Donaudampfschifffahrt" * 4
    deciding.add(review=closed, text=word, owner="both", due_on=None, by=cast.mara, at=now)
    close(closed, cast.mara, cast.max, at=now)
    weekly = preparing.prepare(kind="weekly", at=now)
    monthly = preparing.prepare(kind="monthly", at=now)
    for who in (cast.mara, cast.max):
        page = open_page(who, width=width, scheme=scheme)
        addresses = [f"/reviews/{each.public_id}/" for each in (closed, weekly, monthly)]
        for path in (*addresses, "/reviews/", "/reports/readiness/", "/definitions/"):
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200
            assert axe_violations(page) == [], path
            assert sideways(page) <= 0, path
            assert page.evaluate(_ESCAPED) == [], path


def test_it_is_done_without_scripts_too(open_page: Open, cast: worlds.Cast) -> None:
    review = preparing.prepare(kind="weekly", at=timezone.now())
    page = open_page(cast.max, scripts=False)
    page.goto(f"/reviews/{review.public_id}/")
    page.get_by_text("Not yet…").click()
    page.get_by_label("Why sales does not agree yet").fill("After the fair")
    page.get_by_role("button", name="Say so").click()
    expect(page.locator("#proposals")).to_contain_text("Not yet: After the fair (Max Manager)")
    page.locator("#signing").get_by_role("button", name="Sign for sales").click()
    expect(page.locator("#signing")).to_contain_text("Sales signed")


def test_on_paper_there_are_the_figures_and_no_buttons(
    open_page: Open, cast: worlds.Cast, tmp_path: Path
) -> None:
    review = preparing.prepare(kind="weekly", at=timezone.now())
    page = open_page(cast.mara)
    page.goto(f"/reviews/{review.public_id}/")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})
    expect(page.locator(".bar")).to_contain_text(days.name_of("weekly", review.first))
    expect(page.locator(".wr__when")).to_be_visible()
    for there in ("#numbers table", "#numbers .spark >> nth=0", "#reasons table", "#talk", "#proposals"):
        expect(page.locator(there).first).to_be_visible()
    for gone in (".side", ".tabbar", ".bar__end", "#proposals button", "#todos form", "#reasons form"):
        for each in page.locator(gone).all():
            expect(each).to_be_hidden()
    paper = tmp_path / "review.pdf"
    page.pdf(path=paper, format="A4")
    assert paper.read_bytes().startswith(b"%PDF")
    assert 1 <= paper.read_bytes().count(b"/Type /Page\n") <= 4 or paper.stat().st_size > 20_000
