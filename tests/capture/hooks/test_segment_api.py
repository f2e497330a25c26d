"""What Segment's libraries send becomes leads and activities, with a token as write key."""

import base64
import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tokens
from capture.hooks import arranging, inbox, pointing
from capture.models import Hook, InboxItem, Source
from leads.models import Activity, Lead, Visitor
from tests import factories as make
from tests.api.calling import Caller, caller
from tests.capture.hooks.posting import hook

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Caller:
    return caller(make.marketer(), "capture", name="app")


def send(site: Caller, what: str, body: Any) -> None:
    answer = site.post(f"/segment/{what}", body)
    assert (answer.status_code, answer.json()) == (200, {"success": True}), answer.content
    inbox.work()


def choose(name: str, type_key: str) -> Hook:
    """What an admin does on the page of the source: an event's name becomes an activity."""
    hook = Hook.objects.get()
    place = next(n for n, kind in enumerate(hook.mapping["kinds"]) if kind["name"] == "Track")
    changed = pointing.with_type(hook.mapping, place, name, type_key)
    arranging.set_mapping(hook=hook, mapping=changed, at=timezone.now())
    return hook


def test_a_page_before_and_after_identify_is_the_persons(site: Caller) -> None:
    send(site, "page", {"anonymousId": "b-1", "messageId": "m1", "context": {"page": {"path": "/pricing"}}})
    seen = Activity.objects.get()
    assert (seen.type.key, seen.lead, seen.visitor.anonymous_id) == ("page_view", None, "b-1")
    assert (seen.source, seen.event_id, seen.properties["path"]) == ("app", "m1", "/pricing")

    traits = {"email": "ada@firm.example", "name": "Ada Byron", "company": {"name": "Firm"}, "plan": "pro"}
    send(site, "identify", {"anonymousId": "b-1", "userId": "u-1", "messageId": "m2", "traits": traits})
    ada = Lead.objects.get()
    assert (ada.email, ada.name, ada.company.name, ada.attributes) == (
        "ada@firm.example", "Ada Byron", "Firm", {"plan": "pro"},
    )  # fmt: skip
    send(site, "screen", {"userId": "u-1", "messageId": "m3", "name": "Home"})
    assert set(Activity.objects.values_list("event_id", "lead__email")) == {
        ("m1", "ada@firm.example"), ("m3", "ada@firm.example"),
    }  # fmt: skip


def test_a_user_nobody_knows_yet_is_kept_for_whoever_it_will_be(site: Caller) -> None:
    send(site, "page", {"userId": "u-9", "messageId": "m1"})
    assert Lead.objects.count() == 0
    assert Visitor.objects.get().anonymous_id == "app:u-9"
    send(site, "identify", {"userId": "u-9", "messageId": "m2", "traits": {"email": "ada@firm.example"}})
    assert Activity.objects.get().lead.email == "ada@firm.example"


def test_a_track_call_waits_until_its_name_is_an_activity(site: Caller) -> None:
    call = {"userId": "u", "event": "Guide Loaded", "messageId": "m", "properties": {"n": 1}}
    send(site, "track", call)
    item = InboxItem.objects.get()
    assert (item.state, item.reason) == ("waiting", "type: No activity type is chosen for “Guide Loaded”.")

    choose("guide loaded", "ebook_download")
    inbox.replay(items=InboxItem.objects.all())
    inbox.work()
    did = Activity.objects.get()
    assert (did.type.key, did.event_id, did.properties["properties"]) == ("ebook_download", "m", {"n": 1})


def test_of_a_batch_the_known_is_taken_and_replaying_takes_the_rest_once(site: Caller) -> None:
    batch = [
        {"type": "page", "anonymousId": "b", "messageId": "p"},
        {"type": "track", "anonymousId": "b", "event": "Odd", "messageId": "t"},
        {"type": "page", "anonymousId": "b", "messageId": "p"},
        {"type": "alias", "userId": "x", "previousId": "y"},
    ]
    send(site, "batch", {"batch": batch})
    item = InboxItem.objects.get()
    assert item.reason == "2 of 4 events wait. type: No activity type is chosen for “Odd”."
    assert Activity.objects.count() == 1
    choose("Odd", "content_view")
    inbox.replay(items=InboxItem.objects.all())
    inbox.work()
    item.refresh_from_db()
    assert sorted(Activity.objects.values_list("event_id", flat=True)) == ["p", "t"]
    assert item.reason == "1 of 4 events wait. No kind of the mapping fits."


def test_f13_a_clock_that_is_wrong_is_put_right_by_sent_at(site: Caller) -> None:
    now = timezone.now()
    wrong = now + timedelta(hours=5)
    at = (wrong - timedelta(minutes=3)).isoformat()
    happened = {"type": "page", "anonymousId": "b", "messageId": "p", "timestamp": at}
    send(site, "batch", {"batch": [happened], "sentAt": wrong.isoformat()})
    off_by = Activity.objects.get().occurred_at - (now - timedelta(minutes=3))
    assert abs(off_by) < timedelta(seconds=2)


def test_f6_every_call_may_arrive_three_times(site: Caller) -> None:
    for _ in range(3):
        send(site, "page", {"anonymousId": "b", "messageId": "p"})
        send(site, "batch", {"batch": [{"type": "page", "anonymousId": "b", "messageId": "q"}]})
    assert sorted(Activity.objects.values_list("event_id", flat=True)) == ["p", "q"]
    assert InboxItem.objects.count() == 2


def test_the_token_is_the_write_key_of_basic_authentication() -> None:
    key = tokens.issue(user=make.marketer(), scope="capture", name="app")
    read_only = tokens.issue(user=make.admin(), scope="read", name="reader")

    def status(user: str, path: str = "page") -> int:
        basic = base64.b64encode(f"{user}:".encode()).decode()
        body = gzip.compress(json.dumps({"anonymousId": "b", "messageId": "p"}).encode())
        headers = {"authorization": f"Basic {basic}", "content-encoding": "gzip"}
        return (
            Client()
            .post(f"/api/v1/segment/{path}", body, content_type="application/json", headers=headers)
            .status_code
        )

    assert (status(key), status("nonsense"), status(read_only)) == (200, 401, 403)
    assert Hook.objects.get().source.key == "app"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("track", b"{", 400), ("track", b"[]", 422), ("track", b"x" * 32_769, 413),
        ("batch", b"{}", 422), ("batch", b'{"batch": []}', 422), ("batch", b'{"batch": [7]}', 422),
        ("batch", json.dumps({"batch": [{}] * 1001}).encode(), 413),
        ("batch", json.dumps({"batch": [{"x": "y" * 40_000}]}).encode(), 413),
        ("batch", b"x" * 1_000_001, 413), ("track", b'{"userId": {}}', 422),
        ("track", b'{"userId": "\\ud800", "messageId": "m"}', 400), ("track", b'{"n": 1e999, "m": NaN}', 400),
    ],
)  # fmt: skip
def test_b3_what_is_no_call_or_too_much_is_refused_and_named(
    site: Caller, path: str, body: bytes, status: int
) -> None:
    answer = site.post(f"/segment/{path}", body)
    assert answer.status_code == status, answer.content
    assert answer.json()["detail"]
    assert not InboxItem.objects.exists()


@pytest.mark.parametrize("role", [make.rep, make.manager])
@pytest.mark.parametrize("what", ["track", "identify", "page", "screen", "group", "batch"])
def test_who_may_not_edit_leads_writes_nothing_to_those_of_others(role: Any, what: str) -> None:
    make.lead(email="ada@firm.example", name="Ada Byron")
    call = {
        "type": "identify",
        "userId": "u",
        "traits": {"email": "ada@firm.example", "name": "Eve", "phone": "1"},
    }
    answer = caller(role(), "capture", name="app").post(f"/segment/{what}", {**call, "batch": [call]})
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("Marketers and admins edit leads")
    inbox.work()
    assert not InboxItem.objects.exists()
    assert Lead.objects.get().name == "Ada Byron"


def test_a_token_named_as_a_signed_hook_or_a_website_posts_into_neither() -> None:
    signed = hook("mailgun", signing="mailgun", secret="theirs")
    Source.objects.create(key="shop", name="Shop", kind=Source.Kind.SCRIPT)
    mara = make.marketer()
    for name, message in (("mailgun", "m1"), ("mailgun", "m2"), ("shop", "m3")):
        send(caller(mara, "capture", name=name), "page", {"anonymousId": "b", "messageId": message})
    assert not InboxItem.objects.filter(hook=signed).exists()
    assert set(InboxItem.objects.values_list("hook__source__key", "hook__source__name")) == {
        ("mailgun-api", "mailgun"), ("shop-api", "shop"),
    }  # fmt: skip
    assert set(Activity.objects.values_list("source", "event_id")) == {
        ("mailgun-api", "m1"), ("mailgun-api", "m2"), ("shop-api", "m3"),
    }  # fmt: skip


def test_a_closed_source_takes_no_calls(site: Caller) -> None:
    send(site, "page", {"anonymousId": "b", "messageId": "p"})
    arranging.set_open(hook=Hook.objects.select_related("source").get(), is_open=False)
    assert site.post("/segment/page", {"anonymousId": "b", "messageId": "q"}).status_code == 403
