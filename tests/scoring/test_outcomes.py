"""Decided leads, out of the history of stages alone, each with the moment before its own decision."""

from datetime import timedelta
from typing import Any

import pytest

from leads import lifecycle
from leads.models import ActivityType, Opportunity, StageChange
from leads.stages import Stage
from scoring.outcomes import UNDECIDED, Decided, Kind, decided
from scoring.statement import run
from tests.factories import NOW, activity, lead
from tests.scoring.pasts import accepted, handed_over, moved, sent_back, won

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
JUST_BEFORE = timedelta(microseconds=1)
UNDO = StageChange.Cause.UNDO
VERDICT = StageChange.Cause.VERDICT


def test_a_verdict_counts_as_of_the_moment_before_it() -> None:
    good, bad = accepted(NOW - 2 * DAY), sent_back(NOW - DAY, "too_small")
    handed_over(NOW)  # nobody has said anything yet

    assert decided(kind="accepted", at=NOW) == [
        Decided(good.pk, NOW - 2 * DAY, NOW - 2 * DAY - JUST_BEFORE, True, ""),
        Decided(bad.pk, NOW - DAY, NOW - DAY - JUST_BEFORE, False, "too_small"),
    ]


def test_a_verdict_that_was_taken_back_does_not_count_and_the_next_one_does() -> None:
    made = sent_back(NOW - DAY)
    moved(made, Stage.HANDED_OVER, NOW - DAY + timedelta(minutes=5), cause=UNDO)
    assert decided(kind="accepted", at=NOW) == []

    moved(made, Stage.SQL, NOW, cause=VERDICT)
    assert [(one.good, one.at) for one in decided(kind="accepted", at=NOW)] == [(True, NOW)]


def test_what_both_sides_settled_counts_from_then_on_instead_of_the_verdict() -> None:
    wronged, agreed = sent_back(NOW - 9 * DAY, "too_small"), sent_back(NOW - 8 * DAY, "too_small")
    for made, was_sql in ((wronged, True), (agreed, False)):
        change = made.stage_changes.get(to_stage=Stage.MQL, from_stage=Stage.HANDED_OVER)
        lifecycle.settle(change=change, was_sql=was_sql, at=NOW - DAY)

    def said(at, **more) -> list[tuple[bool, str]]:
        return [(one.good, one.reason) for one in decided(kind="accepted", at=at, **more)]

    assert said(NOW - 2 * DAY) == [(False, "too_small"), (False, "too_small")], "not known yet"
    for more in ({}, {"newest": 2}, {"since": NOW - 10 * DAY}, {"until": "handover"}):
        assert said(NOW, **more) == [(True, ""), (False, "too_small")], more
    assert decided(kind="accepted", at=NOW)[0].at == NOW - 9 * DAY, "it was decided then"
    assert [one.good for one in decided(kind="opportunity", at=NOW)] == [False, False], "nobody made a deal"


def test_a_lead_handed_over_again_is_decided_twice() -> None:
    made = sent_back(NOW - 30 * DAY)
    moved(made, Stage.HANDED_OVER, NOW - 3 * DAY)
    moved(made, Stage.SQL, NOW - DAY, cause=VERDICT)

    for kind in ("accepted", "opportunity"):
        found = decided(kind=kind, at=NOW)
        if kind == "accepted":
            assert [(one.good, one.reason) for one in found] == [(False, "timing"), (True, "")]
        else:  # the second one is open still
            assert [one.good for one in found] == [False]


def test_what_sales_did_after_the_handover_does_not_tell_on_who_was_won() -> None:
    """The moment is before the verdict, not before the deal that came of it."""
    made = won(NOW)
    moment = NOW - 7 * DAY - JUST_BEFORE
    assert decided(kind="won", at=NOW) == [Decided(made.pk, NOW, moment, True, "")]
    assert decided(kind="opportunity", at=NOW) == [Decided(made.pk, NOW - 5 * DAY, moment, True, "")]


def test_what_was_not_known_yet_is_not_told() -> None:
    won(NOW)
    assert decided(kind="won", at=NOW - DAY) == []
    assert decided(kind="accepted", at=NOW, since=NOW - DAY) == []


def test_a_lead_that_sales_gave_up_later_was_not_won() -> None:
    made = accepted(NOW - 9 * DAY)
    moved(made, Stage.CLOSED, NOW, reason="lost")
    assert [(one.good, one.reason) for one in decided(kind="won", at=NOW)] == [(False, "lost")]


def test_an_imported_win_without_a_handover_counts_before_it_left_marketing() -> None:
    made = lead(at=NOW - 90 * DAY)
    moved(made, Stage.MQL, NOW - 80 * DAY)
    moved(made, Stage.CUSTOMER, NOW - 10 * DAY)
    assert decided(kind="won", at=NOW) == [
        Decided(made.pk, NOW - 10 * DAY, NOW - 10 * DAY - JUST_BEFORE, True, "")
    ]
    assert decided(kind="accepted", at=NOW) == []  # no verdict was given


def test_a_deal_that_ended_without_a_step_of_its_lead_counts() -> None:
    made = lead(at=NOW - 90 * DAY)
    Opportunity.objects.create(lead=made, closed_at=NOW - DAY, outcome="lost", lost_reason="price")
    assert [(one.good, one.reason) for one in decided(kind="won", at=NOW)] == [(False, "price")]


def test_leads_nobody_decided_count_as_not_won_once_they_are_old_enough() -> None:
    old, _young = lead(at=NOW - 100 * DAY), lead(at=NOW - 20 * DAY)
    handed_over(NOW - 95 * DAY)  # with sales: open, however old
    bought = won(NOW - 2 * DAY)

    found = decided(kind="won", at=NOW, mature_days=90)

    assert [(one.lead_id, one.good, one.reason) for one in found] == [
        (old.pk, False, UNDECIDED),
        (bought.pk, True, ""),
    ]
    assert found[0].as_of == NOW - 10 * DAY


def test_only_the_leads_asked_about() -> None:
    one, _other = accepted(NOW - DAY), accepted(NOW - DAY)
    assert [found.lead_id for found in decided(kind="accepted", at=NOW, lead_ids=[one.pk])] == [one.pk]


def test_the_newest_are_found_whatever_lies_behind_them() -> None:
    """Also where a step was taken back, and where one outcome has several steps."""
    for k in range(6):
        won(NOW - k * DAY)
    undone = sent_back(NOW - timedelta(hours=1))
    moved(undone, Stage.HANDED_OVER, NOW, cause=UNDO)
    for kind in ("accepted", "opportunity", "won"):
        everybody = decided(kind=kind, at=NOW)
        assert decided(kind=kind, at=NOW, newest=2) == everybody[-2:]
        assert decided(kind=kind, at=NOW, newest=99) == everybody
        assert len(everybody) == 6


def test_the_newest_are_found_among_imported_deals_and_the_undecided_too() -> None:
    for k in range(3):
        made = lead(at=NOW - 200 * DAY)
        Opportunity.objects.create(
            lead=made, created_at=NOW - 99 * DAY, closed_at=NOW - (k + 1) * DAY, outcome="won"
        )
    old = lead(at=NOW - 300 * DAY)
    (newest,) = decided(kind="won", at=NOW, newest=1)
    assert newest.at == NOW - DAY
    assert len(decided(kind="won", at=NOW, newest=3, mature_days=90)) == 3
    assert old.pk in {one.lead_id for one in decided(kind="won", at=NOW, newest=4, mature_days=90)}


def test_since_a_day_is_the_same_as_leaving_out_what_was_decided_before() -> None:
    for k in range(6):
        won(NOW - k * DAY)
    since = NOW - 3 * DAY
    for kind in ("accepted", "opportunity", "won"):
        everybody = decided(kind=kind, at=NOW)
        assert decided(kind=kind, at=NOW, since=since) == [one for one in everybody if one.at >= since]


def test_the_statement_reads_only_as_many_as_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(5):
        accepted(NOW - k * DAY)
    read = []

    def reading(*args: Any, **kwargs: Any) -> list[Any]:
        read.append(run(*args, **kwargs))
        return read[-1]

    monkeypatch.setattr("scoring.outcomes.run", reading)
    decided(kind="accepted", at=NOW, newest=2)
    assert [len(rows) for rows in read] == [2]


def test_what_is_learned_is_asked_as_of_the_handover_and_each_has_its_own() -> None:
    made = sent_back(NOW - 30 * DAY)
    moved(made, Stage.HANDED_OVER, NOW - 3 * DAY)
    moved(made, Stage.SQL, NOW - DAY, cause=VERDICT)
    bought = lead(at=NOW - 90 * DAY)  # never handed over
    moved(bought, Stage.MQL, NOW - 80 * DAY)
    moved(bought, Stage.CUSTOMER, NOW - 10 * DAY)

    first, second = decided(kind="accepted", at=NOW, until="handover")
    (won_at,) = [one for one in decided(kind="won", at=NOW, until="handover") if one.good]

    assert first.as_of == NOW - 31 * DAY
    assert second.as_of == NOW - 3 * DAY
    assert won_at.as_of == NOW - 10 * DAY - JUST_BEFORE


def test_a_verdict_that_was_taken_back_does_not_move_the_handover() -> None:
    made = sent_back(NOW - DAY)
    moved(made, Stage.HANDED_OVER, NOW - DAY + timedelta(minutes=5), cause=UNDO)
    moved(made, Stage.SQL, NOW, cause=VERDICT)
    (one,) = decided(kind="accepted", at=NOW, until="handover")
    assert one.as_of == NOW - 2 * DAY


def test_a_verdict_in_the_moment_of_the_handover_is_not_known_in_it() -> None:
    """As in a history that knows days alone."""
    made = handed_over(NOW)
    moved(made, Stage.SQL, NOW, cause=VERDICT)
    (one,) = decided(kind="accepted", at=NOW, until="handover")
    assert one.as_of == NOW - JUST_BEFORE


def test_a_moment_before_the_verdict_lies_before_what_sales_wrote_down() -> None:
    """A call before the handover was known then, and other types do not move it."""
    called, left = accepted(NOW - DAY), accepted(NOW - DAY)
    activity(called, "call_logged", NOW - 3 * DAY)
    activity(called, "demo_request", NOW - 2 * DAY + timedelta(hours=1))
    activity(called, "call_logged", NOW - 2 * DAY + timedelta(hours=2))
    activity(called, "call_logged", NOW - 2 * DAY + timedelta(hours=3))
    activity(left, "meeting_held", NOW - 2 * DAY + timedelta(hours=2))
    calls = [ActivityType.objects.get(key="call_logged").pk]

    found = {one.lead_id: one.as_of for one in decided(kind="accepted", at=NOW, sales_types=calls)}

    assert found == {
        called.pk: NOW - 2 * DAY + timedelta(hours=2) - JUST_BEFORE,
        left.pk: NOW - DAY - JUST_BEFORE,
    }


@pytest.mark.parametrize("kind", ["accepted", "opportunity", "won"])
def test_the_newest_are_those_that_all_of_them_end_with(kind: Kind) -> None:
    """Whatever came of them: taken back, twice, by a deal alone, lost after it was accepted."""
    for day in range(1, 60, 6):
        accepted(NOW - day * DAY)
        twice = sent_back(NOW - (day + 1) * DAY, to=Stage.CLOSED if day % 4 == 1 else Stage.MQL)
        if day % 4 != 1:
            moved(twice, Stage.HANDED_OVER, NOW - day * DAY)
        won(NOW - (day + 2) * DAY)
        deal = lead(at=NOW - 90 * DAY)
        Opportunity.objects.create(lead=deal, closed_at=NOW - (day + 3) * DAY, outcome="won")
        lost = accepted(NOW - (day + 20) * DAY)
        moved(lost, Stage.CLOSED, NOW - (day + 4) * DAY, reason="lost")
        undone = sent_back(NOW - (day + 5) * DAY)
        moved(undone, Stage.HANDED_OVER, NOW - (day + 5) * DAY + timedelta(minutes=5), cause=UNDO)

    every = sorted(decided(kind=kind, at=NOW), key=lambda one: (one.at, one.lead_id))
    newest = decided(kind=kind, at=NOW, newest=7)

    assert sorted(newest, key=lambda one: (one.at, one.lead_id)) == every[-7:]
    since = every[-12].at
    assert len(decided(kind=kind, at=NOW, since=since)) == sum(one.at >= since for one in every)
