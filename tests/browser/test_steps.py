"""Each page does its job in the number of steps that was agreed for it, counted: one key, click or tap each.
A page that grows a step fails here."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from handoff.models import Handoff, Qualification
from leads import consent
from leads.models import ConsentEvent
from tests.browser import worlds
from tests.browser.hands import Hands
from tests.browser.worlds import Cast
from tests.fixtures.processes import wait_until

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Three open leads for Sol, due in the order of their names; Ada agreed to be called."""
    cast, now = worlds.cast(), timezone.now()
    for minutes, name in ((30, "Ada One"), (20, "Bo Two"), (10, "Cy Three")):
        worlds.asks_for_a_demo(worlds.fitting(name), at=now - timedelta(minutes=minutes))
    ada = Handoff.objects.get(lead__name="Ada One").lead
    consent.record(lead=ada, channel=ConsentEvent.Channel.PHONE, granted=True, at=now, source="form")
    return cast


def start(open_page: Open, cast: Cast, **options: object) -> tuple[Page, Hands]:
    page = open_page(cast.sol, **options)
    page.goto("/")
    expect(page.locator("#worklist .row[aria-current=true]")).to_contain_text("Ada One")
    return page, Hands(page)


def row(page: Page, name: str) -> Locator:
    return page.locator("#worklist").get_by_role("link", name=name)


def open_now(name: str = "Ada One") -> bool:
    return Handoff.objects.get(lead__name=name).is_open


def test_0_to_see_what_is_due_first_and_why(open_page: Open, cast: Cast) -> None:
    page, hands = start(open_page, cast)
    first = page.locator("#worklist .row").first
    expect(first).to_contain_text("Ada One")
    expect(first).to_contain_text("Requested a demo")
    expect(first.locator(".sla")).to_contain_text("min left")
    expect(page.locator("#peek")).to_contain_text("Why now")
    assert hands.steps == 0


@pytest.mark.parametrize("way", ["key", "click", "click in the row"])
def test_1_to_accept_the_top_lead_and_get_the_next(open_page: Open, cast: Cast, way: str) -> None:
    page, hands = start(open_page, cast)
    if way == "key":
        hands.press("a")
    elif way == "click":
        hands.click(page.locator("#peek").get_by_role("button", name="Accept"))
    else:
        page.locator("#worklist .row").first.hover()
        hands.click(page.locator("#worklist .row").first.get_by_role("button", name="Accept"))
    expect(page.locator("#toasts")).to_contain_text("Accepted Ada One")
    expect(page.locator("#worklist .row[aria-current=true]")).to_contain_text("Bo Two")
    expect(page.locator("#peek h2")).to_have_text("Bo Two")
    assert hands.steps == 1


@pytest.mark.parametrize("way", ["keys", "clicks"])
def test_3_to_reject_with_reason_and_date_and_1_to_undo(open_page: Open, cast: Cast, way: str) -> None:
    page, hands = start(open_page, cast)
    if way == "keys":
        hands.press("r", "1", "Control+Enter")
    else:
        hands.click(page.locator("#peek").get_by_role("link", name="Reject…"))
        hands.click(page.locator("#reject").get_by_text("Wrong timing"))
        hands.click(page.get_by_role("button", name="Reject and return"))
    expect(page.locator("#toasts")).to_contain_text("Rejected Ada One: wrong timing")
    assert hands.steps == 3
    back = Handoff.objects.get(lead__name="Ada One").verdicts.get().return_on
    assert back == timezone.localdate() + timedelta(days=60)

    if way == "keys":
        hands.press("z")
    else:
        hands.click(page.get_by_role("button", name="Undo"))
    expect(row(page, "Ada One")).to_be_visible()
    assert hands.steps == 4
    assert open_now()


def test_0_for_the_top_reasons_of_a_score_and_1_for_all_with_evidence_and_end(
    open_page: Open, cast: Cast
) -> None:
    page, hands = start(open_page, cast)
    preview = page.locator("#peek")
    for words in ("Intent", "Fit", "Engagement", "line 20, over"):
        expect(preview.get_by_text(words).first).to_be_visible()
    reasons = preview.get_by_role("link", name="All ")
    assert hands.steps == 0

    hands.click(reasons)
    table = page.locator("#score")
    expect(table).to_be_in_viewport()
    for words in ("Reason", "Evidence", "Points", "Counts until", "next: "):
        expect(table.get_by_text(words).first).to_be_visible()
    assert hands.steps == 1


@pytest.mark.parametrize("on", ["preview", "page"])
def test_1_to_call_or_write_with_the_consent_beside_it(open_page: Open, cast: Cast, on: str) -> None:
    page, hands = start(open_page, cast)
    if on == "page":
        page.goto(row(page, "Ada One").get_attribute("href") or "")
    place = page.locator("#peek" if on == "preview" else "main")
    expect(place.get_by_text("Consent to calls").first).to_be_visible()
    expect(place.locator("a[href^='mailto:']").first).to_be_visible()
    page.evaluate(
        "addEventListener('click', (event) => { window.called = event.target.closest('a')?.href;"
        " event.preventDefault(); })"
    )
    hands.click(place.locator("a[href^='tel:']").first)
    assert str(page.evaluate("window.called")).startswith("tel:+49")
    assert hands.steps == 1


@pytest.mark.parametrize("way", ["keys", "clicks"])
def test_2_to_record_an_answer_which_is_saved_at_once(open_page: Open, cast: Cast, way: str) -> None:
    page, hands = start(open_page, cast)
    page.goto(row(page, "Ada One").get_attribute("href") or "")
    expect(page.get_by_label("Need note")).to_be_hidden()
    if way == "keys":
        hands.press("n", "ArrowRight")
    else:
        hands.click(page.get_by_role("group", name="Need").get_by_text("Weak"))
    expect(page.locator("#saved")).to_contain_text("Saved")
    expect(page.get_by_label("Need note")).to_be_visible()
    kept = Qualification.objects.filter(question__key="need", level=1)
    wait_until(kept.exists, what="the answer is kept")
    assert hands.steps <= 2


def test_on_a_phone_2_taps_accept(open_page: Open, cast: Cast) -> None:
    page, hands = start(open_page, cast, **PHONE)
    hands.tap(row(page, "Ada One"))
    hands.tap(page.get_by_role("region", name="Decide", exact=True).get_by_role("button", name="Accept"))
    expect(page.locator("#toasts")).to_contain_text("Accepted Ada One")
    assert hands.steps == 2


def test_on_a_phone_3_taps_reject_a_lead_that_is_open(open_page: Open, cast: Cast) -> None:
    page, hands = start(open_page, cast, **PHONE)
    row(page, "Ada One").tap()
    hands.tap(page.get_by_role("region", name="Decide", exact=True).get_by_role("link", name="Reject…"))
    hands.tap(page.locator("#reject").get_by_text("Wrong timing"))
    hands.tap(page.get_by_role("button", name="Reject and return"))
    expect(page.locator("#toasts")).to_contain_text("Rejected Ada One")
    assert hands.steps == 3


@pytest.mark.parametrize(
    ("who", "letters", "heading"),
    [("sol", "cy t", "Cy Three"), ("sol", "team", "Team queue"), ("mara", "mql", "MQLs by stage")],
)
def test_2_keys_and_a_few_letters_reach_any_lead_or_page(
    open_page: Open, cast: Cast, who: str, letters: str, heading: str
) -> None:
    page = open_page(getattr(cast, who))
    page.goto("/definitions/")
    hands = Hands(page)
    hands.press("Control+k")
    hands.write(letters)
    hands.press("Enter")  # at once: it waits for what the letters find
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert (hands.steps, hands.letters <= 4) == (2, True)
