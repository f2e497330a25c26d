"""What nobody could ever meet is refused at its place; what is hardly meant is said and may be published."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from scoring import limits, model_file, publishing
from scoring.model_file import ModelFileError
from scoring.models import Blocker, Line, ModelVersion, Rule
from scoring.stored import activity_types, read
from tests import factories as make
from tests.factories import NOW
from tests.scoring.versioned import draft, page, signed_in
from tests.scoring.versioned import read as read_page

pytestmark = pytest.mark.django_db

DEMO = {"activity": ["demo_request"]}
NEVER = {
    "all": [
        {"field": "company.employees", "op": "gt", "value": 500},
        {"field": "company.employees", "op": "lt", "value": 20},
    ]
}


def rule(**parts: Any) -> dict[str, Any]:
    return {"key": "r", "label": "R", "dimension": "intent", "points": 25, "when": DEMO, **parts}


def problems(**parts: Any) -> list[tuple[str, str]]:
    try:
        model_file.check({"model": "m", **parts}, types=activity_types())
    except ModelFileError as error:
        return error.problems
    return []


def odd(**parts: Any) -> dict[str, str]:
    data = {"model": "m", **parts}
    assert problems(**parts) == []
    return dict(limits.odd(data))


@pytest.mark.parametrize(
    ("line", "ceilings", "where", "says"),
    [
        ({"min": {"fit": 60}}, {"fit": 45}, "min.fit", "The ceiling of fit is 45 points"),
        (
            {"min": {"total": 200}},
            {"fit": 45, "intent": 50, "engagement": 20},
            "min.total",
            "The three ceilings together are 115 points: nobody ever reaches 200.",
        ),
        ({"min": {"intent": 20}, "leave": 50}, {}, "leave", "larger than the minimum"),
        ({"min": {"intent": 20, "fit": 10}, "leave": 21}, {}, "leave", "Give at most 20."),
    ],
)
def test_a_line_nobody_reaches_or_leaves_is_refused_at_the_field(
    line: dict[str, Any], ceilings: dict[str, int], where: str, says: str
) -> None:
    [(path, message)] = problems(lines=[{"stage": "sql", **line}], ceilings=ceilings)
    assert path == f"$.lines[0].{where}"
    assert says in message


@pytest.mark.parametrize(
    ("line", "ceilings"),
    [
        ({"min": {"fit": 45}}, {"fit": 45}),
        ({"min": {"intent": 20}, "leave": 20}, {}),
        ({"min": {"intent": -5}, "leave": 3}, {}),
        ({"min": {"total": 200}}, {"fit": 45, "intent": 50}),
    ],
)
def test_a_line_that_somebody_may_reach_is_taken(line: dict[str, Any], ceilings: dict[str, int]) -> None:
    assert problems(lines=[{"stage": "sql", **line}], ceilings=ceilings) == []


@pytest.mark.parametrize("kind", ["rules", "blockers", "triggers"])
def test_whatever_can_never_hold_is_refused_where_it_asks(kind: str) -> None:
    own: dict[str, dict[str, Any]] = {
        "rules": {"dimension": "fit", "points": 5},
        "triggers": {"stage": "sql"},
        "blockers": {},
    }
    part = {"key": "x", "label": "X", "when": NEVER, **own[kind]}
    [(path, message)] = problems(**{kind: [part]})
    assert path == f"$.{kind}[0].when"
    assert "It can never hold" in message


@pytest.mark.parametrize(
    ("test", "refused"),
    [
        ({"op": "lt", "value": -5}, True),
        ({"op": "lt", "value": 0}, True),
        ({"op": "lte", "value": 0}, False),
        ({"op": "eq", "value": -1}, True),
        ({"op": "between", "value": [-9, -1]}, True),
        ({"op": "between", "value": [-9, 1]}, False),
        ({"op": "gt", "value": -5}, False),
        ({"op": "lt", "value": 50}, False),
    ],
)
def test_staff_under_a_negative_number_is_nobody(test: dict[str, Any], refused: bool) -> None:
    when = {"any": [DEMO, {"field": "company.employees", **test}]}
    found = problems(rules=[rule(when=when)])
    assert bool(found) == refused
    if refused:
        assert found[0][0].startswith("$.rules[0].when.any[1].value")
        assert "There is no staff below 0" in found[0][1]


def test_the_stock_admin_refuses_the_same() -> None:
    version = draft(ceilings={"fit": 45})
    for part, field in (
        (Line(version=version, stage="sql", min_fit=60), "min_fit"),
        (Line(version=version, stage="sql", min_intent=20, leave=50), "leave"),
        (Blocker(version=version, key="b", label="B", when=NEVER), "when"),
        (Rule(version=version, key="r", label="R", dimension="fit", points=5, when=NEVER), "when"),
    ):
        with pytest.raises(ValidationError) as refused:
            part.full_clean()
        assert field in refused.value.message_dict


def test_what_was_stored_before_is_read_all_the_same() -> None:
    """The check is for what goes live next; what is live goes on."""
    version = draft(rules=[rule()])
    version.rules.update(when=NEVER)
    version.lines.create(stage="sql", min_intent=20, leave=50)
    ruleset = read(version, activity_types())
    assert [each.key for each in ruleset.rules] == ["r"]
    assert version.rules.get().disabled_at is None
    with pytest.raises(ModelFileError):
        publishing.check_draft(version=version, by=None, at=NOW)


@pytest.mark.parametrize(
    ("parts", "where", "says"),
    [
        (
            {"rules": [rule(count="each", cap=10)]},
            "$.rules[0].cap",
            "The first time alone gives 25 points, and the cap is 10.",
        ),
        (
            {"rules": [rule(group="g")], "groups": [{"key": "g", "cap": 10}]},
            "$.rules[0].group",
            "up to 25 points, and its group “g” at most 10",
        ),
        (
            {"rules": [rule()], "lines": [{"stage": "sql", "min": {"intent": 30}}]},
            "$.lines[0].min.intent",
            "The rules give 25 points of intent at most",
        ),
        (
            {"rules": [rule(), rule(key="s")], "lines": [{"stage": "sql", "min": {"total": 51}}]},
            "$.lines[0].min.total",
            "The rules give 50 points of all three dimensions at most",
        ),
        ({"rules": [rule()], "lines": [{"stage": "mql", "min": {"fit": 0}}]}, "$.lines[0].min", "everybody"),
    ],
)
def test_what_is_hardly_meant_is_said_and_may_be_published(
    parts: dict[str, Any], where: str, says: str
) -> None:
    assert says in odd(**parts)[where]


@pytest.mark.parametrize(
    "parts",
    [
        {"rules": [rule(count="each")], "lines": [{"stage": "sql", "min": {"intent": 900}}]},
        {"rules": [rule(count="each", cap=40)], "lines": [{"stage": "sql", "min": {"intent": 40}}]},
        {"rules": [rule(), rule(key="s")], "lines": [{"stage": "sql", "min": {"intent": 50}}]},
        {"rules": [rule(mismatch=30, when={"field": "country", "op": "known"})],
         "lines": [{"stage": "sql", "min": {"intent": 30}}]},
    ],
)  # fmt: skip
def test_what_may_be_meant_is_not_called_odd(parts: dict[str, Any]) -> None:
    assert odd(**parts) == {}


def test_the_live_model_and_the_starters_are_not_odd() -> None:
    assert limits.odd(model_file.save(version=ModelVersion.objects.live())) == []


def test_oddities_stand_on_the_versions_page_before_it_is_checked() -> None:
    version = draft(rules=[rule(count="each", cap=10)], lines=[])
    shown = read_page(signed_in(make.marketer), page(version))
    assert "Worth a second look" in shown
    assert "The first time alone gives 25 points, and the cap is 10." in shown
    assert "Worth a second look" not in read_page(signed_in(make.admin), page(ModelVersion.objects.live()))
