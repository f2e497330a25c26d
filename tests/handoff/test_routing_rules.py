"""Rules in order, the account owner, pools behind pools, limits (C-20, C-24 to C-26), and the ledger."""

from collections import Counter
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Absence, User
from handoff import arranging, decisions, ledger, pipeline, routing
from handoff.models import Handoff, Pool, PoolMember, RoutingDecision, RoutingRule, RuleMatch
from leads.models import Lead
from leads.stages import Stage
from notifications.models import Notification
from scoring.models import ModelVersion, Score
from tests.factories import NOW, admin, company, lead, manager, rep, team
from tests.handoff.factories import crossing, offered, pool, reason, reps

pytestmark = pytest.mark.django_db

BIG = {"field": "company.employees", "op": "gte", "value": 500}
LATER = NOW + timedelta(hours=1)


def rule(name: str, pool: Pool | None = None, **fields: Any) -> RoutingRule:
    """The next rule; to the account owner without a pool."""
    fields = {"position": 10 * (RoutingRule.objects.count() + 1), "to": "pool" if pool else "owner", **fields}
    made = RoutingRule(name=name, pool=pool, **fields)
    made.full_clean()
    made.save()
    return made


def decision(of: Handoff) -> RoutingDecision:
    return RoutingDecision.objects.filter(handoff=of).latest("id")


def whys(of: Handoff) -> dict[str, str]:
    return {step["name"]: step["why"] for step in decision(of).trail}


def away(who: User) -> None:
    Absence.objects.create(user=who, starts_at=NOW - timedelta(hours=2), ends_at=NOW + timedelta(minutes=30))


def give_score(of: Lead, **points: int) -> None:
    version = ModelVersion.objects.live()
    figures = {"fit": 0, "engagement": 0, "intent": 0, **{key: 100 * value for key, value in points.items()}}
    Score.objects.create(
        lead=of,
        model=version.model,
        version=version,
        total=sum(figures.values()),
        computed_at=NOW,
        fading=False,
        **figures,
    )


# Rules


def test_c25_priority_10_is_asked_before_200_and_the_first_match_wins():
    anna, ben = reps(2)
    rule("Late", pool(anna, name="Late"), position=200)
    rule("Early", pool(ben, name="Early"), position=10)
    handoff = offered(of=lead())
    assert handoff.rep == ben
    assert list(whys(handoff)) == ["Early"]


def test_c25_an_empty_pool_falls_through_with_the_reason_when_the_rule_says_continue():
    anna = rep()
    rule("Key accounts", pool(name="Key accounts"), goes_on=True)
    rule("All", pool(anna, name="All"))
    handoff = offered(of=lead())
    assert handoff.rep == anna
    assert whys(handoff) == {"Key accounts": "Key accounts: empty pool", "All": "All gave it to Sol Seller"}
    assert dict(RuleMatch.objects.values_list("rule__name", "outcome")) == {
        "Key accounts": "empty",
        "All": "placed",
    }


def test_c25_a_pool_where_nobody_is_available_falls_through_too():
    anna, ben = reps(2)
    away(anna)
    rule("Key accounts", pool(anna, name="Key accounts"), goes_on=True)
    rule("All", pool(ben, name="All"))
    handoff = offered(of=lead())
    assert handoff.rep == ben
    assert whys(handoff)["Key accounts"] == "Key accounts: nobody available"


def test_c25_without_continue_it_waits_in_the_pool_of_the_first_match():
    anna, ben = reps(2)
    away(anna)
    first = pool(anna, name="Key accounts")
    rule("Key accounts", first)
    rule("All", pool(ben, name="All"))
    handoff = offered(of=lead())
    assert handoff.rep is None
    assert handoff.pool == first
    assert decision(handoff).reason == "Key accounts: nobody available"


def test_c25_an_inactive_rule_is_ignored_and_the_ledger_says_so():
    anna, ben = reps(2)
    rule("Off", pool(anna, name="Off"), is_on=False)
    rule("On", pool(ben, name="On"))
    handoff = offered(of=lead())
    assert handoff.rep == ben
    assert whys(handoff)["Off"] == "off"


def test_a_condition_that_does_not_hold_says_which_part_of_it():
    anna, ben = reps(2)
    condition = {"all": [BIG, {"field": "country", "op": "in", "value": ["DE", "AT"]}]}
    rule("Enterprise", pool(anna, name="Enterprise"), when=condition)
    rule("Rest", pool(ben, name="Rest"))
    big = lead(company=company(employees=900), country="DE")
    abroad = lead(company=company(employees=900), country="FR")
    assert offered(of=big).rep == anna
    handoff = offered(of=abroad)
    assert handoff.rep == ben
    assert whys(handoff)["Enterprise"] == "only where the lead's country is Germany or Austria"


def test_the_score_that_leads_can_be_asked_for_and_its_figures_are_named():
    anna, ben = reps(2)
    rule("Hot", pool(anna, name="Hot"), scores={"intent": {"at_least": 30}, "total": {"below": 90}})
    rule("Rest", pool(ben, name="Rest"))
    hot, mild, nobody = lead(), lead(), lead()
    give_score(hot, intent=35, fit=20)
    give_score(mild, intent=29, fit=40)
    assert offered(of=hot).rep == anna
    assert whys(offered(of=mild))["Hot"] == "intent is 29, it takes 30 or more"
    assert whys(offered(of=nobody))["Hot"] == "asks for a score, and this lead has none"


def test_the_model_that_leads_can_be_asked_for():
    anna, ben = reps(2)
    model = ModelVersion.objects.live().model
    rule("Product", pool(anna, name="Product"), model=model)
    rule("Rest", pool(ben, name="Rest"))
    scored = lead()
    give_score(scored, intent=30)
    assert offered(of=scored).rep == anna
    assert whys(offered(of=lead()))["Product"] == f"for leads of “{model.name}”; no model leads here"


def test_a_rule_whose_pool_is_off_is_passed_over():
    anna, ben = reps(2)
    rule("Closed", pool(anna, name="Closed", is_active=False))
    rule("Rest", pool(ben, name="Rest"))
    handoff = offered(of=lead())
    assert handoff.rep == ben
    assert whys(handoff)["Closed"] == "the pool Closed is off"


def test_what_cannot_be_asked_is_refused_with_the_field():
    with pytest.raises(ValidationError) as refused:
        rule(
            "Broken",
            None,
            to="pool",
            when={"field": "shoe_size", "op": "gt", "value": 4},
            scores={"luck": {}},
        )
    faults = refused.value.message_dict
    assert "There is no field 'shoe_size'" in faults["when"][0]
    assert faults["scores"] == ["There is no figure 'luck'. Figures: intent, fit, engagement, total."]
    assert faults["pool"] == ["Choose the pool it leads to."]
    with pytest.raises(ValidationError) as refused:
        rule("Did", pool(), when={"activity": ["demo_request"]})
    assert "when" in refused.value.message_dict


def test_a_rule_that_broke_later_holds_for_nobody_and_says_why():
    anna, ben = reps(2)
    broken = rule("Broken", pool(anna, name="Broken"))
    RoutingRule.objects.filter(pk=broken.pk).update(when={"field": "gone", "op": "known"})
    rule("Rest", pool(ben, name="Rest"))
    handoff = offered(of=lead())
    assert handoff.rep == ben
    assert whys(handoff)["Broken"].startswith("cannot be asked: $.field: There is no field 'gone'")


# Territories


def test_the_countries_of_pools_become_a_rule_each_and_no_lead_goes_elsewhere():
    nordics = team("Nordics")
    sol, nils, rest, off = rep(), rep("Nils North", nordics), rep("Rita Rest"), rep("Otto Off")
    pool(rest, name="Everywhere else", position=1)
    pool(sol, name="DACH", countries=["DE", "AT"], position=20)
    pool(nils, name="North", in_team=nordics, countries=["SE", "NO"], position=10)
    pool(off, name="Off", countries=["FR"], position=5, is_active=False)

    def where() -> list[User | None]:
        return [offered(of=lead(country=country)).rep for country in ("de", "SE", "FR", "", "BR")]

    before = where()
    import_module("handoff.migrations.0004_routing").rules_of_pools(apps, None)
    assert list(RoutingRule.objects.in_order().values_list("name", flat=True)) == [
        "Territory of Off",
        "Territory of North",
        "Territory of DACH",
        "Territory of Everywhere else",
    ]
    assert where() == before == [sol, nils, rest, rest, rest]


def test_a_pool_whose_territory_is_switched_off_takes_no_lead_by_country():
    anna, ben = reps(2)
    dach = pool(anna, name="DACH", countries=["DE"], position=1)
    rule("Territory of DACH", dach, to="territory", is_on=False)
    pool(ben, name="Rest", position=2)
    assert offered(of=lead(country="DE")).rep == ben


# The account owner


def test_the_rep_who_owns_the_lead_comes_first():
    anna, ben = reps(2)
    pool(anna, ben)
    rule("Account owner")
    owned = lead(owner=ben)
    handoff = offered(of=owned)
    assert handoff.rep == ben
    assert whys(handoff)["Account owner"] == "Rep2 Seller owns this lead"


def test_else_who_owns_an_open_or_won_lead_of_the_company():
    anna, ben = reps(2)
    pool(anna, ben)
    rule("Account owner")
    firm = company()
    lead(company=firm, owner=anna, stage=Stage.CLOSED)
    lead(company=firm, owner=ben, stage=Stage.OPPORTUNITY)
    assert offered(of=lead(company=firm)).rep == ben


@pytest.mark.parametrize("waits", [True, False])
def test_an_owner_who_is_away_is_waited_for_only_if_the_rule_says_so(waits: bool):
    anna, ben, ada = *reps(2), admin()
    pool(anna, ben)
    rule("Account owner", waits=waits)
    away(ben)
    handoff = offered(of=lead("Ada Lovelace", owner=ben))
    if not waits:
        assert handoff.rep == anna
        assert whys(handoff)["Account owner"] == "Rep2 Seller: away until 17 Nov"
        return
    assert handoff.rep is None
    assert Notification.objects.get(recipient=ada).title == "Ada Lovelace waits for Rep2 Seller"
    pipeline.run(at=NOW + timedelta(minutes=20))
    assert Handoff.objects.get().rep is None  # anna is there, but it is ben's
    pipeline.run(at=LATER)
    assert Handoff.objects.get().rep == ben
    assert decision(handoff).kind == "waiting"


def test_an_owner_who_left_is_no_owner():
    anna = rep()
    pool(anna)
    rule("Account owner")
    handoff = offered(of=lead(owner=rep("Gone Gustav", is_active=False)))
    assert handoff.rep == anna
    assert whys(handoff)["Account owner"] == "nobody has this account"


def test_a_lead_of_their_own_account_counts_as_the_owners_turn():
    anna, ben = reps(2)
    pool(anna, ben)
    rule("Account owner")
    offered(of=lead(owner=anna))
    assert [offered(of=lead()).rep for _ in range(2)] == [ben, anna]


# Limits and pools behind pools


def test_c24_full_paused_and_absent_reps_are_skipped_and_the_ledger_says_so():
    anna, ben, carl, dora = reps(4)
    ring = pool(anna, ben, carl, dora)
    PoolMember.objects.filter(user=anna).update(open_at_most=1)
    PoolMember.objects.filter(user=ben).update(paused=True, pause_reason="onboarding")
    away(carl)
    assert offered(of=lead()).rep == anna
    handoff = offered(of=lead())
    assert handoff.rep == dora
    said = {User.objects.get(pk=each["user"]): each["why"] for each in decision(handoff).members}
    assert said == {
        anna: "1 of 1 open",
        ben: "paused: onboarding",
        carl: "away until 17 Nov",
        dora: "",
    }
    assert decision(handoff).pool == ring


def test_c24_a_day_is_the_members_own_and_room_comes_back_with_the_next_one():
    anna = rep(time_zone="Pacific/Auckland")  # thirteen hours ahead: its day begins at 11:00 UTC
    pool(anna)
    PoolMember.objects.update(per_day=1)
    assert offered(of=lead()).rep == anna
    second = offered(of=lead(), at=NOW + timedelta(minutes=5))
    assert second.rep is None
    pipeline.run(at=NOW + timedelta(minutes=30))
    second.refresh_from_db()
    assert second.rep == anna


def test_an_answer_makes_room_and_what_waited_is_given_once():
    anna = rep()
    pool(anna)
    PoolMember.objects.update(open_at_most=1)
    first, *waiting = [offered(of=lead(), at=NOW + timedelta(minutes=n)) for n in range(3)]
    assert [each.rep for each in (first, *waiting)] == [anna, None, None]
    decisions.accept(handoff=first, by=anna, at=LATER)
    pipeline.run(at=LATER)
    pipeline.run(at=LATER)
    assert list(Handoff.objects.order_by("offered_at").values_list("rep", flat=True)) == [
        anna.pk,
        anna.pk,
        None,
    ]


def test_limits_count_over_all_pools_of_a_rep():
    anna = rep()
    pool(anna, name="DACH", countries=["DE"])
    pool(anna, name="Rest", position=200)
    PoolMember.objects.update(open_at_most=2)
    given = [offered(of=lead(country=country)).rep for country in ("DE", "BR", "DE")]
    assert given == [anna, anna, None]


def test_a_pool_falls_back_on_another_and_that_one_on_a_third_without_end():
    anna, carl = reps(2)
    away(anna)
    third = pool(carl, name="Third", countries=["XX"])
    second = pool(name="Second", countries=["XX"], fallback=third)
    Pool.objects.filter(pk=third.pk).update(fallback=second)  # round and round is no harm
    pool(anna, name="First", countries=["DE"], fallback=second)
    handoff = offered(of=lead(country="DE"))
    assert handoff.rep == carl
    assert handoff.pool == third
    assert whys(handoff)["Territories"] == (
        "Third gave it to Rep2 Seller; First: nobody available; Second: empty pool"
    )


def test_c26_of_eleven_leads_eight_tagged_the_specialist_gets_five_tagged():
    one, two, three = reps(3)
    pool(one, two, three)
    PoolMember.objects.update(open_at_most=5)
    tagged = {"field": "attributes.tag", "op": "eq", "value": "field-service"}
    PoolMember.objects.filter(user=one).update(prefers=tagged)
    for number in range(11):
        plain = number in (0, 4, 9)
        offered(
            of=lead(attributes={} if plain else {"tag": "field-service"}), at=NOW + timedelta(minutes=number)
        )
    load = Counter(Handoff.objects.values_list("rep", flat=True))
    assert load == {one.pk: 5, two.pk: 3, three.pk: 3}
    assert all(each.lead.attributes for each in Handoff.objects.filter(rep=one).select_related("lead"))


def test_never_straight_back_but_to_the_fallback_pool():
    anna, ben = reps(2)
    ring = pool(anna, name="DACH", countries=["DE"], fallback=pool(ben, name="Rest", position=300))
    handoff = offered(of=lead(country="DE"))
    assert handoff.rep == anna
    decisions.reject(handoff=handoff, by=anna, reason=reason(), at=NOW)
    Handoff.objects.filter(pk=handoff.pk).update(offered_at=NOW - timedelta(days=1))
    held = Lead.objects.get(pk=handoff.lead_id)
    with transaction.atomic():
        where = routing.assign(lead=held, at=LATER, refused_by=anna.pk)
    assert where.rep == ben
    assert {member["why"] for member in where.way.members if member["pool"] == ring.pk} == {
        "sent this lead back last"
    }


# The ledger


def test_the_ledger_keeps_counters_before_and_after_and_reads_in_words():
    anna, ben = reps(2)
    pool(anna, ben)
    handoff = offered(of=lead())
    [entry] = ledger.read(handoff=handoff)
    assert entry.in_words == "By the territories, to Rep1 Seller in DACH"
    got, other = entry.members
    assert (got.name, got.is_chosen, got.turns) == ("Rep1 Seller", True, "turn 0 to 1")
    assert (other.name, other.is_chosen, other.why) == ("Rep2 Seller", False, "")
    noted = decision(handoff).members[0]
    assert (noted["before"]["open"], noted["after"]["open"]) == (0, 1)


def test_what_is_taken_by_hand_and_given_after_waiting_is_in_the_ledger_too():
    anna, ben = reps(2)
    pool(anna, ben)
    PoolMember.objects.update(paused=True)
    taken, given = offered(of=lead()), offered(of=lead())
    decisions.accept(handoff=taken, by=anna, at=LATER)
    PoolMember.objects.filter(user=ben).update(paused=False)
    pipeline.run(at=LATER)
    assert [entry.in_words for entry in ledger.read(handoff=taken)] == [
        "Rep1 Seller took it by hand",
        "By the territories, to nobody yet in DACH",
    ]
    assert [entry.decision.kind for entry in ledger.read(handoff=given)] == ["waiting", "rule"]


def test_a_lead_that_waits_writes_no_row_until_somebody_gets_it():
    pool()
    handoff = offered(to=rep(), of=lead())
    for minute in range(5):
        pipeline.run(at=NOW + timedelta(minutes=minute))
    assert RoutingDecision.objects.filter(handoff=handoff).count() == 1


def test_the_ledger_is_not_rewritten():
    pool(rep())
    handoff = offered(of=lead())
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        RoutingDecision.objects.filter(handoff=handoff).update(reason="because")
    assert decision(handoff).reason == ""


def test_health_counts_what_each_rule_did_and_why_it_passed():
    anna, now = rep(), timezone.now()
    never = rule("Never", pool(anna, name="Never"), when=BIG)
    empty = rule("Empty", pool(name="Empty"), goes_on=True)
    rule("All", pool(anna, name="All"))
    for days in (40, 3, 2):
        offered(of=lead(), at=now - timedelta(days=days))
    fares = ledger.health(at=now)
    assert (fares[never.pk].held, fares[never.pk].last_at) == (0, None)
    assert fares[empty.pk].passed == {"empty pool": 2}
    assert fares[empty.pk].last_at == now - timedelta(days=2)


# What it costs


def assigning(rules: int, leads: int) -> int:
    """The queries of one assignment with so many rules, members and leads around."""
    anna = rep(f"Anna{rules}")
    ring = pool(anna, *[rep(f"Colleague{rules}x{n}") for n in range(rules)], name=f"Pool {rules}")
    RoutingRule.objects.all().delete()
    for n in range(rules):
        rule(f"Rule {n}", ring, when={**BIG, "value": 10**6 + n}, scores={"intent": {"at_least": 99}})
    rule("Owner")
    for n in range(leads):
        lead(f"Around {rules} {n}")
    held = lead(country="DE")
    routing.assign(lead=held, at=NOW)
    with CaptureQueriesContext(connection) as queries:
        routing.assign(lead=held, at=NOW)
    return len(queries)


def test_an_assignment_asks_the_same_whatever_there_is():
    assert assigning(2, 5) == assigning(20, 60) == (
        1  # rules
        + 2  # pools, what their members prefer
        + 1  # the lead's country
        + 2  # scores, account owner; what rules ask of facts goes past Django's cursor
        + 1  # the pools, held
        + 5  # pools, members, hours, absences, loads
        + 2  # the turn: member and pool
        + 2  # the rep's teams, their access
    )  # fmt: skip


def test_rules_are_moved_switched_and_kept_while_the_ledger_names_them():
    max_, ring = manager(), pool(rep())
    first, second, third = (rule(name, ring) for name in ("First", "Second", "Third"))
    arranging.move_rule(rule=third, up=True, by=max_)
    assert not arranging.move_rule(rule=first, up=True, by=max_)
    assert list(RoutingRule.objects.in_order()) == [first, third, second]
    offered(of=lead())
    with pytest.raises(arranging.StillNeeded):
        arranging.remove_rule(rule=first, by=max_)
    arranging.switch_rule(rule=first, on=False, by=max_, at=NOW)
    assert offered(of=lead()).routing_decisions.get().rule == third
    arranging.remove_rule(rule=second, by=max_)
    assert RoutingRule.objects.count() == 2


def test_crossings_still_go_round_with_rules():
    pool(*reps(3))
    rule("Owner")
    for _ in range(30):
        crossing(lead())
    pipeline.run(at=NOW)
    assert sorted(Counter(Handoff.objects.values_list("rep", flat=True)).values()) == [10, 10, 10]
