"""What the live rules look at beyond a lead itself, while several models are published and others write."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from leads.models import Watched
from scoring import model_file, publishing, watching
from scoring.models import ModelVersion
from tests.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def draft(model: str, when: dict[str, Any]) -> ModelVersion:
    rule = {"key": "r", "label": "R", "dimension": "fit", "points": 5, "when": when}
    return model_file.load(data={"model": model, "rules": [rule]})


def publish(version: ModelVersion) -> None:
    publishing.publish(version=version, by=None, reason="for the test", at=NOW)


@contextmanager
def meanwhile(work: Any) -> Iterator[threading.Thread]:
    """``work`` in another connection, over by the end."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    yield thread
    thread.join(20)
    assert not thread.is_alive()


def test_two_models_that_go_live_at_once_are_both_followed() -> None:
    one = draft("default", {"stage": ["mql"]})
    other = draft("other", {"colleagues": ["visit"], "within_days": 14})
    with meanwhile(lambda: publish(other)) as publishing_the_other, transaction.atomic():
        publish(one)
        publishing_the_other.start()
        publishing_the_other.join(0.5)
        assert publishing_the_other.is_alive(), "it waits for what the first one asks"
    assert sorted(Watched.objects.values_list("what", flat=True)) == ["colleagues", "stages"]


def test_publishing_does_not_hold_up_everybody_who_writes_behind_one_that_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "PATIENCE", "200ms")
    version, over, reading = draft("default", {"stage": ["mql"]}), threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            list(Watched.objects.all())  # as the trigger of every written activity does
            reading.set()
            over.wait(20)

    with meanwhile(write) as writing:
        writing.start()
        reading.wait(20)
        with pytest.raises(publishing.TryAgain, match="try again"):
            publish(version)
        over.set()
    version.refresh_from_db()
    assert version.is_draft
    publish(version)
    assert Watched.objects.filter(what="stages").exists()
