"""``manage.py urls_json``: every address, for the tests that walk them all."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command


@pytest.fixture(scope="module")
def addresses() -> dict[str, dict[str, Any]]:
    printed = StringIO()
    call_command("urls_json", stdout=printed)
    return {address["pattern"]: address for address in json.loads(printed.getvalue())}


def test_an_id_in_the_path_names_its_model(addresses: dict[str, dict[str, Any]]) -> None:
    assert addresses["/leads/<uuid:lead_id>/"]["ids"] == {"lead_id": "leads.Lead"}
    assert addresses["/api/v1/handoffs/<handoff_id>/acceptance"]["ids"] == {"handoff_id": "handoff.Handoff"}
    assert addresses["/admin/accounts/user/<path:object_id>/change/"]["ids"] == {"object_id": "accounts.User"}


def test_methods_are_those_the_address_answers(addresses: dict[str, dict[str, Any]]) -> None:
    assert addresses["/handoffs/<uuid:handoff_id>/acceptance/"]["methods"] == ["POST"]
    assert addresses["/api/v1/events"]["methods"] == ["POST"]
    assert addresses["/healthz"]["methods"] == ["GET", "HEAD"]


def test_names_carry_their_app(addresses: dict[str, dict[str, Any]]) -> None:
    assert addresses["/queue/"]["name"] == "handoff:queue"
    assert addresses["/api/v1/events"]["name"].startswith("api:")


def test_every_id_of_a_page_of_ours_names_a_model(addresses: dict[str, dict[str, Any]]) -> None:
    unnamed = [
        (pattern, name)
        for pattern, address in addresses.items()
        for name, model in address["ids"].items()
        # What a hook's address ends in is a secret, not the id of anything.
        if not pattern.startswith(("/admin/", "/accounts/", "/in/")) and model is None
    ]
    # A framework has questions, answers and requirements: the word before a number says which it counts.
    parts = [(pattern, name) for pattern, name in unnamed if "/<slug:part>/" in pattern]
    assert {name for _, name in parts} == {"part", "number"}
    assert unnamed == parts
