"""The difference of two versions in words: nothing when they say the same, a sentence for each change."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import changes, model_file
from scoring.setting_words import SAID_OF

LABELS = {
    "demo_request": "Requested a demo",
    "pricing_page_view": "Viewed pricing",
    "comparison_guide_download": "Downloaded the guide",
}
SCHEMA = json.loads(model_file.SCHEMA.read_text(encoding="utf-8"))
DEMO = {"activity": ["demo_request"]}
PRICING = {"activity": ["pricing_page_view"], "at_least": 2, "within_days": 7}
SMALL = {"field": "company.employees", "op": "lt", "value": 20}

#: A model that uses every key there is.
WHOLE: dict[str, Any] = {
    "model": "default",
    "applies_to": {"field": "country", "op": "eq", "value": "DE"},
    "time_zone": "Europe/Berlin",
    "grades": {"from": "D"},
    "ceilings": {"fit": 45, "engagement": 20, "intent": 35},
    "groups": [{"key": "views", "cap": 12}, {"key": "pricing", "cap": 8, "within": "views"}],
    "rules": [
        {
            "key": "demo",
            "label": "Asked for a demo",
            "dimension": "intent",
            "group": "views",
            "when": DEMO,
            "unless": SMALL,
            "points": 25,
            "count": "each",
            "cap": 50,
            "per": {"times": 1, "period": "week"},
            "window_days": 90,
            "decay": {"kind": "linear", "days": 30, "percent": 50},
            "on": True,
        },
        {
            "key": "small",
            "label": "Under 20 staff",
            "dimension": "fit",
            "when": SMALL,
            "points": -8,
            "mismatch": 2,
        },
        {
            "key": "views",
            "label": "Viewed pricing",
            "dimension": "intent",
            "when": {"activity": ["pricing_page_view"]},
            "count": "tiers",
            "tiers": [{"times": 1, "points": 1}, {"times": 3, "points": 5}],
        },
    ],
    "lines": [
        {"stage": "sql", "min": {"intent": 20, "fit": 20}, "leave": 3, "cool_down_days": 7},
        {"stage": "mql", "min": {"engagement": 5}},
    ],
    "triggers": [
        {"key": "both", "label": "Guide and demo", "stage": "sql", "when": DEMO, "unless": SMALL, "on": True}
    ],
    "blockers": [{"key": "rival", "label": "Competitor", "when": SMALL, "unless": DEMO, "on": True}],
}


def altered(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    data = copy.deepcopy(WHOLE)
    change(data)
    return data


def texts(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [change.text for change in changes.between(before, after, labels=LABELS)]


def of(**settings: Any) -> Callable[[dict[str, Any]], None]:
    """Change settings of the first rule; None takes one away."""
    return part("rules", 0, **settings)


def part(name: str, number: int, **settings: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for key, value in settings.items():
            if value is None:
                data[name][number].pop(key)
            else:
                data[name][number][key] = value

    return change


def top(**settings: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for key, value in settings.items():
            data.pop(key) if value is None else data.update({key: value})

    return change


SENTENCES: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (part("rules", 1, points=-12), "“Under 20 staff” takes 12 points instead of 8."),
    (part("rules", 1, points=8), "“Under 20 staff” gives 8 points instead of taking 8."),
    (of(points=16), "“Asked for a demo” gives 16 points instead of 25."),
    (of(label="Demo"), "“Asked for a demo” is called “Demo” now."),
    (of(dimension="engagement"), "“Asked for a demo” counts for engagement instead of intent."),
    (of(group="pricing"), "“Asked for a demo” shares the limit of the group “pricing” (before: shares the"
     " limit of the group “views”)."),
    (of(group=None), "“Asked for a demo” is in no group (before: shares the limit of the group “views”)."),
    (of(when=PRICING), "“Asked for a demo” asks for something else."),
    (of(unless=None), "“Asked for a demo” has another exception."),
    (of(count="once"), "“Asked for a demo” counts once (before: counts each time)."),
    (of(cap=20), "“Asked for a demo” gives or takes at most 20 points instead of 50."),
    (of(cap=None), "“Asked for a demo” has no limit of its own (before: 50 points)."),
    (of(per={"times": 2, "period": "day"}), "“Asked for a demo” counts at most twice a day (before: counts"
     " at most once a week)."),
    (of(per=None),
     "“Asked for a demo” counts however often it happens (before: counts at most once a week)."),
    (of(window_days=30), "“Asked for a demo” counts for 30 days (before: counts for 90 days)."),
    (of(decay={"kind": "linear", "days": 14}), "“Asked for a demo” fades out in 14 days (before: loses"
     " 50 % every 30 days)."),
    (of(decay=None), "“Asked for a demo” does not fade (before: loses 50 % every 30 days)."),
    (of(decay={"kind": "half_life", "days": 30}), "“Asked for a demo” halves every 30 days (before: loses"
     " 50 % every 30 days)."),
    (of(on=False), "“Asked for a demo” is off now."),
    (part("rules", 1, mismatch=None), "“Under 20 staff” does nothing when it does not match (before: gives"
     " 2 points when it does not match)."),
    (part("rules", 2, tiers=[{"times": 1, "points": 2}]), "“Viewed pricing” gives 2 from once on (before:"
     " gives 1 from once on, 5 from 3 times on)."),
    (lambda data: data["rules"].append({**data["rules"][1], "key": "new", "label": "New"}), "“New” is new."),
    (lambda data: data["rules"].pop(), "“Viewed pricing” is gone."),
    (lambda data: data["rules"].reverse(), "Rules stand in another order; it changes no score."),
    (part("groups", 0, cap=9), "The group “views” gives or takes at most 9 points instead of 12."),
    (part("groups", 1, within=None), "The group “pricing” is part of no larger group (before: is part of the"
     " group “views”)."),
    (lambda data: data["groups"].pop(), "The group “pricing” is gone."),
    (part("lines", 0, min={"intent": 22, "fit": 20}), "The SQL line asks for intent 22 instead of 20."),
    (part("lines", 0, min={"intent": 20}), "The SQL line no longer asks for fit (before: 20)."),
    (part("lines", 0, min={"intent": 20, "fit": "B-"}), "The SQL line asks for fit B- instead of 20."),
    (part("lines", 1, min={"engagement": 5, "total": 9}), "The MQL line asks for total 9, too."),
    (part("lines", 0, leave=1), "The SQL line is left 1 point below it instead of 3."),
    (part("lines", 0, cool_down_days=None), "The SQL line makes no other crossing for 0 days instead of 7."),
    (lambda data: data["lines"].pop(), "The MQL line is gone."),
    (lambda data: data["lines"].append({"stage": "sql", "min": {"total": 60}}), "There is a new SQL line."),
    (part("triggers", 0, stage="mql"), "“Guide and demo” leads to MQL instead of SQL."),
    (part("triggers", 0, on=False), "“Guide and demo” is off now."),
    (part("triggers", 0, unless=None), "“Guide and demo” has another exception."),
    (part("blockers", 0, when=PRICING), "“Competitor” asks for something else."),
    (top(ceilings={"fit": 40, "engagement": 20, "intent": 35}),
     "Fit reaches at most 40 points instead of 45."),
    (top(ceilings={"engagement": 20, "intent": 35}), "Fit has no ceiling (before: 45 points)."),
    (top(time_zone=None), "Days, weeks and months begin by the clock of UTC instead of Europe/Berlin."),
    (top(grades=None), "Fit is in points (before: is a grade that starts at D)."),
    (top(applies_to=None), "It scores other leads."),
    (top(model="nordics"), "It is a version of the model “nordics” instead of default."),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), SENTENCES, ids=[sentence[:60] for _, sentence in SENTENCES])
def test_a_change_is_said(change: Callable[[dict[str, Any]], Any], sentence: str) -> None:
    assert sentence in texts(WHOLE, altered(change))


def test_a_condition_is_said_before_and_after() -> None:
    [change] = changes.between(WHOLE, altered(of(when=PRICING)), labels=LABELS)

    assert change.before == "The lead requested a demo."
    assert change.after == "The lead viewed pricing twice or more in the last 7 days."


def test_a_new_rule_is_said_whole() -> None:
    [change] = changes.between(altered(lambda data: data["rules"].pop(0)), WHOLE, labels=LABELS)

    assert (change.how, change.text) == ("added", "“Asked for a demo” is new.")
    for words in (
        "When the lead requested a demo; unless ",
        "gives 25 points of intent",
        "at most 50 points",
        "once a week",
        "counts for 90 days",
        "loses 50 % every 30 days",
        "in the group “views”",
    ):
        assert words in change.after


def test_what_is_left_out_says_the_same_as_its_default() -> None:
    spelled = copy.deepcopy(WHOLE)
    for rule in spelled["rules"]:
        rule.setdefault("on", True)
        rule.setdefault("count", "once")
    spelled["lines"][1] |= {"leave": 0, "cool_down_days": 0}
    assert texts(WHOLE, spelled) == []


def test_a_condition_written_otherwise_that_asks_the_same_is_no_change() -> None:
    assert texts(WHOLE, altered(of(when={"activity": ["demo_request"], "at_least": 1}))) == []


def test_a_condition_that_can_no_longer_be_read_is_shown_as_it_stands() -> None:
    broken = altered(of(when={"field": "shoe_size", "op": "known"}))
    [change] = changes.between(broken, WHOLE, labels=LABELS)
    assert "cannot be read any more" in change.before
    assert "shoe_size" in change.before


def test_a_key_that_has_no_words_yet_is_said_plainly() -> None:
    assert texts(WHOLE, altered(of(flavour="sweet"))) == [
        '“Asked for a demo” says "sweet" for “flavour” (before: nothing).'
    ]
    assert texts(WHOLE, altered(top(flavour="sweet")))
    assert texts(WHOLE, altered(part("lines", 0, flavour="sweet")))


@pytest.mark.parametrize("name", ["rule", "line", "trigger", "blocker", "group"])
def test_every_key_of_the_model_file_has_words(name: str) -> None:
    """Its change must not fall back to the plain text."""
    known = {"key", "when", "unless", "stage", "min", "leave", "cool_down_days", *SAID_OF}
    assert set(SCHEMA["$defs"][name]["properties"]) <= known


def test_every_key_of_the_whole_model_has_words() -> None:
    known = {*changes.PARTS, "applies_to", "time_zone", "grades"}
    assert set(SCHEMA["properties"]) <= known


# Laws


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything that a change could touch."""
    if isinstance(node, dict):
        for key, below in node.items():
            yield from leaves(below, (*path, key))
    elif isinstance(node, list) and node and isinstance(node[0], dict):
        for number, below in enumerate(node):
            yield (*path, number)
            yield from leaves(below, (*path, number))
    else:
        yield path


OTHER_WORDS = {
    "once": "each",
    "each": "once",
    "tiers": "once",
    "linear": "drop",
    "week": "day",
    "intent": "fit",
    "sql": "mql",
}


def touch(data: dict[str, Any], path: tuple[Any, ...]) -> None:
    """Take the element of a list away, or make a value another one."""
    *above, last = path
    place: Any = data
    for step in above:
        place = place[step]
    value = place[last]
    if isinstance(last, int):
        del place[last]
    elif isinstance(value, bool):
        place[last] = not value
    elif isinstance(value, int):
        place[last] = value + 1
    elif isinstance(value, list):
        place[last] = ["comparison_guide_download"] if value else []
    else:
        place[last] = OTHER_WORDS.get(value, f"{value}x")


@given(path=st.sampled_from(list(leaves(WHOLE))))
def test_no_single_change_goes_unsaid(path: tuple[Any, ...]) -> None:
    after = copy.deepcopy(WHOLE)
    touch(after, path)
    assert texts(WHOLE, after), path
    assert texts(after, WHOLE), path


@given(path=st.sampled_from(list(leaves(WHOLE))))
def test_equal_files_differ_in_nothing(path: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(WHOLE)
    touch(changed, path)
    assert texts(changed, copy.deepcopy(changed)) == []


@given(data=st.data())
def test_many_changes_are_said_without_an_error(data: st.DataObject) -> None:
    after = copy.deepcopy(WHOLE)
    for _ in range(data.draw(st.integers(1, 6))):
        touch(after, data.draw(st.sampled_from(list(leaves(after)))))
    found = changes.between(WHOLE, after, labels=LABELS)
    assert all(change.text.endswith(".") and change.part in changes.PARTS for change in found)
