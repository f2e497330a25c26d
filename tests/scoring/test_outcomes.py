"""Decided leads, out of the history of stages alone, each with the moment before its own decision."""

from datetime import timedelta

import pytest

from leads.models import Opportunity, StageChange
from leads.stages import Stage
from scoring.outcomes import UNDECIDED, Decided, decided
from tests.factories import NOW, lead
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
