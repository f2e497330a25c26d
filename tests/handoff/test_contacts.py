"""What sales wrote down of its contacts, and the first touch they stamp."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction

from handoff import contacts, decisions
from handoff.models import Handoff, RejectReason
from leads.models import Activity, Lead
from tests.factories import NOW, activity, rep
from tests.fixtures.processes import wait_until
from tests.handoff.factories import offered

LATER = NOW + timedelta(days=30)


def calls(lead: Lead, by) -> None:
    contacts.log(lead=lead, by=by, kind="call", key=uuid.uuid4(), at=LATER)


@pytest.mark.django_db
def test_a_call_touches_the_newest_handoff_and_none_that_is_past():
    sol = rep()
    past = offered(to=sol)
    decisions.accept(handoff=past, by=sol, at=NOW)
    lead = Lead.objects.get(pk=past.lead_id)
    Lead.objects.filter(pk=lead.pk).update(stage="mql")
    newest = offered(of=lead, to=sol)

    calls(Lead.objects.get(pk=lead.pk), by=sol)

    past.refresh_from_db()
    newest.refresh_from_db()
    assert (past.first_touch_at, newest.first_touch_at) == (None, LATER)


@pytest.mark.django_db
def test_a_call_touches_nothing_that_was_taken_back():
    sol = rep()
    handoff = offered(to=sol)
    Handoff.objects.filter(pk=handoff.pk).update(status="withdrawn", decided_at=NOW)

    calls(Lead.objects.get(pk=handoff.lead_id), by=sol)

    handoff.refresh_from_db()
    assert handoff.first_touch_at is None


@pytest.mark.django_db(transaction=True)
def test_a_verdict_that_meets_an_event_of_its_lead_is_stored_all_the_same():
    """The event holds the lead's mark and wants the lead, the verdict holds the lead and wants the mark."""
    sol = rep()
    handoff = offered(to=sol)
    given: list[object] = []

    def reject() -> None:
        try:
            reason = RejectReason.objects.get(code="timing")
            given.append(decisions.reject(handoff=handoff, by=sol, reason=reason, at=LATER))
        finally:
            connection.close()

    verdict = threading.Thread(target=reject)
    with transaction.atomic():
        activity(handoff.lead, "page_view")
        verdict.start()
        wait_until(_somebody_waits, what="the verdict waits for the mark")
        Lead.objects.filter(pk=handoff.lead_id).update(phase_at=NOW)
    verdict.join()

    handoff.refresh_from_db()
    assert len(given) == 1
    assert handoff.status == Handoff.Status.REJECTED
    assert Activity.objects.filter(lead=handoff.lead, type__key="page_view").count() == 1


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        row: tuple[bool] = cursor.fetchone()
    return row[0]
