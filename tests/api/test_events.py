"""POST /api/v1/events, sentence by sentence."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from leads.models import Activity, ChangedLead, Lead
from tests import factories as make

from .calling import Caller, caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Caller:
    return caller(make.marketer(), "capture")


def event(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A page view of Ada's just now; ``None`` leaves a field out."""
    base = {
        "event_id": f"e-{number}",
        "type": "page_view",
        "occurred_at": (timezone.now() - timedelta(minutes=5)).isoformat(),
        "email": "ada@firm.example",
        "properties": {"page": "/"},
    }
    return {name: value for name, value in {**base, **fields}.items() if value is not None}


def refused(answer: Any) -> list[tuple[int, str]]:
    assert answer.status_code == 202, answer.content
    return [(item["index"], item["field"]) for item in answer.json()["refused"]]


def test_an_event_of_an_unknown_address_makes_a_lead_and_is_stored_once(site: Caller) -> None:
    first = site.post("/events", [event()])
    again = site.post("/events", [event()])

    assert (first.status_code, first.json()) == (202, {"accepted": 1, "duplicates": 0, "refused": []})
    assert again.json() == {"accepted": 0, "duplicates": 1, "refused": []}
    lead = Lead.objects.get()
    assert (lead.email, lead.stage, lead.source) == ("ada@firm.example", "lead", "site")
    stored = Activity.objects.get()
    assert (stored.lead, stored.type.key, stored.source) == (lead, "page_view", "site")
    assert stored.properties == {"page": "/"}
    assert ChangedLead.objects.get().live


def test_one_bad_item_never_refuses_the_others(site: Caller) -> None:
    batch = [event(1), event(2, type="danced"), event(3, occurred_at="2026-11-17T10:00:00"), event(4)]

    answer = site.post("/events", batch)

    assert answer.json()["accepted"] == 2
    assert refused(answer) == [(1, "type"), (2, "occurred_at")]
    assert "time zone" in answer.json()["refused"][1]["reason"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"event_id": None}, "event_id"),
        ({"event_id": ""}, "event_id"),
        ({"event_id": 7}, "event_id"),
        ({"event_id": "x" * 129}, "event_id"),
        ({"event_id": "a\u0000b"}, "event_id"),
        ({"type": None}, "type"),
        ({"type": ["page_view"]}, "type"),
        ({"type": "no_such_type"}, "type"),
        ({"occurred_at": None}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": 1763375760}, "occurred_at"),
        ({"occurred_at": "2026-11-17"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-14:00"}, "occurred_at"),
        ({"email": None}, "email"),
        ({"email": "ada"}, "email"),
        ({"email": 5}, "email"),
        ({"email": "ada@firm.example\r\nBcc: eve@evil.example"}, "email"),
        ({"email": "a" * 250 + "@firm.example"}, "email"),
        ({"email": None, "lead_id": "17"}, "lead_id"),
        ({"email": None, "lead_id": "5b7a2b43-93d8-4aa1-9a4c-9a7e6f3c6b1d"}, "lead_id"),
        ({"email": None, "anonymous_id": "anonymous"}, "anonymous_id"),
        ({"email": None, "anonymous_id": "x" * 129}, "anonymous_id"),
        ({"properties": []}, "properties"),
        ({"properties": {"a": {"b": "x\u0000"}}}, "properties.a.b"),
        ({"properties": {"a": [1, "\ud800"]}}, "properties.a[1]"),
        ({"properties": {"x\u0000": 1}}, "properties"),
        ({"properties": {"n": 10**30}}, "properties.n"),
        ({"properties": {"n": float("nan")}}, "properties.n"),
        ({"properties": {"n": float("-inf")}}, "properties.n"),
        ({"properties": {"text": "x" * 33_000}}, "properties"),
        ({"stage": "customer"}, "stage"),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(site: Caller, fields: dict[str, Any], field: str) -> None:
    answer = site.post("/events", [event(1, **fields), event(2)])

    assert refused(answer) == [(0, field)]
    assert answer.json()["accepted"] == 1


@pytest.mark.parametrize("item", [None, 1, "x", [], [[]], True, {}])
def test_an_item_that_is_no_event_is_refused_alone(site: Caller, item: Any) -> None:
    answer = site.post("/events", [item, event()])
    assert (len(refused(answer)), answer.json()["accepted"]) == (1, 1)


@pytest.mark.parametrize("raw", [b"1e999", b"9" * 5_000, b"Infinity", b"NaN"])
def test_a_number_no_column_holds_is_refused_by_its_field(site: Caller, raw: bytes) -> None:
    body = (
        b'[{"event_id":"1","type":"page_view","occurred_at":"2026-01-01T00:00:00Z",'
        b'"email":"ada@firm.example","properties":{"n":%s}}]' % raw
    )
    assert refused(site.post("/events", body)) == [(0, "properties.n")]


def test_deep_nesting_is_refused_by_its_field_and_hopeless_nesting_whole(site: Caller) -> None:
    deep: Any = "bottom"
    for _ in range(40):
        deep = [deep]

    answer = site.post("/events", [event(properties={"a": deep})])

    assert refused(answer)[0][1].startswith("properties.a[0][0]")
    assert site.post("/events", b"[" * 200_000).status_code == 400


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"\xff\xfe", b'["\\ud83d', b"\x00"])
def test_a_body_that_is_no_json_is_refused_whole(site: Caller, body: bytes) -> None:
    answer = site.post("/events", body)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("The body is not JSON")
    assert answer.json()["errors"] == []


@pytest.mark.parametrize("body", [{}, "x", 1, None, {"events": []}])
def test_a_body_that_is_no_list_is_refused_whole(site: Caller, body: Any) -> None:
    answer = site.post("/events", body)
    assert (answer.status_code, answer.json()["detail"]) == (422, "The body must be a list of events.")


def test_B3_too_many_events_and_too_many_bytes_are_refused_whole(site: Caller) -> None:
    many = site.post("/events", [event(number) for number in range(1_001)])
    large = site.post("/events", [event(1, properties={"text": "x" * 1_000_000})])

    assert (many.status_code, large.status_code) == (413, 413)
    assert Activity.objects.count() == 0


def test_a_thousand_events_are_taken_in_as_many_queries_as_ten(
    site: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def batch(start: int, count: int) -> list[dict[str, Any]]:
        return [
            event(start + n, email=f"p{start + n}@firm.example", anonymous_id=f"browser-{start + n}")
            for n in range(count)
        ]

    site.post("/events", batch(2_000, 1))  # makes the source
    with django_assert_max_num_queries(22) as few:
        site.post("/events", batch(0, 10))
    with django_assert_max_num_queries(22) as many:
        answer = site.post("/events", batch(100, 1_000))

    assert answer.json()["accepted"] == 1_000
    assert len(many.captured_queries) == len(few.captured_queries)


def test_an_event_may_name_its_lead(site: Caller) -> None:
    ada = make.lead("Ada")
    site.post("/events", [event(1, email=None, lead_id=str(ada.public_id))])
    assert Activity.objects.get().lead == ada


def test_a_lead_and_an_address_that_disagree_are_refused_and_agreeing_ones_taken(site: Caller) -> None:
    ada, bob = make.lead("Ada", email="Ada@Firm.example"), make.lead("Bob", email="bob@firm.example")

    answer = site.post(
        "/events",
        [
            event(1, lead_id=str(ada.public_id), email="bob@firm.example"),
            event(2, lead_id=str(ada.public_id), email="new@firm.example"),
            event(3, lead_id=str(ada.public_id), email="ADA@firm.example"),
        ],
    )

    assert refused(answer) == [(0, "email"), (1, "email")]
    assert (Activity.objects.get().lead, Lead.objects.count()) == (ada, 2)
    assert not bob.activities.exists()


def test_C40_an_address_is_added_to_a_named_lead_that_has_none(site: Caller) -> None:
    ada = make.lead("Ada", email=None)

    site.post("/events", [event(1, lead_id=str(ada.public_id)), event(2)])

    ada.refresh_from_db()
    assert (ada.email, Lead.objects.count(), Activity.objects.filter(lead=ada).count()) == (
        "ada@firm.example",
        1,
        2,
    )


def test_S2_a_lead_the_user_may_not_see_is_no_lead(site: Caller) -> None:
    ada = make.lead("Ada")
    rep = caller(make.rep(), "capture")
    assert refused(rep.post("/events", [event(1, email=None, lead_id=str(ada.public_id))])) == [
        (0, "lead_id")
    ]


def test_two_tokens_of_different_names_have_their_own_event_ids() -> None:
    mara = make.marketer()
    for name in ("site", "shop", "site"):
        caller(mara, "capture", name).post("/events", [event()])
    assert sorted(Activity.objects.values_list("source", flat=True)) == ["shop", "site"]


def test_F13_a_time_far_ahead_is_refused_and_one_slightly_ahead_counts_on_arrival(site: Caller) -> None:
    now = timezone.now()

    answer = site.post(
        "/events",
        [
            event(1, occurred_at=(now + timedelta(hours=25)).isoformat()),
            event(2, occurred_at=(now + timedelta(hours=2)).isoformat()),
            event(3, occurred_at=(now + timedelta(minutes=2)).isoformat()),
            event(4, occurred_at=(now - timedelta(days=30)).isoformat()),
        ],
    )

    assert refused(answer) == [(0, "occurred_at")]
    by_id = {activity.event_id: activity for activity in Activity.objects.all()}
    assert by_id["e-2"].occurred_at < now + timedelta(seconds=30)
    assert by_id["e-2"].properties["claimed_occurred_at"] == (now + timedelta(hours=2)).isoformat()
    assert abs(by_id["e-3"].occurred_at - now) < timedelta(seconds=30)
    assert "claimed_occurred_at" not in by_id["e-3"].properties
    assert by_id["e-4"].occurred_at == now - timedelta(days=30)


@pytest.mark.parametrize("hours", [-24, -3, 3, 23.9])
def test_F13_a_wrong_clock_is_corrected_by_when_it_says_it_sent(site: Caller, hours: float) -> None:
    now = timezone.now()
    wrong = now + timedelta(hours=hours)

    site.post(
        "/events",
        [event(1, occurred_at=(wrong - timedelta(minutes=10)).isoformat(), sent_at=wrong.isoformat())],
    )

    happened = Activity.objects.get().occurred_at
    assert abs(happened - (now - timedelta(minutes=10))) < timedelta(seconds=2)


def test_text_of_every_kind_is_stored_exactly(site: Caller) -> None:
    odd = {
        "a": "½ “x” \u202e \U0001f600 \\u0000 '; DROP TABLE leads_lead; -- {{7*7}} <script>",
        "b": [None, 0.1],
    }
    site.post("/events", [event(1, properties=odd)])
    assert Activity.objects.get().properties == odd


def test_times_with_any_offset_are_the_same_moment(site: Caller) -> None:
    site.post("/events", [event(1, occurred_at="2026-01-05T10:00:00+05:30")])
    assert Activity.objects.get().occurred_at == datetime(2026, 1, 5, 4, 30, tzinfo=UTC)
