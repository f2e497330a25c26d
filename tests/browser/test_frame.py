"""Sign-in, account and error pages, and the gallery of parts: readable for everybody at every width."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.fixtures.browser import axe_violations

pytestmark = pytest.mark.browser

OUTSIDE = ("/accounts/login/", "/accounts/password/reset/", "/accounts/signup/", "/no-such-page/")
INSIDE = (
    "/ui/",
    "/profile/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/sessions/",
    "/accounts/password/change/",
    "/accounts/logout/",
)
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark"), (320, "light")]


def sideways(page: Page) -> int:
    """How many pixels the page can be pushed sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pages_outside_the_shell_are_accessible_and_fit(
    open_page: Callable[..., Page], width: int, scheme: str
) -> None:
    page = open_page(width=width, scheme=scheme)
    for path in OUTSIDE:
        page.goto(path)
        assert axe_violations(page) == [], path
        assert sideways(page) <= 0, path


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pages_inside_the_shell_are_accessible_and_fit(
    open_page: Callable[..., Page], width: int, scheme: str
) -> None:
    page = open_page(factories.admin(), width=width, scheme=scheme)
    for path in INSIDE:
        page.goto(path)
        if "accounts/2fa/webauthn" in path and "reauthenticate" in page.url:
            page.get_by_label("Password").fill(factories.PASSWORD)
            page.get_by_role("button", name="Confirm").click()
        assert axe_violations(page) == [], path
        assert sideways(page) <= 0, path


def test_a_wrong_password_is_said_at_the_field(page: Page) -> None:
    factories.rep("Sol Seller")
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill("sol@handoff.example")
    page.get_by_label("Password").fill("not-it")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Password")).to_have_accessible_description("Email and password do not match.")
    assert axe_violations(page) == []


def test_people_sign_in_with_and_without_scripts(open_page: Callable[..., Page]) -> None:
    factories.admin()
    for scripts in (True, False):
        page = open_page(scripts=scripts)
        page.goto("/profile/")
        page.get_by_label("Email").fill("ada@handoff.example")
        page.get_by_label("Password").fill(factories.PASSWORD)
        page.get_by_label("Stay signed in on this device for 14 days").check()
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Ada Admin")


def test_the_rail_opens_as_a_sheet_on_a_phone(open_page: Callable[..., Page]) -> None:
    page = open_page(factories.admin(), width=390, height=844)
    page.goto("/ui/")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    page.get_by_role("button", name="Open menu").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()


def test_the_tab_bar_lies_at_the_bottom_however_short_the_page(open_page: Callable[..., Page]) -> None:
    page = open_page(factories.admin(), width=390, height=844)
    page.goto("/leads/")
    box = page.get_by_role("navigation", name="Shortcuts").bounding_box()

    assert box is not None
    assert box["y"] + box["height"] == pytest.approx(844, abs=1)


def test_question_mark_lists_the_keys_and_returns_focus(open_page: Callable[..., Page]) -> None:
    page = open_page(factories.admin())
    page.goto("/ui/")
    opener = page.get_by_role("button", name="All keys").first
    opener.focus()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard")
    expect(keys).to_be_visible()
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(opener).to_be_focused()


def test_single_keys_can_be_switched_off_and_stay_so(open_page: Callable[..., Page]) -> None:
    page = open_page(factories.admin())
    page.goto("/ui/")
    page.keyboard.press("?")
    with page.expect_response("**/profile/keys/"):
        page.get_by_role("switch", name="Single-key shortcuts").uncheck()
    page.reload()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_keys_stay_quiet_while_somebody_types(open_page: Callable[..., Page]) -> None:
    page = open_page(factories.admin())
    page.goto("/ui/")
    field = page.get_by_label("Note optional", exact=True).first
    field.fill("")
    field.press("?")
    expect(field).to_have_value("?")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_nothing_is_styled_or_run_from_within_a_page(open_page: Callable[..., Page]) -> None:
    page = open_page(factories.admin())
    for path in ("/ui/", "/profile/", "/accounts/2fa/"):
        page.goto(path)
        source = page.request.get(path).text()
        assert " style=" not in source
        assert "<style" not in source
        assert page.locator("script:not([src]):not([type='application/json'])").count() == 0


def test_a_passkey_made_in_the_account_signs_in(open_page: Callable[..., Page]) -> None:
    page = open_page(factories.admin())
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": key})

    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_label("Passwordless").check()
    page.wait_for_load_state()  # scripts included: without them the button asks no authenticator
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Recovery").or_(page.get_by_text("Laptop")).first).to_be_visible()

    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out", exact=True).last.click()
    page.goto("/accounts/login/?next=/profile/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Admin")
