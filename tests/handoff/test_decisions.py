"""Accept, send back, undo."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from handoff import decisions, pipeline, qualification
from handoff.decisions import AlreadyDecided, ReturnDateRefused, UndoRefused
from handoff.models import Handoff, Pool, PoolMember, Verdict
from handoff.permissions import NotYours, may_decide
from leads import lifecycle
from leads.models import StageChange
from leads.stages import Stage
from notifications.models import Notification
from scoring.models import Adjustment
from tests.factories import NOW, activity, admin, lead, manager, marketer, rep, team
from tests.handoff.factories import QUESTIONS, crossing, offered, pool, reason, reps, unassigned

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)


def stage_of(handoff: Handoff) -> str:
    handoff.lead.refresh_from_db()
    return handoff.lead.stage


# Accept


def test_accepting_makes_an_sql_that_is_yours_and_stops_the_clock():
    sol = rep()
    handoff = offered(to=sol)
    verdict = decisions.accept(handoff=handoff, by=sol, at=LATER)
    handoff.refresh_from_db()
    assert stage_of(handoff) == Stage.SQL
    assert handoff.lead.owner == sol
    assert handoff.status == "accepted"
    assert handoff.decided_at == LATER
    assert verdict.stage_change.cause == "verdict"
    assert verdict.stage_change.by == sol
    assert not Handoff.objects.overdue(handoff.due_at + timedelta(days=1)).exists()


def test_the_second_to_decide_hears_who_was_first_and_when():
    sol, max_ = rep(), manager()
    handoff = offered(to=sol)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    with pytest.raises(AlreadyDecided, match=r"Sol Seller accepted this on Tue 17 Nov, 10:36") as faster:
        decisions.reject(handoff=handoff, by=max_, reason=reason(), at=LATER)
    assert (faster.value.by, faster.value.at, faster.value.kind) == (sol, NOW, "accept")
    assert handoff.verdicts.count() == 1


@pytest.mark.django_db(transaction=True)
def test_f12_of_a_hundred_who_accept_at_once_one_wins_and_the_others_hear_who():
    people = reps(10)
    pool()
    handoff = unassigned()
    for person in people:
        PoolMember.objects.create(pool=Pool.objects.get(), user=person)
    outcomes: list[object] = []
    start = threading.Barrier(10)

    def click(person) -> None:
        start.wait()
        try:
            for _ in range(10):
                try:
                    outcomes.append(decisions.accept(handoff=handoff, by=person, at=NOW))
                except AlreadyDecided as faster:
                    outcomes.append(faster)
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handoff.refresh_from_db()
    won = [outcome for outcome in outcomes if isinstance(outcome, Verdict)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, AlreadyDecided)]
    assert len(won) == 1
    assert len(lost) == 99
    assert {faster.by for faster in lost} == {won[0].by} == {handoff.rep}
    assert handoff.verdicts.count() == 1
    assert StageChange.objects.filter(lead=handoff.lead, to_stage=Stage.SQL).count() == 1


def test_accepting_what_nobody_had_makes_it_yours():
    handoff = unassigned()
    sol = rep()
    decisions.accept(handoff=handoff, by=sol, at=LATER)
    handoff.refresh_from_db()
    assert handoff.rep == sol
    assert handoff.assigned_at == LATER


# Who may


def test_a_rep_decides_on_their_own_a_manager_on_the_teams_and_marketing_on_nothing():
    sol, mona = rep(), rep("Mona Colleague")
    eve, max_, mara, ada = rep("Eve Elsewhere", team("Nordics")), manager(), marketer(), admin()
    handoff = offered(to=sol)
    assert [may_decide(user, handoff) for user in (sol, max_, ada)] == [True, True, True]
    assert not may_decide(mara, handoff)
    for stranger, why in [
        (mara, "Verdicts are for sales to give."),
        (mona, "This lead is Sol Seller’s."),
        (eve, "This lead is with another team."),
    ]:
        with pytest.raises(NotYours, match=why):
            decisions.accept(handoff=handoff, by=stranger, at=LATER)
        with pytest.raises(NotYours):
            decisions.reject(handoff=handoff, by=stranger, reason=reason(), at=LATER)
    handoff.refresh_from_db()
    assert handoff.is_open
    decisions.accept(handoff=handoff, by=max_, at=LATER)
    handoff.refresh_from_db()
    assert handoff.rep == sol


def test_what_nobody_has_may_be_taken_by_the_team_but_not_by_another():
    handoff = unassigned()
    eve = rep("Eve Elsewhere", team("Nordics"))
    with pytest.raises(NotYours):
        decisions.accept(handoff=handoff, by=eve, at=LATER)
    decisions.accept(handoff=handoff, by=rep(), at=LATER)


# Send back


def test_s1_22_a_rejected_lead_is_back_with_marketing_with_its_reason_rep_and_date():
    sol = rep()
    handoff = offered(to=sol)
    decisions.reject(handoff=handoff, by=sol, reason=reason("timing"), at=NOW, note="Ask in spring.")
    handoff.refresh_from_db()
    assert stage_of(handoff) == Stage.MQL
    assert handoff.lead.stage_reason == "timing"
    assert handoff.status == "rejected"
    change = handoff.lead.stage_changes.latest("id")
    assert (change.from_stage, change.to_stage, change.by) == ("handed_over", "mql", sol)
    assert (change.reason, change.note) == ("timing", "Ask in spring.")
    verdict = handoff.verdicts.get()
    assert verdict.return_on == NOW.date() + timedelta(days=60)
    restart = Adjustment.objects.get(lead=handoff.lead)
    assert (restart.kind, restart.at, restart.voided_at) == ("restart", NOW, None)
    assert set(restart.dimensions) == {"engagement", "intent"}


@pytest.mark.parametrize(
    ("code", "days"),
    [
        ("timing", 60),
        ("no_budget", 90),
        ("too_small", 180),
        ("no_authority", 30),
        ("unreachable", 90),
        ("locked_in", 90),
    ],
)
def test_each_reason_brings_the_lead_back_after_its_own_time(code, days):
    handoff = offered()
    verdict = decisions.reject(handoff=handoff, by=handoff.rep, reason=reason(code), at=NOW)
    assert verdict.return_on == NOW.date() + timedelta(days=days)


@pytest.mark.parametrize("code", ["not_a_buyer", "duplicate_or_customer", "wrong_industry"])
def test_some_reasons_close_the_lead(code):
    handoff = offered()
    verdict = decisions.reject(handoff=handoff, by=handoff.rep, reason=reason(code), at=NOW)
    assert stage_of(handoff) == Stage.CLOSED
    assert verdict.return_on is None


def test_the_rep_may_choose_the_return_date_but_not_one_that_is_over():
    handoff = offered()
    with pytest.raises(ReturnDateRefused):
        decisions.reject(handoff=handoff, by=handoff.rep, reason=reason(), at=NOW, return_on=NOW.date())
    tomorrow = NOW.date() + timedelta(days=1)
    verdict = decisions.reject(handoff=handoff, by=handoff.rep, reason=reason(), at=NOW, return_on=tomorrow)
    assert verdict.return_on == tomorrow


def test_a_return_date_lies_within_two_years():
    handoff = offered()
    latest = NOW.date() + timedelta(days=730)
    with pytest.raises(ReturnDateRefused, match=r"^The latest day is 16 Nov 2028\.$"):
        decisions.reject(
            handoff=handoff, by=handoff.rep, reason=reason(), at=NOW, return_on=latest + timedelta(days=1)
        )
    verdict = decisions.reject(handoff=handoff, by=handoff.rep, reason=reason(), at=NOW, return_on=latest)
    assert verdict.return_on == latest


def test_a_reason_that_waits_longer_than_two_years_sets_its_own_bound():
    handoff, far = offered(), reason()
    far.return_days = 900
    far.save()
    wanted = NOW.date() + timedelta(days=850)
    verdict = decisions.reject(handoff=handoff, by=handoff.rep, reason=far, at=NOW, return_on=wanted)
    assert verdict.return_on == wanted


def test_a_marketer_who_handed_over_by_own_judgement_is_told_when_it_comes_back():
    mara, sol = marketer(), rep()
    pool(sol)
    handoff = pipeline.hand_over(lead=lead("Ada"), by=mara, note="Met her at the fair.", at=NOW)
    decisions.reject(handoff=handoff, by=sol, reason=reason("too_small"), at=LATER, note="Two vans.")
    told = Notification.objects.get(recipient=mara)
    assert told.title == "Sol Seller sent Ada back: too small"
    assert "“Two vans.”" in told.body


# Undo


def test_undoing_a_rejection_puts_everything_back_and_tells_nobody():
    sol = rep()
    handoff = offered(to=sol)
    before = Handoff.objects.values("status", "rep", "due_at", "decided_at", "assigned_at").get(pk=handoff.pk)
    told = Notification.objects.count()
    decisions.reject(handoff=handoff, by=sol, reason=reason(), at=LATER)
    undone = decisions.undo(handoff=handoff, by=sol, at=LATER + timedelta(minutes=10))
    assert Handoff.objects.values(*before).get(pk=handoff.pk) == before
    assert stage_of(handoff) == Stage.HANDED_OVER
    assert Adjustment.objects.get().voided_at == LATER + timedelta(minutes=10)
    assert undone.undoes.kind == "reject"
    assert [verdict.kind for verdict in handoff.verdicts.order_by("id")] == ["reject", "undo"]
    assert Notification.objects.count() == told
    decisions.accept(handoff=handoff, by=sol, at=LATER + timedelta(minutes=11))
    assert stage_of(handoff) == Stage.SQL


def test_undoing_an_acceptance_gives_the_lead_its_owner_back():
    sol, earlier = rep(), rep("Olga Owner")
    pool(sol)
    handoff = offered(of=lead(owner=earlier))
    decisions.accept(handoff=handoff, by=sol, at=LATER)
    decisions.undo(handoff=handoff, by=sol, at=LATER)
    handoff.lead.refresh_from_db()
    assert handoff.lead.owner == earlier


def test_undoing_the_acceptance_of_what_nobody_had_gives_it_back_to_the_queue():
    handoff = unassigned()
    sol = rep()
    decisions.accept(handoff=handoff, by=sol, at=LATER)
    decisions.undo(handoff=handoff, by=sol, at=LATER)
    handoff.refresh_from_db()
    assert handoff in Handoff.objects.unassigned()


def rejected_by(sol) -> Handoff:
    handoff = offered(to=sol)
    decisions.reject(handoff=handoff, by=sol, reason=reason(), at=NOW)
    return handoff


def test_only_ones_own_verdict_can_be_taken_back():
    handoff = rejected_by(rep())
    with pytest.raises(UndoRefused, match="only Sol Seller can take it back"):
        decisions.undo(handoff=handoff, by=manager(), at=LATER)


def test_after_ten_minutes_a_verdict_stands():
    sol = rep()
    handoff = rejected_by(sol)
    with pytest.raises(UndoRefused, match="10 minutes"):
        decisions.undo(handoff=handoff, by=sol, at=NOW + timedelta(minutes=10, seconds=1))


def test_nothing_can_be_undone_twice_or_before_it_was_decided():
    sol = rep()
    handoff = offered(to=sol)
    with pytest.raises(UndoRefused, match="no verdict"):
        decisions.undo(handoff=handoff, by=sol, at=NOW)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    decisions.undo(handoff=handoff, by=sol, at=LATER)
    with pytest.raises(UndoRefused, match="no verdict"):
        decisions.undo(handoff=handoff, by=sol, at=LATER)


def test_a_verdict_on_which_something_was_built_stands():
    sol = rep()
    again = rejected_by(sol)
    pipeline.hand_over(lead=again.lead, by=marketer(), note="She called.", at=LATER)
    with pytest.raises(UndoRefused, match="handed over again"):
        decisions.undo(handoff=again, by=sol, at=LATER)
    sold = offered(of=lead("Sold"))
    decisions.accept(handoff=sold, by=sol, at=NOW)
    qualified(sold, sol)
    with pytest.raises(UndoRefused, match="became an opportunity"):
        decisions.undo(handoff=sold, by=sol, at=LATER)
    moved = offered(of=lead("Moved"))
    decisions.reject(handoff=moved, by=sol, reason=reason(), at=NOW)
    moved.lead.refresh_from_db()
    lifecycle.move(lead=moved.lead, to=Stage.CUSTOMER, at=LATER, cause=StageChange.Cause.IMPORT)
    with pytest.raises(UndoRefused, match="is Customer by now"):
        decisions.undo(handoff=moved, by=sol, at=LATER)


def qualified(handoff: Handoff, by) -> None:
    activity(handoff.lead, "call_logged")
    handoff.lead.refresh_from_db()
    for question in QUESTIONS:
        qualification.answer(lead=handoff.lead, by=by, question=question, level=2, at=NOW)
    qualification.convert(lead=handoff.lead, by=by, at=LATER)


def test_a_lead_that_left_sales_another_way_is_not_decided_on():
    sol = rep()
    handoff = offered(to=sol)
    handoff.lead.refresh_from_db()
    lifecycle.move(lead=handoff.lead, to=Stage.CUSTOMER, at=NOW, cause=StageChange.Cause.IMPORT)
    with pytest.raises(NotYours, match="Customer"):
        decisions.accept(handoff=handoff, by=sol, at=LATER)
    pipeline.run(at=LATER)
    assert not Handoff.objects.open().exists()
    with pytest.raises(NotYours, match="Customer"):
        decisions.accept(handoff=handoff, by=sol, at=LATER)


def test_a_crossing_while_the_undone_handoff_is_open_attaches_to_it():
    sol = rep()
    handoff = rejected_by(sol)
    waiting = crossing(handoff.lead, at=LATER)
    pipeline.run(at=LATER)
    waiting.refresh_from_db()
    assert waiting.handled_at is None
    decisions.undo(handoff=handoff, by=sol, at=LATER)
    pipeline.run(at=LATER)
    waiting.refresh_from_db()
    assert waiting.outcome == "attached"
    assert Handoff.objects.count() == 1
