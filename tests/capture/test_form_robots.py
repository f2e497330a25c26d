"""Robots that send forms are held with what gave them away, people are not, and nothing is lost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from capture.models import RefusedItem, Submission, WebForm
from capture.tasks import empty_submissions
from capture.webforms import reviewing, stamps, suspecting, taking
from capture.webforms.suspecting import Evidence
from capture.webforms.taking import Sent
from leads.models import Activity, Lead
from tests import factories as make
from tests.capture.forms import built, opened, send, tally

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(db: None) -> WebForm:
    return built("contact")


@pytest.fixture
def mara(contact: WebForm) -> User:
    return User.objects.get(role="marketer")


@pytest.fixture
def client(mara: User) -> Client:
    client = Client()
    client.force_login(mara)
    return client


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"contact_website": "https://spam.example"}, "Filled in a field that people do not see."),
        ({"stamp": ""}, "Was not sent from a page of ours."),
        ({"stamp": "made up"}, "Was not sent from a page of ours."),
        ({"proof": "1"}, "token that our script did not make"),
        ({"answers": {"name": "Cheap https://spam.example"}}, "link where a name belongs"),
    ],
)
def test_S15_a_robot_is_held_with_what_gave_it_away(contact: WebForm, how: dict[str, str], told: str) -> None:
    assert send(contact, **how).status_code == 302

    held = Submission.objects.get()
    assert held.is_held
    assert told in held.signals[0]
    assert not Lead.objects.exists()
    assert tally(contact) == (0, 0, 1, 0)


def test_S15_nobody_fills_in_a_form_in_a_second(contact: WebForm) -> None:
    send(contact, stamp=opened(contact, seconds=1))
    send(contact, stamp=opened(contact, seconds=3), email="ben@firm.example")
    states = dict(Submission.objects.values_list("email", "state"))
    assert states == {"ada@firm.example": "held", "ben@firm.example": "taken"}


def test_S15_a_person_without_scripts_is_no_robot(contact: WebForm) -> None:
    send(contact, proof="")
    assert Submission.objects.get().state == "taken"


def test_S15_a_stamp_of_another_form_is_none(contact: WebForm) -> None:
    send(contact, stamp=opened(built("demo")))
    assert Submission.objects.get().is_held


def test_S15_a_page_that_is_sent_again_and_again_is_a_robots(contact: WebForm) -> None:
    stamp = opened(contact)
    for number in range(6):
        send(contact, {"message": f"Buy {number}"}, stamp=stamp, network=f"192.0.2.{number}")
    assert Submission.objects.held().count() == 3


def test_S15_a_thousand_robots_are_held_and_five_hundred_people_are_not(contact: WebForm) -> None:
    """Through the verb behind the page, so that people may come hours apart."""
    start = timezone.now()

    def post(name: str, *, at: timedelta, took: float | None, trap: str = "", script: bool, net: str) -> None:
        when = start + at
        stamp = None
        if took is not None:
            stamp = stamps.Stamp(f"page {name}", when - timedelta(seconds=took), ("email",), 0)
        evidence = Evidence(
            stamp=stamp, trap=trap, proof=True if script else None, network=suspecting.network(net)
        )
        answers = {"email": f"{name}@firm.example", "name": name, "message": "Please call me"}
        taking.take(
            form=contact,
            sent=Sent(answers=answers, wording=None, came={}, anonymous_id="", evidence=evidence),
            at=when,
        )

    # One in ten without scripts; colleagues behind one address now and then.
    for number in range(500):
        post(
            f"person{number}",
            at=timedelta(minutes=4 * number),
            took=2 + number % 300,
            script=number % 10 != 0,
            net=f"198.51.{number // 3 % 250}.7",
        )
    assert Submission.objects.held().count() == 0
    assert Lead.objects.count() == 500

    minutes = timedelta(days=3)
    for number in range(250):
        net = f"203.0.113.{number}"
        post(f"trap{number}", at=minutes, took=9, trap="x", script=True, net=net)
        post(f"quick{number}", at=minutes, took=0.4, script=True, net=net)
        post(f"nopage{number}", at=minutes, took=None, script=False, net=net)
    for number in range(125):
        flooded = minutes + timedelta(minutes=30, milliseconds=number)
        post(f"flood{number}", at=flooded, took=9, script=True, net="192.0.2.1")
        post(f"plain{number}", at=flooded, took=9, script=False, net=f"203.0.113.{number}")

    assert Submission.objects.count() == 1_500  # nothing is dropped
    assert Submission.objects.held().count() >= 990
    accepted, twice, held, refused = tally(contact)
    assert (accepted + held, twice, refused) == (1_500, 0, 0)


def test_S15_a_flood_that_was_held_does_not_keep_out_people_without_scripts(contact: WebForm) -> None:
    for number in range(20):
        send(contact, stamp="", proof="", email=f"bot{number}@spam.example", network=f"203.0.113.{number}")
    send(contact, proof="")
    assert Submission.objects.get(email="ada@firm.example").state == "taken"


def test_S15_one_network_fills_no_table_and_is_still_counted(
    contact: WebForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspecting, "HELD_OF_NETWORK", 3)
    answers = [
        send(contact, {"contact_website": "x", "message": f"Buy {number}"}, stamp=opened(contact))
        for number in range(5)
    ]
    send(contact, {"contact_website": "x"}, network="198.51.100.1")

    assert {(one.status_code, one.headers["Location"]) for one in answers} == {(302, "/f/contact/thanks/")}
    assert Submission.objects.count() == 4
    assert tally(contact) == (0, 0, 4, 2)
    turned_away = RefusedItem.objects.first()
    assert turned_away is not None
    assert "enough of its network" in turned_away.reason
    assert "Buy" in turned_away.sent

    Submission.objects.update(submitted_at=timezone.now() - timedelta(minutes=61))
    send(contact, {"contact_website": "x", "message": "Buy again"})
    assert tally(contact) == (0, 0, 5, 2)


def test_S15_telling_robots_reads_no_more_rows_in_a_flood(contact: WebForm) -> None:
    """Every question about a flood ends at the few rows that decide it."""
    stamp = stamps.Stamp("page", timezone.now() - timedelta(seconds=30), ("email",), 0)
    evidence = Evidence(stamp=stamp, trap="", proof=None, network=suspecting.network("192.0.2.7"))
    with CaptureQueriesContext(connection) as queries:
        assert not suspecting.signals(form=contact, evidence=evidence, answers={}, at=timezone.now())
        suspecting.holds_enough(form=contact, network=evidence.network, at=timezone.now())
    assert len(queries) == 4
    assert all(" LIMIT " in query["sql"] for query in queries)


def test_P6_what_nobody_let_in_loses_its_words_in_time(contact: WebForm, client: Client, mara: User) -> None:
    for number in range(4):
        send(
            contact, {"contact_website": "x", "email": f"p{number}@firm.example"}, network=f"192.0.2.{number}"
        )
    send(contact)
    waits, dismissed, released, fresh, taken = Submission.objects.order_by("id")
    reviewing.dismiss(ids=[dismissed.public_id], by=mara, at=timezone.now())
    reviewing.release(ids=[released.public_id], by=mara, at=timezone.now())
    old = timezone.now() - timedelta(days=31)
    Submission.objects.exclude(pk=fresh.pk).update(submitted_at=old)

    empty_submissions()
    assert reviewing.empty() == 0
    for one in (waits, dismissed):
        one.refresh_from_db()
        assert (one.state, one.email, one.answers, one.came, one.network) == ("dismissed", "", {}, {}, "")
        assert one.signals == ["Filled in a field that people do not see."]
        page = client.get(f"/forms/{contact.public_id}/submissions/{one.public_id}/").content.decode()
        assert ("nobody looked at it" in page) is (one == waits)
    for one, state in ((released, "released"), (fresh, "held"), (taken, "taken")):
        one.refresh_from_db()
        assert (one.state, one.answers["message"]) == (state, "Call me")
    assert "Emptied" in client.get(f"/forms/{contact.public_id}/submissions/").content.decode()
    assert "After 30 days" in client.get("/forms/review/").content.decode()
    client.post("/forms/review/decision/", {"do": f"release {waits.public_id}"})
    assert Lead.objects.count() == 2


def test_networks_are_told_apart_and_not_kept() -> None:
    one = suspecting.network("2001:db8:1:2::1")
    assert one == suspecting.network("2001:db8:1:2:ffff::9") != suspecting.network("2001:db8:1:3::1")
    assert suspecting.network("::ffff:192.0.2.1") == suspecting.network("192.0.2.1") != ""
    assert suspecting.network("nonsense") == suspecting.network(None) == ""


def test_releasing_makes_the_lead_as_of_when_it_was_sent(
    contact: WebForm, client: Client, mara: User
) -> None:
    send(contact, {"contact_website": "x"})
    sent = timezone.now() - timedelta(days=2)
    Submission.objects.update(submitted_at=sent)
    page = client.get("/forms/review/").content.decode()
    assert "ada@firm.example" in page
    assert "Filled in a field that people do not see." in page

    held = Submission.objects.get()
    for _ in range(2):
        client.post("/forms/review/decision/", {"do": f"release {held.public_id}"})
    held.refresh_from_db()
    assert (held.state, held.looked_by, held.lead.email) == ("released", mara, "ada@firm.example")
    assert Activity.objects.get().occurred_at == sent
    assert held.lead.created_at == sent
    assert "Nothing is held" in client.get("/forms/review/").content.decode()


def test_several_are_released_or_dismissed_at_once(contact: WebForm, client: Client) -> None:
    for number in range(4):
        send(contact, {"contact_website": "x", "email": f"p{number}@firm.example"})
    ids = [str(one.public_id) for one in Submission.objects.order_by("id")]
    said = client.post("/forms/review/decision/", {"do": "release", "id": ids[:2]}, follow=True)
    assert "2 submissions released" in said.content.decode()
    client.post("/forms/review/decision/", {"do": "dismiss", "id": [*ids[1:], "nonsense"]})

    states = list(Submission.objects.order_by("id").values_list("state", flat=True))
    assert states == ["released", "released", "dismissed", "dismissed"]
    assert Lead.objects.count() == 2
    assert "ticked" in client.post("/forms/review/decision/", {"do": "release"}, follow=True).content.decode()
    kept = Submission.objects.last()
    assert (
        "Call me" in client.get(f"/forms/{contact.public_id}/submissions/{kept.public_id}/").content.decode()
    )


def test_what_robots_sent_is_text_on_our_pages(contact: WebForm, client: Client) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    send(
        contact, {"name": hostile, "message": hostile, "contact_website": hostile}, framed=True, _page=hostile
    )
    send(contact, {"name": hostile, "message": hostile, "email": f"{hostile}@x.example"})
    found = Submission.objects.get()
    for where in (
        "/forms/review/",
        f"/forms/{contact.public_id}/",
        f"/forms/{contact.public_id}/submissions/{found.public_id}/",
        f"/sources/{contact.source.public_id}/",
    ):
        page = client.get(where).content.decode()
        assert "<script>alert" not in page, where
        assert "<img src=x" not in page, where


def test_only_marketers_and_admins_look_through(contact: WebForm) -> None:
    send(contact, {"contact_website": "x"})
    held = Submission.objects.get()
    for user, status in ((make.rep(), 403), (make.manager(), 403), (make.admin(), 200)):
        client = Client()
        client.force_login(user)
        for where in ("", "new/", "review/", f"{contact.public_id}/", f"{contact.public_id}/submissions/"):
            assert client.get(f"/forms/{where}").status_code == status, where
        if status == 403:
            client.post("/forms/review/decision/", {"do": f"release {held.public_id}"})
            assert not Lead.objects.exists()
