"""The inbox is worked through whatever happens: one bad post holds up no other, nothing is lost or counted
twice, and words are kept no longer than they are needed."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from capture import arrivals
from capture.hooks import arranging, inbox, taking
from capture.hooks.mapping import Mapped
from capture.models import Hook, InboxItem
from leads import consent
from leads.models import Activity, ConsentEvent, Lead, LeadExternalId
from tests import factories as make
from tests.capture.hooks.posting import PLAIN, hook, post, worked

pytestmark = pytest.mark.django_db


def demo(number: int, **more: Any) -> dict[str, Any]:
    return {"event": "demo", "email": f"a{number}@firm.example", **more}


def counted() -> tuple[int, int, int, int]:
    """Accepted, twice, held, refused."""
    (brought,) = arrivals.brought(since=timezone.now() - timedelta(hours=1)).values()
    return brought.accepted, brought.duplicates, brought.held, brought.refused


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """A post about this address makes the worker stumble every time."""
    as_usual = taking.take

    def stumble(*, events: list[Mapped], **rest: Any) -> Any:
        if any(event.email == "poison@firm.example" for event in events):
            raise ZeroDivisionError
        return as_usual(events=events, **rest)

    monkeypatch.setattr(taking, "take", stumble)


@pytest.mark.usefixtures("poison")
def test_f10_a_post_that_fails_every_time_is_set_aside_and_the_others_are_taken() -> None:
    to = hook(mapping=PLAIN)
    for number in range(20):
        post(to, demo(number))
        if number == 7:
            post(to, {"event": "demo", "email": "poison@firm.example"})
    now = timezone.now()
    inbox.work(at=now)
    assert Activity.objects.count() == 20
    item = InboxItem.objects.exclude(state="mapped").get()
    assert (item.state, item.attempts) == ("new", 2), "not all tries are used up at once"
    assert item.reason == "Failed: ZeroDivisionError. It is tried again by itself."
    assert inbox.work(at=now + inbox.PAUSE / 2) == 0
    item.refresh_from_db()
    assert item.attempts == 2
    inbox.work(at=now + inbox.PAUSE * 2)

    item = InboxItem.objects.exclude(state="mapped").get()
    assert (item.state, item.reason, item.attempts) == ("parked", "Failed 3 times: ZeroDivisionError.", 3)
    assert inbox.replay(items=InboxItem.objects.all()) == 1  # once what was wrong is mended


def test_f10_a_post_that_kills_its_worker_three_times_is_set_aside_and_shown() -> None:
    to, now = hook(mapping=PLAIN), timezone.now()
    post(to, demo(1))
    for died in range(3):
        assert len(inbox._claim(now + died * inbox.LEASE * 2)) == 1  # and the worker is gone
        assert inbox._claim(now + died * inbox.LEASE * 2) == []
    assert inbox.work(at=now + 7 * inbox.LEASE) == 0
    item = InboxItem.objects.get()
    assert (item.state, item.reason) == ("parked", "A worker died 3 times over it.")


def test_what_a_dead_worker_had_is_taken_by_the_next_one() -> None:
    to, now = hook(mapping=PLAIN), timezone.now()
    for number in range(3):
        post(to, demo(number))
    assert len(inbox._claim(now)) == 3
    assert inbox.work(at=now + timedelta(minutes=1)) == 0
    assert inbox.work(at=now + inbox.LEASE + timedelta(seconds=1)) == 3
    assert Activity.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_f11_two_workers_at_once_take_everything_once() -> None:
    to = hook(mapping=PLAIN)
    for number in range(120):
        post(to, demo(number))
    done: list[int] = []

    def work() -> None:
        done.append(inbox.work())
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(done) == Activity.objects.count() == 120
    (brought,) = arrivals.brought(since=timezone.now() - timedelta(hours=1)).values()
    assert (brought.accepted, brought.duplicates) == (120, 0)


@pytest.mark.django_db(transaction=True)
def test_f10_a_lead_deleted_meanwhile_costs_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL says so at the commit only, when the rows have been written on."""
    as_usual, gone = taking.take, [10**9]

    def meanwhile(**given: Any) -> Any:
        took = as_usual(**given)
        if gone:
            consent_of = ConsentEvent(lead_id=gone.pop(), channel="email", granted=True, at=given["at"])
            ConsentEvent.objects.bulk_create([consent_of])
        return took

    monkeypatch.setattr(taking, "take", meanwhile)
    item = worked(hook(mapping=PLAIN), demo(1))
    assert (item.state, not gone) == ("mapped", True)
    assert Activity.objects.get().lead.email == "a1@firm.example"
    (brought,) = arrivals.brought(since=timezone.now() - timedelta(hours=1)).values()
    assert brought.accepted == 1


def test_f11_a_worker_whose_lease_is_over_takes_and_sets_aside_nothing() -> None:
    to, now = hook(mapping=PLAIN), timezone.now()
    post(to, demo(1))
    slow = inbox._claim(now)
    other = inbox._claim(now + inbox.LEASE * 2)
    assert inbox._work_through(slow, now) == 0
    inbox._let_go(slow, "TimeoutError", now)
    assert not Activity.objects.exists()
    assert inbox._work_through(other, now) == 1
    assert inbox._work_through(other, now) == 0
    assert Activity.objects.count() == 1


@pytest.mark.parametrize("odd", ["x\0", "x\ud800"])
def test_f10_what_cannot_be_stored_waits_with_its_reason(odd: str) -> None:
    kind = {"name": "Track", "type": {"field": "event", "values": {"demo": "demo_request"}}, "email": "email"}
    to = hook(mapping={"kinds": [kind]})
    item = worked(to, {"event": odd, "email": "ada@firm.example"})
    assert (item.state, item.reason) == ("waiting", "type: No activity type is chosen for “x”.")
    assert item.became == [{"place": 0, "kind": "Track", "waits": item.reason}]


@pytest.mark.parametrize("odd", ["D\0E", "D\ud800E"])
def test_b3_a_fact_that_cannot_be_stored_is_kept_without_that(odd: str) -> None:
    to = hook(mapping={"kinds": [{**PLAIN["kinds"][0], "lead": {"city": "city"}}]})
    assert worked(to, demo(1, city=odd)).state == "mapped"
    assert Lead.objects.get().attributes == {"city_as_sent": "DE"}


def test_a_row_that_used_up_its_tries_is_set_aside_whoever_has_it() -> None:
    to = hook(mapping=PLAIN)
    post(to, demo(1))
    InboxItem.objects.update(attempts=inbox.TRIES, leased_until=None)
    inbox.work()
    assert InboxItem.objects.get().state == "parked"


@pytest.mark.parametrize("added_up", [False, True])
def test_what_was_held_and_is_taken_by_a_replay_is_counted_as_taken(added_up: bool) -> None:
    to = hook(name="Our tool")
    first = worked(to, demo(0, id="d0"))
    worked(to, demo(1, id="d1"))
    worked(to, demo(1, id="d1", again=True))
    worked(to, demo(2, event="something else"))
    assert counted() == (0, 0, 4, 0)
    if added_up:
        arrivals.add_up(at=timezone.now() + timedelta(minutes=2))

    arranging.set_mapping(hook=to, mapping=PLAIN, at=timezone.now())
    inbox.replay(items=InboxItem.objects.exclude(pk=first.pk))
    inbox.work()
    assert counted() == (1, 1, 2, 0)
    for _ in range(2):
        inbox.replay(items=InboxItem.objects.all())
        inbox.work()
    assert counted() == (2, 1, 1, 0)
    browser = Client()
    browser.force_login(make.marketer("Mia Mohr", email="mia@handoff.example"))
    page = browser.get("/sources/").content.decode()
    assert '<td class="num">2</td><td class="num wide-only">1</td><td class="num">1<small' in page


def test_what_was_replayed_was_counted_when_it_came() -> None:
    to = hook()
    item = worked(to, demo(1))
    arranging.set_mapping(hook=to, mapping=PLAIN, at=timezone.now())
    inbox.replay(items=InboxItem.objects.all())
    inbox.work()
    item.refresh_from_db()
    assert item.state == "mapped"
    (brought,) = arrivals.brought(since=timezone.now() - timedelta(hours=1)).values()
    assert (brought.accepted, brought.held, brought.arrived) == (1, 0, 1)


def test_p6_words_are_dropped_and_what_waited_still_says_that_it_came() -> None:
    to = hook(mapping=PLAIN)
    taken, waits = worked(to, demo(1)), worked(to, {"event": "odd"})
    fresh = worked(to, {"event": "fresh"})
    old = timezone.now() - timedelta(days=31)
    InboxItem.objects.exclude(pk=fresh.pk).update(received_at=old)
    new = InboxItem.objects.create(hook=to, key="new", body="{}", received_at=old)

    assert inbox.empty() == 2
    assert inbox.empty() == 0
    assert set(InboxItem.objects.values_list("pk", flat=True)) == {waits.pk, fresh.pk, new.pk}
    waits.refresh_from_db()
    assert (waits.body, waits.became, waits.is_replayable) == ("", [], False)
    assert waits.reason == "No kind of the mapping fits."
    assert Activity.objects.get().event_id == f"{taken.key}:0"


def test_an_event_about_several_people_is_one_of_each_and_says_so_to_each() -> None:
    kind = {"name": "Bounced", "type": "email_bounced", "email": "to[].at", "consent": {"email": False}}
    to = hook(mapping={"kinds": [{**kind, "event_id": "id"}]})
    item = worked(to, {"id": "b1", "to": [{"at": "a@firm.example"}, {"at": "Bo <b@firm.example>"}]})
    assert item.state == "mapped"
    for lead in Lead.objects.all():
        assert consent.current(lead=lead)["email"].granted is False
    assert set(Activity.objects.values_list("event_id", "lead__email")) == {
        ("b1:a@firm.example", "a@firm.example"), ("b1:b@firm.example", "b@firm.example"),
    }  # fmt: skip


def test_a_withdrawal_that_arrives_late_does_not_undo_a_later_yes() -> None:
    ada = make.lead(email="ada@firm.example")
    now = timezone.now()
    consent.record(lead=ada, channel="email", granted=True, at=now, source="form")
    to = hook("mailgun")
    event = {"event": "unsubscribed", "id": "u", "recipient": "ada@firm.example"}
    worked(to, {"event-data": {**event, "timestamp": now.timestamp() - 3600}})
    assert consent.current(lead=ada)["email"].granted is True


def test_events_of_kinds_that_make_no_leads_wait_for_the_lead() -> None:
    to = hook(mapping={"kinds": [{**PLAIN["kinds"][0], "known_only": True, "lead": {"name": "name"}}]})
    item = worked(to, demo(1, name="Ada"))
    assert (item.reason, Lead.objects.count()) == (taking._NOBODY, 0)
    ada = make.lead(email="a1@firm.example")
    inbox.replay(items=InboxItem.objects.all())
    inbox.work()
    ada.refresh_from_db()
    assert (Activity.objects.get().lead, ada.name) == (ada, "Ada")


def test_c40_an_id_and_an_address_of_two_people_wait_and_change_nobody() -> None:
    mapping = {"kinds": [{**PLAIN["kinds"][0], "external_id": "user", "lead": {"name": "name"}}]}
    to = hook(mapping=mapping)
    one, other = make.lead("One"), make.lead("Other", email="a1@firm.example")
    LeadExternalId.objects.create(lead=one, source=to.source.key, external_id="u1")
    item = worked(to, demo(1, user="u1", name="Eve"))
    assert item.reason == "email: Belongs to another lead than the external id."
    assert {lead.name for lead in Lead.objects.all()} == {one.name, other.name}
    assert not Activity.objects.exists()


def test_facts_that_cannot_be_taken_are_kept_as_they_were_sent() -> None:
    kind = {
        **PLAIN["kinds"][0],
        "lead": {"name": "name", "country": "country", "phone": "phone"},
        "company": {"name": "firm", "employees": "staff"},
    }
    to = hook(mapping={"kinds": [kind]})
    item = worked(to, demo(1, name="Ada", country="Atlantis", phone="-", firm="Firm", staff="many"))
    assert (item.state, item.reason) == ("mapped", "")
    ada = Lead.objects.select_related("company").get()
    assert (ada.name, ada.company.name, ada.country, ada.phone) == ("Ada", "Firm", "", "")
    assert ada.attributes == {
        "country_as_sent": "Atlantis",
        "phone_as_sent": "-",
        "company_employees_as_sent": "many",
    }


def test_a_worker_is_hurried_when_something_arrives(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = hook()
    with django_capture_on_commit_callbacks() as hooks:
        post(to, {})
    assert [getattr(each, "name", "") for each in hooks] == ["inbox"]
    with django_capture_on_commit_callbacks() as hooks:
        post(to, {})
    assert hooks == []
    assert Hook.objects.count() == 1
