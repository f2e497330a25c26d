"""Alerts in the browser, as a browser meets them: the worker script runs under our policy, the page says what
it can do, and without scripts everything else works."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from notifications.models import AlertWishes
from tests import factories

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def test_the_worker_script_may_run_and_rules_the_whole_site(open_page: Open, transactional_db: None) -> None:
    page = open_page(factories.rep())
    page.goto("/profile/alerts/")
    expect(page.get_by_role("button", name="Allow in this browser")).to_be_visible()
    scope = page.evaluate(
        """async () => {
          await navigator.serviceWorker.register(document.querySelector("[data-push]").dataset.worker);
          return (await navigator.serviceWorker.ready).scope;
        }"""
    )
    assert scope.endswith("/")
    assert scope.count("/") == 3


def test_without_scripts_one_chooses_all_the_same(open_page: Open, transactional_db: None) -> None:
    sol = factories.rep()
    page = open_page(sol, scripts=False)
    page.goto("/profile/alerts/")
    assert page.get_by_role("button", name="Allow in this browser").count() == 0
    group = page.get_by_role("group", name="A lead is overdue")
    group.get_by_label("In the digest").check()
    page.get_by_label("Quiet from").fill("19:00")
    page.get_by_label("Until").fill("07:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    said = AlertWishes.objects.get(user=sol)
    assert said.mail == {"overdue": "digest"}
    assert said.quiet_from is not None
