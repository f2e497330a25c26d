"""docs/webhooks.md says what is sent, and what is sent is there."""

import re
from pathlib import Path

import pytest

from notifications.egress import MOST_BYTES, SECONDS
from notifications.event_types import EVENT_TYPES, TEST
from notifications.retrying import DISPATCH_MINUTES

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text()


def test_the_table_lists_exactly_the_events_there_are() -> None:
    listed = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", TEXT, re.MULTILINE)
    assert sorted(listed) == sorted([*EVENT_TYPES, TEST])


@pytest.mark.parametrize(
    "field", ["rep", "handoff", "verdict", "opportunity", "stage", "score", "reasons", "why_now"]
)
def test_every_field_is_named(field: str) -> None:
    assert f"`{field}`" in TEXT


def test_the_promised_times_and_limits_are_those_of_the_code() -> None:
    hours = [minutes / 60 for minutes in DISPATCH_MINUTES[3:]]
    assert hours == [2, 5, 10, 14, 20, 24]
    assert "5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours" in TEXT
    assert f"within {SECONDS:.0f} seconds" in TEXT
    assert f"at most {MOST_BYTES // 1024} kB" in TEXT
