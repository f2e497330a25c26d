"""A tick says "look": one that waits is enough, and one that is lost costs nobody anything."""

from collections.abc import Callable

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from leads import ticks
from scoring.tasks import rescore_changed
from tests.fixtures.processes import Broker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def write(broker: Broker) -> Callable[[], None]:
    """Write something and commit."""

    def commit() -> None:
        with transaction.atomic():
            ticks.tick("leads_changed")
            ticks.tick("leads_changed")

    return commit


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages that would have gone to the broker."""
    tasks: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda task, **_: tasks.append(task))
    return tasks


def test_l3_while_no_worker_comes_a_thousand_events_leave_one_message(
    write: Callable[[], None], sent: list[str]
) -> None:
    for _ in range(1000):
        write()
    assert sent == ["scoring.tasks.rescore_changed"]


def test_what_comes_after_the_worker_began_to_look_ticks_anew(
    write: Callable[[], None], sent: list[str]
) -> None:
    write()
    ticks.about_to_look(rescore_changed)
    write()
    assert len(sent) == 2


def test_a_worker_begins_to_look_before_its_task_does(
    write: Callable[[], None], sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write()
    monkeypatch.setattr("scoring.tasks.rescoring.rescore_changed", write)
    rescore_changed.apply()
    assert len(sent) == 2


def test_a_mark_that_nobody_took_back_runs_out_with_its_message(write: Callable[[], None]) -> None:
    write()
    left = redis.Redis.from_url(settings.BROKER_URL).ttl("handoff:tick:scoring.tasks.rescore_changed")
    assert 0 < left <= settings.TICK_EXPIRES


def test_a_tick_that_the_broker_does_not_take_is_counted_and_raises_nothing(
    write: Callable[[], None], broker: Broker
) -> None:
    broker.kill()
    write()
    assert cache.get(ticks.LOST_TICKS) == 1
