"""The history of a lead's buying phases follows the lead, whoever writes its phase and in whatever way."""

from datetime import timedelta
from importlib import import_module
from itertools import pairwise

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads import activities, lifecycle, merging, phases, unmerging, voiding
from leads.models import Activity, ActivityType, Correction, Lead, PhaseChange
from leads.stages import Phase
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
CAME = NOW - 30 * DAY


def person(**fields: object) -> Lead:
    return make.lead(**{"created_at": CAME, "stage_at": CAME, "phase_at": CAME, **fields})


def history(lead: Lead) -> list[tuple[str, str, object]]:
    rows = PhaseChange.objects.filter(lead=lead).order_by("at", "id")
    return [(row.from_phase, row.to_phase, row.at) for row in rows]


def stays(lead: Lead) -> list[phases.Stay]:
    return phases.stays(lead, list(lead.phase_changes.order_by("at", "id")), NOW)


def did(lead: Lead, kind: str, days: int) -> None:
    one = activities.NewActivity(
        event_id=f"{kind}-{days}",
        type_id=ActivityType.objects.get(key=kind).pk,
        occurred_at=CAME + days * DAY,
        source="test",
        lead_id=lead.pk,
        properties={},
    )
    activities.record(activities=[one], at=CAME + days * DAY)


def agrees(lead: Lead) -> bool:
    """Whether the newest row says what the lead says."""
    lead.refresh_from_db()
    rows = history(lead)
    return not rows or rows[-1][1:] == (lead.phase, lead.phase_at)


def test_s2_01_each_phase_has_the_moment_at_which_the_lead_entered_it() -> None:
    lead = person()
    did(lead, "webinar_attended", 3)
    did(lead, "demo_request", 9)

    lead.refresh_from_db()
    assert [(stay.phase, stay.entered_at, stay.days) for stay in stays(lead)] == [
        (Phase.AWARENESS, CAME, 3),
        (Phase.CONSIDERATION, CAME + 3 * DAY, 6),
        (Phase.DECISION, CAME + 9 * DAY, 21),
    ]


def test_s2_04_nothing_expires_who_learns_for_years_stays_in_awareness() -> None:
    lead = person(created_at=NOW - 900 * DAY, phase_at=NOW - 900 * DAY)
    assert lifecycle.advance_phases(lead_ids=[lead.pk], at=NOW) == 0

    [stay] = stays(lead)
    assert (stay.phase, stay.days, stay.left_at) == (Phase.AWARENESS, 900, None)


def test_a_marketers_judgement_is_kept_with_the_marketer() -> None:
    lead, mara = person(), make.marketer()
    lifecycle.set_phase(lead=lead, phase=Phase.DECISION, at=NOW, by=mara)
    lifecycle.set_phase(lead=lead, phase=Phase.AWARENESS, at=NOW + DAY, by=mara)
    Lead.objects.filter(pk=lead.pk).update(phase="consideration", phase_at=NOW + 2 * DAY)

    rows = PhaseChange.objects.filter(lead=lead).order_by("id")
    assert [(row.to_phase, row.cause, row.by) for row in rows] == [
        ("decision", "person", mara),
        ("awareness", "person", mara),
        ("consideration", "activity", None),
    ]


def test_the_admin_writes_the_history_too(client: Client) -> None:
    lead, ada = person(name="Petra Schwarz"), make.admin()
    client.force_login(ada)
    url = reverse("admin:leads_lead_change", args=[lead.pk])
    form = client.get(url).context["adminform"].form
    sent = {name: value if value is not None else "" for name, value in form.initial.items()}
    created = sent.pop("created_at")
    sent |= {"created_at_0": created.date(), "created_at_1": created.time(), "attributes": "{}"}
    sent |= {"external_ids-TOTAL_FORMS": 0, "external_ids-INITIAL_FORMS": 0, "phase": "decision"}
    assert client.post(url, sent).status_code == 302

    change = PhaseChange.objects.get(lead=lead)
    assert (change.to_phase, change.by, change.cause) == ("decision", ada, "person")
    assert agrees(lead)
    assert lead.phase_at > NOW - 3650 * DAY


def test_plain_sql_is_seen_and_other_columns_write_nothing() -> None:
    lead = person()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE leads_lead SET phase = 'decision', phase_at = %s", [NOW])
        cursor.execute("UPDATE leads_lead SET city = 'Ulm'")
    assert history(lead) == [("awareness", "decision", NOW)]


def test_a_phase_that_evidence_no_longer_shows_never_was() -> None:
    lead = person()
    did(lead, "webinar_attended", 3)
    did(lead, "demo_request", 9)
    demo = Activity.objects.get(type__key="demo_request")
    correction = Correction.objects.create(verb="void", by=make.marketer(), at=NOW, reason="A test", upto=0)
    voiding.void(activity_ids=[demo.pk], correction=correction, at=NOW)
    assert history(lead) == [("awareness", "consideration", CAME + 3 * DAY)]
    assert agrees(lead)


def test_merging_keeps_the_history_of_the_phase_that_holds_and_undoing_gives_both_back() -> None:
    mara = make.marketer()
    keep, drop = person(), person()
    did(keep, "webinar_attended", 5)
    did(drop, "webinar_attended", 2)
    did(drop, "demo_request", 4)
    before = history(keep), history(drop)
    key = drop.pk

    made = merging.merge(keep, drop, by=mara, at=NOW)
    keep.refresh_from_db()
    assert (keep.phase, history(keep)) == ("decision", before[1])
    unmerging.undo(made, by=mara, at=NOW + DAY)
    drop = Lead.objects.get(pk=key)
    assert (history(keep), history(drop)) == before
    assert agrees(keep)
    assert agrees(drop)


def test_the_history_goes_on_after_a_merge() -> None:
    keep, drop = person(), person()
    did(drop, "webinar_attended", 2)
    merging.merge(keep, drop, by=make.marketer(), at=NOW)
    did(keep, "demo_request", 31)
    assert [row[1] for row in history(keep)] == ["consideration", "decision"]


def test_what_is_known_of_leads_from_before_is_written_down() -> None:
    decided, learning = person(), person()
    did(decided, "webinar_attended", 3)
    did(decided, "demo_request", 9)
    PhaseChange.objects.all().delete()
    told = person()
    did(told, "demo_request", 5)
    fill = import_module("leads.migrations.0018_phases_so_far").fill
    for _ in range(2):
        fill(None, connection.schema_editor())

    assert {row.cause for row in PhaseChange.objects.filter(lead=told)} == {"activity"}, "kept meanwhile"
    assert history(decided) == [
        ("awareness", "consideration", CAME + 3 * DAY),
        ("consideration", "decision", CAME + 9 * DAY),
    ]
    assert history(learning) == []
    assert {row.cause for row in PhaseChange.objects.exclude(lead=told)} == {"known"}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Phase.values), st.integers(0, 20)), max_size=8))
def test_the_newest_row_always_says_what_the_lead_says(writes: list[tuple[str, int]]) -> None:
    lead = person()
    for phase, day in writes:
        Lead.objects.filter(pk=lead.pk).update(phase=phase, phase_at=CAME + day * DAY)
        rows = history(lead)
        assert agrees(lead)
        assert all(one[1] == two[0] for one, two in pairwise(rows))
