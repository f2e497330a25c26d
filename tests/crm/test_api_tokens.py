"""API tokens from the pages: made and shown once, seen and revoked by whom they belong to."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, User
from tests import factories

pytestmark = pytest.mark.django_db

PAGE = "/profile/tokens/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(html: str) -> str:
    """The text of a token on the page; "" for none."""
    found = re.search(r"<code tabindex=\"0\">(ho_[\w-]+)</code>", html)
    return found[1] if found else ""


def make(client: Client, **said: str) -> str:
    """The page after a token was made."""
    once = re.search(r'name="once" value="([^"]+)"', client.get(PAGE).content.decode())
    assert once
    sent = {"name": "Laptop", "scope": "read", "once": once[1], **said}
    answer = client.post(PAGE, sent, follow=True)
    assert "no-store" in answer.headers["Cache-Control"]
    return answer.content.decode()


def calls(text: str, path: str = "/api/v1/leads") -> int:
    return Client().get(path, headers={"authorization": f"Bearer {text}"}).status_code


def test_a_token_is_shown_once_and_works_at_once() -> None:
    sol = factories.rep()
    client = signed_in(sol)

    text = shown(make(client))

    assert calls(text) == 200
    token = ApiToken.objects.get()
    assert (token.user, token.name, token.scope) == (sol, "Laptop", "read")
    again = client.get(PAGE).content.decode()
    assert shown(again) == ""
    assert text not in again
    assert f"{token.prefix}…" in again
    assert "last used" in again


def test_S13_neither_the_token_nor_the_session_keeps_its_text() -> None:
    client = signed_in(factories.rep())
    once = {"name": "Laptop", "scope": "read", "once": "x"}
    client.post(PAGE, once)  # the page that shows it is not loaded yet
    waiting = str(Session.objects.get().get_decoded())
    text = shown(client.get(PAGE).content.decode())
    assert text
    assert text not in waiting
    assert text not in str(list(ApiToken.objects.values()))


def test_a_form_that_is_sent_twice_makes_one_token() -> None:
    client = signed_in(factories.rep())
    sent = {"name": "Laptop", "scope": "read", "once": "the-same"}
    for _ in range(3):
        assert client.post(PAGE, sent).status_code == 302
    assert ApiToken.objects.count() == 1
    assert calls(shown(client.get(PAGE).content.decode())) == 200


def test_a_name_that_is_taken_is_refused_until_its_token_is_revoked() -> None:
    client = signed_in(factories.rep())
    make(client)
    assert "You have a token “laptop” already." in make(client, name="laptop")
    token = ApiToken.objects.get()
    client.post(f"{PAGE}{token.public_id}/revocation/")
    assert shown(make(client))
    assert shown(make(signed_in(factories.marketer())))  # somebody else's laptop


def test_fifty_tokens_are_enough() -> None:
    sol = factories.rep()
    for n in range(tokens.MOST):
        tokens.issue(user=sol, scope="read", name=f"t{n}")
    assert "You have 50 tokens." in make(signed_in(sol))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": ""}, "Give it a name"),
        ({"name": "\u202e\u202d "}, "Give it a name"),
        ({"name": "a\0b"}, "control characters"),
        ({"name": "a\r\nb"}, "control characters"),
        ({"name": "x" * 65}, "at most 64"),
        ({"scope": ""}, "Say what it may do."),
        ({"scope": "root"}, "Choose one of what it may do."),
    ],
)
def test_what_makes_no_sense_is_said_and_makes_nothing(said: dict[str, str], words: str) -> None:
    assert words in make(signed_in(factories.rep()), **said)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "' OR 1=1 --"]
)
def test_a_hostile_name_is_text(name: str) -> None:
    client = signed_in(factories.rep())
    make(client, name=name)
    token = ApiToken.objects.get()
    assert token.name == name
    answer = client.post(f"{PAGE}{token.public_id}/revocation/", follow=True)
    html = answer.content.decode()
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_a_revoked_token_is_refused_at_once_and_revoking_twice_is_as_once() -> None:
    client = signed_in(factories.rep())
    text = shown(make(client))
    assert calls(text) == 200
    token = ApiToken.objects.get()

    client.post(f"{PAGE}{token.public_id}/revocation/")

    assert calls(text) == 401
    token.refresh_from_db()
    first = token.revoked_at
    assert client.post(f"{PAGE}{token.public_id}/revocation/").status_code == 302
    token.refresh_from_db()
    assert token.revoked_at == first
    assert "revoked" in client.get(PAGE).content.decode()


def test_S2_somebody_elses_token_is_not_there_but_admins_see_and_revoke_all() -> None:
    sol, max_, ada = factories.rep(), factories.manager(), factories.admin()
    text = tokens.issue(user=sol, scope="write", name="Sols laptop")
    token = ApiToken.objects.get()
    path = f"{PAGE}{token.public_id}/revocation/"

    for other in (max_, factories.marketer()):
        client = signed_in(other)
        assert client.post(path).status_code == 404
        assert "Sols laptop" not in client.get(f"{PAGE}?whose=all").content.decode()
    assert calls(text) == 200

    desk = signed_in(ada)
    assert "Sols laptop" not in desk.get(PAGE).content.decode()
    html = desk.get(f"{PAGE}?whose=all").content.decode()
    assert "Sols laptop" in html
    assert "as <bdi>Sol Seller</bdi>" in html
    assert text not in html
    assert desk.post(path).headers["Location"] == f"{PAGE}?whose=all"
    assert calls(text) == 401


def test_revoking_takes_a_post() -> None:
    sol = factories.rep()
    tokens.issue(user=sol, scope="read", name="x")
    assert signed_in(sol).get(f"{PAGE}{ApiToken.objects.get().public_id}/revocation/").status_code == 405


def test_living_ones_come_first_newest_first() -> None:
    sol, now = factories.rep(), timezone.now()
    for n, gone in enumerate([False, True, False]):
        tokens.issue(user=sol, scope="read", name=f"token-{n}")
        ApiToken.objects.filter(name=f"token-{n}").update(
            created_at=now + timedelta(minutes=n), revoked_at=now if gone else None
        )
    html = signed_in(sol).get(PAGE).content.decode()
    assert re.findall(r"<b><bdi>(token-\d)</bdi></b>", html) == ["token-2", "token-0", "token-1"]


def test_the_list_asks_as_often_for_many_as_for_few() -> None:
    ada = factories.admin()
    client = signed_in(ada)

    def asked(to: int) -> int:
        for n in range(ApiToken.objects.count(), to):
            tokens.issue(user=ada, scope="read", name=f"t{n}")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{PAGE}?whose=all").status_code == 200
        return len(queries)

    # Session, user, the rail's counts; how many tokens, the tokens with whom they act as.
    assert asked(1) == asked(50) == asked(200) == 5
