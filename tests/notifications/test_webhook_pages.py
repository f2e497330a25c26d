"""Webhooks set up, tested, rotated, replayed and deleted by an admin; others do not see them."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import endpoints as verbs
from notifications.models import Announcement, Dispatch, Endpoint
from tests.factories import admin, manager, marketer, rep
from tests.notifications.receivers import answers, loopback, receiving
from tests.notifications.test_webhooks import endpoint, send, tell

__all__ = ["loopback"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]

FORM = {"name": "n8n", "format": "standard", "events": ["lead.accepted", "lead.mql"]}


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(admin())
    return client


def parked(url: str = "https://example.com/") -> Dispatch:
    made = Endpoint.objects.first() or endpoint(url)
    tell()
    dispatch = Dispatch.objects.latest("id")
    Dispatch.objects.filter(pk=dispatch.pk).update(state="parked", attempts=10, error="It answered 500.")
    return Dispatch.objects.select_related("endpoint").get(pk=dispatch.pk, endpoint=made)


def test_a_new_one_shows_its_secret_once_and_signs_with_it(boss: Client) -> None:
    with receiving(answers(200)) as receiver:
        page = boss.post("/webhooks/new/", {**FORM, "url": receiver.url}, follow=True)
        made = Endpoint.objects.get()
        html = page.content.decode()
        assert f'id="secret">{made.secret}</code>' in html
        assert 'data-needs-scripts hidden><button class="btn" type="button" data-copies="secret">' in html
        assert receiver.url in html  # in the form, for who may change it
        again = boss.get(f"/webhooks/{made.public_id}/").content.decode()
        assert "whsec_" not in again
        tell()
        assert send() == 1
        assert "webhook-signature" in receiver.requests[0].headers
    assert (made.created_by.email, made.events) == ("ada@handoff.example", ["lead.accepted", "lead.mql"])


def test_s13_a_fresh_secret_waits_sealed_for_the_page_that_shows_it(boss: Client) -> None:
    boss.post("/webhooks/new/", {**FORM, "url": "https://example.com/"})
    assert boss.session["endpoint_secret"]["sealed"]
    assert "whsec_" not in str(dict(boss.session))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "http://[::ffff:169.254.169.254]/latest/"}, "url"),
        ({"url": "nonsense"}, "url"),
        ({"url": ""}, "url"),
        ({"format": "carrier pigeon"}, "format"),
        ({"events": []}, "events"),
        ({"events": ["lead.eaten"]}, "events"),
    ],
)
def test_bad_input_gets_an_error_that_names_the_field(
    boss: Client, wrong: dict[str, object], field: str
) -> None:
    page = boss.post("/webhooks/new/", {**FORM, "url": "https://example.com/", **wrong})
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert f'href="#id_{field}' in page.content.decode()
    assert not Endpoint.objects.exists()


def test_what_is_refused_on_the_page_of_one_changes_nothing_there(boss: Client) -> None:
    made = endpoint("https://example.com/hook")
    page = boss.post(f"/webhooks/{made.public_id}/", {**FORM, "name": "", "url": "http://127.1/"})
    assert page.status_code == 422
    assert "<h1>n8n</h1>" in page.content.decode()
    ok = boss.post(f"/webhooks/{made.public_id}/", {**FORM, "format": "slack", "url": "https://example.org/"})
    assert ok.status_code == 302
    made.refresh_from_db()
    assert (made.format, made.host, made.url) == ("slack", "example.org", "https://example.org/")


def test_the_test_button_says_what_came_back(boss: Client) -> None:
    with receiving(answers(200)) as good, receiving(answers(404)) as bad:
        for receiver, words in ((good, "The test arrived: 200"), (bad, "did not arrive. It answered 404.")):
            made = endpoint(receiver.url, words)
            page = boss.post(f"/webhooks/{made.public_id}/test/", follow=True)
            assert words in page.content.decode()
    assert Announcement.objects.filter(type="endpoint.test").count() == 2


def test_rotating_shows_another_secret_once(boss: Client) -> None:
    made = endpoint("https://example.com/")
    before = made.secret
    html = boss.post(f"/webhooks/{made.public_id}/secret/", follow=True).content.decode()
    made.refresh_from_db()
    assert made.secret in html
    assert made.old_secret == before
    assert "Two secrets sign until" in html
    assert "whsec_" not in boss.get(f"/webhooks/{made.public_id}/").content.decode()


def test_replaying_one_those_of_one_endpoint_or_all(boss: Client) -> None:
    one, two, three = parked(), parked(), parked()
    assert (
        "parked after 10 tries: It answered 500."
        in boss.get(f"/webhooks/{one.endpoint.public_id}/?state=parked").content.decode()
    )
    boss.post(f"/webhooks/dispatches/{one.public_id}/replay/")
    assert set(Dispatch.objects.parked()) == {two, three}
    boss.post(f"/webhooks/{one.endpoint.public_id}/replay/")
    assert not Dispatch.objects.parked().exists()
    parked()
    page = boss.post("/webhooks/replay/", follow=True)
    assert "1 will be sent again" in page.content.decode()
    assert "Nothing is parked any more" in boss.post("/webhooks/replay/", follow=True).content.decode()


def test_switching_off_and_on_and_deleting(boss: Client) -> None:
    made = parked().endpoint
    boss.post(f"/webhooks/{made.public_id}/switch/")
    made.refresh_from_db()
    assert (made.is_on, made.off_reason) == (False, "person")
    boss.post(f"/webhooks/{made.public_id}/switch/", {"on": "1"})
    made.refresh_from_db()
    assert made.is_on
    boss.post(f"/webhooks/{made.public_id}/deletion/")
    assert not Endpoint.objects.exists()
    assert not Dispatch.objects.exists()


@pytest.mark.parametrize("who", [rep, manager, marketer])
def test_s1_nobody_but_admins_sees_or_does_anything(client: Client, who) -> None:
    dispatch = parked()
    made = dispatch.endpoint
    client.force_login(who())
    get = ["/webhooks/", "/webhooks/new/", f"/webhooks/{made.public_id}/"]
    post = [
        f"/webhooks/{made.public_id}/{verb}/" for verb in ("test", "secret", "switch", "replay", "deletion")
    ]
    post += ["/webhooks/replay/", f"/webhooks/dispatches/{dispatch.public_id}/replay/", "/webhooks/new/"]
    assert {client.get(address).status_code for address in get} == {403}
    assert {client.post(address).status_code for address in post} == {403}
    made.refresh_from_db()
    assert made.is_on
    assert Dispatch.objects.get().state == "parked"
    assert "/webhooks/" not in client.get("/leads/").content.decode()


def test_an_endpoint_that_is_not_there_is_404(boss: Client) -> None:
    missing = "11111111-1111-1111-1111-111111111111"
    assert boss.get(f"/webhooks/{missing}/").status_code == 404
    assert boss.post(f"/webhooks/dispatches/{missing}/replay/").status_code == 404


def test_s5_what_a_stranger_wrote_is_text_on_the_page(boss: Client) -> None:
    made = parked().endpoint
    Announcement.objects.update(data={"summary": "<script>alert(1)</script>", "lead": {"name": "<b>"}})
    html = boss.get(f"/webhooks/{made.public_id}/").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_the_admin_makes_one_with_the_same_checks_and_says_the_secret_once(boss: Client) -> None:
    wrong = boss.post("/admin/notifications/endpoint/add/", {**FORM, "url": "http://localhost/"})
    assert "No public address" in wrong.content.decode()
    page = boss.post(
        "/admin/notifications/endpoint/add/", {**FORM, "url": "https://example.com/"}, follow=True
    )
    made = Endpoint.objects.get()
    assert re.search(r"shown this once: whsec_", page.content.decode())
    assert made.created_by.email == "ada@handoff.example"


def test_pages_ask_no_more_for_many_rows(boss: Client) -> None:
    def asked(address: str) -> int:
        boss.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert boss.get(address).status_code == 200
        return len(queries)

    def grow(to: int) -> None:
        for number in range(Endpoint.objects.count(), to):
            endpoint("https://example.com/", f"Hook {number}")
        for _ in range(to):
            tell()
            verbs.replay(dispatches=Dispatch.objects.all(), at=Endpoint.objects.first().created_at)

    grow(2)
    one = Endpoint.objects.order_by("id").first()
    addresses = ["/webhooks/", f"/webhooks/{one.public_id}/", "/alerts/", "/profile/alerts/"]
    few = {address: asked(address) for address in addresses}
    grow(12)
    assert {address: asked(address) for address in addresses} == few
    frame = 3  # session, user, the rail's counts
    assert few["/webhooks/"] == frame + 2  # endpoints with their counts, what is parked anywhere
    assert few[addresses[1]] == frame + 3  # the endpoint with its maker, its latest, how many are parked
    assert few["/profile/alerts/"] == frame + 3  # wishes twice, browsers


def test_what_arrived_is_sent_a_second_time_only_after_being_asked(boss: Client) -> None:
    with receiving(answers(200)) as receiver:
        made = endpoint(receiver.url)
        tell()
        assert send() == 1
        sent = Dispatch.objects.get()
        html = boss.get(f"/webhooks/{made.public_id}/").content.decode()
        assert "The receiver took it: it said 200" in html
        assert "Send it a second time" in html
        arrived = html.split('name="arrived_at" value="')[1].split('"')[0]
        address = f"/webhooks/dispatches/{sent.public_id}/replay/"

        boss.post(address)  # without the question
        assert send(timezone.now()) == 0
        for _ in range(3):
            last = boss.post(address, {"arrived_at": arrived}, follow=True)
        assert "it is on its way, or somebody has sent it meanwhile" in last.content.decode()
        assert send(timezone.now()) == 1
        boss.post(address, {"arrived_at": arrived})
        assert send(timezone.now()) == 0
        ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert ids == [sent.announcement.message_id] * 2
    sent.refresh_from_db()
    assert (sent.state, sent.attempts) == ("sent", 1)


def test_what_failed_and_waits_is_sent_at_once_and_what_was_emptied_never(boss: Client) -> None:
    with receiving(answers(200)) as receiver:
        made = endpoint(receiver.url)
        tell()
        tomorrow = timezone.now() + timedelta(days=1)
        Dispatch.objects.update(attempts=8, next_at=tomorrow, status=500, error="It answered 500.")
        waits = Dispatch.objects.get()
        address = f"/webhooks/dispatches/{waits.public_id}/replay/"
        assert address in boss.get(f"/webhooks/{made.public_id}/").content.decode()
        assert "will be sent again" in boss.post(address, follow=True).content.decode()
        assert send(timezone.now()) == 1
    Announcement.objects.update(emptied_at=timezone.now(), data={})
    waits.refresh_from_db()
    html = boss.get(f"/webhooks/{made.public_id}/").content.decode()
    assert "Send again" not in html
    gone = boss.post(address, {"arrived_at": waits.sent_at.isoformat()}, follow=True)
    assert "nothing is left to send" in gone.content.decode()
    assert Dispatch.objects.get().state == "sent"


def test_nobody_else_sends_again(boss: Client, client: Client) -> None:
    dispatch = parked()
    client.force_login(manager())
    assert client.post(f"/webhooks/dispatches/{dispatch.public_id}/replay/").status_code == 403
    assert Dispatch.objects.get().state == "parked"
