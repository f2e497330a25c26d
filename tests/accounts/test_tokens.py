from datetime import timedelta

import pytest

from accounts import tokens
from accounts.models import ApiToken
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_a_token_is_recognised_by_its_text_alone() -> None:
    sol = make.rep()
    text = tokens.issue(user=sol, scope="read", name="laptop")
    found = tokens.resolve(text=text, at=make.NOW)
    assert found is not None
    assert found.user == sol
    assert tokens.resolve(text=text + "x", at=make.NOW) is None


def test_S13_the_text_of_a_token_is_nowhere_in_the_database() -> None:
    text = tokens.issue(user=make.rep(), scope="read", name="laptop")
    row = ApiToken.objects.values().get()
    assert all(text not in str(value) for value in row.values())
    assert len(row["prefix"]) < len(text) / 3


def test_a_revoked_token_and_one_of_somebody_who_left_open_nothing() -> None:
    sol, nils = make.rep(), make.rep("Nils")
    revoked = tokens.issue(user=sol, scope="read", name="old")
    ApiToken.objects.update(revoked_at=make.NOW)
    leaver = tokens.issue(user=nils, scope="read", name="laptop")
    nils.is_active = False
    nils.save()
    assert tokens.resolve(text=revoked, at=make.NOW) is None
    assert tokens.resolve(text=leaver, at=make.NOW) is None


def test_use_is_stamped_at_most_once_a_minute() -> None:
    text = tokens.issue(user=make.rep(), scope="read", name="laptop")
    for seconds in (0, 30, 61):
        tokens.resolve(text=text, at=make.NOW + timedelta(seconds=seconds))
        stamped = ApiToken.objects.get().last_used_at
        assert stamped == make.NOW + timedelta(seconds=61 if seconds == 61 else 0)


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("capture", {"capture"}),
        ("read", {"read"}),
        ("decide", {"decide"}),
        ("write", {"capture", "read", "decide", "write"}),
    ],
)
def test_a_scope_allows_what_it_names(scope: str, allowed: set[str]) -> None:
    token = ApiToken(scope=scope)
    assert {name for name in ("capture", "read", "decide", "write") if token.allows(name)} == allowed
