"""The pages of the routing: who may, what a form keeps and refuses, what each page asks the database."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Absence, User
from handoff import decisions, matching
from handoff.models import Handoff, Pool, PoolMember, RoutingRule
from tests.factories import admin, lead, manager, marketer, rep, team
from tests.handoff.factories import offered, pool

pytestmark = pytest.mark.django_db

BIG = {"field": "company.employees", "op": "gte", "value": 500}
RULE_FORM = {
    "do": "save",
    "name": "Large firms",
    "on": "on",
    "when-how": "all",
    "when-0-what": "field:company.employees",
    "when-0-op": "gte",
    "when-0-value": "500",
    "at_least-intent": "20",
    "to": "pool",
    "goes_on": "on",
}


@pytest.fixture
def ring() -> Pool:
    return pool(rep())


@pytest.fixture
def boss(client: Client) -> User:
    max_ = manager()
    client.force_login(max_)
    return max_


def texts(answer: Any) -> str:
    return str(answer.content.decode())


# Who may


@pytest.mark.parametrize("who", [rep, marketer])
def test_reps_and_marketers_do_not_arrange_the_routing(client: Client, ring: Pool, who: Any) -> None:
    someone = User.objects.get(email="sol@handoff.example") if who is rep else who()
    client.force_login(someone)
    rule = RoutingRule.objects.create(name="All", to="pool", pool=ring)
    for path in (
        "/routing/",
        "/routing/rules/",
        f"/routing/rules/{rule.public_id}/",
        "/routing/pools/",
        f"/routing/pools/{ring.public_id}/",
        f"/people/{someone.public_id}/leaving/",
    ):
        assert client.get(path).status_code == 403, path
    assert client.post(f"/routing/rules/{rule.public_id}/state/", {"on": ""}).status_code == 403
    assert RoutingRule.objects.get().is_on


def test_pools_and_people_of_other_teams_are_not_there(client: Client, ring: Pool, boss: User) -> None:
    nordics = team("Nordics")
    nils = rep("Nils North", nordics)
    north = pool(nils, name="North", in_team=nordics)
    sol = User.objects.get(email="sol@handoff.example")
    for path in (
        f"/routing/pools/{north.public_id}/",
        f"/routing/pools/{north.public_id}/people/{nils.public_id}/",
        f"/routing/pools/{ring.public_id}/people/{nils.public_id}/",
        f"/people/{nils.public_id}/leaving/",
    ):
        assert client.get(path).status_code == 404, path
    assert (
        client.post(f"/routing/pools/{ring.public_id}/people/", {"user": nils.public_id}).status_code == 404
    )
    assert client.get(f"/people/{sol.public_id}/leaving/").status_code == 200
    assert "North" not in texts(client.get("/routing/pools/"))
    client.force_login(admin())
    assert "North" in texts(client.get("/routing/pools/"))


def test_why_a_lead_is_yours_is_for_those_who_see_the_lead(client: Client, ring: Pool) -> None:
    handoff = offered(of=lead("Ada Lovelace"))
    address = f"/handoffs/{handoff.public_id}/routing/"
    client.force_login(handoff.rep)
    shown = texts(client.get(address))
    assert "Why this is yours" in shown
    assert "DACH gave it to Sol Seller" in shown
    assert address in texts(client.get(f"/leads/{handoff.lead.public_id}/"))
    client.force_login(rep("Nils North", team("Nordics")))
    assert client.get(address).status_code == 404
    client.force_login(marketer())
    assert "Why it is where it is" in texts(client.get(address))


# Rules


def test_a_rule_is_made_shown_in_words_and_edited(client: Client, ring: Pool, boss: User) -> None:
    made = client.post("/routing/rules/", {**RULE_FORM, "pool": ring.public_id})
    assert made.status_code == 302
    rule = RoutingRule.objects.get()
    assert (rule.when, rule.scores, rule.goes_on, rule.edited_by) == (
        BIG,
        {"intent": {"at_least": 20}},
        True,
        boss,
    )
    said = "When the company&#x27;s staff is 500 or more and intent is 20 or more: to DACH"
    assert said in texts(client.get("/routing/"))
    address = f"/routing/rules/{rule.public_id}/"
    form = texts(client.get(address))
    assert 'name="when-0-value"' in form
    assert 'value="500"' in form
    owner = {
        "do": "save",
        "name": "Account owner",
        "on": "on",
        "when-how": "all",
        "to": "owner",
        "waits": "on",
    }
    assert client.post(address, owner).status_code == 302
    rule.refresh_from_db()
    assert (rule.to, rule.pool, rule.waits, rule.goes_on, rule.when, rule.scores) == (
        "owner", None, True, False, None, {},
    )  # fmt: skip


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(
    client: Client, ring: Pool, boss: User
) -> None:
    wrong = {**RULE_FORM, "name": " ", "when-0-value": "many", "at_least-intent": "30", "below-intent": "20"}
    answer = client.post("/routing/rules/", wrong)
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {"name", "when-0-value", "at_least-intent", "pool"}
    assert errors["name"] == "Give the rule a name."
    assert errors["pool"] == "Choose the pool it leads to."
    assert errors["at_least-intent"] == "intent: “below” must be more than “at least”."
    assert 'href="#id_when-0-value"' in texts(answer)
    assert not RoutingRule.objects.exists()


@pytest.mark.parametrize(
    "junk",
    [
        {"to": "nowhere"},
        {"pool": "not-a-uuid"},
        {"model": "no-such-model", "at_least-fit": "1e9"},
        {"when-0-what": "did:demo_request"},
        {"when-0-what": "field:\x00"},
        {"do": "add:nothing-9"},
    ],
)
def test_junk_is_answered_and_not_kept(client: Client, ring: Pool, boss: User, junk: dict[str, str]) -> None:
    answer = client.post("/routing/rules/", {**RULE_FORM, "pool": str(ring.public_id), **junk})
    assert answer.status_code in (200, 422)
    assert not RoutingRule.objects.exists()


def test_the_builder_works_without_scripts(client: Client, ring: Pool, boss: User) -> None:
    more = client.post("/routing/rules/", {**RULE_FORM, "do": "add:when"})
    assert 'name="when-1-what"' in texts(more)
    assert 'value="500"' in texts(more)
    less = client.post("/routing/rules/", {**RULE_FORM, "do": "remove:when-0"})
    assert "No condition: every lead." in texts(less)
    owner = client.post("/routing/rules/", {**RULE_FORM, "do": "change", "to": "owner"})
    assert "Wait for them" in texts(owner)


def test_who_saves_over_somebody_elses_change_is_told(client: Client, ring: Pool, boss: User) -> None:
    rule = RoutingRule.objects.create(name="All", to="pool", pool=ring)
    seen = rule.edited_at.isoformat()
    RoutingRule.objects.filter(pk=rule.pk).update(edited_at=timezone.now(), edited_by=admin())
    form = {**RULE_FORM, "pool": ring.public_id, "seen": seen}
    answer = client.post(f"/routing/rules/{rule.public_id}/", form)
    assert answer.status_code == 409
    assert "Ada Admin changed this rule meanwhile." in texts(answer)
    assert RoutingRule.objects.get().name == "All"


def test_rules_are_ordered_switched_and_deleted(client: Client, ring: Pool, boss: User) -> None:
    first, second = (
        RoutingRule.objects.create(name=name, to="pool", pool=ring, position=n)
        for n, name in enumerate(("First", "Second"))
    )
    client.post(f"/routing/rules/{second.public_id}/position/", {"to": "up"})
    assert [row.rule for row in client.get("/routing/").context["rows"]] == [second, first]
    client.post(f"/routing/rules/{second.public_id}/state/", {})
    assert not RoutingRule.objects.get(pk=second.pk).is_on
    offered(of=lead())
    kept = client.post(f"/routing/rules/{first.public_id}/removal/")
    assert kept.status_code == 409
    assert "switch it off instead" in texts(kept)
    client.post(f"/routing/rules/{second.public_id}/removal/")
    assert list(RoutingRule.objects.all()) == [first]


def test_a_rule_that_no_lead_gets_as_far_as_says_which_one_takes_them(
    client: Client, ring: Pool, boss: User
) -> None:
    Pool.objects.filter(pk=ring.pk).update(countries=["DE", "AT", "CH"])
    swiss = Pool.objects.create(name="Swiss", team=ring.team, position=100, countries=["CH"])
    for place, (name, to, rules_pool) in enumerate(
        [("All of DACH", "territory", ring), ("Swiss first", "territory", swiss), ("Rest", "pool", ring)]
    ):
        RoutingRule.objects.create(name=name, to=to, pool=rules_pool, position=place)

    page = texts(client.get("/routing/"))

    assert page.count("“All of DACH” comes first") == 1
    assert page.index("Swiss first") < page.index("“All of DACH” comes first") < page.index(">Rest<")
    RoutingRule.objects.filter(name="All of DACH").update(goes_on=True)
    assert "comes first and takes" not in texts(client.get("/routing/"))


def test_a_dry_run_of_one_lead_and_of_last_week_with_a_rule_nobody_saved(
    client: Client, ring: Pool, boss: User
) -> None:
    ben = rep("Ben Big")
    large = pool(ben, name="Large firms", countries=["XX"])
    now = timezone.now()
    asked = offered(of=lead("Ada Lovelace"), at=now - timedelta(days=1)).lead
    one = texts(client.get("/routing/", {"lead": asked.email}))
    assert "<b>Sol Seller, DACH</b>" in one
    by_page = client.get("/routing/", {"lead": f"http://testserver/leads/{asked.public_id}/"})
    assert by_page.context["tried"].lead == asked
    assert client.get("/routing/", {"lead": "nobody@example"}).status_code == 422
    form = {
        "do": "try",
        "name": "Everything",
        "on": "on",
        "when-how": "all",
        "to": "pool",
        "pool": large.public_id,
    }
    RoutingRule.objects.create(name="All", to="pool", pool=ring, position=5)
    tried = client.post("/routing/rules/", form).context["week"]
    assert tried.changed == 0  # a new rule comes last
    rule = RoutingRule.objects.get()
    tried = client.post(f"/routing/rules/{rule.public_id}/", form).context["week"]
    assert tried.rows == [("Ben Big, Large firms", 0, 1), ("Sol Seller, DACH", 1, 0)]
    assert RoutingRule.objects.get().pool == ring


# Pools


def test_a_pool_is_made_with_its_rule_and_filled(client: Client, boss: User) -> None:
    dach = boss.teams.get()
    form = {"name": "Alps", "team": dach.pk, "countries": "at, CH", "method": "rotation", "position": 5}
    form["is_active"] = "on"
    assert client.post("/routing/pools/new/", form).status_code == 302
    made = Pool.objects.get()
    assert made.countries == ["AT", "CH"]
    rule = RoutingRule.objects.get()
    assert matching.said_of(matching.read_rule(rule), pool="Alps", countries=made.countries) == (
        "When the lead is from AT, CH: to Alps."
    )
    sol = rep()
    client.post(f"/routing/pools/{made.public_id}/people/", {"user": sol.public_id})
    address = f"/routing/pools/{made.public_id}/people/{sol.public_id}/"
    client.post(address, {
        "do": "save", "weight": "3", "open_at_most": "7", "per_day": "", "prefers-how": "all",
        "prefers-0-what": "field:city", "prefers-0-op": "eq", "prefers-0-value": "Graz",
        "only_preferred": "on",
    })  # fmt: skip
    member = PoolMember.objects.get()
    assert (member.weight, member.open_at_most, member.per_day, member.only_preferred) == (3, 7, None, True)
    assert member.prefers == {"field": "city", "op": "eq", "value": "Graz"}
    shown = texts(client.get("/routing/pools/"))
    assert "takes other leads" in shown
    assert "first where the lead&#x27;s city is “Graz”" in shown
    client.post(f"{address}removal/")
    assert not PoolMember.objects.exists()


def test_bad_numbers_and_a_pause_without_reason_are_refused(client: Client, ring: Pool, boss: User) -> None:
    sol = ring.members.get().user
    answer = client.post(
        f"/routing/pools/{ring.public_id}/people/{sol.public_id}/",
        {"do": "save", "weight": "21", "open_at_most": "0", "per_day": "lots", "paused": "on",
         "only_preferred": "on"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {
        "weight", "open_at_most", "per_day", "pause_reason", "only_preferred",
    }  # fmt: skip
    member = ring.members.get()
    assert (member.weight, member.paused) == (1, False)
    wrong = client.post(f"/routing/pools/{ring.public_id}/", {"name": "", "countries": "XYZ", "team": 999})
    assert wrong.status_code == 422
    assert {"name", "countries", "team"} <= set(wrong.context["form"].errors)


def test_the_share_given_stands_beside_the_share_meant(client: Client, boss: User) -> None:
    sol, ben = rep(), rep("Ben Back")
    ring = pool(sol, ben)
    PoolMember.objects.filter(user=sol).update(weight=3)
    for _ in range(4):
        offered(of=lead(), at=timezone.now())
    places = client.get("/routing/pools/").context["pools"][0].places
    assert [(place.given, place.meant) for place in places] == [(75, 75), (25, 25)]
    assert ring.members.count() == 2


# Leaving


def test_a_leavers_work_is_handed_on_from_the_page(client: Client, ring: Pool, boss: User) -> None:
    sol, ben = ring.members.get().user, rep("Ben Back")
    offered(of=lead())
    address = f"/people/{sol.public_id}/leaving/"
    assert "Hand on…" in texts(client.get(address))
    both = client.post(address, {"to": ben.public_id, "pool": ring.public_id, "reason": ""})
    assert both.status_code == 422
    assert set(both.context["form"].errors) == {"reason"}
    both = client.post(address, {"to": ben.public_id, "pool": ring.public_id, "reason": "Leaves"})
    assert both.context["form"].errors["to"] == ["Choose either a colleague or a pool."]
    given = {"to": ben.public_id, "reason": "Leaves", "pause": "on"}
    asked = client.post(address, given)
    assert (asked.status_code, Handoff.objects.get().rep) == (200, sol)
    assert "All of this goes from Sol Seller to <b>Ben Back</b>" in texts(asked)
    assert "<dt>Leads waiting for an answer</dt><dd>1</dd>" in texts(asked)
    assert "Sol Seller gets no new leads from now on." in texts(asked)
    assert 'value="Leaves"' in client.post(address, {**given, "change": "1"}).content.decode()
    done = client.post(address, {**given, "sure": "1"}, follow=True)
    assert "went to Ben Back (1)" in texts(done)
    assert "Nothing is open" in texts(done)
    assert Handoff.objects.get().rep == ben


def test_only_what_waits_may_be_handed_on(client: Client, ring: Pool, boss: User) -> None:
    sol, ben = ring.members.get().user, rep("Ben Back")
    accepted = offered(of=lead())
    decisions.accept(handoff=accepted, by=sol, at=timezone.now())
    waiting = offered(of=lead())
    address = f"/people/{sol.public_id}/leaving/"
    given = {"what": "waiting", "to": ben.public_id, "reason": "On leave", "rest": "on"}
    asked = texts(client.post(address, given))
    assert "stay with Sol Seller" in asked
    assert "Accepted leads" not in asked.partition("What will happen")[2]
    client.post(address, {**given, "sure": "1"})
    waiting.refresh_from_db()
    accepted.lead.refresh_from_db()
    assert (waiting.rep, accepted.lead.owner) == (ben, sol)


def test_who_is_away_says_so_where_leads_are_given(client: Client, ring: Pool, boss: User) -> None:
    sol, ben, now = ring.members.get().user, rep("Ben Back"), timezone.now()
    Absence.objects.create(user=ben, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=2))
    offered(of=lead())
    for path in (f"/people/{sol.public_id}/leaving/", "/team/"):
        assert "Ben Back (away until " in texts(client.get(path)), path
        assert "Sol Seller (away" not in texts(client.get(path))


# What it costs


FRAME = 3  # session, user, the rail's counts
BUDGETS = {
    "/routing/": FRAME + 3,  # rules with pool and model, how they fared, pools without a rule
    "/routing/pools/": FRAME + 1 + 5 + 2,  # those one sees; pools and desks; shares, names
    "/routing/rules/{rule}/": FRAME
    + 1  # the rule
    + 1  # activity types; what is stored goes past Django's cursor
    + 2,  # pools, models
    "/handoffs/{handoff}/routing/": FRAME + 2 + 2,  # the handoff, the ledger; people, pools
    "/people/{person}/leaving/": FRAME
    + 1
    + 4
    + 2,  # the person; what they have, leads and the rest; people, pools
}


def test_pages_ask_the_same_however_much_there_is(client: Client) -> None:
    client.force_login(admin())
    ring = pool(*[rep(f"Rep{n}x{n}") for n in range(2)])

    def grown(number: int) -> dict[str, int]:
        for n in range(number):
            joined = rep(f"More{number}x{n}")
            ring.members.create(user=joined)
            RoutingRule.objects.create(name=f"Rule {n}", to="pool", pool=ring, when={**BIG, "value": 10**7})
            RoutingRule.objects.create(name=f"Owner {n}", to="owner")
            pool(joined, name=f"Pool {number} {n}", position=500)
        handoff = offered(of=lead(), at=timezone.now())
        ids = {
            "rule": RoutingRule.objects.filter(to="pool").latest("id").public_id,
            "handoff": handoff.public_id,
            "person": handoff.rep.public_id,
        }
        asked = {}
        for path in BUDGETS:
            client.get(path.format(**ids))
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path.format(**ids)).status_code == 200
            asked[path] = len(queries)
        return asked

    assert grown(1) == grown(9) == BUDGETS
