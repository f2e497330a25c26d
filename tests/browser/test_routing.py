"""The pages of the routing in a browser: readable at every width, by keyboard, and with forms that answer."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Absence
from handoff.models import Handoff, Pool, PoolMember, RoutingRule
from tests.browser import worlds
from tests.browser.test_frame import LOOKS, sideways
from tests.fixtures.browser import axe_violations
from tests.handoff.factories import pool

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
BIG = {"all": [{"field": "company.employees", "op": "gte", "value": 500},
               {"field": "company.industry", "op": "in", "value": ["Field service", "W" * 60]}]}  # fmt: skip


@pytest.fixture
def cast(transactional_db: None) -> worlds.Cast:
    """Rules of every kind, pools with somebody away, paused and preferring, and one handoff."""
    cast, now = worlds.cast(), timezone.now()
    dach = Pool.objects.get()
    PoolMember.objects.create(pool=dach, user=cast.sofia, paused=True, pause_reason="onboarding until June")
    large = pool(cast.sofia, name="Large firms", countries=["XX"], fallback=dach)
    PoolMember.objects.filter(pool=large).update(prefers=BIG, open_at_most=5)
    Absence.objects.create(
        user=cast.sofia, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1)
    )
    pool(name="Empty")
    RoutingRule.objects.create(name="Account owner", to="owner", position=10)
    RoutingRule.objects.create(
        name="Large " + "W" * 80,
        to="pool",
        pool=large,
        when=BIG,
        scores={"intent": {"at_least": 20}},
        position=20,
    )
    RoutingRule.objects.create(name="Off", to="pool", pool=dach, is_on=False, position=30)
    worlds.asks_for_a_demo(worlds.fitting("Marta Kowalczyk"))
    return cast


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pages_are_accessible_and_fit(open_page: Open, cast: worlds.Cast, width: int, scheme: str) -> None:
    page = open_page(cast.ada, width=width, scheme=scheme)
    handoff, rule, dach = Handoff.objects.get(), RoutingRule.objects.get(position=20), Pool.objects.first()
    for path in (
        "/routing/",
        "/routing/?try=week",
        f"/routing/?lead={handoff.lead.email}",
        "/routing/?lead=nobody",
        "/routing/rules/",
        f"/routing/rules/{rule.public_id}/",
        "/routing/pools/",
        "/routing/pools/new/",
        f"/routing/pools/{dach.public_id}/",
        f"/routing/pools/{dach.public_id}/people/{cast.sofia.public_id}/",
        f"/people/{cast.sol.public_id}/leaving/",
        f"/handoffs/{handoff.public_id}/routing/",
    ):
        assert page.goto(path).status in (200, 422)
        assert axe_violations(page) == [], path
        assert sideways(page) <= 0, path
    page.goto("/routing/rules/")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert axe_violations(page) == []


def test_a_rule_is_made_by_keyboard_and_the_form_follows_what_is_chosen(
    open_page: Open, cast: worlds.Cast
) -> None:
    page = open_page(cast.max)
    page.goto("/routing/")
    page.get_by_role("link", name="New rule").press("Enter")
    page.get_by_label("Rule", exact=True).fill("From Hamburg")
    page.get_by_role("button", name="Condition").press("Enter")
    what = page.get_by_role("combobox", name="What")
    expect(what).to_be_focused()
    what.select_option("field:company.city")
    value = page.get_by_role("combobox", name="Value").or_(page.get_by_label("Value", exact=True))
    value.fill("Hamburg")
    page.get_by_role("combobox", name="Pool").select_option(label="Empty")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Saved From Hamburg")
    expect(page.get_by_text("When the company's city is “Hamburg”: to Empty.")).to_be_visible()

    page.get_by_role("button", name="Ask From Hamburg earlier").press("Enter")
    page.get_by_role("switch", name="On: From Hamburg").press("Space")
    expect(page.locator("#toasts")).to_contain_text("From Hamburg is off")
    rules = RoutingRule.objects.in_order()
    assert [rule.name[:5] for rule in rules] == ["Accou", "Large", "From ", "Off"]
    assert not RoutingRule.objects.get(name="From Hamburg").is_on


def test_a_rep_finds_out_why_a_lead_is_theirs_in_one_step(open_page: Open, cast: worlds.Cast) -> None:
    page = open_page(cast.sol)
    page.goto(f"/leads/{Handoff.objects.get().lead.public_id}/")
    page.get_by_role("link", name="Why this is yours").click()
    expect(page.get_by_role("heading", name="By the territories, to Sol Seller in DACH")).to_be_visible()
    expect(page.get_by_text("paused: onboarding until June")).to_be_visible()
