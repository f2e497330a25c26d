"""Whatever is wrong with a model file is said, each at its JSON path, and nothing is stored."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scoring import model_file
from scoring.explanation import explain
from scoring.model_file import ModelFileError
from scoring.models import ModelVersion, ScoringModel
from tests import factories as make
from tests.scoring.test_model_file import SCHEMA, changed

pytestmark = pytest.mark.django_db


def problems(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(ModelFileError) as refused:
        model_file.load(data=data)
    return refused.value.problems


PHONE = {"field": "phone", "op": "known"}
WRONG = [
    (("colour",), "red", "$.colour", "Unknown key"),
    (("rules", 0, "colour"), "red", "$.rules[0].colour", "Unknown key"),
    (("rules", 2, "key"), "Big Key", "$.rules[2].key", "lower-case"),
    (("rules", 2, "key"), "pricing", "$.rules[2].key", "is there already"),
    (("rules", 2, "label"), "", "$.rules[2].label", "Give a label"),
    (("rules", 2, "label"), "a\x00b", "$.rules[2].label", "a character that cannot be seen"),
    (("rules", 2, "label"), "a\u202eb", "$.rules[2].label", "a character that cannot be seen"),
    (("rules", 2, "dimension"), "love", "$.rules[2].dimension", "intent, fit, engagement"),
    (("rules", 2, "points"), 201, "$.rules[2].points", "-200 to 200"),
    (("rules", 2, "points"), 2.5, "$.rules[2].points", "whole number"),
    (("rules", 2, "points"), True, "$.rules[2].points", "whole number"),
    (("rules", 2, "points"), "25", "$.rules[2].points", "whole number"),
    (("rules", 2, "count"), "twice", "$.rules[2].count", "once, each"),
    (("rules", 2, "cap"), 3, "$.rules[2].cap", "counts “each”"),
    (("rules", 1, "cap"), 0, "$.rules[1].cap", "whole number"),
    (("rules", 1, "per"), {"times": 0, "period": "day"}, "$.rules[1].per.times", "1 to 1,000"),
    (("rules", 1, "per"), {"times": 1, "period": "hour"}, "$.rules[1].per.period", "day, week, month"),
    (("rules", 1, "per"), 3, "$.rules[1].per", "Give an object"),
    (("rules", 1, "window_days"), 0, "$.rules[1].window_days", "1 to 3,650"),
    (("rules", 1, "decay"), {"kind": "melt", "days": 3}, "$.rules[1].decay.kind", "half_life"),
    (
        ("rules", 1, "decay"),
        {"kind": "half_life", "days": 3, "percent": 5},
        "$.rules[1].decay.percent",
        "no percent",
    ),
    (("rules", 1, "decay", "days"), -1, "$.rules[1].decay.days", "whole number"),
    (("rules", 4, "decay"), {"kind": "drop", "days": 3}, "$.rules[4].decay", "needs an activity"),
    (("rules", 4, "count"), "each", "$.rules[4].count", "activity test"),
    (("rules", 4, "count"), "tiers", "$.rules[4].tiers", "1 to 20 tiers"),
    (("rules", 1, "tiers"), [{"times": 1, "points": 1}], "$.rules[1].tiers", "counts “tiers”"),
    (("rules", 1, "mismatch"), -3, "$.rules[1].mismatch", "about facts"),
    (("rules", 4, "mismatch"), -201, "$.rules[4].mismatch", "-200 to 200"),
    (("rules", 4, "unless"), {"field": "shoe", "op": "known"}, "$.rules[4].unless.field", "no field"),
    (("rules", 4, "on"), "no", "$.rules[4].on", "true or false"),
    (("rules", 1, "per"), {"times": 1, "period": "eon"}, "$.rules[1].per.period", "ever"),
    (("groups", 0, "within"), "nowhere", "$.groups[0].within", "no group"),
    (("groups", 0, "within"), "staff", "$.groups[0].within", "part of itself"),
    (("lines", 0, "cool_down_days"), -1, "$.lines[0].cool_down_days", "0 to 3,650"),
    (("time_zone",), "Mars/Base", "$.time_zone", "Europe/Berlin"),
    (("grades",), {"from": "Z"}, "$.grades.from", "A+"),
    (("applies_to",), {"activity": ["demo_request"]}, "$.applies_to", "exactly one of"),
    (("rules", 2, "when"), {"stage": ["bliss"]}, "$.rules[2].when.stage[0]", "There is no stage"),
    (("rules", 2, "when"), {"stage": []}, "$.rules[2].when.stage", "a list of stages"),
    (("rules", 2, "when"), {"colleagues": ["page_view"]}, "$.rules[2].when.within_days", "whole number"),
    (
        ("rules", 2, "when"),
        {"colleagues": ["x"], "within_days": 3},
        "$.rules[2].when.colleagues[0]",
        "no act",
    ),
    (
        ("rules", 2, "when"),
        {"activity": ["page_view"], "after": {"activity": ["page_view"]}},
        "$.rules[2].when.after.within_minutes",
        "whole number",
    ),
    (
        ("rules", 2, "when"),
        {"field": "country", "op": "eq", "value": "Atlantis"},
        "$.rules[2].when.value",
        "no country",
    ),
    (
        ("rules", 2, "when"),
        {"field": "country", "op": "in_region", "value": "Mordor"},
        "$.rules[2].when.value",
        "no region",
    ),
    (
        ("rules", 2, "when"),
        {"field": "seniority", "op": "eq", "value": "wizard"},
        "$.rules[2].when.value",
        "c_level",
    ),
    (
        ("rules", 2, "when"),
        {"field": "created_on", "op": "last_days", "value": 0},
        "$.rules[2].when.value",
        "1 to 36,500",
    ),
    (
        ("rules", 2, "when"),
        {"activity": ["page_view"], "where": [{"property": "day", "op": "last_days", "value": 3}]},
        "$.rules[2].when.where[0].op",
        "does not fit",
    ),
    (("rules", 4, "group"), "nowhere", "$.rules[4].group", "no group"),
    (("rules", 2, "group"), "staff", "$.rules[4].group", "one dimension"),
    (("rules", 2, "when"), {}, "$.rules[2].when", "exactly one of"),
    (("rules", 2, "when"), None, "$.rules[2].when", "A condition is an object"),
    (("rules", 2, "when"), [PHONE], "$.rules[2].when", "A condition is an object"),
    (("rules", 2, "when"), {"all": []}, "$.rules[2].when.all", "1 to 50"),
    (("rules", 2, "when"), {"all": [PHONE], "any": [PHONE]}, "$.rules[2].when", "exactly one of"),
    (("rules", 2, "when"), {"all": [PHONE, {"not": 1}]}, "$.rules[2].when.all[1]", "exactly one of"),
    (
        ("rules", 2, "when"),
        {"field": "password", "op": "known"},
        "$.rules[2].when.field",
        "There is no field",
    ),
    (
        ("rules", 2, "when"),
        {"field": "attributes.", "op": "known"},
        "$.rules[2].when.field",
        "There is no field",
    ),
    (("rules", 2, "when"), {"field": "title"}, "$.rules[2].when.op", "Say how to compare"),
    (("rules", 2, "when"), {"field": "title", "op": "gt", "value": 3}, "$.rules[2].when.op", "does not fit"),
    (("rules", 2, "when"), {"field": "title", "op": "eq"}, "$.rules[2].when.value", "needs a value"),
    (
        ("rules", 2, "when"),
        {"field": "title", "op": "eq", "value": ["a"]},
        "$.rules[2].when.value",
        "one value",
    ),
    (
        ("rules", 2, "when"),
        {"field": "title", "op": "known", "value": 1},
        "$.rules[2].when.value",
        "no value",
    ),
    (
        ("rules", 2, "when"),
        {"field": "title", "op": "eq", "value": 3},
        "$.rules[2].when.value",
        "text in quotes",
    ),
    (("rules", 2, "when"), {"field": "title", "op": "in", "value": []}, "$.rules[2].when.value", "1 to 500"),
    (
        ("rules", 2, "when"),
        {"field": "title", "op": "like", "value": "*" * 11},
        "$.rules[2].when.value",
        "at most 10",
    ),
    (
        ("rules", 2, "when"),
        {"field": "title", "op": "word", "value": "--"},
        "$.rules[2].when.value",
        "letters or digits",
    ),
    (
        ("rules", 2, "when"),
        {"field": "title", "op": "eq", "value": "x" * 201},
        "$.rules[2].when.value",
        "longer than",
    ),
    (
        ("rules", 2, "when"),
        {"field": "title", "op": "eq", "value": "\x00"},
        "$.rules[2].when.value",
        "printed",
    ),
    (
        ("rules", 2, "when"),
        {"field": "company.employees", "op": "eq", "value": "9"},
        "$.rules[2].when.value",
        "number",
    ),
    (
        ("rules", 2, "when"),
        {"field": "company.employees", "op": "gt", "value": 1e300},
        "$.rules[2].when.value",
        "large",
    ),
    (
        ("rules", 2, "when"),
        {"field": "company.employees", "op": "gt", "value": float("nan")},
        "$.rules[2].when.value",
        "large",
    ),
    (
        ("rules", 2, "when"),
        {"field": "company.employees", "op": "between", "value": [5, 1]},
        "$.rules[2].when.value",
        "first number",
    ),
    (
        ("rules", 2, "when"),
        {"field": "created_on", "op": "after", "value": "2026-13-01"},
        "$.rules[2].when.value",
        "YYYY-MM-DD",
    ),
    (
        ("rules", 2, "when"),
        {"activity": ["dance"]},
        "$.rules[2].when.activity[0]",
        "no activity type 'dance'",
    ),
    (("rules", 2, "when"), {"activity": []}, "$.rules[2].when.activity", "1 to 100"),
    (("rules", 2, "when"), {"activity": ["visit"], "at_least": 0}, "$.rules[2].when.at_least", "1 to 1,000"),
    (
        ("rules", 2, "when"),
        {"activity": ["visit"], "exactly": 1, "at_most": 2},
        "$.rules[2].when.exactly",
        "not both",
    ),
    (
        ("rules", 2, "when"),
        {"activity": ["visit"], "at_least": 3, "at_most": 2},
        "$.rules[2].when.at_most",
        "smaller",
    ),
    (
        ("rules", 2, "when"),
        {"activity": ["visit"], "within_days": 1.5},
        "$.rules[2].when.within_days",
        "whole number",
    ),
    (("rules", 2, "when"), {"activity": ["visit"], "where": {"page": 1}}, "$.rules[2].when.where", "list"),
    (
        ("rules", 2, "when"),
        {"activity": ["visit"], "where": [{"op": "known"}]},
        "$.rules[2].when.where[0].property",
        "Name the property",
    ),
    (
        ("rules", 0, "when"),
        {"activity": ["visit"], "within_days": 3},
        "$.rules[0].window_days",
        "say it once",
    ),
    (("lines", 0, "stage"), "customer", "$.lines[0].stage", "mql, sql"),
    (("lines", 0, "min"), {}, "$.lines[0].min", "at least one"),
    (("lines", 0, "min"), {"luck": 3}, "$.lines[0].min.luck", "Unknown key"),
    (("lines", 0, "leave"), -1, "$.lines[0].leave", "whole number"),
    (("triggers", 0, "stage"), "lead", "$.triggers[0].stage", "mql, sql"),
    (("blockers", 0, "stage"), "sql", "$.blockers[0].stage", "Unknown key"),
    (("ceilings",), {"luck": 3}, "$.ceilings.luck", "Unknown key"),
    (("ceilings", "fit"), 0, "$.ceilings.fit", "1 to 100,000"),
    (("groups", 0, "cap"), None, "$.groups[0].cap", "whole number"),
    (("rules",), {}, "$.rules", "Give a list"),
    (("model",), "Default!", "$.model", "lower-case"),
]


@pytest.mark.parametrize(("path", "to", "where", "says"), WRONG)
def test_what_is_wrong_is_said_at_its_place(path: tuple[Any, ...], to: Any, where: str, says: str) -> None:
    found = dict(problems(changed(*path, to=to)))
    assert where in found, found
    assert says in found[where]


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_stored() -> None:
    before = ModelVersion.objects.count()
    data = changed("model", to="another")
    data["rules"][0]["points"] = 999
    data["rules"][5]["dimension"] = "love"
    data["lines"][0]["stage"] = "x"

    assert [where for where, _ in problems(data)] == [
        "$.rules[0].points",
        "$.rules[5].dimension",
        "$.lines[0].stage",
    ]
    assert ModelVersion.objects.count() == before
    assert not ScoringModel.objects.filter(key="another").exists()


def test_a_fault_hides_no_other_of_the_same_part() -> None:
    data = changed("model", to="another")
    data["rules"][0] |= {"key": "Big Key", "label": "", "points": 999, "colour": "red"}
    data["rules"][0]["decay"] = {"kind": "melt", "days": 0, "speed": 1}
    data["rules"][0]["when"] = {
        "any": [
            {"activity": ["dance", "visit", "sing"], "at_least": 0, "within_days": 0},
            {"all": [{"field": "password", "op": "known", "colour": "red"}, PHONE]},
            {
                "activity": ["visit"],
                "where": [{"op": "known", "colour": "x"}, {"property": "path", "op": "near"}],
            },
        ]
    }
    data["lines"][0] = {"stage": "x", "min": {"fit": "much", "luck": 3}, "leave": -1}
    data["triggers"][0] |= {"label": "", "stage": "x", "when": {"all": [], "colour": "red"}}
    data["blockers"] = [{"key": "!", "label": "", "when": []}]

    assert [where for where, _ in problems(data)] == [
        "$.rules[0].colour",
        "$.rules[0].key",
        "$.rules[0].label",
        "$.rules[0].when.any[0].activity[0]",
        "$.rules[0].when.any[0].activity[2]",
        "$.rules[0].when.any[0].at_least",
        "$.rules[0].when.any[0].within_days",
        "$.rules[0].when.any[1].all[0].colour",
        "$.rules[0].when.any[1].all[0].field",
        "$.rules[0].when.any[2].where[0].colour",
        "$.rules[0].when.any[2].where[0].property",
        "$.rules[0].when.any[2].where[1].op",
        "$.rules[0].points",
        "$.rules[0].decay.speed",
        "$.rules[0].decay.kind",
        "$.rules[0].decay.days",
        "$.lines[0].stage",
        "$.lines[0].min.luck",
        "$.lines[0].min.fit",
        "$.lines[0].leave",
        "$.triggers[0].label",
        "$.triggers[0].stage",
        "$.triggers[0].when.colour",
        "$.triggers[0].when.all",
        "$.blockers[0].key",
        "$.blockers[0].label",
        "$.blockers[0].when",
    ]


@pytest.mark.parametrize("data", [None, [], "model", 3, {"rules": []}])
def test_what_is_no_model_at_all_is_refused(data: Any) -> None:
    assert problems(data)


def test_b8_deep_and_wide_conditions_are_refused() -> None:
    deep: Any = PHONE
    for _ in range(2000):
        deep = {"all": [deep]}
    wide = {"any": [{"all": [PHONE] * 50}] * 3}
    for hostile in (deep, wide):
        [(where, says)] = problems(changed("rules", 0, "when", to=hostile))
        assert where.startswith("$.rules[0].when")
        assert "at most" in says


def test_b8_hostile_text_stays_text() -> None:
    """Quotes, wildcards, format marks and SQL are compared, not run."""
    hostile = [
        "'; DROP TABLE leads_lead; --",
        "%(as_of)s",
        "%s",
        "{}",
        "\\",
        "100%",
        "a_b",
        "$$",
        "(a+)+$",
        "{{7*7}}",
    ]
    lead = make.lead(title=hostile[0], attributes={key: key for key in hostile})
    rules = [
        {
            "key": f"r{n}",
            "label": "R",
            "dimension": "fit",
            "points": 1,
            "when": {"field": f"attributes.{text}", "op": op, "value": text},
        }
        for n, (text, op) in enumerate(
            (text, op) for text in hostile for op in ("eq", "contains", "starts", "like")
        )
    ]
    version = model_file.load(data={"model": "hostile", "rules": rules})
    assert explain(lead=lead, at=make.NOW, version=version).total == len(rules)


def test_the_schema_and_the_loader_refuse_the_same() -> None:
    """Except for what a schema cannot say: which types there are, that keys are unique and the like."""
    beyond = (
        "there already",
        "There is no",
        "no activity type",
        "no activity type",
        "one dimension",
        "no group",
        "activity test",
        "needs an activity",
        "about facts",
        "part of itself",
        "Europe/Berlin",
        "no country",
        "no act",
        "counts “each”",
        "smaller",
        "first number",
        "say it once",
        "letters or digits",
        "at most 10",
        "printed",
        "large",
        "Give a label",
        "cannot be seen",
    )
    for path, to, where, says in WRONG:
        # Nor that only facts say whom a version is for, and what a property is not compared with.
        if any(words in says for words in beyond) or "applies_to" in path or where.endswith("where[0].op"):
            continue
        assert not Draft202012Validator(SCHEMA).is_valid(changed(*path, to=to)), f"{to!r} at {where}"
