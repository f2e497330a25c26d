"""Versions of the default model in every state, and people who look at them."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from accounts.models import User
from scoring import model_file, publishing
from scoring.models import ModelVersion, ScoringModel
from tests.factories import NOW

LOG = "/rules/versions/"
Who = Callable[[], User]


def draft(**parts: Any) -> ModelVersion:
    """Version 2: the live one with some parts of its model file replaced."""
    live = ModelVersion.objects.live()
    made = publishing.draft_from(version=live, by=None)
    if not parts:
        return made
    data = {**model_file.save(version=made), **parts}
    publishing.discard(version=made)
    return model_file.load(data=data)


def checked(**parts: Any) -> ModelVersion:
    return publishing.check_draft(version=draft(**parts), by=None, at=NOW)


def published() -> ModelVersion:
    return publishing.publish(version=draft(), by=None, reason="Fewer, better", at=NOW)


def needs_both_sides() -> None:
    ScoringModel.objects.update(needs_sign_off=True)


def page(version: ModelVersion, step: str = "") -> str:
    return f"{LOG}{version.number}/{step}"


def signed_in(who: Who | User) -> Client:
    client = Client()
    client.force_login(who if isinstance(who, User) else who())
    return client


def read(client: Client, address: str, **data: Any) -> str:
    answer = client.get(address, data)
    assert answer.status_code == 200
    return answer.content.decode()
