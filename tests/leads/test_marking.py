"""Whoever writes a fact, however they write it, the lead ends up marked as changed."""

import pytest
from django.db import connection, transaction

from leads.models import Activity, ActivityType, ChangedLead, Lead
from leads.stages import Stage
from tests import factories as make

pytestmark = pytest.mark.django_db


def marked() -> set[int]:
    return set(ChangedLead.objects.values_list("lead_id", flat=True))


@pytest.fixture
def quiet_world() -> Lead:
    """A lead at a company, with one page view, and nothing marked."""
    lead = make.lead("Ada", company=make.company())
    make.activity(lead, "page_view")
    ChangedLead.objects.all().delete()
    return lead


def test_a_new_lead_is_marked() -> None:
    lead = make.lead()
    assert marked() == {lead.pk}


def test_an_activity_through_the_orm_marks_its_lead(quiet_world: Lead) -> None:
    make.activity(quiet_world, "demo_request")
    assert marked() == {quiet_world.pk}


def test_an_update_of_many_rows_marks_each_lead_once(quiet_world: Lead) -> None:
    other = make.lead("Bob")
    ChangedLead.objects.all().delete()
    Lead.objects.update(country="DE")
    assert marked() == {quiet_world.pk, other.pk}
    assert set(ChangedLead.objects.values_list("version", flat=True)) == {1}


def test_copy_marks_the_leads(quiet_world: Lead) -> None:
    kind = ActivityType.objects.get(key="page_view").pk
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY leads_activity (lead_id, type_id, occurred_at, source, event_id) FROM STDIN"
        ) as copy,
    ):
        for number in range(3):
            copy.write_row((quiet_world.pk, kind, make.NOW, "copy", str(number)))
    assert marked() == {quiet_world.pk}
    assert Activity.objects.filter(source="copy").count() == 3


def test_plain_sql_marks_the_lead(quiet_world: Lead) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE leads_lead SET title = 'COO' WHERE id = %s", [quiet_world.pk])
    assert marked() == {quiet_world.pk}


def test_a_company_that_grows_marks_its_leads(quiet_world: Lead) -> None:
    assert quiet_world.company
    quiet_world.company.employees = 240
    quiet_world.company.save()
    assert marked() == {quiet_world.pk}


def test_stage_owner_and_phase_mark_nothing(quiet_world: Lead) -> None:
    Lead.objects.update(stage=Stage.MQL, owner=make.rep(), phase="decision")
    assert marked() == set()


def test_writing_the_same_value_again_marks_nothing(quiet_world: Lead) -> None:
    quiet_world.save()
    assert marked() == set()


def test_voiding_an_activity_marks_its_lead(quiet_world: Lead) -> None:
    Activity.objects.update(voided_at=make.NOW, void_reason="bot")
    assert marked() == {quiet_world.pk}


def test_moving_an_activity_marks_both_leads(quiet_world: Lead) -> None:
    other = make.lead("Bob")
    ChangedLead.objects.all().delete()
    Activity.objects.update(lead=other)
    assert marked() == {quiet_world.pk, other.pk}


def test_each_change_counts_up_so_that_none_is_lost_during_a_rescore(quiet_world: Lead) -> None:
    make.activity(quiet_world, "page_view")
    make.activity(quiet_world, "page_view")
    assert ChangedLead.objects.get().version == 2


def test_a_quiet_transaction_marks_quietly_and_live_wins(quiet_world: Lead) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL handoff.quiet = on")
        make.activity(quiet_world, "page_view")
        assert not ChangedLead.objects.get().live
        cursor.execute("SET LOCAL handoff.quiet = off")
        make.activity(quiet_world, "page_view")
        assert ChangedLead.objects.get().live
        cursor.execute("SET LOCAL handoff.quiet = on")
        make.activity(quiet_world, "page_view")
    assert ChangedLead.objects.get().live


def test_a_change_takes_a_parked_lead_out_of_parking(quiet_world: Lead) -> None:
    ChangedLead.objects.create(lead=quiet_world, attempts=3, parked_at=make.NOW, error="division by zero")
    make.activity(quiet_world, "page_view")
    changed = ChangedLead.objects.get()
    assert (changed.parked_at, changed.attempts, changed.error) == (None, 0, "")


def test_deleting_a_lead_with_its_activities_leaves_no_mark(quiet_world: Lead) -> None:
    quiet_world.delete()
    assert marked() == set()
