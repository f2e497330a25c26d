"""``docs/scoring.md`` says everything that a rule can."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from scoring import fields, model_file
from scoring.conditions import Group, parse
from scoring.operators import OPERATORS

TEXT = Path("docs/scoring.md").read_text(encoding="utf-8")
TABLE_ROWS = [line for line in TEXT.splitlines() if line.startswith("| `")]
SCHEMA = json.loads(model_file.SCHEMA.read_text(encoding="utf-8"))


def named(rows: list[str]) -> set[str]:
    """What the first column of the tables names."""
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def test_every_operator_has_its_sentence() -> None:
    assert set(OPERATORS) <= named(TABLE_ROWS)


def test_every_field_has_its_sentence() -> None:
    assert {*fields.FIELDS, "attributes.KEY", "company.attributes.KEY"} <= named(TABLE_ROWS)


@pytest.mark.parametrize("part", ["rule", "happened"])
def test_every_key_of_a_rule_and_of_an_activity_test_has_its_sentence(part: str) -> None:
    assert set(SCHEMA["$defs"][part]["properties"]) <= named(TABLE_ROWS)


def test_the_schema_in_the_docs_is_the_schema() -> None:
    shown = re.search(r"<!-- schema -->\n```json\n(.*?)\n```", TEXT, re.DOTALL)
    assert shown is not None
    assert json.loads(shown.group(1)) == SCHEMA


def test_the_schema_names_the_same_fields_and_operators_as_the_code() -> None:
    assert SCHEMA["$defs"]["op"]["enum"] == list(OPERATORS)
    assert set(SCHEMA["$defs"]["field"]["anyOf"][0]["enum"]) == set(fields.FIELDS)


@pytest.mark.django_db
def test_the_example_in_the_docs_loads() -> None:
    example = re.findall(r"```json\n(.*?)\n```", TEXT, re.DOTALL)[0]
    data = json.loads(example)
    jsonschema.validate(data, SCHEMA)

    version = model_file.load(data=data)

    assert version.state == version.State.DRAFT
    assert [rule.key for rule in version.rules.order_by("position")] == [
        rule["key"] for rule in data["rules"]
    ]


def test_the_conditions_in_the_text_are_conditions() -> None:
    (shown,) = re.findall(r"`(\{\"none\": \[\{.*?\}\]\})`", TEXT)

    condition = parse(json.loads(shown))

    assert isinstance(condition, Group)
    assert condition.how == "none"
