"""From a crossing to a rep who knows: once, with the reasons, whatever happens to the others."""

import itertools
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection, transaction

from handoff import contacts, decisions, escalation, evidence, pipeline, recycling, routing, stuck, tasks
from handoff.models import Handoff, Pool, PoolMember, SlaPolicy, StuckCrossing, Verdict
from handoff.permissions import NotYours
from leads import activities, lifecycle
from leads.activities import NewActivity
from leads.lifecycle import StageConflict
from leads.models import ActivityType, Lead, StageChange
from leads.stages import Stage
from notifications.models import Delivery, Notification
from scoring.models import Crossing, LineState
from scoring.rescoring import rescore_changed
from tests.factories import NOW, activity, admin, company, lead, manager, marketer, rep, team
from tests.handoff.factories import crossing, offered, office_hours, pool, reason, reps, unassigned

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)


def outcome(of: Crossing) -> str:
    of.refresh_from_db()
    return of.outcome


# To sales


def test_s1_30_a_lead_over_the_sql_line_goes_to_a_rep_who_is_told_why():
    sol = rep()
    pool(sol)
    ada = lead("Ada", title="Head of Operations", company=company("Nordwind", employees=240))
    activity(ada, "demo_request", NOW, properties={"message": "20 technicians"})
    crossed = crossing(ada)
    assert pipeline.run(at=NOW) == 1
    ada.refresh_from_db()
    assert ada.stage == Stage.HANDED_OVER
    handoff = Handoff.objects.get()
    assert (handoff.lead, handoff.rep, handoff.crossing, handoff.cycle) == (ada, sol, crossed, 1)
    assert outcome(crossed) == "handed_over"
    assert crossed.handled_at == NOW
    assert crossed.stage_change == handoff.stage_change == ada.stage_changes.get()
    told = Notification.objects.get()
    assert told.recipient == sol
    assert told.title == "Ada is yours: requested a demo"
    assert "Head of Operations, Nordwind" in told.body
    assert told.sections[0]["rows"][0] == [
        "Asked for a demo, a quote, a trial or a call",
        "+25",
        "Requested a demo on 17 November 2026; halves every 30 days, until 17 Dec 2026",
    ]
    assert "100 to 500 staff" in str(told.sections)
    assert Delivery.objects.get().notification == told


def test_s1_30_running_again_changes_nothing():
    pool(rep())
    crossing(lead())
    pipeline.run(at=NOW)
    assert pipeline.run(at=LATER) == 0
    tasks.run_pipeline()
    assert Handoff.objects.count() == Notification.objects.count() == StageChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_f11_many_workers_hand_each_lead_over_once():
    pool(*reps(3))
    for number in range(40):
        crossing(lead(f"Lead {number}"))
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        try:
            while pipeline.run(at=NOW):
                pass
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Handoff.objects.count() == Notification.objects.count() == 40
    assert set(Crossing.objects.values_list("outcome", flat=True)) == {"handed_over"}


def test_each_lead_of_a_batch_has_a_clock_of_its_own(monkeypatch: pytest.MonkeyPatch):
    pool(rep())
    first, second = crossing(lead()), crossing(lead())

    def slowly(**asked):
        time.sleep(0.1)
        return freeze(**asked)

    freeze = evidence.freeze
    monkeypatch.setattr(evidence, "freeze", slowly)
    assert pipeline.run() == 2
    begun = dict(Handoff.objects.values_list("crossing", "offered_at"))
    assert begun[second.pk] - begun[first.pk] >= timedelta(seconds=0.1)
    second.refresh_from_db()
    assert second.handled_at == begun[second.pk]


def test_what_happened_by_itself_goes_before_what_was_released_in_bulk():
    pool(rep())
    ada = admin()
    released = [crossing(lead(), held_at=NOW, released_at=NOW, released_by=ada) for _ in range(3)]
    live = crossing(lead())
    assert pipeline.run(at=NOW, limit=1) == 1
    assert outcome(live) == "handed_over"
    assert [outcome(each) for each in released] == ["", "", ""]


def test_out_of_time_the_rest_waits_for_the_next_look():
    pool(rep())
    crossed = [crossing(lead()) for _ in range(3)]
    assert pipeline.run(at=NOW, seconds=0) == 1
    assert [outcome(each) for each in crossed] == ["handed_over", "", ""]


@pytest.mark.parametrize(
    ("module", "task"),
    [(pipeline, tasks.run_pipeline), (escalation, tasks.escalate)],
)
def test_a_task_ends_though_there_is_always_more(module, task, monkeypatch: pytest.MonkeyPatch):
    rounds = itertools.count(1)
    monkeypatch.setattr(tasks, "SECONDS", 0.05)
    monkeypatch.setattr(module, "run", lambda **_: next(rounds))
    started = time.monotonic()
    task()
    assert time.monotonic() - started < 1
    assert next(rounds) > 2


def test_a_lead_that_was_erased_meanwhile_stops_no_other(monkeypatch: pytest.MonkeyPatch):
    pool(rep())
    gone, ada = lead(), lead("Ada")
    crossing(gone), crossing(ada)
    listed = pipeline._ready(NOW, 10)
    Crossing.objects.filter(lead=gone).delete()
    gone.delete()
    monkeypatch.setattr(pipeline, "_ready", lambda *_: listed)
    assert pipeline.run(at=NOW) == 1
    assert Handoff.objects.get().lead == ada
    assert not StuckCrossing.objects.exists()


def test_g05_the_evidence_stays_as_it_was():
    pool(rep())
    ada = lead("Ada", company=company("Nordwind", employees=240))
    activity(ada, "demo_request", NOW - timedelta(minutes=3))
    crossing(ada, triggers=["comparison_and_demo"])
    pipeline.run(at=NOW)
    handoff = Handoff.objects.get()
    frozen = handoff.evidence
    activity(ada, "pricing_page_view", LATER)
    ada.company.employees = 3
    ada.company.save()
    handoff.refresh_from_db()
    assert handoff.evidence == frozen
    assert frozen["lead"]["employees"] == 240
    assert [seen["type"] for seen in frozen["latest"]] == ["demo_request"]
    assert frozen["triggers"] == ["comparison_and_demo"]
    assert handoff.version.number == frozen["explanation"]["version"]
    dimensions = frozen["explanation"]["dimensions"]
    for dimension in dimensions:
        assert dimension["points"] == pytest.approx(sum(part["points"] for part in dimension["reasons"]))


def test_the_clock_follows_the_policy_and_the_hours_of_the_team():
    in_hours = team("Office", calendar="Unused")
    in_hours.calendar = office_hours("Europe/Berlin")
    in_hours.save()
    pool(rep(in_team=in_hours), in_team=in_hours)
    evening = datetime(2026, 11, 17, 18, 0, tzinfo=UTC)
    hot, calm = lead("Hot"), lead("Calm")
    crossing(hot, at=evening, intent=2600)
    crossing(calm, at=evening, intent=2599)
    pipeline.run(at=evening)
    due = dict(Handoff.objects.values_list("lead__name", "due_at"))
    assert due["Hot"] == datetime(2026, 11, 18, 9, 0, tzinfo=UTC)  # 10:00 in Berlin
    assert due["Calm"] == datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def test_c35_a_deadline_once_set_is_moved_by_nothing_and_passes_by_itself():
    handoff = offered()
    due = handoff.due_at
    SlaPolicy.objects.update(minutes=5)
    handoff.lead.name = "Another name"
    handoff.lead.save()
    handoff.refresh_from_db()
    assert handoff.due_at == due
    assert not Handoff.objects.overdue(due).exists()
    assert Handoff.objects.overdue(due + timedelta(seconds=1)).exists()


def test_what_sales_has_already_attaches_or_is_left_to_it():
    sol = rep()
    handoff = offered(to=sol)
    while_open = crossing(handoff.lead)
    pipeline.run(at=NOW)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    while_worked = crossing(handoff.lead)
    pipeline.run(at=NOW)
    assert outcome(while_open) == "attached"
    assert outcome(while_worked) == "with_sales"
    assert Handoff.objects.count() == 1


def test_a_customer_is_not_handed_over():
    pool(rep())
    crossed = crossing(lead(stage=Stage.CUSTOMER))
    pipeline.run(at=NOW)
    assert outcome(crossed) == "customer"
    assert not Handoff.objects.exists()


def test_held_crossings_wait_for_a_person():
    pool(rep())
    crossed = crossing(lead(), held_at=NOW)
    assert pipeline.run(at=NOW) == 0
    Crossing.objects.filter(pk=crossed.pk).update(released_at=LATER, released_by=admin())
    assert pipeline.run(at=LATER) == 1


def test_what_a_blocker_forbids_is_not_handed_over(monkeypatch):
    pool(rep())
    ada = lead()
    crossed = crossing(ada)
    monkeypatch.setattr(evidence, "is_blocked", lambda _: True)
    pipeline.run(at=NOW)
    ada.refresh_from_db()
    assert outcome(crossed) == "blocked"
    assert ada.stage == Stage.LEAD


# MQL


@pytest.mark.parametrize(("intent", "strength"), [(400, "strong"), (0, "weak")])
def test_s4_07_s4_08_an_mql_is_strong_when_it_has_asked_for_something(intent, strength):
    ada = lead()
    crossed = crossing(ada, "mql", intent=intent)
    pipeline.run(at=NOW)
    ada.refresh_from_db()
    assert (ada.stage, ada.stage_reason) == (Stage.MQL, strength)
    assert outcome(crossed) == "mql"
    assert not Handoff.objects.exists()


def test_a_lead_only_goes_upward():
    pool(rep())
    ada = lead()
    crossing(ada, "sql")
    late = crossing(ada, "mql")
    pipeline.run(at=NOW)
    ada.refresh_from_db()
    assert ada.stage == Stage.HANDED_OVER
    assert outcome(late) == "already"


# By a marketer's judgement


def test_s0_14_marketing_hands_over_by_its_own_judgement_and_both_sides_are_stamped():
    mara, sol = marketer(), rep()
    pool(sol)
    ada = lead("Ada")
    handoff = pipeline.hand_over(lead=ada, by=mara, note="Met her at the fair.", at=NOW)
    assert (handoff.rep, handoff.offered_by, handoff.crossing) == (sol, mara, None)
    change = ada.stage_changes.get()
    assert (change.cause, change.by, change.note) == ("marketing", mara, "Met her at the fair.")
    assert "Mara Marker: “Met her at the fair.”" in Notification.objects.get().body
    decisions.accept(handoff=handoff, by=sol, at=LATER)
    assert ada.stage_changes.latest("id").by == sol
    with pytest.raises(StageConflict, match="Ada is SQL by now"):
        pipeline.hand_over(lead=ada, by=mara, note="Again.", at=LATER)


def test_only_marketing_hands_over_by_judgement():
    pool(rep())
    for stranger in (rep("Sven Seller"), manager()):
        with pytest.raises(NotYours):
            pipeline.hand_over(lead=lead(), by=stranger, note="Mine!", at=NOW)
    assert not Handoff.objects.exists()


# After a rejection


def rejected(code: str = "timing", **fields) -> Handoff:
    handoff = offered(of=lead("Ada", **fields))
    decisions.reject(handoff=handoff, by=handoff.rep, reason=reason(code), at=NOW)
    handoff.lead.refresh_from_db()
    return handoff


def test_before_the_return_date_a_lead_without_a_new_sign_of_intent_waits():
    handoff = rejected("no_authority")
    again = crossing(handoff.lead, at=LATER)
    assert pipeline.run(at=LATER) == 0
    again.refresh_from_db()
    assert again.not_before == datetime(2026, 12, 17, tzinfo=UTC)
    assert pipeline.run(at=again.not_before - timedelta(seconds=1)) == 0
    assert pipeline.run(at=again.not_before) == 1
    assert outcome(again) == "handed_over"
    assert [h.cycle for h in handoff.lead.handoffs.order_by("id")] == [1, 2]


def test_a_new_sign_of_intent_does_not_wait_for_the_date():
    handoff = rejected()
    activity(handoff.lead, "demo_request", NOW)  # what sales knew when it said no
    again = crossing(handoff.lead, at=LATER)
    pipeline.run(at=LATER)
    assert outcome(again) == ""
    asked = LATER + timedelta(days=1)
    activity(handoff.lead, "ebook_download", asked)
    pipeline.run(at=asked)
    assert outcome(again) == ""
    activity(handoff.lead, "pricing_page_view", asked)
    pipeline.run(at=asked)
    assert outcome(again) == "handed_over"


def test_too_small_ends_when_the_company_grows():
    small = company(employees=12)
    handoff = rejected("too_small", company=small)
    again = crossing(handoff.lead, at=LATER)
    pipeline.run(at=LATER)
    assert outcome(again) == ""
    small.employees = 40
    small.save()
    pipeline.run(at=LATER)
    assert outcome(again) == "handed_over"


def test_who_has_left_the_line_while_waiting_is_not_handed_over():
    handoff = rejected("no_authority")
    again = crossing(handoff.lead, at=LATER)
    pipeline.run(at=LATER)
    LineState.objects.filter(lead=handoff.lead).update(inside=False)
    pipeline.run(at=NOW + timedelta(days=40))
    assert outcome(again) == "left"
    handoff.lead.refresh_from_db()
    assert handoff.lead.stage == Stage.MQL


def test_g05_a_returning_lead_goes_to_somebody_else_when_somebody_else_is_there():
    anna, ben = reps(2)
    ring = pool(anna)
    handoff = offered(to=anna)
    decisions.reject(handoff=handoff, by=anna, reason=reason(), at=NOW)
    PoolMember.objects.create(pool=ring, user=ben, last_assigned_at=LATER)  # not next in turn
    activity(handoff.lead, "quote_request", LATER)
    crossing(handoff.lead, at=LATER)
    pipeline.run(at=LATER)
    again = Handoff.objects.get(lead=handoff.lead, status="open")
    assert again.rep == ben
    handoff.refresh_from_db()
    assert handoff.status == "rejected"


def test_a_returning_lead_goes_to_the_same_rep_rather_than_to_nobody():
    handoff = rejected()
    activity(handoff.lead, "quote_request", LATER)
    crossing(handoff.lead, at=LATER)
    pipeline.run(at=LATER)
    assert Handoff.objects.get(status="open").rep == handoff.rep


def test_what_sales_closed_stays_closed_until_marketing_says_otherwise():
    handoff = rejected("not_a_buyer")
    activity(handoff.lead, "demo_request", LATER)
    again, read = crossing(handoff.lead, at=LATER), crossing(handoff.lead, "mql", at=LATER)
    pipeline.run(at=LATER)
    assert (outcome(again), outcome(read)) == ("closed", "closed")
    pipeline.hand_over(lead=handoff.lead, by=marketer(), note="She changed jobs.", at=LATER)
    assert Handoff.objects.filter(status="open").exists()


def test_a_lost_deal_may_come_again():
    pool(rep())
    ada = lead(stage=Stage.CLOSED, stage_reason="lost")
    crossed = crossing(ada)
    pipeline.run(at=NOW)
    assert outcome(crossed) == "handed_over"


def test_a_rejected_lead_crosses_anew_only_by_what_it_does_afterwards():
    """Through the scoring itself: the restart closes the line, new intent opens the next cycle."""
    pool(rep())
    ada = lead("Ada", title="Head of Operations", company=company(employees=240, industry="Lifts"))

    def does(kind: str, at: datetime) -> None:
        activity_type = ActivityType.objects.get(key=kind)
        new = NewActivity(f"{kind}-{at}", activity_type.pk, at, "test", lead_id=ada.pk)
        activities.record(activities=[new], at=at)
        rescore_changed(at=at)
        pipeline.run(at=at)

    does("comparison_guide_download", NOW)
    does("demo_request", NOW)
    first = Handoff.objects.get()
    decisions.reject(handoff=first, by=first.rep, reason=reason(), at=LATER)
    rescore_changed(at=LATER)
    pipeline.run(at=LATER)
    assert Handoff.objects.count() == 1
    does("comparison_guide_download", LATER + timedelta(days=1))
    assert Handoff.objects.count() == 1
    does("demo_request", LATER + timedelta(days=2))
    assert [h.cycle for h in Handoff.objects.order_by("id")] == [1, 2]
    assert Notification.objects.filter(kind="handoff").count() == 2


# When something goes wrong


def test_f10_a_lead_that_cannot_be_handled_is_put_aside_and_the_others_go_on(monkeypatch):
    pool(rep())
    broken, fine = lead("Broken"), lead("Fine")
    crossing(broken)
    crossing(fine)
    freeze = evidence.freeze

    def fail(*, lead: Lead, **rest):
        if lead == broken:
            raise ValueError("no such thing")
        return freeze(lead=lead, **rest)

    monkeypatch.setattr(evidence, "freeze", fail)
    assert pipeline.run(at=NOW) == 1
    aside = StuckCrossing.objects.get()
    assert (aside.crossing.lead, aside.attempts, aside.error) == (broken, 1, "ValueError: no such thing")
    broken.refresh_from_db()
    assert broken.stage == Stage.LEAD
    assert pipeline.run(at=NOW + timedelta(seconds=59)) == 0
    for minutes in (2, 8, 60):
        pipeline.run(at=NOW + timedelta(minutes=minutes))
    aside.refresh_from_db()
    assert aside.attempts == 3
    assert aside in StuckCrossing.objects.parked()
    monkeypatch.undo()
    stuck.try_again(crossing_ids=[aside.crossing_id])
    assert pipeline.run(at=NOW + timedelta(hours=2)) == 1
    assert not StuckCrossing.objects.exists()


def test_a_database_that_is_away_is_no_fault_of_the_lead(monkeypatch):
    pool(rep())
    crossing(lead())

    def fail(**_):
        raise OperationalError("gone")

    monkeypatch.setattr(routing, "assign", fail)
    with pytest.raises(OperationalError):
        pipeline.run(at=NOW)
    assert not StuckCrossing.objects.exists()


# Overdue


def test_an_overdue_handoff_alarms_the_rep_and_the_manager_once():
    sol, max_ = rep(), manager()
    manager("Nora North", team("Nordics"))
    handoff = offered(to=sol)
    late = handoff.due_at + timedelta(minutes=1)
    escalation.run(at=handoff.due_at)
    assert not Notification.objects.filter(kind="overdue").exists()
    assert escalation.run(at=late) == 1
    assert escalation.run(at=late) == 0
    alarms = Notification.objects.filter(kind="overdue")
    assert {alarm.recipient for alarm in alarms} == {sol, max_}
    assert "is overdue with Sol Seller" in alarms[0].title


def test_an_answered_handoff_alarms_nobody():
    handoff = offered()
    decisions.accept(handoff=handoff, by=handoff.rep, at=NOW)
    contacts.log(lead=handoff.lead, by=handoff.rep, kind="call", key=uuid.uuid4(), at=NOW)
    assert escalation.run(at=handoff.due_at + timedelta(days=1)) == 0
    assert recycling.last_rejection(handoff.lead) is None
    assert Verdict.objects.count() == 1


def test_a_lead_whose_pool_is_switched_off_still_waits_visibly():
    max_ = manager()
    ring = pool(rep())
    Pool.objects.filter(pk=ring.pk).update(is_active=False)
    ada = admin()
    crossing(lead())
    pipeline.run(at=NOW)
    assert Handoff.objects.unassigned().count() == 1
    assert Notification.objects.get().recipient in (ada, max_)


def test_the_stage_of_a_lead_moved_meanwhile_is_what_counts():
    pool(rep())
    ada = lead()
    crossed = crossing(ada)
    lifecycle.move(lead=ada, to=Stage.CUSTOMER, at=NOW, cause=StageChange.Cause.IMPORT)
    pipeline.run(at=NOW)
    assert outcome(crossed) == "customer"


def test_who_comes_to_work_gets_what_waits_however_many_crossings_stand_in_line(monkeypatch):
    waiting = unassigned()
    sol = rep()
    PoolMember.objects.create(pool=Pool.objects.get(), user=sol)
    crossing(lead())
    crossing(lead(), stage="mql")
    monkeypatch.setattr(tasks, "SECONDS", 0)

    tasks.run_pipeline()

    waiting.refresh_from_db()
    assert waiting.rep == sol
    assert Crossing.objects.filter(handled_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_lead_that_another_has_in_hand():
    pool(rep())
    busy, free = crossing(lead()), crossing(lead())
    in_hand, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Lead.objects.select_for_update(no_key=True).get(pk=busy.lead_id)
                in_hand.set()
                let_go.wait(20)
        finally:
            connection.close()

    other = threading.Thread(target=hold)
    other.start()
    in_hand.wait(20)
    pipeline.run(at=NOW)
    assert (outcome(busy), outcome(free)) == ("", "handed_over")

    let_go.set()
    other.join()
    pipeline.run(at=NOW)
    assert outcome(busy) == "handed_over"
