"""The queue's Working view: what is owed on accepted leads, and by when."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from handoff import contacts, decisions, pausing
from handoff.models import Handoff, SlaPolicy, Work
from handoff.views.work_rows import Row
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


def accepted(sol: User, name: str, minutes_ago: int = 1) -> Handoff:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    handoff = handed_over(sol, name, at=at)
    decisions.accept(handoff=handoff, by=sol, at=at)
    return handoff


def rows(client: Client) -> dict[str, Row]:
    listed = client.get("/queue/?view=working").context["worklist"].rows
    return {row.name: row for row in listed}


def test_an_accepted_lead_shows_the_clock_of_its_first_contact_and_then_of_the_next(
    sol: User, signed_in: SignIn
) -> None:
    SlaPolicy.objects.filter(promise="activity").update(is_on=True)
    marta, client = accepted(sol, "Marta Kowalczyk"), signed_in(sol)
    row = rows(client)["Marta Kowalczyk"]
    work = Work.objects.get()
    assert (row.due_at, row.sla_total, [mark.text for mark in row.marks]) == (
        work.due_at,
        240,
        ["first contact"],
    )
    assert "SQL" in row.why_note
    page = client.get("/queue/?view=working").content.decode()
    assert "data-due" in page or "left" in page
    contacts.log(lead=marta.lead, by=sol, kind="call", key=uuid.uuid4(), at=timezone.now())
    row = rows(client)["Marta Kowalczyk"]
    assert [mark.text for mark in row.marks] == ["next activity"]
    assert row.sla_total == 2400


def test_what_is_owed_first_comes_first_and_what_has_no_clock_last(sol: User, signed_in: SignIn) -> None:
    later, none, first = accepted(sol, "Later", 1), accepted(sol, "None", 2), accepted(sol, "First", 200)
    Work.objects.filter(handoff=none).update(ended_at=timezone.now(), was_kept=True)
    listed = rows(signed_in(sol))
    assert list(listed) == ["First", "Later", "None"]
    assert (listed["None"].due_at, listed["None"].state) == (None, "SQL")
    assert listed["First"].sla_remaining < listed["Later"].sla_remaining
    assert later.pk != first.pk


def test_a_clock_that_stands_still_says_so_and_one_that_is_over_too(sol: User, signed_in: SignIn) -> None:
    asleep, over = accepted(sol, "Asleep"), accepted(sol, "Over")
    pausing.pause(
        handoff=asleep,
        by=sol,
        reason="Asked for June",
        until=timezone.now() + timedelta(days=3),
        at=timezone.now(),
    )
    Work.objects.filter(handoff=over).update(due_at=timezone.now() - timedelta(hours=1))
    listed = rows(signed_in(sol))
    assert listed["Asleep"].due_at is None
    assert "Asked for June" in listed["Asleep"].paused_why
    assert listed["Over"].sla_remaining < 0


def test_p_7_it_asks_the_same_however_many_are_worked(sol: User, signed_in: SignIn) -> None:
    client = signed_in(sol)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/queue/?view=working").status_code == 200
        return len(queries)

    accepted(sol, "Lead 0")
    client.get("/queue/?view=working")
    few = asked()
    for number in range(1, 30):
        accepted(sol, f"Lead {number}")
    assert asked() == few


def test_the_page_of_response_times_says_which_steps_there_are_for_which_promise(
    sol: User, signed_in: SignIn
) -> None:
    page = signed_in(sol).get("/response-times/").content.decode()
    answer, contact, activity = (page.index(f'id="{key}"') for key in ("answer", "contact", "activity"))
    assert "ask a backup, tell the manager and give the lead to another rep" in page[answer:contact]
    for part in (page[contact:activity], page[activity:]):
        assert "May remind the rep and tell the manager, and no more" in part
        assert "stays with its rep" in part
