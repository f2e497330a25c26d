"""What is posted to a hook is stored once, whole, before it is answered; what is not believed is counted."""

import gzip
import json
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from capture import arrivals
from capture.hooks import arranging, inbox, receiving
from capture.models import Hook, InboxItem, RefusedItem, Source
from leads.models import Activity, Lead
from tests.capture.hooks.posting import PLAIN, hook, post, worked

pytestmark = pytest.mark.django_db
DEMO = {"event": "demo", "email": "ada@firm.example", "at": "2026-05-04T12:00:00Z", "id": "d1"}


def counted() -> tuple[int, int, int, int]:
    (brought,) = arrivals.brought(since=timezone.now() - timedelta(hours=1)).values()
    return brought.accepted, brought.duplicates, brought.held, brought.refused


def test_a_post_becomes_an_activity_of_whom_it_names() -> None:
    to = hook(mapping=PLAIN, name="Our tool")
    item = worked(to, DEMO)

    did = Activity.objects.get()
    assert (did.type.key, did.lead.email, did.source, did.event_id) == (
        "demo_request", "ada@firm.example", "our-tool", "d1",
    )  # fmt: skip
    assert did.occurred_at.isoformat() == "2026-05-04T12:00:00+00:00"
    assert did.properties == {"event": "demo"}
    assert (item.state, item.reason) == ("mapped", "")
    assert counted() == (1, 0, 0, 0)


def test_every_hook_arrives_three_times_and_is_one() -> None:
    to = hook(mapping=PLAIN)
    answers = [post(to, DEMO).status_code for _ in range(3)]
    inbox.work()
    inbox.work()

    assert answers == [200, 200, 200]
    assert InboxItem.objects.count() == Activity.objects.count() == Lead.objects.count() == 1
    assert counted() == (1, 2, 0, 0)


def test_another_post_about_the_same_event_is_a_duplicate() -> None:
    to = hook(mapping=PLAIN)
    worked(to, DEMO)
    worked(to, {**DEMO, "attempt": 2})

    assert (InboxItem.objects.count(), Activity.objects.count()) == (2, 1)
    assert counted() == (1, 1, 0, 0)


def test_what_is_answered_200_is_stored_before_anything_is_made_of_it() -> None:
    to = hook()
    body = '{"odd":"\\u0000 Zoë", "n": 1e999, "deep": [[[{}]]]}'.encode()
    assert post(to, body).status_code == 200
    item = InboxItem.objects.get()
    assert (item.state, item.body.encode()) == ("new", body)

    inbox.work()
    item.refresh_from_db()
    assert (item.state, item.reason) == ("waiting", inbox.NO_MAPPING)
    assert counted() == (0, 0, 1, 0)


def test_s9_no_cookie_is_set_and_no_token_asked_for() -> None:
    answer = post(hook(), DEMO)
    assert answer.status_code == 200
    assert not answer.cookies
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_only_posts_are_taken() -> None:
    to = hook()
    for method in ("get", "put", "delete", "patch"):
        assert getattr(Client(), method)(f"/in/{to.token}/").status_code == 405


def test_an_address_cannot_be_guessed_and_is_not_in_a_dump() -> None:
    to = hook()
    assert len(to.token) >= 32  # 192 bits
    for wrong in ("x", to.token[:-1], to.token + "a", to.token_digest, "a" * 5000, "%00"):
        assert post(wrong, DEMO).status_code == 404
    with connection.cursor() as cursor:
        cursor.execute("SELECT capture_hook::text FROM capture_hook")
        row = cursor.fetchone()[0]
    assert to.token not in row
    assert not InboxItem.objects.exists()


def test_s13_no_secret_is_in_a_dump() -> None:
    to = hook(signing="typeform")
    arranging.rotate(hook=to, at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT capture_hook::text FROM capture_hook")
        row = cursor.fetchone()[0]
    held = Hook.objects.get()
    assert held.secret
    assert held.old_secret == to.secret != held.secret
    assert held.secret not in row
    assert held.old_secret not in row


def test_a_closed_hook_refuses_and_counts() -> None:
    to = hook()
    arranging.set_open(hook=to, is_open=False)
    assert post(to, DEMO).status_code == 403
    assert not InboxItem.objects.exists()
    assert counted() == (0, 0, 0, 1)


def test_a_bad_signature_is_counted_and_nothing_of_it_is_kept() -> None:
    to = hook(signing="typeform")
    answer = post(to, {"secret": "words"}, typeform_signature="sha256=AAAA")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="Handoff"')
    assert not InboxItem.objects.exists()
    refused = RefusedItem.objects.get()
    assert (refused.reason, refused.sent) == ("The signature is missing or wrong.", "")
    assert counted() == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("body", "packing", "status"),
    [
        (b"x" * 1_000_001, "", 413),
        (gzip.compress(b"x" * 1_000_001), "gzip", 413),
        (gzip.compress(b"0" * 300_000_000, compresslevel=1), "gzip", 413),
        (b"no gzip", "gzip", 400),
        (gzip.compress(b'{"a": 1}')[:-9], "gzip", 400),
        (gzip.compress(b'{"a": 1}')[:-4], "gzip", 400),
        (b"", "gzip", 400),
        (gzip.compress(b'{"a": 1}') + gzip.compress(b'{"b": 2}'), "gzip", 400),
        (gzip.compress(b"{}" + b" " * 999_998), "gzip", 200),
        (b"{}", "br", 415),
        (gzip.compress(b'{"a": 1}'), "gzip", 200),
        (b"{" + b" " * 999_998 + b"}", "", 200),
    ],
    ids=[
        "large", "large packed", "bomb", "no gzip", "cut short", "no checksum", "empty", "two",
        "just fits packed", "brotli", "gzip", "just fits",
    ],
)  # fmt: skip
def test_b3_bodies_are_bounded_packed_and_not(body: bytes, packing: str, status: int) -> None:
    headers = {"content_encoding": packing} if packing else {}
    assert post(hook(), body, **headers).status_code == status
    assert InboxItem.objects.count() == (status == 200)
    if status != 200:
        assert RefusedItem.objects.get().reason


def test_an_unpacked_body_is_kept_as_text() -> None:
    to = hook(mapping=PLAIN)
    post(to, gzip.compress(json.dumps(DEMO).encode()), content_encoding="gzip")
    assert json.loads(InboxItem.objects.get().body) == DEMO


def test_while_the_database_is_away_the_sender_is_asked_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(token: str) -> None:
        raise OperationalError

    to = hook()
    monkeypatch.setattr(receiving, "hook_of", away)
    answer = post(to, DEMO)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_b2_whatever_is_posted_is_kept_and_waits_with_a_reason() -> None:
    to = hook(mapping=PLAIN)
    odd = [
        b"", b"null", b"[]", b"{}", b"[[]]", b'"text"', b"123", b"{", b"\xff\xfe", b"<xml/>", b"[" * 5000,
        b'{"event": "demo"}', b'{"event": ["demo"], "email": {}}', b'{"event": "demo", "email": "nobody"}',
        b'{"event": "demo", "email": "ada@firm.example", "at": "soon"}',
        b'{"event": "demo", "email": "ada@firm.example", "at": "-1"}',
        b'{"event": "demo", "email": "ada@firm.example", "at": 1e400}',
        b'{"event": "demo", "email": ["a@b.example", {}, null, 7]}', b"a=1&a=2", b"=", b"\x00\x00",
        ('{"event": "demo", "email": "%s"}' % ("a" * 3000)).encode(),
    ]  # fmt: skip
    for body in odd:
        assert post(to, body).status_code == 200, body[:40]
    inbox.work()

    assert not Activity.objects.exists()
    items = InboxItem.objects.order_by("id")
    assert len(items) == len(odd)
    assert {item.state for item in items} == {"waiting"}
    assert all(item.reason for item in items)
    by_body = {item.body: item.reason for item in items}
    assert by_body['{"event": "demo"}'] == "email: Nobody is named: no e-mail address, no id."
    assert "“nobody” is not an e-mail address" in by_body['{"event": "demo", "email": "nobody"}']
    assert "occurred_at: “soon” is not a time." in str(by_body)


def test_what_no_activity_can_keep_is_left_out_and_named() -> None:
    to = hook(mapping=PLAIN)
    worked(to, {**DEMO, "nul": "a\0b", "long": "x" * 40_000, "score": 7, "nest": {"a": [1, {"b": "c"}]}})
    did = Activity.objects.get()
    assert did.properties == {
        "event": "demo", "score": 7, "nest": {"a": [1, {"b": "c"}]}, "left_out": ["nul", "long"],
    }  # fmt: skip


def test_f13_what_lies_ahead_happened_now_and_says_so() -> None:
    to = hook(mapping=PLAIN)
    start = timezone.now() + timedelta(days=9)
    item = worked(to, {**DEMO, "at": start.isoformat()})
    did = Activity.objects.get()
    assert did.occurred_at == item.received_at
    assert did.properties["claimed_occurred_at"] == start.isoformat()


def test_f13_a_sent_at_puts_a_wrong_clock_right() -> None:
    mapping = {"kinds": [{**PLAIN["kinds"][0], "sent_at": "sent"}]}
    to, now = hook(mapping=mapping), timezone.now()
    wrong = now - timedelta(hours=7)
    worked(to, {**DEMO, "at": (wrong - timedelta(minutes=10)).isoformat(), "sent": wrong.isoformat()})
    off_by = Activity.objects.get().occurred_at - (now - timedelta(minutes=10))
    assert abs(off_by) < timedelta(seconds=2)


def test_the_sources_page_sees_the_hook_as_a_source() -> None:
    worked(hook(mapping=PLAIN, name="Our tool"), DEMO)
    source = Source.objects.get()
    assert (source.key, source.kind, source.name) == ("our-tool", "hook", "Our tool")


def test_two_hooks_of_one_name_are_two_sources() -> None:
    assert [hook(name="Our tool").source.key for _ in range(3)] == ["our-tool", "our-tool-2", "our-tool-3"]
