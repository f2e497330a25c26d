"""Marketers make a hook, point at a sample, see what it becomes, and replay what waited."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from capture.hooks import arranging, inbox
from capture.models import Hook, InboxItem
from leads.models import Activity
from tests import factories as make
from tests.capture.hooks.posting import PLAIN, hook, post, worked

pytestmark = pytest.mark.django_db
DEMO = {"what": "demo", "who": {"mail": "ada@firm.example"}, "at": "2026-05-04T12:00:00Z"}
POINTED = {
    "sample": json.dumps(DEMO), "events": "", "when_1": "what", "type": "demo_request", "email": "who.mail",
    "occurred_at": "at",
}  # fmt: skip


@pytest.fixture
def mara(client: Client) -> Client:
    client.force_login(make.marketer())
    return client


def test_a_new_hook_shows_its_address_and_its_secret_once(mara: Client) -> None:
    page = mara.post("/hooks/new/", {"preset": "", "name": "Our tool", "signing": "standard"}, follow=True)
    made = Hook.objects.select_related("source").get()
    html = page.content.decode()
    assert arranging.address_of(made) in html
    assert f'id="secret">{made.secret}</code>' in html
    assert made.secret not in str(dict(mara.session))
    again = mara.get(f"/hooks/{made.public_id}/").content.decode()
    assert made.secret not in again
    assert arranging.address_of(made) in again
    assert made.source.created_by.name == "Mara Marker"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"signing": ""}, "signing"),
        ({"preset": "carrier pigeon"}, "preset"),
        ({"signing": "hmac"}, "signature_header"),
        ({"preset": "mailgun", "signing": ""}, "secret"),
        ({"signing": "standard", "secret": "whsec_é"}, "secret"),
        ({"signing": "basic", "secret": "no colon"}, "secret"),
        ({"signing": "token"}, "signing"),
    ],
)
def test_bad_input_is_told_at_its_field(mara: Client, wrong: dict[str, str], field: str) -> None:
    page = mara.post("/hooks/new/", {"preset": "", "name": "Our tool", "signing": "none", **wrong})
    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert f'href="#id_{field}' in page.content.decode()
    assert not Hook.objects.exists()


def test_what_arrived_is_pointed_at_previewed_saved_and_replayed(mara: Client) -> None:
    to = hook(name="Our tool")
    item = worked(to, DEMO)
    address = f"/hooks/{to.public_id}/"
    page = mara.get(f"{address}?item={item.public_id}").content.decode()
    assert '<option value="who.mail">who.mail  =  ada@firm.example</option>' in page

    preview = mara.post(address, {**POINTED, "do": "preview"}).content.decode()
    said = " ".join(re.sub(r"<[^>]+>", " ", preview).split())
    assert "It becomes Requested a demo by ada@firm.example" in said
    to.refresh_from_db()
    assert to.mapping is None

    mara.post(address, {**POINTED, "do": "save"})
    saved = Hook.objects.get()
    assert saved.mapping["kinds"] == [
        {
            "name": "Requested a demo: demo",
            "when": [{"field": "what", "is": ["demo"]}],
            "type": "demo_request",
            "email": "who.mail",
            "occurred_at": "at",
        }
    ]
    mara.post(f"{address}inbox/{item.public_id}/replay/")
    did = Activity.objects.get()
    assert (did.type.key, did.lead.email) == ("demo_request", "ada@firm.example")


CHECKED_IN = {
    "event": "attendee.checked_in",
    "sent": "2026-11-22T15:00:00+01:00",
    "id": "1763820000123",
    "count": 12,
    "attendee": {
        "mail": "ada@firm.example",
        "first": "Ada",
        "surname": "Byron",
        "job": "COO",
        "tel": "+49 40 1",
    },
}


def test_what_is_plain_to_see_in_a_sample_is_chosen_already(mara: Client) -> None:
    to = hook(name="Our tool")
    worked(to, CHECKED_IN)
    address = f"/hooks/{to.public_id}/"

    form = mara.get(address).context["form"]

    chosen = {name: form[name].value() for name in form.PATHS}
    assert chosen == {
        "when_1": "event",
        "when_2": "",
        "email": "attendee.mail",
        "external_id": "",
        "occurred_at": "sent",
        "event_id": "",
        "person": "attendee.first",
        "family": "attendee.surname",
        "title": "attendee.job",
        "phone": "attendee.tel",
        "company": "",
    }
    mara.post(address, {**chosen, "sample": form["sample"].value(), "type": "demo_request", "do": "save"})
    inbox.replay(items=to.items.all())
    inbox.work()
    ada = Activity.objects.get().lead
    assert ada is not None
    assert (ada.name, ada.title, ada.phone) == ("Ada Byron", "COO", "+49 40 1")


def test_a_field_that_somebody_chose_is_not_guessed_again(mara: Client) -> None:
    to = hook(name="Our tool")
    sample = {"sample": json.dumps(CHECKED_IN), "phone": "", "email": "attendee.tel", "do": "read"}

    form = mara.post(f"/hooks/{to.public_id}/", sample).context["form"]

    assert (form["phone"].value(), form["email"].value()) == ("", "attendee.tel")
    assert form["person"].value() == "attendee.first"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "what"}, "email"),
        ({"email": "not.offered"}, "email"),
        ({"occurred_at": "who.mail"}, "occurred_at"),
        ({"type": "eaten"}, "type"),
        ({"sample": "<xml/>"}, "sample"),
    ],
)
def test_what_cannot_be_taken_is_told_at_its_field_and_not_saved(
    mara: Client, wrong: dict[str, str], field: str
) -> None:
    to = hook()
    page = mara.post(f"/hooks/{to.public_id}/", {**POINTED, **wrong, "do": "save"})
    assert page.status_code == 422
    assert field in page.context["form"].errors
    to.refresh_from_db()
    assert to.mapping is None


def test_everything_that_waits_is_replayed_at_once(mara: Client) -> None:
    to = hook()
    for number in range(3):
        worked(to, {"event": "demo", "email": f"a{number}@firm.example"})
    arranging.set_mapping(hook=to, mapping=PLAIN, at=to.source.created_at)
    page = mara.post(f"/hooks/{to.public_id}/inbox/replay/", follow=True)
    assert "3 worked through again" in page.content.decode()
    inbox.work()
    assert Activity.objects.count() == 3
    assert "Nothing waits." in mara.post(f"/hooks/{to.public_id}/inbox/replay/", follow=True).content.decode()


def test_the_inbox_narrows_and_says_why(mara: Client) -> None:
    to = hook(mapping=PLAIN)
    worked(to, {"event": "demo", "email": "ada@firm.example"})
    worked(to, {"event": "odd"})
    arranging.set_open(hook=to, is_open=False)
    post(to, {"event": "refused"})
    shown = {
        state: mara.get(f"/hooks/{to.public_id}/inbox/?state={state}").content.decode()
        for state in ("", "waiting", "mapped", "refused")
    }
    assert "No kind of the mapping fits." in shown["waiting"]
    assert "No kind of the mapping fits." in shown[""]
    assert "No kind of the mapping fits." not in shown["mapped"]
    assert "Demo asked for" in shown["mapped"]
    assert "This address is closed." in shown["refused"]


def test_s5_a_hostile_post_is_text_wherever_it_is_shown(mara: Client) -> None:
    to = hook(mapping=PLAIN)
    bad = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    item = worked(to, {"event": bad, "email": bad, bad: bad, "list": [{"type": bad, "x": bad}]})
    for path in ("", "inbox/", f"inbox/{item.public_id}/", f"?item={item.public_id}"):
        html = mara.get(f"/hooks/{to.public_id}/{path}").content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_only_a_person_confirms_and_only_at_amazon(mara: Client) -> None:
    to = hook("amazon-ses")
    good = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
    asked = {"Type": "SubscriptionConfirmation", "Message": "You have chosen to subscribe", "MessageId": "m"}
    item = worked(to, {**asked, "SubscribeURL": good})
    assert item.reason.startswith("email: Amazon asks whether it may post here.")
    html = mara.get(f"/hooks/{to.public_id}/inbox/{item.public_id}/").content.decode()
    assert f'href="{good.replace("&", "&amp;")}"' in html
    amazon = "sns.eu-west-1.amazonaws.com"
    for bad in (
        f"http://{amazon}/", f"https://{amazon}.evil.example/", f"https://evil@{amazon}/",
        "javascript:alert(1)", ["x"], None,
    ):  # fmt: skip
        other = worked(to, {**asked, "SubscribeURL": bad})
        html = mara.get(f"/hooks/{to.public_id}/inbox/{other.public_id}/").content.decode()
        assert "Confirm at Amazon" not in html


def test_event_names_are_given_activities_and_taken_out(mara: Client) -> None:
    to = hook("segment")
    place = len(to.mapping["kinds"]) - 1
    address = f"/hooks/{to.public_id}/mapping/"
    for key, left in (("demo_request", {"Demo": "demo_request"}), ("", {})):
        mara.post(f"{address}names/", {"place": place, "name": "Demo", "type": key})
        to.refresh_from_db()
        assert to.mapping["kinds"][place]["type"]["values"] == left
    for odd in ({"place": "99"}, {"place": "x"}, {"place": "0"}, {"type": "eaten"}):
        sent = {"place": place, "name": "Demo", "type": "visit", **odd}
        page = mara.post(f"{address}names/", sent, follow=True)
        assert "choose an activity" in page.content.decode()

    mara.post(f"{address}deletion/", {"place": "0", "name": "not it"})
    to.refresh_from_db()
    assert len(to.mapping["kinds"]) == place + 1
    mara.post(f"{address}deletion/", {"place": "0", "name": to.mapping["kinds"][0]["name"]})
    to.refresh_from_db()
    assert len(to.mapping["kinds"]) == place


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "This is not JSON"),
        ("[]", "is not of type"),
        ('{"kinds": [{"name": "x", "type": "eaten"}]}', "$.kinds[0].type: There is no activity type"),
        ('{"kinds": [{"name": "x", "email": "a..b["}]}', "$.kinds[0].email: “a..b[” is not a path"),
        ('{"kinds": [{"name": "x", "eval": "1"}]}', "$.kinds[0]"),
        ('{"kinds": [], "zone": "Mars/Olympus"}', "$.zone: There is no time zone"),
    ],
)
def test_a_mapping_as_text_is_checked_and_what_is_wrong_named(mara: Client, text: str, told: str) -> None:
    to = hook()
    page = mara.post(f"/hooks/{to.public_id}/mapping/", {"mapping": text})
    assert page.status_code == 422
    assert any(told in str(error) for error in page.context["text"].errors["mapping"])
    to.refresh_from_db()
    assert to.mapping is None


def test_the_secret_is_rotated_and_the_hook_closed_and_opened(mara: Client) -> None:
    to = hook(signing="typeform")
    page = mara.post(f"/hooks/{to.public_id}/secret/", {"secret": ""}, follow=True)
    held = Hook.objects.get()
    assert held.secret in page.content.decode()
    assert held.old_secret == to.secret
    mara.post(f"/hooks/{to.public_id}/switch/")
    assert post(to, {}).status_code == 403
    mara.post(f"/hooks/{to.public_id}/switch/", {"open": "1"})
    assert Hook.objects.get().source.is_active


@pytest.mark.parametrize("role", ["rep", "manager"])
def test_sales_sees_no_hooks(client: Client, role: str) -> None:
    to = hook()
    item = worked(to, {})
    client.force_login(getattr(make, role)())
    own = f"{to.public_id}/"
    for path in ("", "new/", own, f"{own}inbox/", f"{own}inbox/{item.public_id}/"):
        assert client.get(f"/hooks/{path}").status_code == 403


def test_an_item_is_found_at_its_own_hook_only(mara: Client) -> None:
    to, other = hook(name="One"), hook(name="Other")
    item = worked(to, {})
    assert mara.get(f"/hooks/{other.public_id}/inbox/{item.public_id}/").status_code == 404
    assert mara.post(f"/hooks/{other.public_id}/inbox/{item.public_id}/replay/").status_code == 404


def test_pages_ask_the_same_for_one_row_and_for_fifty(mara: Client) -> None:
    counts: dict[str, set[int]] = {}
    to = hook(mapping=PLAIN)
    for rows in (1, 50):
        for number in range(rows):
            fields = {"body": "{}", "state": "waiting", "reason": "why"}
            InboxItem.objects.create(hook=to, key=f"{rows}-{number}", **fields)
            if number < 20:
                hook(name=f"Hook {rows} {number}")
        for path in ("/hooks/", f"/hooks/{to.public_id}/", f"/hooks/{to.public_id}/inbox/"):
            with CaptureQueriesContext(connection) as asked:
                assert mara.get(path).status_code == 200
            counts.setdefault(path, set()).add(len(asked))
    assert all(len(told) == 1 for told in counts.values()), counts


def test_the_worker_asks_the_same_for_one_post_and_for_forty() -> None:
    asked: list[int] = []
    to = hook(mapping={"kinds": [{**PLAIN["kinds"][0], "consent": {"email": False}}]})
    for posts in (1, 40):
        for number in range(posts):
            post(to, {"event": "demo", "email": f"a{posts}{number}@gmail.com"})
        with CaptureQueriesContext(connection) as queries:
            assert inbox.work() == posts
        asked.append(len(queries))
    assert asked[0] == asked[1]
