"""Holding a lead that nobody has (G-06): for one, until it expires, and nobody else decides meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import User
from handoff import claiming, decisions
from handoff.models import Handoff, PoolMember
from handoff.waiting import assign_waiting
from tests.factories import rep
from tests.handoff.factories import NOW, offered, reason, unassigned

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def sofia(db: None) -> User:
    return rep("Sofia Reuter")


@pytest.fixture
def sol(db: None) -> User:
    return rep("Sol Seller")


def test_who_looks_first_holds_it_for_fifteen_minutes(sofia: User, sol: User) -> None:
    waiting = unassigned()

    assert claiming.claim(handoff=waiting, by=sofia, at=NOW) == NOW + 15 * MINUTE
    with pytest.raises(claiming.HeldByAnother) as refused:
        claiming.claim(handoff=waiting, by=sol, at=NOW + MINUTE)

    assert (refused.value.by, refused.value.until) == (sofia, NOW + 15 * MINUTE)


def test_nobody_else_answers_it_meanwhile_and_who_holds_it_does(sofia: User, sol: User) -> None:
    waiting = unassigned()
    claiming.claim(handoff=waiting, by=sofia, at=NOW)

    with pytest.raises(claiming.HeldByAnother):
        decisions.accept(handoff=waiting, by=sol, at=NOW + MINUTE)
    with pytest.raises(claiming.HeldByAnother):
        decisions.reject(handoff=waiting, by=sol, reason=reason(), at=NOW + MINUTE)
    decisions.accept(handoff=waiting, by=sofia, at=NOW + MINUTE)

    waiting.refresh_from_db()
    assert (waiting.rep, waiting.claimed_by) == (sofia, None)


def test_a_hold_expires_by_itself_and_a_sign_of_life_renews_it(sofia: User, sol: User) -> None:
    waiting = unassigned()
    claiming.claim(handoff=waiting, by=sofia, at=NOW)
    assert claiming.claim(handoff=waiting, by=sofia, at=NOW + 10 * MINUTE) == NOW + 25 * MINUTE
    with pytest.raises(claiming.HeldByAnother):
        claiming.claim(handoff=waiting, by=sol, at=NOW + 24 * MINUTE)

    assert claiming.claim(handoff=waiting, by=sol, at=NOW + 25 * MINUTE) == NOW + 40 * MINUTE


def test_letting_go_frees_it_and_only_for_who_held_it(sofia: User, sol: User) -> None:
    waiting = unassigned()
    claiming.claim(handoff=waiting, by=sofia, at=NOW)

    assert not claiming.release(handoff=waiting, by=sol)
    assert claiming.release(handoff=waiting, by=sofia)
    assert not claiming.release(handoff=waiting, by=sofia)
    assert claiming.claim(handoff=waiting, by=sol, at=NOW)


def test_what_is_somebodys_or_answered_is_not_held(sofia: User) -> None:
    assert claiming.claim(handoff=offered(sofia), by=sofia, at=NOW) is None


def test_the_pool_does_not_give_away_what_somebody_is_looking_at(sofia: User, sol: User) -> None:
    waiting = unassigned()
    claiming.claim(handoff=waiting, by=sofia, at=NOW)
    assert waiting.pool is not None
    PoolMember.objects.create(pool=waiting.pool, user=sol)

    assign_waiting(at=NOW + MINUTE)
    assert Handoff.objects.get(pk=waiting.pk).rep is None
    assign_waiting(at=NOW + 15 * MINUTE)
    assert Handoff.objects.get(pk=waiting.pk).rep == sol


@pytest.mark.django_db(transaction=True)
def test_of_ten_at_once_one_holds_it() -> None:
    waiting = unassigned()
    people = [rep(f"Rep{number} Seller") for number in range(10)]

    def ask(person: User) -> bool:
        try:
            return claiming.claim(handoff=waiting, by=person, at=NOW) is not None
        except claiming.HeldByAnother:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(ask, people)) == 1
