"""Who may call what, and what an error looks like."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken
from tests import factories as make

from .calling import Caller, caller

pytestmark = pytest.mark.django_db


def test_create_token_prints_the_token_last_and_it_works() -> None:
    make.marketer()
    out = StringIO()

    call_command("create_token", "MARA@handoff.example", "--scope", "capture", stdout=out, stderr=StringIO())

    token = out.getvalue().strip().splitlines()[-1]
    assert Caller(Client(), token).post("/events", []).status_code == 202
    assert token not in str(list(ApiToken.objects.values()))


@pytest.mark.parametrize(
    "arguments", [["nobody@x.example", "--scope", "read"], ["mara@handoff.example", "--scope", "all"]]
)
def test_create_token_refuses_who_is_not_there_and_what_is_no_scope(arguments: list[str]) -> None:
    make.marketer()
    with pytest.raises(CommandError):
        call_command("create_token", *arguments, stderr=StringIO())


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer nonsense", "Basic bWFyYTp4", "bearer ÿ"]
)
def test_without_a_valid_token_the_answer_is_401(header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    answer = Client().post("/api/v1/events", "[]", content_type="application/json", headers=headers)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert set(answer.json()) == {"detail", "errors"}


def test_a_revoked_token_and_a_switched_off_user_are_401() -> None:
    mara = make.marketer()
    site, shop = caller(mara), caller(mara)
    ApiToken.objects.filter(pk=ApiToken.objects.earliest("pk").pk).update(revoked_at=timezone.now())
    assert (site.post("/events", []).status_code, shop.post("/events", []).status_code) == (401, 202)
    mara.is_active = False
    mara.save()
    assert shop.post("/events", []).status_code == 401


@pytest.mark.parametrize(
    ("scope", "status"), [("capture", 202), ("write", 202), ("read", 403), ("decide", 403)]
)
def test_a_token_of_another_scope_is_403_and_says_which_it_needs(scope: str, status: int) -> None:
    answer = caller(make.marketer(), scope).post("/events", [])
    assert answer.status_code == status
    if status == 403:
        assert "“capture”" in answer.json()["detail"]


def test_a_signed_in_session_is_no_token() -> None:
    client = Client()
    client.force_login(make.admin(), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/api/v1/events", "[]", content_type="application/json").status_code == 401


def test_the_document_is_public_and_no_page_loads_foreign_scripts() -> None:
    document = Client().get("/api/v1/openapi.json")
    assert {"/api/v1/events", "/api/v1/leads"} <= document.json()["paths"].keys()
    assert Client().get("/api/v1/docs").status_code == 404
