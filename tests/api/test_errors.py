"""Every error looks the same, whoever says it."""

import pytest
from django.test import Client

from accounts import api_problems
from capture import api as capture
from handoff import api as handoff
from notifications import api as notifications
from scoring import api as scoring
from tests import factories as make

from .calling import caller

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/leads", "/handoffs", "/notifications"])
@pytest.mark.parametrize("cursor", ["garbage", "WyIiLCAxXQ:bad:sig", " "])
def test_a_damaged_cursor_is_refused_by_name_and_gives_no_first_page(path: str, cursor: str) -> None:
    answer = caller(make.admin()).get(path, after=cursor)

    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["errors"]] == ["after"]


def test_a_cursor_of_another_list_is_refused() -> None:
    mara = caller(make.marketer())
    for _ in range(2):
        make.lead()
    after = mara.get("/leads", limit=1).json()["next"]

    assert mara.get("/leads", after=after).status_code == 200
    assert mara.get("/handoffs", after=after).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("delete", "/api/v1/leads", "GET, POST"),
        ("get", "/api/v1/events", "POST"),
        ("put", "/api/v1/handoffs", "GET"),
    ],
)
def test_a_method_that_is_not_taken_is_told_as_a_problem(method: str, path: str, allowed: str) -> None:
    answer = getattr(Client(), method)(path)

    assert (answer.status_code, answer["Allow"]) == (405, allowed)
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {
        "detail": f"This address does not take {method.upper()}, but {allowed}.",
        "errors": [],
    }


def test_a_method_that_a_page_does_not_take_is_told_on_a_page_with_a_way_on() -> None:
    answer = Client().get("/handoffs/5b7a2b43-0000-4000-8000-000000000000/acceptance/")

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    page = answer.content.decode()
    assert "Nothing was changed." in page
    assert "Error 405" in page
    assert "Go to the start page" in page


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v1/nowhere", "/api/v1/leads/17/nothing"])
def test_an_address_that_is_not_there_is_told_as_a_problem(path: str) -> None:
    answer = Client().get(path)

    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is nothing here.", "errors": []}


def test_there_is_one_definition_of_an_error() -> None:
    for module in (capture, scoring, notifications, handoff):
        assert module.Error is api_problems.Error
