"""Meta asks by GET whether an address is ours before it posts there: answered when it knows the token."""

from typing import Any

import pytest
from django.test import Client

from capture.hooks import arranging, receiving
from capture.models import Hook, InboxItem
from tests import factories as make
from tests.capture.hooks.posting import hook

pytestmark = pytest.mark.django_db
SECRET = "the app secret"


@pytest.fixture
def meta() -> Hook:
    return hook("facebook-leads", signing="meta", secret=SECRET)


def ask(to: Hook | str, **asked: str) -> Any:
    token = to if isinstance(to, str) else to.token
    return Client().get(f"/in/{token}/", {f"hub.{name}": value for name, value in asked.items()})


def test_whoever_knows_the_token_gets_the_challenge_back_as_plain_text(meta: Hook) -> None:
    browser = Client()
    browser.force_login(make.marketer("Mia Mohr", email="mia@handoff.example"))
    page = browser.get(f"/hooks/{meta.public_id}/").content.decode()
    token = page.partition('id="verify">')[2].partition("<")[0]
    assert len(token) == 40

    answer = ask(meta, mode="subscribe", verify_token=token, challenge="1158201444")
    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert not InboxItem.objects.exists()


@pytest.mark.parametrize(
    "asked",
    [
        {"mode": "subscribe", "challenge": "1"},
        {"mode": "subscribe", "challenge": "1", "verify_token": ""},
        {"mode": "subscribe", "challenge": "1", "verify_token": SECRET},
        {"mode": "subscribe", "challenge": "1", "verify_token": "\ud800é"},
        {"mode": "unsubscribe", "challenge": "1", "verify_token": "RIGHT"},
        {"challenge": "1", "verify_token": "RIGHT"},
    ],
)
def test_whoever_does_not_is_told_nothing(meta: Hook, asked: dict[str, str]) -> None:
    right = receiving.verify_token(meta)
    told = {name: right if value == "RIGHT" else value for name, value in asked.items()}
    told = {name: value.encode(errors="replace").decode() for name, value in told.items()}
    answer = ask(meta, **told)
    assert answer.status_code == 403
    assert right not in answer.content.decode()


@pytest.mark.parametrize("challenge", ["", "<script>alert(1)</script> ", "a b", "1\r\nX: y", "ä", "1" * 201])
def test_only_a_challenge_in_plain_characters_is_given_back(meta: Hook, challenge: str) -> None:
    answer = ask(meta, mode="subscribe", verify_token=receiving.verify_token(meta), challenge=challenge)
    assert answer.status_code == 400
    assert "alert" not in answer.content.decode()


def test_each_hook_has_its_own_token_and_a_closed_one_does_not_answer(meta: Hook) -> None:
    other = hook("facebook-leads", signing="meta", secret=SECRET, name="Another page")
    asked = {"mode": "subscribe", "verify_token": receiving.verify_token(meta), "challenge": "1"}
    assert ask(other, **asked).status_code == 403
    arranging.set_open(hook=meta, is_open=False)
    assert ask(meta, **asked).status_code == 403


def test_other_addresses_are_asked_by_post_only() -> None:
    plain = hook(name="Plain")
    for to in (plain, "no-such-address"):
        answer = ask(to, mode="subscribe", verify_token="x", challenge="1")
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
    browser = Client()
    browser.force_login(make.marketer("Mia Mohr", email="mia@handoff.example"))
    assert 'id="verify"' not in browser.get(f"/hooks/{plain.public_id}/").content.decode()
