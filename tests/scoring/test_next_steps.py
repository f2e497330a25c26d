"""What would make a lead an SQL: proposals that come true when they are followed, and nothing impossible."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import event, given
from hypothesis import strategies as st

from leads.activity_types import STARTERS
from leads.models import Activity, ActivityType, Company, Lead
from scoring import model_file, tenses
from scoring.dimensions import TOP_GRADE
from scoring.explanation import explain
from scoring.fields import ATTRIBUTES
from scoring.models import Adjustment, ModelVersion
from scoring.next_steps import NextSteps, next_steps
from scoring.statement import compiled, scores
from scoring.supposing import scores_if
from scoring.ways import Step, Way
from tests import factories as make
from tests.factories import NOW
from tests.scoring import generators as some
from tests.scoring.oracle import Person
from tests.scoring.test_oracle import EXAMPLES, many
from tests.scoring.worlds import draft, leads_of

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)

#: Rules beside the generated ones, so that there is mostly something to propose.
ASKED_FOR: list[dict[str, Any]] = [
    {"key": "x1", "label": "Viewed pages", "dimension": "engagement", "points": 2, "count": "each", "cap": 9,
     "when": {"activity": ["page_view"]}, "decay": {"kind": "half_life", "days": 7}},
    {"key": "x2", "label": "Asked", "dimension": "intent", "points": 12,
     "when": {"activity": ["demo_request", "pricing_page_view"], "at_least": 2, "within_days": 30}},
    {"key": "x3", "label": "Twenty staff", "dimension": "fit", "points": 9,
     "when": {"field": "company.employees", "op": "gte", "value": 20}},
    {"key": "x4", "label": "A head who opened", "dimension": "fit", "points": 9,
     "when": {"all": [{"field": "title", "op": "word", "value": "head"},
                      {"activity": ["email_opened"], "where": [{"property": "page", "op": "known"}]}]}},
]  # fmt: skip


def follow(lead: Lead, way: Way, at: datetime, pick: int = 0) -> None:
    """Really do what ``way`` proposes; of several activities the one at ``pick``."""
    for step in way.steps:
        if step.kind == "fact":
            learn(lead, step)
            continue
        key = step.types[pick % len(step.types)]
        for n in range(step.times):
            Activity.objects.create(
                lead=lead,
                type=ActivityType.objects.get(key=key),
                occurred_at=at,
                properties=step.properties,
                source="followed",
                event_id=f"{Activity.objects.count()}-{n}",
            )


def learn(lead: Lead, step: Step) -> None:
    name = step.field
    if name.startswith("company.") and lead.company is None:
        lead.company = Company.objects.create(name="")
        lead.save()
    whose: Any = lead.company if name.startswith("company.") else lead
    for prefix in ATTRIBUTES:
        if name.startswith(prefix):
            whose.attributes[name.removeprefix(prefix)] = step.value
            whose.save()
            return
    setattr(whose, name.removeprefix("company."), step.value)
    whose.save()


def is_over(lead: Lead, at: datetime, version: ModelVersion) -> bool:
    [row] = scores(compiled(version), ids=[lead.pk], as_of=at)
    return bool(row["sql_over"])


def said(found: NextSteps) -> list[list[str]]:
    return [[step.words for step in way.steps] for way in found.ways]


@given(
    model=some.models(),
    person=some.people,
    minimums=st.dictionaries(
        st.sampled_from(["fit", "engagement", "intent"]), st.integers(1, 25), min_size=1, max_size=2
    ),
    generous=st.booleans(),
)
@many(EXAMPLES // 2)
def test_whoever_follows_a_proposal_is_over_the_line(
    model: dict[str, Any], person: Person, minimums: dict[str, int], generous: bool
) -> None:
    if generous:
        rules = [
            {**rule, "points": abs(rule["points"])} if "points" in rule else rule
            for rule in model.get("rules", [])
        ]
        model = {**model, "rules": [*rules, *ASKED_FOR], "blockers": []}
        model.pop("applies_to", None)
    if "grades" in model and "fit" in minimums:
        minimums = {**minimums, "fit": min(minimums["fit"], TOP_GRADE)}
    ceilings = model.get("ceilings", {})
    minimums = {name: min(least, ceilings.get(name, least)) for name, least in minimums.items()}
    model = {**model, "lines": [{"stage": "sql", "min": minimums}]}
    with transaction.atomic():
        version, [lead] = draft(model), leads_of([person])
        lead = Lead.objects.select_related("company").get(pk=lead.pk)
        found = next_steps(lead=lead, at=some.NOW, version=version)
        assert (found.state == "over") == is_over(lead, some.NOW, version)
        event(f"{found.state}, {len(found.ways)} ways")
        if found.state == "under":
            for way in found.ways:
                for pick in range(max(len(step.types) or 1 for step in way.steps)):
                    with transaction.atomic():
                        again = Lead.objects.select_related("company").get(pk=lead.pk)
                        follow(again, way, some.NOW, pick)
                        assert is_over(again, some.NOW, version), way
                        transaction.set_rollback(True)
        transaction.set_rollback(True)


@given(model=some.models(), person=some.people)
@many(EXAMPLES // 5)
def test_nothing_supposed_scores_as_the_lead_does(model: dict[str, Any], person: Person) -> None:
    with transaction.atomic():
        version, [lead] = draft(model), leads_of([person])
        lead = Lead.objects.select_related("company").get(pk=lead.pk)
        statement = compiled(version)
        real = scores(statement, ids=[lead.pk], as_of=some.NOW)
        types = dict(ActivityType.objects.values_list("key", "id"))
        supposed = scores_if(statement=statement, lead=lead, at=some.NOW, suppositions=[(), ()], types=types)
        transaction.set_rollback(True)
    apart = {"n", "lead_id"}
    for row in supposed:
        assert {k: v for k, v in row.items() if k not in apart} == {
            k: v for k, v in real[0].items() if k not in apart
        }


def good_fit(**fields: Any) -> Lead:
    firm = make.company(employees=200, industry="HVAC")
    return make.lead(**{"title": "Head of Operations", "phone": "+49 30 1", "company": firm, **fields})


def test_a_lead_with_the_fit_lacks_one_thing_to_ask_for() -> None:
    found = next_steps(lead=good_fit(), at=NOW)
    assert found.state == "under"
    assert said(found)[0] == ["Requests a demo, asks to talk to sales, asks for a quote or starts a trial"]
    assert found.ways[0].steps[0].points == {"intent": 25.0}


def test_what_is_unknown_is_to_be_learned_and_what_does_not_match_is_never_proposed() -> None:
    lead = make.lead(title="Student", company=make.company(employees=5))
    make.activity(lead, "demo_request")

    found = next_steps(lead=lead, at=NOW)

    facts = [step.field for way in found.ways for step in way.steps if step.kind == "fact"]
    assert "title" not in facts
    assert "company.employees" not in facts
    # Nothing that can be learned makes up for −27: only the trigger is left.
    assert said(found) == [["Downloads the comparison guide"]]
    assert found.ways[0].trigger == "Downloaded the comparison guide and requested a demo"


def test_a_fact_says_what_it_would_have_to_be() -> None:
    lead = make.lead(title="Head of Operations")
    make.activity(lead, "demo_request")
    found = next_steps(lead=lead, at=NOW)
    assert ["Learn the company's staff: “100 to 500 staff” would do"] in said(found)


def test_once_more_is_said_of_what_was_done_before() -> None:
    lead = good_fit()
    for kind in ("email_replied", "pricing_page_view", "pricing_page_view"):
        make.activity(lead, kind)
    found = next_steps(lead=lead, at=NOW)
    assert said(found)[0] == ["Views pricing once more"]


def test_a_blocked_lead_is_told_what_blocks_it_and_nothing_else() -> None:
    found = next_steps(lead=good_fit(attributes={"no_sales_contact": True}), at=NOW)
    assert (found.state, found.blocked_by, found.ways) == ("blocked", ("Asked sales not to call",), ())


def test_a_version_without_a_line_proposes_nothing() -> None:
    version = model_file.load(data={"model": "default", "rules": []})
    assert next_steps(lead=make.lead(), at=NOW, version=version).state == "no_line"


def test_a_lead_that_is_over_is_told_when_time_takes_it_under() -> None:
    lead = good_fit()
    make.activity(lead, "demo_request", NOW - DAY)

    found = next_steps(lead=lead, at=NOW)

    assert found.state == "over"
    assert found.falls is not None
    under = datetime.fromisoformat(found.falls.at)
    live = ModelVersion.objects.live()
    assert not is_over(lead, under, live)
    assert is_over(lead, under - timedelta(minutes=1, seconds=1), live)
    assert found.falls.because == ("Asked for a demo, a quote, a trial or a call",)
    left = datetime.fromisoformat(found.falls.leaves_at or "")
    [row] = scores(compiled(live), ids=[lead.pk], as_of=left)
    assert (row["sql_stays"], left > under) == (False, True)
    # What would keep it over then, really keeps it over then.
    follow(lead, found.ways[0], under)
    assert is_over(lead, under, live)


def test_what_never_fades_never_falls() -> None:
    version = model_file.load(
        data={
            "model": "default",
            "rules": [
                {"key": "p", "label": "Phone", "dimension": "fit", "points": 9,
                 "when": {"field": "phone", "op": "known"}}
            ],
            "lines": [{"stage": "sql", "min": {"fit": 9}}],
        }
    )  # fmt: skip
    found = next_steps(lead=make.lead(phone="1"), at=NOW, version=version)
    assert (found.state, found.falls) == ("over", None)


def test_a_ceiling_is_respected() -> None:
    """Two pricing views would add 20, but the ceiling is a point below the line."""
    version = model_file.load(
        data={
            "model": "default",
            "ceilings": {"intent": 19},
            "rules": [
                {"key": "p", "label": "Pricing", "dimension": "intent", "points": 10, "count": "each",
                 "when": {"activity": ["pricing_page_view"]}}
            ],
            "lines": [{"stage": "sql", "min": {"total": 20}}],
        }
    )  # fmt: skip
    found = next_steps(lead=make.lead(), at=NOW, version=version)
    assert (found.state, found.ways) == ("under", ())


def test_what_a_person_set_by_hand_is_respected() -> None:
    lead, mara = good_fit(), make.marketer()
    Adjustment.objects.create(
        lead=lead, kind="set", dimensions=["fit"], points=5, at=NOW - DAY, reason="Too far away", author=mara
    )
    make.activity(lead, "demo_request")
    found = next_steps(lead=lead, at=NOW)
    assert said(found) == [["Downloads the comparison guide"]]  # by the trigger, whatever the fit


def test_what_colleagues_do_counts_as_it_is() -> None:
    version = model_file.load(
        data={
            "model": "default",
            "rules": [
                {"key": "c", "label": "Colleagues", "dimension": "intent", "points": 15,
                 "when": {"colleagues": ["pricing_page_view"], "at_least": 2, "within_days": 7}},
                {"key": "d", "label": "Demo", "dimension": "intent", "points": 10,
                 "when": {"activity": ["demo_request"]}},
            ],
            "lines": [{"stage": "sql", "min": {"intent": 20}}],
        }
    )  # fmt: skip
    firm = make.company()
    alone, lead = make.lead(), make.lead(company=firm)
    for _ in range(2):
        make.activity(make.lead(company=firm), "pricing_page_view", NOW - DAY)
    assert said(next_steps(lead=lead, at=NOW, version=version)) == [["Requests a demo"]]
    assert said(next_steps(lead=alone, at=NOW, version=version)) == []


def test_a_title_to_learn_is_one_in_which_the_seniority_is_found() -> None:
    version = model_file.load(
        data={
            "model": "default",
            "rules": [
                {"key": "s", "label": "Heads and above", "dimension": "fit", "points": 10,
                 "when": {"field": "seniority", "op": "in", "value": ["head", "vp"]}}
            ],
            "lines": [{"stage": "sql", "min": {"fit": 10}}],
        }
    )  # fmt: skip
    lead = make.lead()
    found = next_steps(lead=lead, at=NOW, version=version)
    assert said(found) == [["Learn the job title: “Heads and above” would do"]]
    follow(lead, found.ways[0], NOW)
    assert is_over(lead, NOW, version)


def test_a_version_for_others_has_nothing_to_say() -> None:
    version = model_file.load(
        data={
            "model": "default",
            "applies_to": {"field": "country", "op": "eq", "value": "DE"},
            "lines": [{"stage": "sql", "min": {"fit": 0}}],
        }
    )
    assert next_steps(lead=make.lead(country="FR"), at=NOW, version=version).state == "not_for_it"
    assert next_steps(lead=make.lead(country="DE"), at=NOW, version=version).state == "over"


def test_finding_them_writes_nothing_and_asks_no_more_for_a_long_past() -> None:
    lead = good_fit()
    for hours in range(60):
        make.activity(lead, "page_view", NOW - timedelta(hours=hours))
    next_steps(lead=lead, at=NOW)
    with CaptureQueriesContext(connection) as queries:
        next_steps(lead=lead, at=NOW)
    assert len(queries) <= 3
    assert not [query for query in queries if not query["sql"].lstrip("(").startswith("SELECT")]
    assert lead.activities.count() == 60


def test_the_explanation_agrees_on_who_is_over() -> None:
    lead = good_fit()
    make.activity(lead, "demo_request")
    assert ("sql" in explain(lead=lead, at=NOW).over) == (next_steps(lead=lead, at=NOW).state == "over")


@pytest.mark.parametrize("label", [kind.label for kind in STARTERS if kind.category != "system"])
def test_every_activity_of_ours_can_be_said_in_the_present(label: str) -> None:
    quoted = {"E-mail bounced", "Sales made a note"}  # the lead is not who does it
    assert ("happens" in tenses.present(label)) == (label in quoted)
