"""A disputed verdict is settled when both sides say the same of it."""

from datetime import timedelta

import pytest

from handoff import decisions, disputes
from handoff.disputes import AlreadySettled, NothingToDispute
from handoff.models import Dispute, DisputeWord, Verdict
from handoff.permissions import NotYours
from leads.models import Settlement
from scoring import outcomes
from tests.factories import NOW, admin, manager, marketer, rep, team
from tests.handoff.factories import offered, reason

pytestmark = pytest.mark.django_db


def rejected(by) -> Verdict:
    return decisions.reject(handoff=offered(to=by), by=by, reason=reason(), at=NOW)


def disputed(by_whom, verdict: Verdict) -> Dispute:
    return disputes.dispute(verdict=verdict, by=by_whom, note="She asked for an offer.", at=NOW)


def test_a_rejection_that_stands_is_disputed_once_by_marketing_or_a_manager():
    sol, mara = rep(), marketer()
    verdict = rejected(sol)
    with pytest.raises(NotYours):
        disputed(sol, verdict)
    with pytest.raises(NotYours):
        disputed(manager("Nora North", team("Nordics")), verdict)
    first = disputed(mara, verdict)
    assert disputed(manager(), verdict) == first
    assert Dispute.objects.get().by == mara


def test_what_was_accepted_or_taken_back_is_not_disputed():
    sol, mara = rep(), marketer()
    handoff = offered(to=sol)
    accepted = decisions.accept(handoff=handoff, by=sol, at=NOW)
    with pytest.raises(NothingToDispute):
        disputed(mara, accepted)
    decisions.undo(handoff=handoff, by=sol, at=NOW)
    back = decisions.reject(handoff=handoff, by=sol, reason=reason(), at=NOW + timedelta(minutes=1))
    decisions.undo(handoff=handoff, by=sol, at=NOW + timedelta(minutes=2))
    with pytest.raises(NothingToDispute):
        disputed(mara, back)
    assert not Dispute.objects.exists()


def test_it_is_settled_when_both_sides_say_the_same_and_not_before():
    mara, max_ = marketer(), manager()
    found = disputed(mara, rejected(rep()))
    disputes.say(dispute=found, by=mara, side="marketing", was_sql=True, at=NOW)
    disputes.say(dispute=found, by=max_, side="sales", was_sql=False, at=NOW)
    assert Dispute.objects.open().count() == 1
    disputes.say(dispute=found, by=mara, side="marketing", was_sql=False, at=NOW)
    with pytest.raises(AlreadySettled, match="it was none"):
        disputes.say(dispute=found, by=max_, side="sales", was_sql=True, at=NOW)
    found.refresh_from_db()
    assert (found.was_sql, found.settled_at) == (False, NOW)
    assert DisputeWord.objects.count() == 3


def test_nobody_speaks_for_both_sides_nor_for_the_other():
    mara, ada = marketer(), admin()
    found = disputed(mara, rejected(rep()))
    with pytest.raises(NotYours, match="sales through its managers"):
        disputes.say(dispute=found, by=mara, side="sales", was_sql=True, at=NOW)
    disputes.say(dispute=found, by=ada, side="sales", was_sql=True, at=NOW)
    with pytest.raises(NotYours, match="both sides"):
        disputes.say(dispute=found, by=ada, side="marketing", was_sql=True, at=NOW)
    assert Dispute.objects.get().settled_at is None


def test_a_verdict_that_sales_took_back_needs_no_settling():
    sol, mara = rep(), marketer()
    verdict = rejected(sol)
    found = disputed(mara, verdict)
    decisions.undo(handoff=verdict.handoff, by=sol, at=NOW + timedelta(minutes=1))
    assert not Dispute.objects.open().exists()
    with pytest.raises(AlreadySettled, match="took the verdict back"):
        disputes.say(dispute=found, by=mara, side="marketing", was_sql=True, at=NOW)


def test_what_both_sides_settled_is_told_to_who_judges_the_rules():
    mara, max_ = marketer(), manager()
    verdict = rejected(rep())
    found = disputed(mara, verdict)
    assert [one.good for one in outcomes.decided(kind="accepted", at=NOW)] == [False]
    disputes.say(dispute=found, by=mara, side="marketing", was_sql=True, at=NOW)
    assert not Settlement.objects.exists(), "one side alone settles nothing"
    disputes.say(dispute=found, by=max_, side="sales", was_sql=True, at=NOW)
    assert Settlement.objects.get().change == verdict.stage_change
    assert [one.good for one in outcomes.decided(kind="accepted", at=NOW)] == [True]
