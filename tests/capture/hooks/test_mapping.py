"""The language of payload mappings: presets and the example of the documents are whole, paths lead where they
say, moments are what senders write."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from capture.cleaning import Refused
from capture.hooks import mapping, paths, presets

TREE: dict[str, Any] = {
    "a": {"b-c": 1, "odd.name": 2, "": 3},
    "list": [{"type": "email", "x": "e"}, {"type": "text", "x": "t"}],
    "plain": [1, 2],
    "json": '{"in": {"side": [7]}}',
    "text": "{not json",
}


@pytest.mark.django_db
@pytest.mark.parametrize("preset", sorted(presets.every()))
def test_every_preset_is_a_whole_mapping(preset: str) -> None:
    found = presets.of(preset)
    assert mapping.check(found.mapping) == found.mapping
    assert found.how.endswith(".")
    assert found.name


@pytest.mark.django_db
def test_the_example_in_the_documents_is_a_whole_mapping() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "hooks.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert mapping.check(json.loads(example))["kinds"][0]["type"] == "form_submitted"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", [TREE]),
        ("a.b-c", [1]),
        ('a."odd.name"', [2]),
        ('a.""', [3]),
        ("list[].x", ["e", "t"]),
        ("list[1].x", ["t"]),
        ("list[type=email].x", ["e"]),
        ('list[type="text"].x', ["t"]),
        ("plain[]", [1, 2]),
        ("json{}.in.side[]", [7]),
        ("text{}", []),
        ("$.a.b-c", [1]),
        ("nothing.here", []),
        ("plain.x", []),
        ("a[]", []),
        ("list[9999].x", []),
    ],
)
def test_a_path_leads_where_it_says(path: str, found: list[Any]) -> None:
    assert paths.find(path, TREE, TREE) == found


@pytest.mark.parametrize(
    "bad", ["a..b", ".a", "a[", "a]", "a[x]", "a{", "[]a", "a.", "x" * 401, ".".join("a" * 30)]
)
def test_what_is_no_path_is_refused(bad: str) -> None:
    with pytest.raises(paths.BadPath):
        paths.read(bad)


def test_every_field_that_is_shown_is_found_by_its_path() -> None:
    rows = [row for row in paths.fields(TREE) if row.path]
    assert len(rows) == 10
    for row in rows:
        assert paths.shown(paths.find(row.path, TREE, TREE)[0])[:1] == row.shown[:1], row


def test_a_deep_and_wide_payload_is_shown_in_bounds() -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = {"a": [deep] * 2}
    assert len(paths.fields(deep)) <= paths.MOST_FIELDS
    assert len(paths.fields({str(n): n for n in range(5_000)})) == paths.MOST_FIELDS


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2016-04-27T16:28:50.3963933-04:00", datetime(2016, 4, 27, 20, 28, 50, 396393, tzinfo=UTC)),
        ("1534108637.153125", datetime(2018, 8, 12, 21, 17, 17, 153125, tzinfo=UTC)),
        ("1461261330", datetime(2016, 4, 21, 17, 55, 30, tzinfo=UTC)),
        ("1567109311959", datetime(2019, 8, 29, 20, 8, 31, 959000, tzinfo=UTC)),
        ("1567109311959000", datetime(2019, 8, 29, 20, 8, 31, 959000, tzinfo=UTC)),
        ("2026-05-04 12:00:00", datetime(2026, 5, 4, 10, 0, tzinfo=UTC)),
        ("Thu, 21 Apr 2016 17:55:29 +0000", datetime(2016, 4, 21, 17, 55, 29, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_as_senders_write_it(text: str, at: datetime) -> None:
    assert mapping.moment(text, zone="Europe/Berlin", field="occurred_at") == at


@pytest.mark.parametrize(
    "text", ["soon", "nan", "inf", "-inf", "1e400", "-1", "0", "9" * 60, "0001-01-01T00:00:00Z"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="occurred_at"):
        mapping.moment(text, zone="UTC", field="occurred_at")
