"""A condition that can never hold is found, and none that might is taken for one."""

from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from scoring.conditions import parse
from scoring.contradictions import clash_in, never_holds
from scoring.model_file import ModelFileError, load
from scoring.models import ModelVersion, Trigger
from tests.scoring import generators as some
from tests.scoring.oracle import Person, judge
from tests.scoring.test_oracle import many

STAFF = "company.employees"
DEMO = {"activity": ["demo_request"], "at_least": 2, "within_days": 7}


def fact(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, **({} if value is None else {"value": value})}


NEVER = [
    {"all": [fact(STAFF, "gt", 500), fact(STAFF, "lt", 20)]},
    {"all": [fact(STAFF, "gt", 20), fact(STAFF, "lte", 20)]},
    {"all": [fact(STAFF, "between", [1, 5]), fact(STAFF, "eq", 6)]},
    {"all": [fact(STAFF, "unknown"), fact(STAFF, "gt", 5)]},
    {"all": [fact("title", "known"), {"none": [fact("title", "known")]}]},
    {"all": [fact("title", "word", "head"), {"none": [fact("title", "known")]}]},
    {"all": [fact("city", "eq", "Berlin"), fact("city", "in", ["Bonn", "Kiel"])]},
    {"all": [fact("country", "eq", "Germany"), fact("country", "in_region", "Benelux")]},
    {"all": [fact("seniority", "eq", "head"), fact("seniority", "in", ["vp", "director"])]},
    {"all": [fact("free_mail", "is_true"), fact("free_mail", "is_false")]},
    {"all": [fact("created_on", "before", "2026-01-02"), fact("created_on", "after", "2026-01-01")]},
    {"all": [fact("created_on", "last_days", 7), fact("created_on", "older_days", 7)]},
    {"all": [fact("created_on", "next_days", 7), fact("created_on", "older_days", 1)]},
    {"all": [DEMO, {"activity": ["demo_request", "page_view"], "at_most": 1}]},
    {"all": [DEMO, {"none": [DEMO]}]},
    {"all": [{"stage": ["mql"]}, {"stage": ["sql"], "for_days": 3}]},
    {"any": [{"all": [fact(STAFF, "gt", 5), fact(STAFF, "lt", 5)]}, {"all": [DEMO, {"none": [DEMO]}]}]},
    {"all": [fact(STAFF, "gt", 5), {"any": [fact(STAFF, "lt", 3), fact(STAFF, "unknown")]}]},
]

MAYBE = [
    {"any": [fact(STAFF, "gt", 500), fact(STAFF, "lt", 20)]},
    {"all": [fact(STAFF, "gte", 20), fact(STAFF, "lte", 20)]},
    {"all": [fact("city", "eq", "Berlin"), fact("title", "eq", "Berlin")]},
    {"all": [fact("attributes.size", "eq", "20"), fact("attributes.size", "gt", 10)]},
    {"all": [DEMO, {"activity": ["demo_request"], "at_most": 1, "within_days": 3}]},
    {"all": [DEMO, {"activity": ["page_view"], "at_most": 0}]},
    {"all": [fact("created_on", "last_days", 8), fact("created_on", "older_days", 7)]},
    {"none": [fact(STAFF, "gt", 5), fact(STAFF, "lte", 5)]},  # nobody knows
    {"none": [DEMO]},
]


@pytest.mark.parametrize("when", NEVER)
def test_what_can_never_hold_is_found(when: dict[str, Any]) -> None:
    assert clash_in(parse(when)) is not None


@pytest.mark.parametrize("when", MAYBE)
def test_what_might_hold_is_let_pass(when: dict[str, Any]) -> None:
    assert clash_in(parse(when)) is None


def test_what_always_meets_its_exception_never_holds() -> None:
    assert clash_in(parse(DEMO), parse({"any": [DEMO, fact("title", "known")]})) is not None
    assert clash_in(parse(DEMO), parse({"all": [DEMO, fact("title", "known")]})) is None


def test_the_sentence_names_both() -> None:
    assert never_holds(parse(NEVER[0])) == (
        "It can never hold: it asks that the company's staff is over 500, and that the company's staff is"
        " under 20."
    )


def test_many_ways_are_let_pass_in_time() -> None:
    ways = {"any": [fact(STAFF, "gt", n) for n in range(15)]}
    when = {"all": [fact(STAFF, "lt", 0), ways, {"any": [fact("city", "known"), fact("name", "known")]}]}
    assert clash_in(parse(when)) is not None
    assert clash_in(parse({"all": [fact(STAFF, "lt", 0), ways, *[{"any": ways["any"]}] * 5]})) is None


@pytest.mark.django_db
def test_a_trigger_that_can_never_fire_is_refused_at_its_place() -> None:
    trigger = {"key": "t", "label": "T", "stage": "sql", "when": NEVER[0]}
    with pytest.raises(ModelFileError) as refused:
        load(data={"model": "m", "triggers": [trigger]})
    [(path, says)] = refused.value.problems
    assert path == "$.triggers[0].when"
    assert "can never hold" in says


@pytest.mark.django_db
def test_the_admin_refuses_it_too() -> None:
    version: ModelVersion = load(data={"model": "m"})
    trigger = Trigger(version=version, key="t", label="T", stage="sql", when=DEMO, unless=DEMO)
    with pytest.raises(ValidationError, match="can never hold") as refused:
        trigger.full_clean()
    assert "when" in refused.value.message_dict


@given(when=some.conditions, person=some.people, at=some.moments)
@many(2_000)
def test_nothing_that_somebody_meets_is_a_contradiction(
    when: dict[str, Any], person: Person, at: datetime
) -> None:
    model = {"triggers": [{"key": "t", "label": "T", "stage": "sql", "when": when}]}
    if judge(model, person, at, some.LISTS).triggers["t"]:
        assert clash_in(parse(when)) is None


@given(data=st.data())
@many(300)
def test_nothing_that_the_made_up_lead_of_two_tests_meets_is_one(data: st.DataObject) -> None:
    """Pairs of tests of one field, where contradictions are."""
    tests = data.draw(st.lists(some.facts_tests, min_size=2, max_size=3))
    field = tests[0]["field"]
    same = [test for test in tests if test["field"] == field]
    person, at = data.draw(some.people), data.draw(some.moments)
    when = {"all": same}
    model = {"triggers": [{"key": "t", "label": "T", "stage": "sql", "when": when}]}
    if judge(model, person, at, some.LISTS).triggers["t"]:
        assert clash_in(parse(when)) is None
