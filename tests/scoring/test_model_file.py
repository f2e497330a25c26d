"""A model file is loaded whole or refused with everything that is wrong, each at its JSON path."""

import copy
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from scoring import model_file
from tests.scoring import generators as some
from tests.scoring.test_oracle import many

pytestmark = pytest.mark.django_db

SCHEMA = json.loads(model_file.SCHEMA.read_text())


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The starter model with one thing changed."""
    data: Any = copy.deepcopy(model_file.starter("default"))
    here = data
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = to
    return data  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", [path.stem for path in sorted(model_file.STARTERS.glob("*.json"))])
def test_a_starter_loads_and_saves_as_it_is(name: str) -> None:
    data = model_file.starter(name)
    jsonschema.validate(data, SCHEMA)
    saved = model_file.save(version=model_file.load(data=data))
    assert json.loads(json.dumps(saved)) == data


@given(model=some.models())
@many(50)
def test_what_is_saved_loads_to_the_same(model: dict[str, Any]) -> None:
    jsonschema.validate(model, SCHEMA)
    saved = model_file.save(version=model_file.load(data=model))
    again = model_file.save(version=model_file.load(data=saved))
    assert again == saved
    assert saved["rules"] == [{"count": "once", **rule} for rule in model["rules"]]
