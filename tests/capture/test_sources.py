"""What arrives: one page over all sources, one for each."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from capture import arrivals
from capture.arrivals import Became, TurnedAway
from capture.hooks import arranging as hook_arranging
from capture.hooks import inbox
from capture.models import Source, Submission
from leads import paging
from tests import factories as make
from tests.api.calling import caller
from tests.capture.forms import built, send
from tests.capture.hooks.posting import PLAIN, hook, worked

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(db: None) -> User:
    return make.marketer()


@pytest.fixture
def client(mara: User) -> Client:
    client = Client()
    client.force_login(mara)
    return client


def note(source: str, ago: timedelta, *, kind: Source.Kind = Source.Kind.HOOK, **became: object) -> None:
    at = timezone.now() - ago
    arrivals.note(source=source, kind=kind, became=Became(**became), at=at)


def row_of(page: str, name: str) -> str:
    (row,) = [row for row in page.split("<tr>") if f"<bdi>{name}</bdi>" in row]
    return " ".join(row.split())


def test_each_source_says_when_it_was_seen_what_it_brought_and_what_was_refused(client: Client) -> None:
    refused = [TurnedAway("email", "Is missing.")] * 3
    note("mailgun", timedelta(hours=2), accepted=1200, duplicates=2, held=4, refused=refused)
    note("mailgun", timedelta(hours=1), accepted=1, lag=timedelta(hours=5))

    row = row_of(client.get("/sources/").content.decode(), "mailgun")
    assert "1 h ago" in row
    for told in (">1,201<", ">2<", ">4<", ">3</a>", "5 h"):
        assert told in row


def test_the_span_is_chosen_and_odd_ones_are_not_believed(client: Client) -> None:
    note("mailgun", timedelta(days=3), accepted=7)

    assert ">7<" in row_of(client.get("/sources/").content.decode(), "mailgun")
    assert ">0<" in row_of(client.get("/sources/", {"days": "1"}).content.decode(), "mailgun")
    assert ">7<" in row_of(client.get("/sources/", {"days": "9999999999"}).content.decode(), "mailgun")


def test_a_hook_that_fell_silent_is_marked_and_a_file_is_not(client: Client) -> None:
    note("mailgun", timedelta(days=3), accepted=1)
    note("fresh", timedelta(hours=3), accepted=1)
    note("contacts", timedelta(days=3), kind=Source.Kind.IMPORT, accepted=1)
    page = client.get("/sources/").content.decode()

    assert "Silent" in row_of(page, "mailgun")
    assert "Silent" not in row_of(page, "fresh")
    assert "Silent" not in row_of(page, "contacts")


def test_a_source_shows_its_days_and_what_was_refused_as_it_was_sent(client: Client) -> None:
    note("api", timedelta(days=1), kind=Source.Kind.API, accepted=30)
    hostile = {"email": "<script>alert(1)</script>"}
    odd = [TurnedAway("email", "Is not an e-mail address.", hostile)]
    note("api", timedelta(minutes=3), kind=Source.Kind.API, refused=odd)

    source = Source.objects.get()
    page = client.get(f"/sources/{source.public_id}/").content.decode()
    assert "Is not an e-mail address." in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert ">30<" in page
    assert "/api/v1/events" in page


def test_days_are_the_readers_and_adding_up_changes_nothing() -> None:
    noon = datetime(2026, 5, 4, 23, 30, tzinfo=UTC)
    arrivals.note(source="a", kind=Source.Kind.API, became=Became(accepted=2), at=noon)
    source = Source.objects.get()
    for _ in range(2):
        berlin = arrivals.days(source=source, since=noon - timedelta(days=1), zone="Europe/Berlin")
        london = arrivals.days(source=source, since=noon - timedelta(days=1), zone="UTC")
        assert [(day.on.day, day.brought.accepted) for day in berlin] == [(5, 2)]
        assert [(day.on.day, day.brought.accepted) for day in london] == [(4, 2)]
        arrivals.add_up(at=noon + timedelta(hours=1))


def test_only_marketers_and_admins_see_sources(client: Client) -> None:
    note("mailgun", timedelta(hours=2), accepted=1)
    where = f"/sources/{Source.objects.get().public_id}/"
    for user, status in ((make.rep(), 403), (make.manager(), 403), (make.admin(), 200)):
        other = Client()
        other.force_login(user)
        assert other.get("/sources/").status_code == status
        assert other.get(where).status_code == status


def test_every_kind_of_source_has_a_page(client: Client, mara: User) -> None:
    caller(mara, "capture").post("/events", [])
    for kind in Source.Kind.values:
        if kind not in (Source.Kind.SCRIPT, Source.Kind.HOOK):
            note(f"a {kind}/of ours", timedelta(hours=2), kind=Source.Kind(kind), accepted=1)
    for source in Source.objects.all():
        assert client.get(f"/sources/{source.public_id}/").status_code == 200


def test_L6_fifty_sources_are_asked_for_in_as_many_queries_as_one(client: Client) -> None:
    def asked() -> int:
        client.get("/sources/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/sources/")
        return len(queries)

    note("first", timedelta(hours=2), accepted=1)
    few = asked()
    for number in range(50):
        note(f"s{number}", timedelta(hours=2), accepted=1)
    assert asked() == few


def test_what_waits_of_a_source_is_told_with_the_way_there_until_it_is_decided(
    client: Client,
) -> None:
    send(built(), {"name": "Buy https://rank.example"})
    to = hook(name="Our tool")
    worked(to, {"event": "demo", "email": "ada@firm.example"})

    page = client.get("/sources/").content.decode()
    assert f'href="/hooks/{to.public_id}/inbox/?state=waiting">1 waiting' in row_of(page, "Our tool")
    assert 'href="/forms/review/">1 waiting' in row_of(page, "Contact")
    assert "1 waiting" in client.get(f"/sources/{to.source.public_id}/").content.decode()

    hook_arranging.set_mapping(hook=to, mapping=PLAIN, at=to.source.created_at)
    inbox.replay(items=to.items.all())
    inbox.work()
    Submission.objects.update(state=Submission.State.DISMISSED)

    assert "waiting" not in row_of(client.get("/sources/").content.decode(), "Our tool")
    assert "waiting" not in row_of(client.get("/sources/").content.decode(), "Contact")


def test_L6_what_waits_is_counted_as_far_as_it_is_told(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_COUNTED", 3)
    form, to = built(), hook(name="Our tool")
    for number in range(4):
        send(form, {"name": f"Buy https://rank.example/{number}"})
        worked(to, {"event": "demo", "id": number, "email": "ada@firm.example"})

    page = client.get("/sources/").content.decode()

    for source, name in ((to.source, "Our tool"), (form.source, "Contact")):
        assert ">2+ waiting<" in row_of(page, name)
        assert "<b>2+ waiting</b>" in client.get(f"/sources/{source.public_id}/").content.decode()
