"""What endpoints receive: readable in a chat room, and no stranger's word is markup there."""

import json
from typing import Any

import pytest
from pytest_django import Settings

from notifications import formats
from notifications.announcing import Told
from notifications.models import Announcement
from tests.factories import NOW

HOSTILE = "<!channel> <https://evil.example|click> *b* & [x](https://evil.example) @everyone <at>all</at>"


def announcement(**fields: Any) -> Announcement:
    data = Told(
        summary="Marta Kowalczyk is with Sofia Reuter",
        url="https://handoff.example/leads/1/",
        why_now="Requested a demo",
        lead={
            "id": "1",
            "name": "Marta Kowalczyk",
            "title": "Head of Operations",
            "company": {"name": "Nordwind"},
        },
        rep={"id": "2", "name": "Sofia Reuter"},
        reasons=[
            {"dimension": "intent", "label": label, "points": points, "evidence": ""}
            for label, points in (
                ("Small", 1.5),
                ("Requested a demo", 25.0),
                ("Against", -4.0),
                ("Phone", 4.0),
            )
        ],
    )
    return Announcement(type="lead.handed_over", at=NOW, data={**data, **fields})


def texts(made: Any) -> list[str]:
    """Every text anywhere in ``made``."""
    if isinstance(made, dict):
        return [text for value in made.values() for text in texts(value)]
    if isinstance(made, list):
        return [text for value in made for text in texts(value)]
    return [made] if isinstance(made, str) else []


@pytest.mark.parametrize("form", ["slack", "teams"])
def test_a_chat_room_reads_who_it_is_why_now_who_has_it_and_where(form: str) -> None:
    said = "\n".join(texts(json.loads(formats.body(announcement(), form))))
    for words in (
        "Marta Kowalczyk is with Sofia Reuter", "Head of Operations", "Nordwind", "Requested a demo",
        "Sofia Reuter", "+25 Requested a demo", "https://handoff.example/leads/1/",
    ):  # fmt: skip
        assert words in said
    assert "Against" not in said  # the three largest are named


def test_slack_gets_blocks_within_its_limits() -> None:
    made = json.loads(formats.body(announcement(summary="S" * 500, why_now="W" * 5000), "slack"))
    assert [block["type"] for block in made["blocks"]] == ["header", "section", "section", "context"]
    header, fields, *_ = made["blocks"]
    assert header["text"]["type"] == "plain_text"
    assert len(header["text"]["text"]) == 150
    assert len(fields["fields"]) <= 10
    assert all(len(field["text"]) <= 2000 for field in fields["fields"])


def test_slack_reads_no_markup_in_what_strangers_wrote(settings: Settings) -> None:
    settings.WORKSPACE_NAME = "A & B <i>"
    lead = {"id": "1", "name": HOSTILE, "title": HOSTILE, "company": {"name": HOSTILE}}
    made = json.loads(formats.body(announcement(summary=HOSTILE, why_now=HOSTILE, lead=lead), "slack"))
    marked = [made["text"]] + [
        element["text"]
        for block in made["blocks"]
        for element in block.get("elements", [])
        if element["type"] == "mrkdwn"
    ]
    for text in marked:
        assert "<!channel>" not in text
        assert "<https://evil" not in text
    others = [block["text"] for block in made["blocks"] if "text" in block]
    assert {text["type"] for text in others} == {"plain_text"}
    assert {field["type"] for field in made["blocks"][1]["fields"]} == {"plain_text"}


def test_teams_gets_one_adaptive_card_whose_texts_are_runs() -> None:
    made = json.loads(formats.body(announcement(summary=HOSTILE), "teams"))
    (attachment,) = made["attachments"]
    card = attachment["content"]
    assert made["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert {run["type"] for block in card["body"] for run in block["inlines"]} == {"TextRun"}
    assert card["actions"][0]["url"] == "https://handoff.example/leads/1/"


@pytest.mark.parametrize("form", ["standard", "slack", "teams"])
def test_the_least_that_can_be_told_has_every_form(form: str) -> None:
    least = Announcement(type="x", at=NOW, data=Told(summary="S", url="https://h.example/", lead={}))
    assert json.loads(formats.body(least, form))


def test_the_standard_form_carries_type_moment_and_everything_told() -> None:
    made = json.loads(formats.body(announcement(), "standard"))
    assert list(made) == ["type", "timestamp", "data"]
    assert made["timestamp"] == "2026-11-17T10:36:00.000+00:00"
    assert made["data"]["reasons"][1]["points"] == 25.0
