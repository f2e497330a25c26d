"""Which other rules a rule's points are added to."""

from typing import Any

import pytest

from scoring.overlaps import overlaps
from tests.scoring.pasts import fact, rule

LABELS = {"page_view": "Viewed a page", "demo_request": "Requested a demo"}


def views(days: int | None = None, **more: Any) -> dict[str, Any]:
    return {"activity": ["page_view"], **({"within_days": days} if days else {}), **more}


def on_page(path: str) -> dict[str, Any]:
    return {"where": [{"property": "path", "op": "eq", "value": path}]}


def said(mine: dict[str, Any], *others: dict[str, Any]) -> list[str]:
    part = rule("mine", mine, 5, "intent")
    rules = [part, *(rule(f"other-{n}", when, 7, "intent") for n, when in enumerate(others))]
    return [one.about for one in overlaps(part, key="mine", rules=rules, labels=LABELS)]


@pytest.mark.parametrize(
    ("mine", "other", "about"),
    [
        (views(), views(), "viewed a page"),
        (views(7), views(30), "viewed a page in the last 7 days"),
        (views(), views(30), "viewed a page in the last 30 days"),
        (views(at_least=2), {"all": [views(), fact("phone", "known")]}, "viewed a page"),
        (views(**on_page("/pricing")), views(), "viewed a page"),
        (
            {"colleagues": ["page_view"], "within_days": 7},
            {"colleagues": ["page_view"], "within_days": 3},
            "colleagues who viewed a page in the last 3 days",
        ),
    ],
)
def test_rules_that_count_the_same_activity_are_named_with_what_both_count(
    mine: dict[str, Any], other: dict[str, Any], about: str
) -> None:
    assert said(mine, other) == [about]


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        (views(), {"activity": ["demo_request"]}),
        (views(**on_page("/pricing")), views(**on_page("/jobs"))),  # no view is of both
        (views(), views(exactly=0)),  # which gives its points where nothing was viewed
        (views(), {"none": [views()]}),
        (views(), {"colleagues": ["page_view"], "within_days": 7}),  # somebody else did it
        (views(), {"activity": "page_view"}),  # broken, as it may be while it is typed
    ],
)
def test_rules_that_count_something_else_are_not(mine: dict[str, Any], other: dict[str, Any]) -> None:
    assert said(mine, other) == []
    assert said(other, mine) == []


def test_a_window_of_the_whole_rule_counts_as_one() -> None:
    part = rule("mine", views(), 5, "intent", window_days=14)
    (found,) = overlaps(part, key="mine", rules=[rule("other", views(), 7)], labels=LABELS)
    assert found.about == "viewed a page in the last 14 days"
    assert (found.points, found.dimension) == (7, "fit")


def test_a_fact_that_both_ask_for_is_found_and_a_rule_that_is_off_is_not() -> None:
    part = rule("mine", fact("phone", "known"), 5)
    same = rule("same", fact("phone", "starts", "+49"), 2)
    (found,) = overlaps(part, key="mine", rules=[same, {**same, "key": "off", "on": False}], labels={})
    assert (found.key, found.about, found.dimension) == ("same", "", "")
