"""What the rules would do, asked without anything happening: C-25."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Absence
from handoff import decisions, dry_run, matching
from handoff.models import Handoff, Pool, PoolMember, RoutingDecision, RoutingRule
from tests.factories import NOW, company, lead, rep
from tests.handoff.factories import offered, pool, reps

pytestmark = pytest.mark.django_db

BIG = {"field": "company.employees", "op": "gte", "value": 500}


def counters() -> list[tuple[object, ...]]:
    """Everything that a turn moves."""
    rows = [
        *PoolMember.objects.order_by("id").values_list("finish", "last_assigned_at", "paused"),
        *Pool.objects.order_by("id").values_list("virtual"),
        *Handoff.objects.order_by("id").values_list("rep", "pool"),
    ]
    return [*rows, (RoutingDecision.objects.count(),)]


def edited(to: Pool, **fields: object) -> list[matching.Rule]:
    """The rules with one more that nobody has saved."""
    rule = RoutingRule(name="Large", to="pool", pool=to, **fields)
    return [matching.read_rule(rule), *matching.read_rules()]


def test_c25_a_dry_run_moves_no_counter():
    anna, ben = reps(2)
    pool(anna, ben)
    for hours in range(5):
        offered(of=lead(), at=NOW - timedelta(hours=hours))
    before = counters()
    week = dry_run.try_week(rules=matching.read_rules(), at=NOW)
    tried = dry_run.try_one(lead=lead(), rules=matching.read_rules(), at=NOW)
    assert week.leads == 5
    assert tried.went_to == "Rep2 Seller, DACH"
    assert counters() == before


def test_last_week_goes_where_the_rules_as_edited_would_send_it():
    anna, ben = reps(2)
    pool(anna)
    large = pool(ben, name="Large firms", countries=["XX"])
    firm = company(employees=900)
    for number in range(6):
        of = lead(company=firm) if number % 3 == 0 else lead()
        offered(of=of, at=NOW - timedelta(days=1, minutes=number))
    offered(of=lead(company=firm), at=NOW - timedelta(days=8))  # too long ago
    week = dry_run.try_week(rules=edited(large, when=BIG), at=NOW)
    assert week.rows == [("Rep1 Seller, DACH", 6, 4), ("Rep2 Seller, Large firms", 0, 2)]
    assert week.changed == 2
    assert {(one.went, one.would, one.rule) for one in week.moved} == {
        ("Rep1 Seller, DACH", "Rep2 Seller, Large firms", "Large")
    }
    assert week.by_rule == Counter({"Territories": 4, "Large": 2})


def test_who_was_away_then_is_away_and_who_had_answered_had_room():
    anna, ben = reps(2)
    pool(anna, ben)
    PoolMember.objects.update(open_at_most=1)
    Absence.objects.create(user=ben, starts_at=NOW - timedelta(days=2), ends_at=NOW - timedelta(days=1))
    first = offered(of=lead(), at=NOW - timedelta(days=1, hours=5))
    decisions.accept(handoff=first, by=anna, at=NOW - timedelta(days=1, hours=4))
    offered(of=lead(), at=NOW - timedelta(days=1, hours=3))
    full = offered(of=lead(), at=NOW - timedelta(days=1, hours=2))
    assert full.rep is None
    week = dry_run.try_week(rules=matching.read_rules(), at=NOW)
    assert week.would == week.went == Counter({"Rep1 Seller, DACH": 2, "nobody, DACH": 1})


def test_a_week_asks_the_same_for_one_lead_and_for_twenty():
    anna = rep()
    ring = pool(anna)
    RoutingRule.objects.create(name="Big", to="pool", pool=ring, when=BIG)
    RoutingRule.objects.create(name="Owner", to="owner")

    def asked(leads: int) -> int:
        for number in range(leads):
            offered(of=lead(), at=NOW - timedelta(minutes=number))
        with CaptureQueriesContext(connection) as queries:
            dry_run.try_week(rules=rules, at=NOW)
        return len(queries)

    rules = matching.read_rules()
    # Leads; pools and desks; preferences, countries, owners.
    assert asked(1) == asked(20) == 1 + 5 + 3
