"""A manager moves what waits (G-06): told, in the ledger, and never unasked to somebody who is away."""

from datetime import timedelta

import pytest

from accounts.models import Absence, User
from handoff import decisions, ledger, reassigning, waiting
from handoff.models import Handoff, PoolMember, RoutingDecision, Work
from handoff.permissions import NotYours, refuse_colleague
from leads.models import Lead, Opportunity
from leads.stages import Stage
from notifications.models import Notification
from tests.factories import manager, rep, team
from tests.handoff.factories import NOW, offered, pool

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db: None) -> tuple[User, User, User]:
    sol, sofia, boss = rep("Sol Seller"), rep("Sofia Reuter"), manager()
    pool(sol)
    return sol, sofia, boss


def test_it_is_theirs_they_are_told_and_it_stands_in_the_ledger(people: tuple[User, User, User]) -> None:
    sol, sofia, boss = people
    handoff = offered(sol)

    reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=NOW, reason="Knows the firm")
    reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=NOW, reason="Knows the firm")

    handoff.refresh_from_db()
    assert handoff.rep == sofia
    moved = RoutingDecision.objects.get(handoff=handoff, kind="moved")
    assert (moved.chosen, moved.by, moved.reason) == (sofia, boss, "Knows the firm")
    assert Notification.objects.filter(recipient=sofia, kind="handoff").count() == 1


def test_who_is_away_gets_it_only_when_that_is_confirmed(people: tuple[User, User, User]) -> None:
    sol, sofia, boss = people
    handoff = offered(sol)
    Absence.objects.create(user=sofia, starts_at=NOW, ends_at=NOW + timedelta(days=3), reason="ill")

    with pytest.raises(reassigning.IsAway, match=r"away until 20 Nov, ill"):
        reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=NOW)
    assert Handoff.objects.get(pk=handoff.pk).rep == sol
    reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=NOW, although_away=True)
    assert Handoff.objects.get(pk=handoff.pk).rep == sofia


def test_who_left_never_gets_it_and_a_rep_moves_nothing(people: tuple[User, User, User]) -> None:
    sol, sofia, boss = people
    handoff = offered(sol)
    with pytest.raises(NotYours):
        reassigning.reassign(handoff=handoff, to=sofia, by=sofia, at=NOW)
    stranger = rep("Nils Nord", team("Nordics"))
    with pytest.raises(NotYours):
        reassigning.reassign(handoff=handoff, to=stranger, by=boss, at=NOW)
    User.objects.filter(pk=sofia.pk).update(is_active=False)
    sofia.refresh_from_db()
    with pytest.raises(reassigning.TakesNoLeads):
        reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=NOW, although_away=True)


def test_back_in_the_pool_it_goes_to_whose_turn_it_is_but_not_straight_back(
    people: tuple[User, User, User],
) -> None:
    sol, sofia, boss = people
    handoff = offered(sol)
    assert handoff.pool is not None
    PoolMember.objects.create(pool=handoff.pool, user=sofia, finish=10**9)

    reassigning.release(handoff=handoff, by=boss, at=NOW)
    assert Handoff.objects.get(pk=handoff.pk).rep is None
    waiting.assign_waiting(at=NOW + timedelta(seconds=1))

    assert Handoff.objects.get(pk=handoff.pk).rep == sofia


def test_back_in_the_pool_it_waits_when_only_who_had_it_is_there(people: tuple[User, User, User]) -> None:
    sol, _, boss = people
    handoff = offered(sol)

    reassigning.release(handoff=handoff, by=boss, at=NOW)
    waiting.assign_waiting(at=NOW + timedelta(seconds=1))

    assert Handoff.objects.get(pk=handoff.pk).rep is None


def test_of_several_what_was_answered_meanwhile_is_said_and_stops_no_other(
    people: tuple[User, User, User],
) -> None:
    sol, sofia, boss = people
    first, second = offered(sol), offered(sol)
    decisions.accept(handoff=first, by=sol, at=NOW)
    ids = [str(first.public_id), str(second.public_id), str(second.public_id)]

    done = reassigning.each(
        Handoff.objects.visible_to(boss),
        ids,
        lambda handoff: reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=NOW),
    )

    assert [handoff.pk for handoff in done.moved] == [second.pk]
    assert [why for _, why in done.failed] == [f"{first.lead} has an answer already."]


def test_a_lead_that_is_worked_goes_on_with_its_deal_its_clock_and_word_of_who_had_it(
    people: tuple[User, User, User],
) -> None:
    sol, sofia, boss = people
    handoff = offered(sol)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    deal = Opportunity.objects.create(lead=handoff.lead, owner=sol)
    owed = Work.objects.running().get(handoff=handoff)

    for _ in range(2):
        reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=NOW, reason="On leave", worked=True)

    handoff.refresh_from_db()
    deal.refresh_from_db()
    assert (handoff.rep, handoff.status, handoff.lead.owner, deal.owner) == (sofia, "accepted", sofia, sofia)
    assert Work.objects.running().get(handoff=handoff).due_at == owed.due_at
    assert RoutingDecision.objects.get(handoff=handoff, kind="moved").chosen == sofia
    told = Notification.objects.get(recipient=sofia, kind="handed_on")
    assert told.title == f"{handoff.lead} is yours to work on now"
    assert "Max Manager: “On leave”" in told.body
    refuse_colleague(handoff.lead, sofia)
    with pytest.raises(NotYours):
        refuse_colleague(handoff.lead, sol)


def test_what_was_accepted_a_moment_ago_is_taken_from_nobody_who_meant_an_open_one(
    people: tuple[User, User, User],
) -> None:
    sol, sofia, boss = people
    handoff = offered(sol)
    with pytest.raises(reassigning.Answered, match="not worked"):
        reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=NOW, worked=True)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    with pytest.raises(reassigning.Answered, match="has an answer"):
        reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=NOW)
    Lead.objects.update(stage=Stage.CUSTOMER)
    with pytest.raises(reassigning.Answered, match="not worked"):
        reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=NOW, worked=True)
    handoff.refresh_from_db()
    assert handoff.rep == sol


def test_an_acceptance_cannot_be_taken_back_once_the_lead_was_given_on(
    people: tuple[User, User, User],
) -> None:
    sol, sofia, boss = people
    handoff = offered(sol)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    later = NOW + timedelta(minutes=1)
    reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=later, worked=True)
    with pytest.raises(decisions.UndoRefused, match="given to somebody else since"):
        decisions.undo(handoff=handoff, by=sol, at=later)


LATER = NOW + timedelta(minutes=1)


def test_a_move_is_taken_back_once_and_no_turn_is_counted(people: tuple[User, User, User]) -> None:
    sol, sofia, boss = people
    handoff = offered(sol)
    due, turns = handoff.due_at, PoolMember.objects.get(user=sol).finish
    reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=NOW)
    told = Notification.objects.filter(recipient=sol, kind="handoff").count()

    for _ in range(3):
        reassigning.put_back(handoff=handoff, by=boss, moved_at=NOW, at=LATER)

    handoff.refresh_from_db()
    assert (handoff.rep, handoff.due_at) == (sol, due)
    assert PoolMember.objects.get(user=sol).finish == turns
    rows = RoutingDecision.objects.filter(handoff=handoff, kind="moved").order_by("at")
    assert [(row.chosen, row.reason) for row in rows] == [(sofia, ""), (sol, "the move was taken back")]
    assert Notification.objects.filter(recipient=sol, kind="handoff").count() == told + 1


def test_what_went_back_to_the_pool_is_somebodys_again_and_what_was_nobodys_nobodys(
    people: tuple[User, User, User],
) -> None:
    sol, sofia, boss = people
    had, free = offered(sol), offered(sol)
    decisions.accept(handoff=free, by=sol, at=NOW)
    Handoff.objects.filter(pk=free.pk).update(status="open", decided_at=None, rep=None, assigned_at=None)
    ledger.write_by_hand(handoff=free, rep=None, by=sol, at=NOW, reason=ledger.GIVEN_BACK)
    Lead.objects.filter(pk=free.lead_id).update(stage=Stage.HANDED_OVER)
    moved_at = NOW + timedelta(seconds=1)
    reassigning.release(handoff=had, by=boss, at=moved_at)
    reassigning.reassign(handoff=free, to=sofia, by=boss, at=moved_at)

    for handoff in (had, free):
        reassigning.put_back(handoff=handoff, by=boss, moved_at=moved_at, at=LATER)
        handoff.refresh_from_db()

    assert (had.rep, free.rep) == (sol, None)
    assert reassigning.taken_from(handoffs=[had.pk, free.pk]) == {}


def test_a_worked_lead_goes_back_with_its_deal(people: tuple[User, User, User]) -> None:
    sol, sofia, boss = people
    handoff = offered(sol)
    decisions.accept(handoff=handoff, by=sol, at=NOW)
    deal = Opportunity.objects.create(lead=handoff.lead, owner=sol)
    reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=LATER, worked=True)
    reassigning.put_back(handoff=handoff, by=boss, moved_at=LATER, at=LATER + timedelta(seconds=9))
    handoff.refresh_from_db()
    deal.refresh_from_db()
    assert (handoff.rep, handoff.lead.owner, deal.owner) == (sol, sol, sol)


def test_a_move_stands_once_it_was_answered_moved_on_or_is_old(people: tuple[User, User, User]) -> None:
    sol, sofia, boss = people
    answered, moved, old = offered(sol), offered(sol), offered(sol)
    for handoff in (answered, moved, old):
        reassigning.reassign(handoff=handoff, to=sofia, by=boss, at=NOW)
    decisions.accept(handoff=answered, by=sofia, at=LATER)
    reassigning.reassign(handoff=moved, to=sol, by=boss, at=LATER)
    for handoff, at, why in (
        (answered, LATER, "has an answer already"),
        (moved, LATER, "was given to Sol Seller since"),
        (old, NOW + timedelta(minutes=10, seconds=1), "for 10 minutes"),
    ):
        with pytest.raises((reassigning.MoveStands, reassigning.Answered), match=why):
            reassigning.put_back(handoff=handoff, by=boss, moved_at=NOW, at=at)
    another = manager("Mia Manager")
    with pytest.raises(reassigning.MoveStands):
        reassigning.put_back(handoff=old, by=another, moved_at=NOW, at=LATER)
    with pytest.raises(NotYours):
        reassigning.put_back(handoff=old, by=sofia, moved_at=NOW, at=LATER)
    User.objects.filter(pk=sol.pk).update(is_active=False)
    with pytest.raises(reassigning.TakesNoLeads):
        reassigning.put_back(handoff=old, by=boss, moved_at=NOW, at=LATER)
    assert Handoff.objects.get(pk=old.pk).rep == sofia
