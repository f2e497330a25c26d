"""What becomes of a deal, and of its lead with it."""

import contextlib
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handoff import decisions, opportunities, qualification
from handoff.models import Requirement
from handoff.opportunities import AlreadyClosed, NotReopened
from handoff.permissions import NotYours
from leads.models import (
    CompetingSupplier,
    Lead,
    LossReason,
    Opportunity,
    OpportunityStage,
    OpportunityStep,
    StageChange,
    Supplier,
)
from leads.stages import Stage
from scoring.outcomes import decided
from tests.factories import NOW, manager, marketer, rep
from tests.handoff.factories import offered

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=9)


def deal(by) -> Opportunity:
    """A lead of ``by`` that is an opportunity, whatever is known of it."""
    handoff = offered(to=by)
    decisions.accept(handoff=handoff, by=by, at=NOW)
    Requirement.objects.update(is_active=False)
    return qualification.convert(lead=handoff.lead, by=by, at=NOW + timedelta(minutes=5), amount=24000)


def stage(key: str) -> OpportunityStage:
    return OpportunityStage.objects.get(key=key)


def why(code: str = "price") -> LossReason:
    return LossReason.objects.get(code=code)


def kinds(of: Opportunity) -> list[str]:
    return list(of.steps.order_by("at", "id").values_list("kind", flat=True))


def test_a_deal_begins_at_the_first_stage_in_the_companys_currency():
    made = deal(rep())
    assert (str(made.stage), made.probability, made.currency) == ("Discovery", 10, "EUR")
    assert kinds(made) == ["created"]


def test_a_deal_moves_either_way_with_its_history_and_not_twice():
    sol = rep()
    made = deal(sol)
    for key in ("proposal", "proposal", "solution"):
        opportunities.move(opportunity=made, to=stage(key), by=sol, at=LATER)
    steps = made.steps.filter(kind="moved").order_by("id").values_list("from_stage__key", "to_stage__key")
    assert list(steps) == [("discovery", "proposal"), ("proposal", "solution")]


def test_a_deal_that_is_won_makes_a_customer_once():
    sol = rep()
    made = deal(sol)
    for _ in range(2):
        won = opportunities.win(opportunity=made, by=sol, at=LATER)
    assert (won.outcome, won.closed_at, won.probability) == ("won", LATER, 100)
    assert made.lead.stage_changes.filter(to_stage=Stage.CUSTOMER, reason="won").count() == 1
    with pytest.raises(AlreadyClosed, match="won already"):
        opportunities.lose(opportunity=made, reason=why(), by=sol, at=LATER)
    with pytest.raises(AlreadyClosed):
        opportunities.move(opportunity=made, to=stage("proposal"), by=sol, at=LATER)


def test_a_deal_that_is_lost_says_why_and_to_whom_and_closes_the_lead():
    sol = rep()
    made = deal(sol)
    noted = opportunities.note_supplier(lead=made.lead, name="RouteMaster", by=sol, at=NOW)
    lost = opportunities.lose(
        opportunity=made,
        reason=why("competitor"),
        by=sol,
        at=LATER,
        note="Half the price.",
        to=noted.supplier,
    )
    assert (lost.outcome, lost.lost_reason, str(lost.lost_to)) == ("lost", "competitor", "RouteMaster")
    ada = Lead.objects.get()
    assert (ada.stage, ada.stage_reason) == (Stage.CLOSED, "lost")
    assert made.steps.get(kind="lost").reason == "competitor"


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_reopening_takes_the_end_back_and_it_counts_no_more(outcome: str):
    sol = rep()
    made = deal(sol)
    if outcome == "won":
        opportunities.win(opportunity=made, by=sol, at=LATER)
    else:
        opportunities.lose(opportunity=made, reason=why(), by=sol, at=LATER)
    assert [each.good for each in decided(kind="won", at=LATER)] == [outcome == "won"]
    again = opportunities.reopen(opportunity=made, by=sol, at=LATER + timedelta(days=1))
    assert (again.is_open, again.lost_reason, str(again.stage)) == (True, "", "Discovery")
    assert Lead.objects.get().stage == Stage.OPPORTUNITY
    assert decided(kind="won", at=LATER + timedelta(days=2)) == []
    opportunities.win(opportunity=made, by=sol, at=LATER + timedelta(days=3))
    assert [each.good for each in decided(kind="won", at=LATER + timedelta(days=4))] == [True]


def test_a_deal_is_not_reopened_once_its_lead_has_gone_on():
    sol = rep()
    made = deal(sol)
    opportunities.lose(opportunity=made, reason=why(), by=sol, at=LATER)
    offered(to=sol, of=Lead.objects.get(), at=LATER + timedelta(days=1))
    with pytest.raises(NotReopened, match="Handed over by now"):
        opportunities.reopen(opportunity=made, by=sol, at=LATER + timedelta(days=2))
    made.refresh_from_db()
    assert made.outcome == "lost"


def test_deals_are_moved_by_who_has_them_or_leads_the_team():
    sol = rep()
    made = deal(sol)
    for stranger in (rep("Mona Colleague"), marketer()):
        with pytest.raises(NotYours):
            opportunities.win(opportunity=made, by=stranger, at=LATER)
        with pytest.raises(NotYours):
            opportunities.note_supplier(lead=made.lead, name="X", by=stranger, at=LATER)
    opportunities.move(opportunity=made, to=stage("proposal"), by=manager(), at=LATER)
    assert Opportunity.objects.get().stage == stage("proposal")


def test_s2_06_a_competing_supplier_is_noted_once_whatever_the_case():
    sol = rep()
    handoff = offered(to=sol)
    for name, note in (("RouteMaster", "Has it."), ("routemaster", "Contract until March.")):
        opportunities.note_supplier(lead=handoff.lead, name=name, note=note, by=sol, at=NOW)
    noted = CompetingSupplier.objects.get()
    assert (str(noted.supplier), noted.note, noted.opportunity) == (
        "RouteMaster", "Contract until March.", None,
    )  # fmt: skip
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    Requirement.objects.update(is_active=False)
    made = qualification.convert(lead=handoff.lead, by=sol, at=NOW)
    assert list(made.competing_suppliers.all()) == [noted]
    opportunities.forget_supplier(competing=noted, by=sol)
    assert not CompetingSupplier.objects.exists()
    assert Supplier.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_f12_of_many_who_close_a_deal_at_once_one_end_holds():
    sol = rep()
    made = deal(sol)
    start, refused = threading.Barrier(8), []

    def click(number: int) -> None:
        start.wait()
        try:
            if number % 2:
                opportunities.win(opportunity=made, by=sol, at=LATER)
            else:
                opportunities.lose(opportunity=made, reason=why(), by=sol, at=LATER)
        except AlreadyClosed:
            refused.append(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made.refresh_from_db()
    assert len(refused) == 4
    assert OpportunityStep.objects.filter(kind__in=["won", "lost"]).count() == 1
    assert StageChange.objects.filter(to_stage__in=["customer", "closed"]).count() == 1
    assert {number % 2 for number in refused} == {0 if made.outcome == "won" else 1}


STEPS = st.sampled_from([*(("move", key) for key in ("discovery", "proposal", "agreed")), ("win", ""),
                         ("lose", "price"), ("lose", "competitor"), ("reopen", "")])  # fmt: skip
ENDS = {"won": "won", "lost": "lost", "reopened": "", "created": "", "moved": ""}
WHERE = {"": Stage.OPPORTUNITY, "won": Stage.CUSTOMER, "lost": Stage.CLOSED}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_f12_whatever_the_order_deal_lead_and_history_tell_the_same(steps: list[tuple[str, str]]):
    with transaction.atomic():
        sol = rep()
        made = deal(sol)
        for hours, (verb, what) in enumerate(steps, start=1):
            rest = {"to": stage(what)} if verb == "move" else {"reason": why(what)} if what else {}
            with contextlib.suppress(AlreadyClosed):
                getattr(opportunities, verb)(
                    opportunity=made, by=sol, at=LATER + timedelta(hours=hours), **rest
                )
            made.refresh_from_db()
            lead = Lead.objects.get(pk=made.lead_id)
            last = made.steps.order_by("-at", "-id")[0]
            assert lead.stage == WHERE[made.outcome]
            assert ENDS[last.kind] == made.outcome
            assert bool(made.lost_reason) == (made.outcome == "lost")
            assert lead.stage_changes.order_by("-at", "-id")[0].to_stage == lead.stage
        transaction.set_rollback(True)
