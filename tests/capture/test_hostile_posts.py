"""Whatever strangers send to hooks, in Segment's shape, from a website or with a form: never a 5xx, and it is
stored as it was sent or refused (B2). Documents are made by rules, in the manner of JSONTestSuite."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import tokens
from capture import sites
from capture.cleaning import storable
from capture.hooks import inbox
from capture.models import Hook, InboxItem, Site, Submission, WebForm
from leads.models import Activity
from tests import factories as make
from tests.api.test_hostile_input import KILLERS, TURNS, anything
from tests.capture import forms
from tests.capture.hooks.posting import hook, post

pytestmark = pytest.mark.django_db
HERE = "https://www.fieldline.example"

_VALUES = [
    b"null", b"true", b"0", b"-0", b"1e5", b"1E-5", b"-1.5e+10", b"0.1", b'""', b'"a"', b"[]", b"{}", b"[[]]",
    b'"\\u0000"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\uD83D\\uDE00"', b'"\\/\\b\\f\\n\\r\\t\\""',
    b'"\xf0\x9f\x98\x80"', b'"\xe2\x80\xa8"', b'"\xef\xbf\xbf"', b"1" * 400, b"-" + b"9" * 5_000, b"1e400",
    b"-1e-400", b"0." + b"3" * 500, b"123456789012345678901234567890", b'{"a":1,"a":2}', b'{"":0}',
    b'{"a":{"a":{"a":[1,[2,[3]]]}}}', b'{"__proto__":{}}', b'{"constructor":null}',
]  # fmt: skip
_BROKEN = [
    b"", b" ", b"nul", b"True", b"NaN", b"Infinity", b"-Infinity", b"+1", b"01", b"1.", b".5", b"1e", b"0x1F",
    b"'a'", b'"', b'"a', b'"\\x00"', b'"\\u12"', b'"\\', b'"\n"', b'"\x00"', b"[", b"]", b"[1,]", b"[,1]",
    b"[1 2]", b"[1}", b"{", b"}", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{a:1}", b"{'a':1}", b'{"a":1 "b":2}',
    b"{1:1}", b"[]]", b"{}{}", b"1 2", b"# x", b"/* x */ 1", b"// x\n1", b"\xff", b'"\xff"', b'"\xc0\x80"',
    b'"\xed\xa0\x80"', b'"\xf4\xbf\xbf\xbf"', b'"\xe2\x82"', b"\xef\xbb\xbf", b"\xef\xbb\xbf{}",
    b"\xfe\xff\x00[\x00]", b"[\x00]", b"\x00", b"[1,\x0b2]", b"[\xc2\xa01]", b"<x/>", b"a=b&c=d",
    b"[" * 100_000, b'{"a":' * 50_000, b"[" * 500 + b"]" * 500,
]  # fmt: skip


def documents() -> Iterator[bytes]:
    """Each value by itself and where something else was meant, with white space and marks around; what is no
    JSON; and each of those inside of something whole."""
    for value in _VALUES:
        yield from (value, b" \t\r\n" + value + b"\n", b"[" + value + b"]", b'{"event":' + value + b"}")
        yield b'{"events":[' + value + b'],"anonymous_id":' + value + b"}"
        yield b'{"batch":[' + value + b'],"email":' + value + b',"type":' + value + b"}"
    for broken in _BROKEN:
        yield from (broken, b'{"event":' + broken + b"}", b'{"events":[' + broken + b"]}")


DOCUMENTS = list(documents())


@pytest.fixture
def to() -> Hook:
    plain = {
        "kinds": [
            {
                "name": "Anything",
                "when": [],
                "type": "form_submitted",
                "email": ["email", "event"],
                "occurred_at": "at",
                "event_id": "event",
                "lead": {"name": "event"},
            }
        ]
    }
    return hook(mapping=plain)


def stays_whole() -> None:
    """Nothing that was sent stops the statement after it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_B2_more_than_three_hundred_documents() -> None:
    assert len(set(DOCUMENTS)) >= 318


def test_B2_every_document_posted_to_a_hook_is_stored_as_it_came_and_worked_through(to: Hook) -> None:
    for document in DOCUMENTS:
        assert post(to, document).status_code == 200
    stored = set(InboxItem.objects.values_list("body", flat=True))
    assert stored == {each.decode(errors="replace").replace("\0", "\ufffd") for each in DOCUMENTS}

    inbox.work()
    states = set(InboxItem.objects.values_list("state", flat=True))
    assert states <= {"mapped", "waiting"}
    assert all(InboxItem.objects.filter(state="waiting").values_list("reason", flat=True))
    stays_whole()


def test_B2_every_document_sent_in_the_shape_of_segment_is_stored_or_refused() -> None:
    token = tokens.issue(user=make.marketer(), scope="capture", name="shop")
    client, headers = Client(), {"authorization": f"Bearer {token}"}
    for path in ("track", "identify", "batch"):
        before = InboxItem.objects.count()
        answers = [
            client.post(f"/api/v1/segment/{path}", each, content_type="application/json", headers=headers)
            for each in DOCUMENTS
        ]
        assert {answer.status_code for answer in answers} <= {200, 400, 413, 422}
        assert all(answer.json()["detail"] for answer in answers if answer.status_code != 200)
        assert InboxItem.objects.count() - before <= sum(answer.status_code == 200 for answer in answers)
    inbox.work()
    assert set(InboxItem.objects.values_list("state", flat=True)) <= {"mapped", "waiting"}


@pytest.fixture
def site() -> Site:
    return sites.make(
        name="Website", origins=[HERE], waits_for_consent=False, by=make.marketer(), at=timezone.now()
    )


def beacon(site: Site, body: bytes) -> Any:
    client = Client()
    return client.post(f"/t/{site.key}", body, content_type="text/plain", headers={"origin": HERE})


def test_B2_every_document_sent_from_a_website_is_taken_or_refused(site: Site) -> None:
    assert {beacon(site, each).status_code for each in DOCUMENTS} <= {204, 400, 413, 422}
    assert not Activity.objects.exists()
    stays_whole()


@pytest.mark.parametrize("field", ["id", "kind", "at", "url", "title", "name", "email", "referrer", "tags"])
def test_B2_killers_in_every_field_of_what_a_website_sends(site: Site, field: str) -> None:
    now = datetime.now(UTC).isoformat()
    for number, killer in enumerate(KILLERS):
        event: dict[str, Any] = {
            "id": f"{field}{number}",
            "kind": "page",
            "at": now,
            "url": f"{HERE}/",
            field: killer,
        }
        if field == "tags":
            event["tags"] = {"utm_source": killer}
        body = {"anonymous_id": "a" * 32, "sent_at": now, "events": [event]}
        assert beacon(site, json.dumps(body).encode()).status_code == 204
    for title in Activity.objects.values_list("properties__title", flat=True):
        assert title is None or field != "title" or title in {killer[:300] for killer in KILLERS}
    stays_whole()


_PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@settings(max_examples=100, **_PATIENT)
@given(events=st.lists(st.dictionaries(st.sampled_from(["id", "kind", "at", "url", "email"]), anything)))
def test_B2_nothing_a_website_sends_breaks_anything(site: Site, events: Any) -> None:
    body = {"anonymous_id": "a" * 32, "sent_at": None, "events": events}
    assert beacon(site, json.dumps(body).encode()).status_code in (204, 422)


@settings(max_examples=100, **_PATIENT)
@given(body=anything)
def test_B2_nothing_posted_to_a_hook_stops_its_inbox(to: Hook, body: Any) -> None:
    assert post(to, json.dumps(body).encode()).status_code == 200
    inbox.work()
    assert set(InboxItem.objects.values_list("state", flat=True)) <= {"mapped", "waiting"}


@pytest.fixture
def contact() -> WebForm:
    return forms.built("contact")


@pytest.mark.parametrize("field", ["name", "company", "phone", "message"])
def test_B2_killers_in_every_field_of_a_form_are_stored_exactly_or_named(
    contact: WebForm, field: str
) -> None:
    for number, killer in enumerate(KILLERS):
        typed = killer.encode(errors="replace").decode()  # as a browser writes it
        sent = {"email": f"p{number}@firm.example", field: typed}
        answer = forms.send(contact, sent, network=f"192.0.2.{number}")
        stored = Submission.objects.filter(email=sent["email"]).first()
        if answer.status_code == 422:
            assert stored is None
            assert f'href="#q_{field}"' in answer.content.decode()
        else:
            assert answer.status_code == 302
            assert stored is not None
            assert as_stored(stored.answers.get(field, "")) == as_stored(typed), repr(killer)
    stays_whole()


def as_stored(text: str) -> str:
    """Without white space at the ends, which a browser's field has not either; one kind of line end."""
    return storable(text.translate(TURNS)).replace("\r\n", "\n").strip()


@pytest.mark.parametrize("field", ["_stamp", "_proof", "_visitor", "_page", "_referrer", "_tags"])
def test_B2_killers_in_what_the_page_says_of_itself_lose_no_answer(contact: WebForm, field: str) -> None:
    for number, killer in enumerate(KILLERS):
        sent = {"name": "Ada", "email": f"p{number}@firm.example", "message": "x"}
        sent |= {"_stamp": forms.opened(contact), field: killer.encode(errors="replace").decode()}
        client = Client(REMOTE_ADDR=f"192.0.2.{number}")
        assert client.post(forms.path(contact, framed=True), sent).status_code == 302
    assert Submission.objects.count() == len(KILLERS)
    stays_whole()


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data", "x/y", ""])
def test_B2_bodies_that_are_no_form_are_no_error_of_ours(contact: WebForm, content_type: str) -> None:
    client = Client(raise_request_exception=True)
    for document in [*_VALUES, *_BROKEN[:30]]:
        answer = client.generic("POST", forms.path(contact), document, content_type=content_type)
        assert answer.status_code in (400, 422)
    assert not Submission.objects.exists()
