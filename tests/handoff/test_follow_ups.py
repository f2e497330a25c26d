"""Tasks: written once, done and undone, and announced once when they are due."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection

from handoff import follow_ups
from handoff.models import Task
from handoff.permissions import NotYours
from notifications.models import Notification
from tests.factories import NOW, manager, marketer, rep, team
from tests.handoff.factories import offered

pytestmark = pytest.mark.django_db
DUE = NOW + timedelta(hours=3)


def task(by, of=None, **fields) -> Task:
    of = of or offered(to=by).lead
    given = {"owner": by, "title": "Call back", "due_at": DUE, "key": uuid.uuid4(), **fields}
    return follow_ups.add(lead=of, by=by, at=NOW, **given)


def test_the_same_form_sent_twice_makes_one_task():
    sol = rep()
    key = uuid.uuid4()
    first = task(sol, key=key)
    assert task(sol, of=first.lead, key=key, title="Again") == first
    assert Task.objects.get().title == "Call back"


def test_a_task_is_done_and_undone_by_its_owner_its_author_or_a_manager():
    sol, sofia, max_ = rep(), rep("Sofia Reuter"), manager()
    todo = task(sol)
    with pytest.raises(NotYours, match="for Sol Seller to do"):
        follow_ups.finish(task=todo, by=sofia, at=NOW)
    assert follow_ups.finish(task=todo, by=sol, at=NOW)
    assert not follow_ups.finish(task=todo, by=max_, at=NOW)
    todo.refresh_from_db()
    assert (todo.done_by, todo.is_open) == (sol, False)
    assert follow_ups.take_up(task=todo, by=max_)
    todo.refresh_from_db()
    assert (todo.done_by, todo.is_open) == (None, True)


def test_a_task_is_for_somebody_who_sees_the_lead_and_for_a_moment_to_come():
    sol, nils = rep(), rep("Nils North", team("Nordics"))
    of = offered(to=sol).lead
    with pytest.raises(NotYours, match="does not see this lead"):
        task(sol, of=of, owner=nils)
    with pytest.raises(NotYours):
        task(marketer(), of=of, owner=sol)
    for wrong in (NOW, NOW + timedelta(days=5000)):
        with pytest.raises(follow_ups.DueRefused):
            task(sol, of=of, due_at=wrong)
    assert not Task.objects.exists()


def test_what_is_due_is_announced_once_and_what_is_done_never():
    sol = rep()
    todo = task(sol)
    done = task(sol, of=todo.lead, title="Send the offer")
    follow_ups.finish(task=done, by=sol, at=NOW)
    assert follow_ups.remind(at=DUE - timedelta(seconds=1)) == 0
    assert [follow_ups.remind(at=DUE) for _ in range(2)] == [1, 0]
    told = Notification.objects.get(kind="task_due")
    assert (told.recipient, told.title) == (sol, f"Due: Call back, {todo.lead}")
    assert told.url.endswith("#tasks")
    follow_ups.finish(task=todo, by=sol, at=DUE)
    follow_ups.take_up(task=todo, by=sol)
    assert follow_ups.remind(at=DUE + timedelta(days=1)) == 0


@pytest.mark.django_db(transaction=True)
def test_f11_many_beats_announce_each_task_once():
    sol = rep()
    of = offered(to=sol).lead
    for number in range(10):
        task(sol, of=of, title=f"Task {number}")
    start, told = threading.Barrier(4), []

    def beat() -> None:
        start.wait()
        try:
            told.append(follow_ups.remind(at=DUE))
        finally:
            connection.close()

    threads = [threading.Thread(target=beat) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(told) == 10
    assert Notification.objects.filter(kind="task_due").count() == 10
