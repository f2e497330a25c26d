"""Whatever comes in, the answer is not a 5xx: it is stored exactly, or refused naming the field (B1, B2)."""

import json
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.models import Activity, Lead
from tests import factories as make

from .calling import Caller, caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Caller:
    return caller(make.marketer())


#: Texts that have broken parsers, databases, mail headers, pages and spreadsheets.
KILLERS = [
    "", " ", "\u0000", "a\u0000", "\ud800", "\udfff\ud800", "\ufeff", "\ufffe", "\uffff", "\U0010ffff",
    "\r\nBcc: eve@evil.example", "\n", "\t", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029", "\u202e\u202d",
    "ﷺ" * 50, "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘", "👩‍👩‍👧‍👦" * 20, "ı", "İ@x.example", "ß", "ﬁ", "١٢٣",
    "null", "undefined", "NaN", "true", "0", "-0", "1e400", "-1", "9" * 400, "0x1F", "1/0", "٣",
    "' OR 1=1 --", "'; DROP TABLE leads_lead; --", "%s", "%(x)s", "{0}", "{{7*7}}", "{% load x %}", "${7*7}",
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "&lt;",
    "=1+1", "+1", "-1", "@SUM(A1)", "|calc", "../../etc/passwd", "C:\\con\\nul", "file:///etc/passwd",
    "http://169.254.169.254/", "\\", "\\u0000", "\"", "'", "`", "a" * 5_000, "x@y", "x@y.example\n",
    "[object Object]", "2026-13-45T99:99:99Z", "0000-00-00", "9999-12-31T23:59:60Z", "1.0.0", "💩" * 500,
]  # fmt: skip

FIELDS = ["event_id", "type", "occurred_at", "sent_at", "email", "lead_id", "anonymous_id", "properties"]


@pytest.mark.parametrize("field", FIELDS)
def test_B2_killers_in_every_field_of_an_event(site: Caller, field: str) -> None:
    batch = []
    for number, killer in enumerate(KILLERS):
        item = {
            "event_id": f"{field}-{number}",
            "type": "page_view",
            "occurred_at": "2026-11-17T10:00:00Z",
            "email": f"p{number}@firm.example",
        }
        batch.append({**item, field: {"text": killer} if field == "properties" else killer})

    answer = site.post("/events", batch)

    assert answer.status_code == 202
    taken = answer.json()
    assert taken["accepted"] + taken["duplicates"] + len(taken["refused"]) == len(KILLERS)
    assert all(refusal["field"].startswith(field) for refusal in taken["refused"])
    if field == "properties":
        for number, killer in enumerate(KILLERS):
            stored = Activity.objects.filter(event_id=f"properties-{number}").first()
            assert (stored is None) == ("\0" in killer or "\ud800" in killer)
            assert stored is None or stored.properties == {"text": killer}


#: Left out of what is stored: they would turn around our own words that stand after them.
TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


@pytest.mark.parametrize("field", ["name", "title", "phone", "city", "source", "campaign", "country"])
def test_B2_killers_in_every_field_of_a_lead(site: Caller, field: str) -> None:
    for number, killer in enumerate(KILLERS):
        email = f"{field}{number}@firm.example"
        answer = site.post("/leads", {"email": email, field: killer})
        if answer.status_code == 422:
            assert [error["field"] for error in answer.json()["errors"]] == [field]
            assert not Lead.objects.filter(email=email).exists()
        else:
            assert answer.status_code == 201
            stored = getattr(Lead.objects.get(email=email), field)
            assert stored == killer.translate(TURNS).strip() or (field == "source" and stored == "site")


@pytest.mark.parametrize("killer", KILLERS)
def test_B2_killers_as_questions(site: Caller, killer: str) -> None:
    for query in ({"email": killer}, {"after": killer}, {"limit": killer}):
        shown = {name: value.encode(errors="replace").decode() for name, value in query.items()}
        assert site.get("/leads", **shown).status_code in (200, 422)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
    | st.sampled_from(KILLERS),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=10), below, max_size=4),
    max_leaves=12,
)


@st.composite
def nearly_events(draw: st.DrawFn) -> Any:
    """An event with some of its fields replaced by anything at all."""
    now = timezone.now().isoformat()
    item: dict[str, Any] = {"event_id": "1", "type": "page_view", "occurred_at": now, "email": "a@b.example"}
    for name in draw(st.sets(st.sampled_from(FIELDS), max_size=3)):
        item[name] = draw(anything)
    return item


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.lists(nearly_events() | anything, max_size=5) | anything)
def test_B1_no_body_sent_as_events_breaks_anything(site: Caller, body: Any) -> None:
    answer = site.post("/events", json.dumps(body).encode())
    assert answer.status_code in (202, 422)
    if answer.status_code == 202:
        taken = answer.json()
        assert taken["accepted"] + taken["duplicates"] + len(taken["refused"]) == len(body)
    else:
        assert not isinstance(body, list)


LEAD = ["email", "name", "country", "attributes", "company", "consent", "stage"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(st.sampled_from(LEAD), anything, max_size=4), company=anything)
def test_B1_no_body_sent_as_a_lead_breaks_anything(site: Caller, fields: Any, company: Any) -> None:
    body = {"email": "a@b.example", "company": {"name": "Acme", "employees": company}, **fields}
    answer = site.post("/leads", json.dumps(body).encode())
    assert answer.status_code in (200, 201, 422)
    assert answer.status_code != 422 or answer.json()["errors"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_B1_no_bytes_break_anything(site: Caller, body: bytes) -> None:
    for path in ("/events", "/leads"):
        assert site.post(path, body).status_code in (200, 201, 202, 400, 422)
