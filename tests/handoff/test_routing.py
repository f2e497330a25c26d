"""Whose turn it is: C-20, C-22, C-24, C-27, and what the ring does when people are away."""

import threading
from collections import Counter
from datetime import time, timedelta

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client

from accounts.models import Absence, WorkingHours
from handoff import decisions, pipeline, rotation
from handoff.models import Handoff, Pool, PoolMember, RoutingDecision
from leads.models import Lead
from notifications.models import Notification
from tests.factories import NOW, admin, company, lead, manager, rep, team
from tests.handoff.factories import crossing, offered, pool, reason, reps


@pytest.mark.django_db
def test_c20_a_lead_taken_from_the_unassigned_queue_counts_as_a_turn():
    anna, ben = reps(2)
    ring = pool(anna, ben)
    PoolMember.objects.filter(pool=ring).update(paused=True)
    waiting = offered(of=lead())
    decisions.accept(handoff=waiting, by=anna, at=NOW + timedelta(minutes=1))
    PoolMember.objects.filter(pool=ring).update(paused=False)
    assert offered(of=lead(), at=NOW + timedelta(minutes=2)).rep == ben


@pytest.mark.django_db
def test_c22_the_ring_goes_round_and_closing_work_does_not_reset_it():
    anna, ben, carl = reps(3)
    pool(anna, ben, carl)
    given = []
    for minute in range(4):
        handoff = offered(of=lead(), at=NOW + timedelta(minutes=minute))
        given.append(handoff.rep)
        if handoff.rep == ben:
            decisions.reject(handoff=handoff, by=ben, reason=reason(), at=NOW + timedelta(minutes=minute))
    assert given == [anna, ben, carl, anna]


@pytest.mark.django_db
def test_c22_leads_of_one_moment_go_round_as_well():
    pool(*reps(3))
    for _ in range(30):
        crossing(lead())
    pipeline.run(at=NOW)
    assert sorted(Counter(Handoff.objects.values_list("rep", flat=True)).values()) == [10, 10, 10]


@pytest.mark.django_db
def test_c24_with_everybody_away_the_lead_waits_where_all_see_it_and_an_alarm_is_raised(client: Client):
    anna, ben = reps(2)
    carl = rep("Carl Gone", is_active=False)
    max_, ada = manager(), admin()
    ring = pool(anna, ben, carl)
    PoolMember.objects.filter(user=anna).update(paused=True)
    Absence.objects.create(user=ben, starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1))
    crossing(lead("Ada Lovelace"))
    pipeline.run(at=NOW)
    pipeline.run(at=NOW)
    handoff = Handoff.objects.get()
    assert handoff.rep is None
    assert handoff.pool == ring
    assert handoff in Handoff.objects.visible_to(anna).unassigned()
    alarms = Notification.objects.filter(kind="unassigned")
    assert {alarm.recipient for alarm in alarms} == {max_, ada}
    assert alarms[0].title == "Nobody is available for Ada Lovelace"


@pytest.mark.django_db
def test_c24_who_comes_back_gets_what_waited_and_the_clock_has_been_running():
    ben = rep()
    pool(ben)
    Absence.objects.create(user=ben, starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1))
    waiting = offered(of=lead())
    back = NOW + timedelta(minutes=61)
    pipeline.run(at=back)
    assigned = Handoff.objects.get()
    assert assigned.rep == ben
    assert assigned.assigned_at == back
    assert assigned.due_at == waiting.due_at
    assert Notification.objects.filter(recipient=ben, kind="handoff").count() == 1


@pytest.mark.django_db
def test_outside_their_own_hours_people_get_no_leads():
    early, late = reps(2)
    pool(early, late)
    late.time_zone = "Europe/Berlin"
    late.save()
    WorkingHours.objects.create(user=early, weekday=NOW.weekday(), starts=time(6), ends=time(10))
    WorkingHours.objects.create(user=late, weekday=NOW.weekday(), starts=time(11), ends=time(20))
    assert offered(of=lead()).rep == late  # 10:36 UTC is 11:36 in Berlin


@pytest.mark.django_db
def test_a_lead_goes_to_the_pool_of_its_country_else_of_its_companys_else_to_the_rest():
    nordics = team("Nordics")
    sol, nils, rest = rep(), rep("Nils North", nordics), rep("Rita Rest")
    pool(sol, name="DACH", countries=["DE", "AT"], position=1)
    pool(nils, name="North", in_team=nordics, countries=["SE", "NO"], position=2)
    pool(rest, name="Everywhere else", position=3)
    assert offered(of=lead(country="de")).rep == sol
    assert offered(of=lead(company=company(country="NO"))).rep == nils
    assert offered(of=lead(country="BR")).rep == rest


@pytest.mark.django_db
def test_a_country_that_no_pool_takes_is_an_alarm_for_the_admins_and_goes_out_once_a_pool_does():
    ada = admin()
    sol = rep()
    pool(sol, countries=["DE"])
    handoff = offered(of=lead(country="BR"))
    assert handoff.rep is None
    assert handoff.pool is None
    assert Notification.objects.get(kind="unassigned").recipient == ada
    Pool.objects.update(countries=[])
    pipeline.run(at=NOW + timedelta(minutes=5))
    handoff.refresh_from_db()
    assert handoff.rep_id == sol.pk
    assert handoff.lead in Lead.objects.visible_to(sol)


@pytest.mark.django_db
def test_a_handed_over_lead_can_be_opened_by_the_reps_team_and_by_no_other():
    nordics = team("Nordics")
    sol, eve, max_ = rep(), rep("Eve Elsewhere", nordics), manager()
    pool(sol)
    handoff = offered(of=lead())
    assert handoff.lead in Lead.objects.visible_to(sol)
    assert handoff.lead in Lead.objects.visible_to(max_)
    assert handoff.lead not in Lead.objects.visible_to(eve)


@pytest.mark.django_db(transaction=True)
def test_c27_two_hundred_leads_at_once_on_eight_connections_spread_by_one_at_most():
    people = reps(7)
    pool(*people)
    for number in range(200):
        crossing(lead(f"Lead {number}"))
    handled = []

    def work() -> None:
        try:
            while done := pipeline.run(at=NOW, limit=10):
                handled.append(done)
        finally:
            connection.close()

    _all_at_once(work, 8)
    load = Counter(Handoff.objects.values_list("rep", flat=True))
    assert sum(load.values()) == 200 == sum(handled)
    assert len(load) == len(people)
    assert max(load.values()) - min(load.values()) <= 1


@pytest.mark.django_db(transaction=True)
def test_c27_two_pools_that_share_people_fill_nobody_beyond_their_limit():
    people = reps(4)
    pool(*people, name="DACH", countries=["DE"])
    pool(*people, name="Rest", position=200)
    PoolMember.objects.update(open_at_most=9)
    for number in range(60):
        crossing(lead(f"Lead {number}", country="DE" if number % 2 else "BR"))

    def work() -> None:
        try:
            while pipeline.run(at=NOW, limit=5):
                pass
        finally:
            connection.close()

    _all_at_once(work, 8)
    load: Counter[int | None] = Counter(Handoff.objects.values_list("rep", flat=True))
    assert load.pop(None) == 60 - 4 * 9
    assert set(load.values()) == {9}
    assert RoutingDecision.objects.count() == 60
    turns = PoolMember.objects.values_list("pool").annotate(turns=Sum("finish"))
    assert sum(turns for _, turns in turns) == 36 * rotation.TURN


def _all_at_once(work, count: int) -> None:
    start = threading.Barrier(count)

    def wait_and_work() -> None:
        start.wait()
        work()

    threads = [threading.Thread(target=wait_and_work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
