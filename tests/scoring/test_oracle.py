"""The scoring statement agrees with a plain-Python oracle on generated models, leads and moments.

500 models in every run, 20,000 in ``make test-long``.
"""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scoring.compiling import Asked
from scoring.explanation import explain
from scoring.statement import Row, compiled, scores
from tests.scoring import generators as some
from tests.scoring.oracle import DIMENSIONS, STAGES, Person, Verdict, judge
from tests.scoring.worlds import draft, leads_of

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
EXAMPLES = 20_000 if LONG else 500

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300 + EXAMPLES // 2)]


def many(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        phases=[Phase.reuse, Phase.generate, Phase.shrink],  # explaining a failure takes minutes
    )


def judged(
    model: dict[str, Any], people: Sequence[Person], moments: Sequence[datetime], asked: Asked
) -> list[tuple[Row, Verdict]]:
    """Every lead at every moment, scored by the statement and by the oracle; leaves nothing behind."""
    with transaction.atomic():
        version, leads = draft(model), leads_of(people)
        # Every variant comes up: with and without adjustments, short histories read as if they were long.
        variant = {"adjusted": any(person.words for person in people)}
        if asked is not Asked.RANGE and len(people) % 2:
            variant["long_histories"] = True
        statement = compiled(version, asked=asked, **variant)
        found: list[Row] = []
        if asked is Asked.MOMENTS:
            pairs = [(lead.pk, at) for lead in leads for at in moments]
            found = scores(statement, ids=[lead for lead, _ in pairs], moments=[at for _, at in pairs])
        else:
            ids = [lead.pk for lead in leads]
            whom = {"ids": ids} if asked is Asked.IDS else {"low": min(ids), "high": max(ids)}
            by_moment = [scores(statement, **whom, as_of=at) for at in moments]
            found = [rows[n] for n in range(len(leads)) for rows in by_moment]
        transaction.set_rollback(True)
    wanted = [judge(model, person, at, some.LISTS) for person in people for at in moments]
    return list(zip(found, wanted, strict=True))


@given(
    model=some.models(),
    people=st.lists(some.people, min_size=1, max_size=4),
    moments=st.lists(some.moments, min_size=1, max_size=3, unique=True),
    asked=st.sampled_from(Asked),
)
@many(EXAMPLES)
def test_the_statement_scores_as_the_oracle_does(
    model: dict[str, Any], people: list[Person], moments: list[datetime], asked: Asked
) -> None:
    for row, verdict in judged(model, people, moments, asked):
        on = [rule["key"] for rule in model["rules"] if rule.get("on", True)]
        found = {key: row[f"r{n}"] for n, key in enumerate(on)}
        assert found == verdict.rules
        assert {name: row[name] for name in DIMENSIONS} == verdict.points
        assert row["total"] == verdict.total
        assert row["applies"] == verdict.applies
        for stage in STAGES:
            assert row[f"{stage}_over"] == verdict.over[stage]
            assert row[f"{stage}_stays"] == verdict.stays[stage]
            assert row[f"{stage}_line"] == verdict.by_line[stage]
            if verdict.by_line[stage]:
                assert row[f"{stage}_cools"] == verdict.cools[stage]
        fired = [key for key, true in verdict.triggers.items() if true]
        assert sorted(row["mql_triggers"] + row["sql_triggers"]) == sorted(fired)
        assert row["blocked"] == any(verdict.blockers.values())


@given(model=some.models(), person=some.people, at=some.moments)
@many(EXAMPLES // 10)
def test_the_parts_of_an_explanation_add_up_to_the_score(
    model: dict[str, Any], person: Person, at: datetime
) -> None:
    with transaction.atomic():
        version, [lead] = draft(model), leads_of([person])
        explained = explain(lead=lead, at=at, version=version)
        transaction.set_rollback(True)
    verdict = judge(model, person, at, some.LISTS)
    for dimension in explained.dimensions:
        assert (
            sum(round(reason.points * 100) for reason in dimension.reasons) == verdict.points[dimension.key]
        )
        tiers = {rule["key"] for rule in model["rules"] if "tiers" in rule}
        for reason in dimension.reasons:
            if reason.activities and len(reason.activities) == reason.count and reason.rule not in tiers:
                listed = sum(round(activity.points * 100) for activity in reason.activities)
                assert listed == round(reason.raw_points * 100)
    assert {t.key: t.true for t in explained.triggers} == verdict.triggers
    assert {b.key: b.true for b in explained.blockers} == verdict.blockers


@given(model=some.models(), person=some.people, at=some.moments, order=st.randoms())
@many(EXAMPLES // 10)
def test_rule_order_never_changes_a_score(
    model: dict[str, Any], person: Person, at: datetime, order: Any
) -> None:
    shuffled = {**model, "rules": order.sample(model["rules"], len(model["rules"]))}
    [(row, _)] = judged(model, [person], [at], Asked.IDS)
    [(again, _)] = judged(shuffled, [person], [at], Asked.IDS)
    assert {name: row[name] for name in DIMENSIONS} == {name: again[name] for name in DIMENSIONS}


@given(model=some.models(), person=some.people, at=some.moments)
@many(EXAMPLES // 10)
def test_caps_and_ceilings_hold(model: dict[str, Any], person: Person, at: datetime) -> None:
    [(row, _)] = judged(model, [person], [at], Asked.IDS)
    for n, rule in enumerate(rule for rule in model["rules"] if rule.get("on", True)):
        if "cap" in rule:
            assert abs(row[f"r{n}"]) <= rule["cap"] * 100
    for dimension, most in model["ceilings"].items():
        assert abs(row[dimension]) <= most * 100


@given(person=some.people, points=st.integers(-200, 200), decay=some.decay, times=st.integers(1, 4))
@many(EXAMPLES // 10)
def test_fading_never_makes_an_activity_worth_more(
    person: Person, points: int, decay: dict[str, Any], times: int
) -> None:
    rule = {
        "key": "r",
        "label": "R",
        "dimension": "fit",
        "when": {"activity": some.TYPES},
        "points": points,
        "count": "each",
        "decay": decay,
    }
    moments = [
        some.NOW.replace(year=2027) + n * times * (some.NOW - some.NOW.replace(day=1)) for n in range(5)
    ]
    person.words = []
    rows = [
        row for row, _ in judged({"model": "generated", "rules": [rule]}, [person], moments, Asked.MOMENTS)
    ]
    worth = [abs(row["r0"]) for row in rows]
    assert worth == sorted(worth, reverse=True)
