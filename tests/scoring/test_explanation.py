"""Why a score is what it is: what earned it, until when it counts, what is missing, and how it was then."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from leads.models import Lead
from scoring import model_file
from scoring.explanation import Explanation, explain, history
from scoring.models import Adjustment, ModelVersion
from scoring.reasons import Reason
from tests import factories as make
from tests.factories import NOW
from tests.scoring import generators as some
from tests.scoring.oracle import Person, judge
from tests.scoring.test_oracle import EXAMPLES, many
from tests.scoring.worlds import draft, leads_of

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def reasons(explained: Explanation, dimension: str) -> dict[str, Reason]:
    [found] = [part for part in explained.dimensions if part.key == dimension]
    return {reason.rule: reason for reason in found.reasons}


def test_explaining_one_lead_after_the_other_is_planned_once() -> None:
    """Planning takes five times as long as running, and every handoff freezes an explanation."""
    lead = make.lead()
    for days in range(3):
        explain(lead=lead, at=NOW + days * DAY)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%scored%'"
        )
        assert cursor.fetchall() == [(3, 0), (3, 0)]


def test_a_rule_names_the_activities_that_earned_it_and_until_when_they_count() -> None:
    lead = make.lead()
    old = make.activity(lead, "demo_request", NOW - 20 * DAY)
    new = make.activity(lead, "contact_sales", NOW - 2 * DAY)

    asked = reasons(explain(lead=lead, at=NOW), "intent")["asked-for-sales"]

    assert [activity.id for activity in asked.activities] == [new.pk]
    assert old.pk != new.pk
    assert asked.counts_until == (NOW + 28 * DAY).isoformat()
    assert asked.fading == "halves every 30 days"
    assert asked.evidence == "2 times, last: Asked to talk to sales on 15 November 2026"


def test_a_fact_shows_what_was_found() -> None:
    lead = make.lead(title="Head of Operations", company=make.company(employees=240))
    fit = reasons(explain(lead=lead, at=NOW), "fit")
    assert fit["decides"].evidence == "Job title: Head of Operations"
    assert fit["staff-100-500"].evidence == "Company's staff: 240"


def test_what_is_missing_to_the_line_is_said() -> None:
    lead = make.lead(title="Head of Operations")
    explained = explain(lead=lead, at=NOW)
    short = {part.key: (part.line, part.short, part.over) for part in explained.dimensions}
    assert short == {"intent": (20, 20, False), "fit": (20, 6, False), "engagement": (None, 0, True)}


def test_a_cap_and_a_ceiling_are_parts_of_their_own() -> None:
    lead = make.lead()
    for _ in range(5):
        make.activity(lead, "pricing_page_view")
    for kind in ("demo_request", "email_replied"):
        make.activity(lead, kind)

    intent = reasons(explain(lead=lead, at=NOW), "intent")

    assert (intent["pricing"].points, intent["pricing"].raw_points, intent["pricing"].count) == (12, 20, 5)
    assert intent["ceiling"].points == -10


def test_a_persons_word_is_a_part_with_its_reason_and_author() -> None:
    lead, mara = make.lead(phone="1"), make.marketer()
    say = {"lead": lead, "dimensions": ["fit"], "author": mara}
    Adjustment.objects.create(**say, kind="set", points=30, at=NOW - DAY, reason="Met their board")
    Adjustment.objects.create(**say, kind="add", points=5, at=NOW, reason="They called back")

    fit = reasons(explain(lead=lead, at=NOW), "fit")

    assert (fit["phone"].points, fit["set"].points, fit["added"].points) == (4, 26, 5)
    assert "Set to: Met their board (Mara Marker)" in fit["set"].evidence


def test_the_past_is_explained_with_the_facts_of_then() -> None:
    lead = make.lead(title="Intern")
    before = datetime.now(tz=NOW.tzinfo) - timedelta(seconds=1)
    Lead.objects.filter(pk=lead.pk).update(title="Director")
    after = datetime.now(tz=NOW.tzinfo) + timedelta(days=1)

    then = reasons(explain(lead=lead, at=before, facts="history"), "fit")
    now = reasons(explain(lead=lead, at=after, facts="history"), "fit")

    assert list(then) == ["learns"]
    assert list(now) == ["decides"]


@given(
    model=some.models(),
    person=some.people,
    before=st.lists(some.facts(), min_size=1, max_size=3),
    at=some.moments,
)
@many(EXAMPLES // 10)
def test_superseded_facts_score_as_the_oracle_says(
    model: dict[str, Any], person: Person, before: list[dict[str, Any]], at: datetime
) -> None:
    """The values that held before each update, the oldest first, each until ten days before the next."""
    kept: Any = apps.get_model("leads", "LeadHistory")
    with transaction.atomic():
        version, [lead] = draft(model), leads_of([person])
        held = []
        for n, facts in enumerate(before):
            until = some.NOW - (len(before) - n) * 10 * DAY
            row = {name: facts[name] for name in ("name", "title", "source", "attributes")}
            old = kept.objects.create(
                pgh_obj=lead,
                pgh_label="update",
                id=lead.pk,
                email=lead.email,
                company_id=lead.company_id,
                phone=lead.phone,
                country=lead.country,
                city=lead.city,
                campaign=lead.campaign,
                **row,
            )
            with pgtrigger.ignore("leads.LeadHistory:append_only"):  # a row is stamped when it is written
                kept.objects.filter(pk=old.pk).update(pgh_created_at=until)
            held.append((until, row | {name: facts[name] for name in ("seniority", "department")}))
        [(_, fit, engagement, intent)] = history(lead=lead, moments=[at], version=version)
        transaction.set_rollback(True)
    person.facts |= next((row for until, row in held if until > at), {})
    assert {"fit": fit, "engagement": engagement, "intent": intent} == judge(
        model, person, at, some.LISTS
    ).points


def test_the_history_of_a_score_is_one_statement(django_assert_num_queries: Any) -> None:
    lead = make.lead()
    make.activity(lead, "demo_request", NOW - 5 * DAY)
    moments = [NOW - n * DAY for n in range(60)]
    version = ModelVersion.objects.live()
    history(lead=lead, moments=moments, version=version)

    with django_assert_num_queries(0):  # the statement itself goes to the driver
        line = history(lead=lead, moments=moments, version=version)

    assert [at for at, *_ in line] == moments
    assert [intent for *_, intent in line][4:8] == [2443, 2500, 0, 0]


def test_an_explanation_is_plain_json() -> None:
    lead = make.lead()
    make.activity(lead, "demo_request")
    said = explain(lead=lead, at=NOW).as_json()
    assert json.loads(json.dumps(said)) == said
    assert said["over"] == ["mql"]


def test_a_draft_can_be_asked_before_it_is_live() -> None:
    version = model_file.load(
        data={
            "model": "default",
            "rules": [
                {
                    "key": "all",
                    "label": "Everybody",
                    "dimension": "fit",
                    "points": 9,
                    "when": {"none": [{"field": "title", "op": "eq", "value": "Nobody"}]},
                }
            ],
        }
    )
    assert explain(lead=make.lead(), at=NOW, version=version).total == 9
    assert explain(lead=make.lead(), at=NOW).total == 0


def explained(lead: Lead, **model: Any) -> Explanation:
    """Under a version that says ``model``; its reasons are checked to add up."""
    for n, rule in enumerate(model["rules"]):
        rule.setdefault("key", f"r{n}")
        rule.setdefault("label", f"Rule {n}")
        rule.setdefault("dimension", "fit")
    said = explain(lead=lead, at=NOW, version=draft({"model": "default", **model}))
    for part in said.dimensions:
        assert round(sum(reason.points for reason in part.reasons), 2) == part.points
    return said


PHONE = {"field": "phone", "op": "known"}


def test_a_group_within_a_group_takes_its_part_and_the_reasons_add_up() -> None:
    said = explained(
        make.lead(phone="1"),
        groups=[{"key": "outer", "cap": 12}, {"key": "inner", "cap": 10, "within": "outer"}],
        rules=[
            {"group": "inner", "points": 8, "when": PHONE},
            {"group": "inner", "points": 8, "when": PHONE},
            {"group": "outer", "points": 9, "when": PHONE},
        ],
    )
    fit = reasons(said, "fit")
    assert (fit["group-inner"].points, fit["group-outer"].points) == (-6, -7)


def test_a_grade_starts_somewhere_and_ends_at_its_letters() -> None:
    model: dict[str, Any] = {
        "grades": {"from": "D"},
        "rules": [
            {"points": 2, "mismatch": -2, "when": {"field": "city", "op": "eq", "value": city}}
            for city in ("Berlin", "Bonn")
        ],
        "lines": [{"stage": "sql", "min": {"fit": "C-"}}],
    }
    nowhere = explained(make.lead(), **model)
    elsewhere = explained(make.lead(city="Paris"), **model)
    grades = [
        (part.grade, part.points, part.line_grade, part.over)
        for said in (nowhere, elsewhere)
        for part in said.dimensions
        if part.key == "fit"
    ]
    assert grades == [("D", 2, "C-", False), ("F", 0, "C-", False)]
    fit = reasons(elsewhere, "fit")
    assert (fit["grade"].label, fit["ceiling"].label) == ("Every lead starts at D", "No grade is under F")
    assert fit["r0"].evidence == "Lead's city: Paris, which does not match"


def test_what_earns_only_together_is_listed_without_points_of_its_own() -> None:
    lead = make.lead(phone="1")
    for days in range(3):
        make.activity(lead, "visit", NOW - days * DAY)
    make.activity(lead, "demo_request", NOW - DAY)
    said = explained(
        lead,
        rules=[
            {"count": "tiers", "tiers": [{"times": 1, "points": 1}, {"times": 3, "points": 5}],
             "when": {"activity": ["visit"]}},
            {"points": 7,
             "when": {"all": [PHONE, {"activity": ["demo_request"], "within_days": 30}]}},
        ],
    )  # fmt: skip
    fit = reasons(said, "fit")
    assert fit["r0"].points == 5
    assert [activity.points for activity in fit["r0"].activities] == [0, 0, 0]
    assert fit["r1"].evidence == "Phone number: 1; Requested a demo on 16 November 2026"
    assert fit["r1"].fading == "while it holds"


def test_a_reason_says_when_the_first_of_its_activities_ends() -> None:
    lead = make.lead()
    for days in (5, 20):
        make.activity(lead, "visit", NOW - days * DAY)
    said = explained(
        lead, rules=[{"points": 2, "count": "each", "window_days": 30, "when": {"activity": ["visit"]}}]
    )
    visits = reasons(said, "fit")["r0"]
    assert visits.fades_at == (NOW + 10 * DAY).isoformat()
    assert visits.counts_until == (NOW + 25 * DAY).isoformat()


def test_a_reason_ends_with_the_window_that_its_condition_asks_for() -> None:
    lead = make.lead(phone="1")
    make.activity(lead, "demo_request", NOW - 5 * DAY)
    when = {"all": [PHONE, {"activity": ["demo_request"], "within_days": 30}]}
    said = explained(lead, rules=[{"points": 7, "when": when, "decay": {"kind": "half_life", "days": 60}}])
    assert reasons(said, "fit")["r0"].counts_until == (NOW + 25 * DAY).isoformat()


def test_a_reason_says_when_its_points_drop_to_what_stays() -> None:
    lead = make.lead()
    make.activity(lead, "visit", NOW - 4 * DAY)
    fading = {"kind": "drop", "days": 10, "percent": 50}
    said = explained(lead, rules=[{"points": 8, "when": {"activity": ["visit"]}, "decay": fading}])
    visit = reasons(said, "fit")["r0"]
    assert (visit.fades_at, visit.counts_until) == ((NOW + 6 * DAY).isoformat(), None)


def test_days_are_those_of_the_version() -> None:
    lead = make.lead()
    make.activity(lead, "visit", datetime(2026, 11, 15, 20, tzinfo=UTC))
    rule = {"points": 8, "when": {"activity": ["visit"]}}
    said = explained(lead, rules=[rule], time_zone="Asia/Tokyo")
    assert reasons(said, "fit")["r0"].evidence.endswith("on 16 November 2026")


# Until when a rule with a window counts


def ends(lead: Lead, **rule: Any) -> str | None:
    points = {} if "tiers" in rule else {"points": 7}
    return reasons(explained(lead, rules=[{**points, **rule}]), "fit")["r0"].counts_until


def test_two_in_a_week_end_when_the_second_newest_is_a_week_old() -> None:
    lead = make.lead()
    for days in (1, 3, 5):
        make.activity(lead, "visit", NOW - days * DAY)
    twice = {"activity": ["visit"], "at_least": 2, "within_days": 7}
    assert ends(lead, when=twice) == (NOW + 4 * DAY).isoformat()
    assert ends(lead, when=twice, count="each") == (NOW + 4 * DAY).isoformat()
    tiers = [{"times": 3, "points": 5}]
    of_three = {"activity": ["visit"], "within_days": 7}
    assert ends(lead, when=of_three, count="tiers", tiers=tiers) == (NOW + 2 * DAY).isoformat()


def test_a_rule_that_asks_for_all_ends_with_the_first_and_one_for_any_with_the_last() -> None:
    lead = make.lead(phone="1")
    for days in (1, 3):
        make.activity(lead, "visit", NOW - days * DAY)
    make.activity(lead, "demo_request", NOW - 100 * DAY)
    twice = {"activity": ["visit"], "at_least": 2, "within_days": 7}
    asked = {"activity": ["demo_request"], "within_days": 120}
    ever = {"activity": ["demo_request"]}
    never = {"activity": ["contact_sales"], "within_days": 900}
    assert ends(lead, when={"all": [twice, ever]}) == (NOW + 4 * DAY).isoformat()
    assert ends(lead, when={"all": [PHONE, {"any": [twice, asked, never]}]}) == (NOW + 20 * DAY).isoformat()
    assert ends(lead, when={"any": [twice, ever]}) is None
    assert ends(lead, when={"any": [twice, PHONE]}) is None  # a fact stays
    assert ends(lead, when={"all": [ever, {"none": [never]}]}) is None


def test_what_has_no_date_leaves_no_window() -> None:
    lead = make.lead()
    make.activity(lead, "visit", NOW - DAY, undated=True)
    make.activity(lead, "visit", NOW - 3 * DAY)
    assert ends(lead, when={"activity": ["visit"], "within_days": 7}) is None
    twice = {"activity": ["visit"], "at_least": 2, "within_days": 7}
    assert ends(lead, when=twice) == (NOW + 4 * DAY).isoformat()


@pytest.mark.parametrize("days_ago", [(1, 3, 5), (2, 2, 6), (0, 4, 4)])
def test_the_points_end_at_that_moment_and_not_before(days_ago: tuple[int, ...]) -> None:
    lead = make.lead()
    for days in days_ago:
        make.activity(lead, "visit", NOW - days * DAY)
    make.activity(lead, "demo_request", NOW - 2 * DAY)
    when = {
        "all": [
            {"activity": ["visit"], "at_least": 2, "within_days": 7},
            {"activity": ["demo_request"], "within_days": 30},
        ]
    }
    until = ends(lead, when=when)
    assert until
    moment = datetime.fromisoformat(until)
    version = ModelVersion.objects.order_by("-id").first()
    assert version
    before, then = (
        {
            reason.rule
            for part in explain(lead=lead, at=at, version=version).dimensions
            for reason in part.reasons
        }
        for at in (moment - timedelta(seconds=1), moment)
    )
    assert ("r0" in before, "r0" in then) == (True, False)
