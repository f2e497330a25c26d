"""An address typed by hand never breaks a page."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import admin, manager, marketer, rep

pytestmark = pytest.mark.django_db

#: page → what it reads from its address
READ = {
    "/queue/": "q view sort lead after rep country",
    "/team/": "q view sort lead after rep team",
    "/leads/": "q sort after country source stage owner",
    "/companies/": "q after country",
    "/search/": "q",
    "/mqls/": "q view after phase",
    "/people/": "q view after role team",
    "/routing/": "lead try",
    "/response-times/": "promise",
    "/disputes/": "show after",
    "/quality/": "by",
    "/rules/": "model version line new q",
    "/rules/versions/": "model after",
    "/rules/crossings/": "stage after model",
    "/alerts/": "before who kind state",
    "/notifications/": "before",
    "/views/": "page",
    "/profile/tokens/": "whose page",
}
HOSTILE = ["a\x00b", "%_\\", "’); --", "9" * 30, "-1", "💣" * 40, "‮a", " "]


@pytest.mark.parametrize("whose", [admin, manager, marketer, rep])
@pytest.mark.parametrize("path", READ)
def test_a_page_answers_whatever_its_address_says(path: str, whose: Callable[[], User]) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(whose())

    answers = {
        (name, value): client.get(path, {name: value}).status_code
        for name in READ[path].split()
        for value in HOSTILE
    }

    assert {asked: code for asked, code in answers.items() if code >= 500} == {}
