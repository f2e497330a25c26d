"""One thing done with several leads: each by itself, begun again after a deadlock, named when it fails."""

import psycopg
import pytest
from django.db import OperationalError

from handoff import several
from leads.models import Lead
from tests.factories import lead


def deadlock() -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = psycopg.errors.DeadlockDetected("deadlock detected")
    return error


@pytest.mark.django_db(transaction=True)
def test_what_ends_in_a_deadlock_is_done_again():
    ada, bea = lead("Ada"), lead("Bea")
    tries: list[Lead] = []

    def verb(one: Lead) -> None:
        tries.append(one)
        Lead.objects.filter(pk=one.pk).update(city="Bonn")
        if tries.count(bea) == 1 and one == bea:
            raise deadlock()

    done = several.each(Lead.objects.all(), [str(one.public_id) for one in (ada, bea)], verb)
    assert (done.done, done.failed) == ([ada, bea], [])
    assert tries == [ada, bea, bea]
    assert set(Lead.objects.values_list("city", flat=True)) == {"Bonn"}


@pytest.mark.django_db
def test_a_deadlock_that_does_not_end_is_named_and_stops_no_other():
    ada, bea, cid = lead("Ada"), lead("Bea"), lead("Cid")

    def verb(one: Lead) -> None:
        Lead.objects.filter(pk=one.pk).update(city="Bonn")
        if one == bea:
            raise deadlock()

    done = several.each(Lead.objects.all(), [str(one.public_id) for one in (ada, bea, cid)], verb)
    assert done.done == [ada, cid]
    assert done.failed == [(bea, "Somebody else is changing it at the moment: try again.")]
    bea.refresh_from_db()
    assert bea.city == ""


@pytest.mark.django_db
def test_a_database_that_is_away_is_no_fault_of_a_lead():
    ada = lead("Ada")

    def verb(one: Lead) -> None:
        raise OperationalError("the connection is closed")

    with pytest.raises(OperationalError):
        several.each(Lead.objects.all(), [str(ada.public_id)], verb)
