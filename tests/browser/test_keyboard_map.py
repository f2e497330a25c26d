"""Every key of the keyboard map does what it says, where it says so; none fires while somebody types, and
all single ones can be switched off."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from handoff import decisions
from handoff.models import Handoff, Verdict
from tests.browser import worlds
from tests.browser.worlds import Cast

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
#: Every single key that means something on a list or a lead's page.
SINGLE = "jkarszxbuntimlg/?1"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Three open leads for Sol, due in the order of their names."""
    cast, now = worlds.cast(), timezone.now()
    for minutes, name in ((30, "Ada One"), (20, "Bo Two"), (10, "Cy Three")):
        worlds.asks_for_a_demo(worlds.fitting(name), at=now - timedelta(minutes=minutes))
    return cast


def of(name: str) -> Handoff:
    return Handoff.objects.select_related("lead").get(lead__name=name)


def lead_page(name: str = "Bo Two") -> str:
    return f"/leads/{of(name).lead.public_id}/?from=queue&view=due"


def at(open_page: Open, user: User, path: str = "/queue/", **options: object) -> Page:
    page = open_page(user, **options)
    page.goto(path)
    return page


def row(page: Page, name: str) -> Locator:
    return page.locator("#worklist").get_by_role("link", name=name)


# Lists


@pytest.mark.parametrize("path", ["/queue/", "/team/"])
def test_next_and_previous_row(open_page: Open, cast: Cast, path: str) -> None:
    page = at(open_page, cast.sol, path)
    for there, back in (("j", "k"), ("ArrowDown", "ArrowUp")):
        page.keyboard.press(there)
        expect(row(page, "Bo Two")).to_be_focused()
        page.keyboard.press(there)
        page.keyboard.press(there)  # the last one: no further
        expect(row(page, "Cy Three")).to_be_focused()
        page.keyboard.press(back)
        expect(row(page, "Bo Two")).to_be_focused()
        page.keyboard.press(back)
        page.keyboard.press(back)
        expect(row(page, "Ada One")).to_be_focused()


@pytest.mark.parametrize("path", ["/queue/", "/team/"])
def test_enter_opens_space_shows_and_hides_the_preview_and_esc_closes_it(
    open_page: Open, cast: Cast, path: str
) -> None:
    page = at(open_page, cast.sol, path)
    preview = page.locator("#peek")
    expect(preview.get_by_role("heading", name="Ada One")).to_be_visible()
    page.keyboard.press("Space")
    expect(preview).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(preview.get_by_role("heading", name="Bo Two")).to_be_visible()
    page.keyboard.press("Escape")
    expect(preview).to_be_hidden()
    expect(row(page, "Bo Two")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bo Two")


def test_esc_closes_the_form_of_a_verdict_and_gives_the_row_back(open_page: Open, cast: Cast) -> None:
    page = at(open_page, cast.sol)
    for key, form in (("r", "#reject"), ("s", "#snooze")):
        page.keyboard.press(key)
        expect(page.locator(form)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(form)).to_be_hidden()
        expect(row(page, "Ada One")).to_be_focused()
        expect(page.locator("#peek h2")).to_have_text("Ada One")
    assert not Verdict.objects.exists()


# Verdicts, on the queue and on the lead's page


VERDICTS = [
    (["a"], "Accepted"),
    (["r", "1", "Control+Enter"], "Rejected"),
    (["r", "6", "Control+Enter"], "Rejected"),
    (["s", "1"], "Snoozed"),
    (["s", "2"], "Snoozed"),  # how many moments there are beyond depends on the day of the week
]


@pytest.mark.parametrize("on", ["queue", "lead"])
def test_a_verdict_and_z_takes_it_back(open_page: Open, cast: Cast, on: str) -> None:
    name = "Ada One" if on == "queue" else "Bo Two"

    def waits() -> bool:
        handoff = of(name)
        return handoff.is_open and handoff.snoozed_until is None

    page = at(open_page, cast.sol)
    for keys, said in VERDICTS:
        page.goto("/queue/" if on == "queue" else lead_page())
        for key in keys:
            page.keyboard.press(key)
            if key in ("r", "s"):
                expect(page.locator(".decide")).to_be_visible()
        expect(page.locator("#toasts")).to_contain_text(f"{said} {name}")
        assert not waits()
        page.keyboard.press("z")
        expect(page.locator("#toasts")).to_contain_text("Undone")
        assert waits(), keys


def test_z_takes_an_acceptance_back_on_the_lead_page_long_after_the_toast(
    open_page: Open, cast: Cast
) -> None:
    decisions.accept(handoff=of("Bo Two"), by=cast.sol, at=timezone.now() - timedelta(minutes=9))
    page = at(open_page, cast.sol, lead_page())
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("Undone")
    assert of("Bo Two").is_open


# The lead's page


def test_j_and_k_go_to_the_next_lead_and_back(open_page: Open, cast: Cast) -> None:
    page = at(open_page, cast.sol, lead_page())
    heading = page.get_by_role("heading", level=1)
    page.keyboard.press("j")
    expect(heading).to_have_text("Cy Three")
    page.keyboard.press("k")
    expect(heading).to_have_text("Bo Two")
    page.keyboard.press("k")
    expect(heading).to_have_text("Ada One")


def test_a_letter_leads_to_its_field(open_page: Open, cast: Cast) -> None:
    page = at(open_page, cast.sol, lead_page())
    for key, group in zip(
        "imbuntl", ["Interest", "Motivation", "Budget", "Authority", "Need", "Timing", "Kind of contact"],
        strict=True,
    ):  # fmt: skip
        page.keyboard.press(key)
        place = page.get_by_role("group", name=group).or_(page.get_by_role("radiogroup", name=group))
        expect(place.locator("input[type=radio]:checked")).to_be_focused()
        expect(place).to_be_in_viewport()


# Everywhere


@pytest.mark.parametrize(
    ("who", "goals"),
    [
        (
            "sol",
            {
                "q": "My queue",
                "t": "Team queue",
                "l": "All leads",
                "c": "Companies",
                "b": "What we call a good lead",
                "r": "Scoring rules",
            },
        ),
        ("mara", {"d": "Dashboard", "m": "MQLs by stage", "v": "Versions", "w": "Reviews"}),
        ("ada", {"k": "Webhooks"}),
    ],
)
def test_g_and_a_letter_go_to_a_page(open_page: Open, cast: Cast, who: str, goals: dict[str, str]) -> None:
    page = at(open_page, getattr(cast, who), "/profile/")
    for second, heading in goals.items():
        page.keyboard.press("g")
        page.keyboard.press(second)
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(f"^{heading}"))
        page.wait_for_load_state()  # scripts included: what is pressed before them is for nobody


def test_g_waits_for_its_second_key_only_so_long(open_page: Open, cast: Cast) -> None:
    page = at(open_page, cast.sol, "/profile/")
    page.keyboard.press("g")
    page.wait_for_timeout(1_700)
    page.keyboard.press("q")
    page.wait_for_timeout(300)
    assert page.url.endswith("/profile/")


def test_slash_leads_to_the_filter(open_page: Open, cast: Cast) -> None:
    page = at(open_page, cast.sol)
    for path in ("/queue/", "/team/", "/leads/", "/companies/"):
        page.goto(path)
        page.keyboard.press("/")
        typed = page.locator("input:focus")
        expect(typed).to_be_visible()
        expect(typed).to_have_value("")


def test_ctrl_k_and_the_question_mark_work_on_every_page(open_page: Open, cast: Cast) -> None:
    page = at(open_page, cast.sol)
    for path in ("/queue/", lead_page(), "/definitions/"):
        page.goto(path)
        for key, dialog in (("Control+k", "Jump to or do"), ("?", "Keyboard")):
            page.keyboard.press(key)
            expect(page.get_by_role("dialog", name=dialog)).to_be_visible()
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog", name=dialog)).to_be_hidden()


# Never by accident


def test_no_single_key_fires_in_a_field_or_under_a_dialog(open_page: Open, cast: Cast) -> None:
    page = at(open_page, cast.sol, lead_page())
    address = page.url
    field = page.get_by_label("What was said?")
    field.focus()
    page.keyboard.type(SINGLE)
    expect(field).to_have_value(SINGLE)

    page.goto("/queue/")
    page.keyboard.press("Control+k")
    page.keyboard.type(SINGLE)
    expect(page.get_by_role("combobox", name="Jump to or do")).to_have_value(SINGLE)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    for key in SINGLE.replace("?", ""):
        page.keyboard.press(key)
    page.keyboard.press("Escape")

    expect(page.locator("#worklist .row")).to_have_count(3)
    assert not Verdict.objects.exists()
    assert lead_page().split("?")[0] in address


@pytest.mark.parametrize("where", ["list", "profile"])
def test_switched_off_no_single_key_does_anything_and_the_rest_still_works(
    open_page: Open, cast: Cast, where: str
) -> None:
    page = at(open_page, cast.sol, "/queue/" if where == "list" else "/profile/")
    if where == "list":
        page.keyboard.press("?")
        with page.expect_response("**/profile/keys/"):
            page.get_by_role("switch", name="Single-key shortcuts").uncheck()
        page.keyboard.press("Escape")
    else:
        page.get_by_role("main").get_by_label(re.compile("[Ss]ingle")).uncheck()
        page.get_by_role("main").get_by_role("button", name="Save").first.click()
        expect(page.locator("#toasts")).to_contain_text("Saved")
    for path in ("/queue/", lead_page()):
        page.goto(path)
        address = page.url
        for key in SINGLE:
            page.keyboard.press(key)
        page.wait_for_timeout(300)
        expect(page.locator(".decide, dialog[open]")).to_have_count(0)
        assert page.url == address
    assert not Verdict.objects.exists()

    page.goto("/queue/")
    page.keyboard.press("ArrowDown")
    expect(row(page, "Bo Two")).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Jump to or do")).to_be_visible()


@pytest.mark.parametrize(("who", "verbs"), [("sol", "ARSZL"), ("max", "ARSZLX"), ("mara", "XZ")])
def test_the_key_list_names_the_keys_that_this_person_has(
    open_page: Open, cast: Cast, who: str, verbs: str
) -> None:
    page = at(open_page, getattr(cast, who), "/definitions/")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_be_visible()
    listed = set(dialog.locator("dt kbd:first-child").all_inner_texts())
    assert listed & set("ARSZLX") == set(verbs)
    assert {"J", "Enter", "Space", "Esc", "/", "Ctrl K", "Ctrl Enter", "?", "G"} <= listed
