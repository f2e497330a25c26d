"""Workers die and the broker forgets everything while 20,000 leads are scored again: nothing is wrong after
it, nothing is lost, and nobody is told twice (F1, F2)."""

import itertools
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psutil
import pytest
from django.db import connection
from django.utils import timezone

from crm.demo import volume
from handoff.models import Handoff
from leads.models import Activity, ActivityType, ChangedLead, Lead
from notifications.models import Delivery, Notification
from scoring import checking, model_file, publishing
from scoring.models import Crossing, ModelVersion, Score
from tests.fixtures.processes import Broker, Process, wait_until
from tests.handoff.factories import pool, reps

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

LEADS = 20_000
#: How late page views arrive.
LATE = timedelta(minutes=1)
#: Each of these happens once, a moment after the one before.
BLOWS = ("child", "flush", "worker", "child", "flush", "child", "worker", "broker", "child", "worker")


@pytest.fixture
def everybody_changes(transactional_db: None) -> None:
    """20,000 leads that wait for their first score, six reps, and rules under which hundreds cross."""
    pool(*reps(6))
    only_sales = model_file.starter("default") | {
        "lines": [{"stage": "sql", "min": {"intent": 20}, "leave": 3}],
        "triggers": [],
    }
    version = publishing.publish(
        version=model_file.load(data=only_sales), by=None, reason="A test of kills.", at=timezone.now()
    )
    # Nobody has a score that publishing would have to catch up with, quietly.
    ModelVersion.objects.filter(pk=version.pk).update(rescored_to=None)
    volume.write(leads=LEADS, seed=1, until=timezone.now(), heaviest=0)
    ChangedLead.objects.update(live=True)


def test_kills_and_a_forgetful_broker_leave_every_score_right_and_every_crossing_handled_once(
    everybody_changes: None, worker: Process, beat: Process, broker: Broker
) -> None:
    chance = random.Random(5)
    wait_until(lambda: Score.objects.exists(), seconds=60, what="the first score")
    with _people_going_on():
        for number, blow in enumerate(BLOWS):
            _something_new(number)
            time.sleep(chance.uniform(0.2, 1.2))
            _strike(blow, worker, broker, chance)
        # Once more everybody, undisturbed but for the people: nothing later repairs what is lost now.
        Lead.objects.update(campaign="the last round")
        time.sleep(4)

    wait_until(_all_done, seconds=240, what="everything worked off")

    crossings = Crossing.objects.filter(stage="sql")
    told = Notification.objects.filter(kind="handoff")
    assert crossings.count() > 300
    assert list(checking.wrong_scores()) == []
    assert Score.objects.count() == LEADS
    assert not ChangedLead.objects.exists()
    assert set(crossings.values_list("outcome", flat=True)) == {"handed_over"}
    assert crossings.count() == crossings.values("lead").distinct().count()
    assert Handoff.objects.count() == crossings.count() == told.count()
    assert set(Handoff.objects.values_list("crossing", flat=True)) == set(
        crossings.values_list("id", flat=True)
    )
    assert told.values("key").distinct().count() == told.count()
    assert Delivery.objects.filter(notification__in=told).count() == told.count()


def _something_new(number: int) -> None:
    """Now and then everybody changes once more; each time some ask for a demo."""
    if number % 3 == 0:
        Lead.objects.update(campaign=f"round {number}")
    now = timezone.now()
    demo = ActivityType.objects.get(key="demo_request")
    asking = Lead.objects.order_by("public_id").values_list("pk", flat=True)[number * 20 : number * 20 + 20]
    Activity.objects.bulk_create(
        Activity(lead_id=lead, type=demo, occurred_at=now, source="test", event_id=f"{number}-{lead}")
        for lead in asking
    )


@contextmanager
def _people_going_on() -> Iterator[None]:
    """Meanwhile page views of random leads arrive, a minute late, under the scores being computed: a lead
    whose change was forgotten has a score without them."""
    stop = threading.Event()
    page_view = ActivityType.objects.get(key="page_view")
    leads = list(Lead.objects.order_by("public_id").values_list("pk", flat=True))

    def go_on() -> None:
        chance = random.Random(6)
        for number in itertools.count():
            if stop.wait(0.02):
                break
            Activity.objects.bulk_create(
                Activity(
                    lead_id=lead,
                    type=page_view,
                    occurred_at=timezone.now() - LATE,
                    source="test",
                    event_id=f"view-{number}-{lead}",
                )
                for lead in sorted(chance.sample(leads, 5))
            )
        connection.close()

    people = threading.Thread(target=go_on)
    people.start()
    try:
        yield
    finally:
        stop.set()
        people.join(30)


def _strike(blow: str, worker: Process, broker: Broker, chance: random.Random) -> None:
    if blow == "flush":
        broker.flush()
    elif blow == "broker":
        broker.kill()
        time.sleep(1)
        broker.start()
    elif blow == "worker":
        worker.kill()
        worker.start()
    else:
        children = psutil.Process(worker.pid).children()
        chance.choice(children).kill()


def _all_done() -> bool:
    waiting = ChangedLead.objects.filter(parked_at=None).exists()
    return not waiting and not Crossing.objects.filter(handled_at=None).exists()
