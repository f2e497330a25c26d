"""Every operation of the OpenAPI document, called rightly and wrongly, answers as the document says (B1)."""

import itertools
import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from crm.api import api
from leads.models import Lead, LeadAccess
from tests import factories as make

from .calling import Caller, caller
from .test_hostile_input import KILLERS, anything

pytestmark = pytest.mark.django_db

DOCUMENT: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
OPERATIONS = [
    pytest.param(method, path, operation, id=operation["operationId"])
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
SCOPES = ["capture", "read", "decide", "write"]


@pytest.fixture
def callers() -> list[Caller]:
    """One of each role, with every scope."""
    dach = make.team()
    lead = make.lead("Ada")
    LeadAccess.objects.create(lead=lead, team=dach)
    people = [make.admin(), make.marketer(), make.rep(in_team=dach), make.manager("Max Manager", dach)]
    return [caller(person, "write") for person in people]


def call(who: Caller | None, method: str, path: str, query: dict[str, str], body: bytes) -> Any:
    client = who.client if who else Client()
    headers = {"authorization": f"Bearer {who.token}"} if who else {}
    if method == "get":
        return client.get(path, query, headers=headers)
    return getattr(client, method)(path, body, content_type="application/json", headers=headers)


def expect_as_documented(answer: Any, operation: dict[str, Any]) -> None:
    status = str(answer.status_code)
    assert status in operation["responses"], f"{status} is not in the document: {answer.content[:300]!r}"
    schema = operation["responses"][status]["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(answer.json())


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_without_a_token_everything_is_401(method: str, path: str, operation: dict[str, Any]) -> None:
    answer = call(None, method, re.sub(r"\{\w+_id\}", str(uuid4()), path), {}, b"{}")
    assert answer.status_code == 401
    expect_as_documented(answer, operation)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_one_scope_opens_each_operation_and_the_others_do_not(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    mara = make.marketer()
    path = re.sub(r"\{\w+_id\}", str(uuid4()), path)
    statuses = {scope: call(caller(mara, scope), method, path, {}, b"{}").status_code for scope in SCOPES}
    shut = [scope for scope, status in statuses.items() if status == 403]
    assert len(shut) == 2, statuses
    assert statuses["write"] != 403


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_B1_whoever_asks_for_what_is_not_there_hears_it_as_documented(
    callers: list[Caller], method: str, path: str, operation: dict[str, Any]
) -> None:
    ids = [str(uuid4()), "17", "%00", "..", "a" * 300, str(Lead.objects.get().public_id)]
    bodies = [b"", b"{}", b"[]", b"null", b'{"reason": "nonsense"}', b"\xff", b"[" * 20_000]
    for who, name, body in itertools.product(callers, ids, bodies):
        target = re.sub(r"\{\w+_id\}", name.replace("\\", ""), path)
        if target == path and name != ids[0]:
            continue  # no id in this path
        answer = call(who, method, target, {}, body)
        if answer.status_code == 404 and name == "..":
            continue  # another address altogether
        expect_as_documented(answer, operation)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_B1_no_question_and_no_body_breaks_any_operation(callers: list[Caller], data: st.DataObject) -> None:
    method, path, operation = data.draw(st.sampled_from([one.values for one in OPERATIONS]))
    who = data.draw(st.sampled_from(callers))
    names = [parameter["name"] for parameter in operation.get("parameters", [])]
    text = st.sampled_from(KILLERS) | st.text(max_size=20)
    query = {
        name: data.draw(text).encode(errors="replace").decode()
        for name in data.draw(st.sets(st.sampled_from([*names, "unknown"])))
    }
    field = st.sampled_from(
        [
            "reason",
            "note",
            "return_on",
            "name",
            "amount",
            "close_on",
            "email",
            "stage",
            "outcome",
            "score",
            "override",
            "answers",
            "key",
            "kind",
            "title",
            "due_at",
            "owner",
            "side",
            "was_sql",
        ]
    )
    body = json.dumps(data.draw(st.dictionaries(field, anything, max_size=3) | anything)).encode()
    lead = str(Lead.objects.get(name="Ada").public_id)
    target = re.sub(r"\{\w+_id\}", str(uuid4()), path.replace("{lead_id}", lead))
    expect_as_documented(call(who, method, target, query, body), operation)
