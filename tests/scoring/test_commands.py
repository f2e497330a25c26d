"""Model files and scores from the command line."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from leads.models import ActivityType
from scoring import model_file
from scoring.models import ModelVersion, ScoringModel
from scoring.stored import activity_types
from tests import factories as make
from tests.scoring.test_model_file import changed

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_a_file_is_loaded_published_and_saved(tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    file.write_text(json.dumps(changed("lines", 1, "leave", to=5)))

    assert run("load_model", str(file)) == "Default, version 2 is a draft.\n"
    assert "version 3 is live" in run("load_model", str(file), "--publish", "--reason", "too many")

    assert json.loads(run("save_model")) == json.loads(file.read_text())
    assert json.loads(run("save_model", "--number", "1")) == model_file.starter("default")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON: Expecting property name"),
        ("[" * 100_000, "is not JSON"),
        ('{"model": "x", "rules": [{"key": "a"}]}', r"\$.rules\[0\].label: Give a label"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "model.json"
    file.write_text(text)
    with pytest.raises(CommandError, match=says):
        run("load_model", str(file))


def test_the_command_line_does_not_publish_what_both_sides_have_to_sign() -> None:
    ScoringModel.objects.update(needs_sign_off=True)
    with pytest.raises(CommandError, match=r"version 2 stays a draft: .* marketing signs it, then sales"):
        run("load_model", "default", "--publish", "--reason", "because")
    assert ModelVersion.objects.live().number == 1


def test_publishing_from_the_command_line_needs_a_reason() -> None:
    with pytest.raises(CommandError, match="needs --reason"):
        run("load_model", "default", "--publish")


def test_a_missing_model_is_said() -> None:
    with pytest.raises(CommandError, match="no live version"):
        run("save_model", "nothing")
    with pytest.raises(CommandError, match="cannot be read"):
        run("load_model", "/nowhere/model.json")


def test_score_prints_one_lead_and_why() -> None:
    lead = make.lead(phone="1")
    make.activity(lead, "demo_request")
    address = str(lead.email).upper()

    assert "Gave a phone number: Phone number: 1" in run("score", "--email", address)
    explained = json.loads(run("score", "--email", address, "--as-of", "2026-11-17T10:36:00Z", "--json"))

    assert [d["key"] for d in explained["dimensions"]] == ["intent", "fit", "engagement"]
    assert explained["dimensions"][0]["points"] == 25
    assert explained["dimensions"][0]["reasons"][0]["activities"][0]["type"] == "demo_request"


def test_score_as_of_a_date_is_the_start_of_that_day() -> None:
    lead = make.lead()
    make.activity(lead, "demo_request", make.NOW.replace(hour=0, minute=0))
    make.activity(lead, "demo_request", make.NOW)  # counts once in 30 days, but fades from here
    make.activity(lead, "ebook_download", make.NOW.replace(hour=0, minute=1))

    explained = json.loads(run("score", "--email", str(lead.email), "--as-of", "2026-11-17", "--json"))

    assert explained["at"] == "2026-11-17T00:00:00+00:00"
    assert [dimension["points"] for dimension in explained["dimensions"]] == [25, 0, 0]


def test_score_under_a_file_leaves_nothing_behind() -> None:
    lead = make.lead(title="VP")
    before = ModelVersion.objects.count()
    explained = json.loads(run("score", "--email", str(lead.email), "--model", "gitlab_2018", "--json"))
    assert explained["total"] == 55
    assert ModelVersion.objects.count() == before


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--email", "nobody@handoff.example"], "There is no lead"),
        (["--email", "ada@handoff.example", "--as-of", "yesterday"], "--as-of yesterday: write a date"),
        (
            ["--email", "ada@handoff.example", "--as-of", "2026-11-17T10:00"],
            "--as-of 2026-11-17T10:00 has no time zone: add it, as in 2026-11-17T10:00:00Z",
        ),
    ],
)
def test_score_refuses_what_it_cannot_answer(args: list[str], says: str) -> None:
    make.lead(email="ada@handoff.example")
    with pytest.raises(CommandError, match=says):
        run("score", *args)


def test_types_are_read_from_the_table() -> None:
    ActivityType.objects.create(key="webshop_order", label="Ordered", category="sales")
    assert "webshop_order" in activity_types()
    model_file.load(data=changed("rules", 0, "when", to={"activity": ["webshop_order"]}))
