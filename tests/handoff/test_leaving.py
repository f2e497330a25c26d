"""What somebody has open goes to others: all of it once, with a reason, and each is told once."""

from collections import Counter
from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Absence, User, WorkingHours
from handoff import decisions, leaving, ledger
from handoff.models import Handoff, PoolMember, RoutingDecision, SavedView, Task
from handoff.permissions import NotYours, refuse_colleague
from leads.models import Lead, Opportunity
from notifications.models import Notification
from tests.factories import NOW, admin, company, lead, manager, marketer, rep, team
from tests.handoff.factories import offered, pool, reps

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
WHY = "Leaves on 30 November"


def at_work(who: User, waiting: int = 2, accepted: int = 3, deals: int = 1) -> None:
    """``who`` alone in a pool with this much open."""
    for number in range(waiting + accepted):
        handoff = offered(of=lead())
        assert handoff.rep == who
        if number >= waiting:
            decisions.accept(handoff=handoff, by=who, at=NOW)
    for owned in Lead.objects.filter(owner=who)[:deals]:
        Opportunity.objects.create(lead=owned, owner=who, created_at=NOW)


def test_everything_open_goes_to_one_colleague_who_is_told_once_with_the_count():
    sol, ben, max_ = rep(), rep("Ben Back"), manager()
    pool(sol)
    at_work(sol)
    due = set(Handoff.objects.open().values_list("due_at", flat=True))
    moved = leaving.hand_on(of=sol, by=max_, reason=WHY, at=LATER, to=ben)
    assert (moved.to, moved.stay) == ({ben: 5}, 0)
    assert not leaving.work_of(sol)
    assert leaving.work_of(ben) == leaving.Work(waiting=2, accepted=3, opportunities=1)
    assert set(Handoff.objects.open().values_list("due_at", flat=True)) == due
    [told] = Notification.objects.filter(recipient=ben, kind="handed_on")
    assert told.title == "5 leads of Sol Seller are yours now"
    assert WHY in told.body
    assert Lead.objects.visible_to(ben).count() == 5
    rows = RoutingDecision.objects.filter(kind="moved")
    assert {(row.chosen, row.by, row.reason) for row in rows} == {(ben, max_, WHY)}
    assert rows.count() == 5
    waiting = Handoff.objects.open().first()
    assert ledger.read(handoff=waiting)[0].in_words == "Max Manager handed it to Ben Back"


def test_what_was_accepted_may_be_worked_on_by_whoever_gets_it_and_by_nobody_else():
    sol, ben, max_ = rep(), rep("Ben Better"), manager()
    at_work(sol, waiting=0, accepted=1, deals=0)
    of = Lead.objects.get(owner=sol)
    leaving.hand_on(of=sol, by=max_, reason="Leaves", at=NOW, to=ben)
    refuse_colleague(of, ben)
    with pytest.raises(NotYours):
        refuse_colleague(of, sol)
    assert Handoff.objects.get(lead=of, status="accepted").rep == ben


def test_a_second_run_moves_nothing_and_tells_nobody():
    sol, ben, max_ = rep(), rep("Ben Back"), manager()
    pool(sol)
    at_work(sol)
    leaving.hand_on(of=sol, by=max_, reason=WHY, at=LATER, to=ben)
    again = leaving.hand_on(of=sol, by=max_, reason=WHY, at=LATER + timedelta(minutes=1), to=ben)
    assert (again.leads, again.stay) == (0, 0)
    assert Notification.objects.filter(kind="handed_on").count() == 1
    assert RoutingDecision.objects.filter(kind="moved").count() == 5


def test_through_a_pool_it_goes_round_by_weight_and_who_is_away_or_paused_gets_none():
    sol, ben, carl, dora, max_ = rep(), *reps(3), manager()
    ring = pool(sol)
    at_work(sol, waiting=6, accepted=6, deals=0)
    for who, weight in ((ben, 2), (carl, 1), (dora, 1)):
        PoolMember.objects.create(pool=ring, user=who, weight=weight)
    Absence.objects.create(user=dora, starts_at=NOW, ends_at=NOW + timedelta(days=3))
    # It is after hours for Ben: who is handed work need not be at the desk.
    WorkingHours.objects.create(user=ben, weekday=(NOW.weekday() + 1) % 7, starts=time(9), ends=time(17))
    moved = leaving.hand_on(of=sol, by=max_, reason=WHY, at=LATER, pool=ring)
    assert moved.to == {ben: 8, carl: 4}
    assert Counter(Handoff.objects.open().values_list("rep", flat=True)) == {ben.pk: 4, carl.pk: 2}
    assert Notification.objects.filter(kind="handed_on").count() == 2
    member = PoolMember.objects.get(user=sol)
    assert (member.paused, member.pause_reason) == (True, WHY)


def test_what_nobody_has_room_for_stays_and_is_counted():
    sol, ben, max_ = rep(), rep("Ben Back"), manager()
    ring = pool(sol)
    at_work(sol, waiting=3, accepted=1, deals=0)
    PoolMember.objects.create(pool=ring, user=ben, open_at_most=1)
    moved = leaving.hand_on(of=sol, by=max_, reason=WHY, at=LATER, pool=ring, pause=False)
    assert (moved.to, moved.stay) == ({ben: 2}, 2)  # one that waits, and the accepted one
    assert leaving.work_of(sol).waiting == 2
    assert not PoolMember.objects.get(user=sol).paused


def test_who_may_and_to_whom():
    nordics = team("Nordics")
    sol, nils, gone = rep(), rep("Nils North", nordics), rep("Gone Gustav", is_active=False)
    pool(sol)
    north = pool(nils, name="North", in_team=nordics, countries=["SE"])
    at_work(sol, waiting=1, accepted=0, deals=0)

    def hand_on(by: User, **to: object) -> None:
        leaving.hand_on(of=sol, by=by, reason=WHY, at=LATER, **to)

    max_, eve = manager(), manager("Eve Elsewhere", nordics)
    for by in (sol, marketer(), eve):
        with pytest.raises(NotYours):
            hand_on(by, to=nils)
    for to in ({"to": nils}, {"pool": north}):
        with pytest.raises(NotYours):
            hand_on(max_, **to)
    for to in ({"to": gone}, {"to": sol}, {}):
        with pytest.raises(leaving.NobodyToTakeIt):
            hand_on(max_, **to)
    assert leaving.work_of(sol).waiting == 1
    hand_on(admin(), to=nils)
    assert not leaving.work_of(sol)


def owned(of: User, **fields: Any) -> Task:
    due = {"due_at": NOW + timedelta(days=1), "reminded_at": NOW, "created_at": NOW}
    return Task.objects.create(owner=of, created_by=of, title="Call back", key=uuid4(), **due, **fields)


def test_accounts_tasks_and_shared_views_go_to_the_colleague_and_private_views_stay():
    sol, ben, max_ = rep(), rep("Ben Back"), manager()
    firm, task = company(owner=sol), owned(sol, lead=lead())
    SavedView.objects.create(owner=sol, page="queue", name="Mine")
    SavedView.objects.create(owner=sol, page="queue", name="Demos", team=team(), is_default=True)
    SavedView.objects.create(owner=ben, page="queue", name="Demos", is_default=True)
    assert str(leaving.work_of(sol).rest) == "1 account, 1 task, 1 shared view"
    moved = leaving.hand_on(of=sol, by=max_, reason=WHY, at=LATER, to=ben)
    assert (moved.leads, str(moved.rest)) == (0, "1 account, 1 task, 1 shared view")
    firm.refresh_from_db()
    task.refresh_from_db()
    assert (firm.owner, task.owner, task.reminded_at) == (ben, ben, None)
    assert set(SavedView.objects.filter(owner=ben).values_list("name", "is_default")) == {
        ("Demos", True),
        ("Demos (2)", False),
    }
    assert [view.name for view in SavedView.objects.filter(owner=sol)] == ["Mine"]
    [told] = Notification.objects.filter(recipient=ben, kind="handed_on")
    assert told.title == "1 account, 1 task, 1 shared view of Sol Seller are yours now"
    assert WHY in told.body
    assert not leaving.hand_on(of=sol, by=max_, reason=WHY, at=LATER, to=ben).rest


def test_through_a_pool_accounts_and_tasks_go_with_their_leads_and_the_rest_to_who_hands_on():
    sol, ben, max_ = rep(), rep("Ben Back"), manager()
    firm, other = company(owner=sol), company(owner=sol)
    ring = pool(sol)
    handoff = offered(of=lead(company=firm))
    PoolMember.objects.create(pool=ring, user=ben)
    with_lead, without = owned(sol, lead=handoff.lead), owned(sol, lead=lead())
    leaving.hand_on(of=sol, by=max_, reason=WHY, at=LATER, pool=ring)
    for each in (firm, other, with_lead, without):
        each.refresh_from_db()
    assert (firm.owner, other.owner) == (ben, None)
    assert (with_lead.owner, without.owner) == (ben, max_)
    titles = {
        each.recipient: (each.title, each.body) for each in Notification.objects.filter(kind="handed_on")
    }
    assert titles[max_][0] == "1 task of Sol Seller is yours now"
    assert titles[ben][0] == "1 lead of Sol Seller is yours now"
    assert "With them come 1 account, 1 task." in titles[ben][1]
    assert not leaving.work_of(sol)


def test_an_absence_leaves_accounts_and_tasks_alone_when_asked():
    sol, ben, max_ = rep(), rep("Ben Back"), manager()
    firm = company(owner=sol)
    leaving.hand_on(of=sol, by=max_, reason=WHY, at=LATER, to=ben, rest=False)
    firm.refresh_from_db()
    assert firm.owner == sol


def test_it_asks_no_more_for_forty_leads_than_for_four():
    def asked(number: int, leads: int) -> int:
        sol, ben = rep(f"Sol{number}"), rep(f"Ben{number}")
        ring = pool(sol, ben, name=f"Pool {number}", countries=[f"X{number}"])
        for _ in range(leads):
            handoff = offered(of=lead(country=f"X{number}"))
            Handoff.objects.filter(pk=handoff.pk).update(rep=sol)
        with CaptureQueriesContext(connection) as queries:
            leaving.hand_on(of=sol, by=boss, reason=WHY, at=LATER, pool=ring)
        return len(queries)

    boss = admin()
    assert asked(1, 4) == asked(2, 40)
