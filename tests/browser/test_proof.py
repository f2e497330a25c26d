"""The pages of the back-test and the suggestions: readable for everybody, at every width, in both schemes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import User
from scoring.models import ModelVersion
from tests import factories
from tests.browser.test_frame import LOOKS, sideways
from tests.factories import company
from tests.fixtures.browser import axe_violations
from tests.scoring.pasts import accepted, live, ready, sent_back

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
PAGES = ("/rules/proof/", "/rules/proof/leads/?cell=all", "/rules/suggestions/")


@pytest.fixture
def mara(transactional_db: None) -> User:
    """Who looks at a past in which small firms are sent back as that, and most others are accepted."""
    now = timezone.now()
    for k in range(60):
        at, small = now - timedelta(days=k + 1), k % 3 == 0
        firm = company("Nordwind Aufzüge" if k else "B" * 200, employees=10 if small else 300)
        good = k % 18 == 0 if small else k % 7 != 0
        fields = {"title": "Service manager", "company": firm}
        made = accepted(at, **fields) if good else sent_back(at, "too_small", **fields)
        ready(made, at - timedelta(days=3))
    live()
    return factories.marketer()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_they_are_readable_for_everybody(open_page: Open, mara: User, width: int, scheme: str) -> None:
    page = open_page(mara, width=width, scheme=scheme)
    for path in PAGES:
        assert page.goto(path).status == 200
        assert axe_violations(page) == [], path
        assert sideways(page) <= 0, path


def test_a_suggestion_becomes_a_draft_without_scripts(open_page: Open, mara: User) -> None:
    page = open_page(mara, scripts=False)
    page.goto("/rules/suggestions/")
    page.get_by_label("under").first.check()
    page.get_by_role("button", name="Apply those ticked as a draft").click()
    draft = ModelVersion.objects.get(state="draft")
    assert page.url.endswith(f"/rules/versions/{draft.number}/?model=default")
