"""Tasks over the API."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from handoff import follow_ups
from handoff.models import Task
from tests.api.calling import caller
from tests.api.test_hostile_input import KILLERS
from tests.factories import marketer, rep, team
from tests.handoff.factories import offered

pytestmark = pytest.mark.django_db


def soon(hours: int = 2) -> str:
    return (timezone.now() + timedelta(hours=hours)).isoformat()


def fields(answer) -> list[str]:
    return [problem["field"] for problem in answer.json()["errors"]]


def wanted(**given):
    return {"key": str(uuid.uuid4()), "title": "Send the offer", "due_at": soon(), **given}


def test_a_post_that_arrives_three_times_writes_one_task():
    sol = rep()
    lead = offered(to=sol).lead
    call, body = caller(sol, "decide"), wanted()
    answers = [call.post(f"/leads/{lead.public_id}/tasks", body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.json()["id"] for answer in answers}) == Task.objects.count() == 1
    assert answers[0].json()["owner"]["name"] == "Sol Seller"
    listed = caller(sol, "read").get("/tasks").json()["items"]
    assert [(each["title"], each["lead"]) for each in listed] == [("Send the offer", str(lead.public_id))]


def test_a_key_that_arrives_again_after_its_moment_still_gives_the_task():
    sol = rep()
    handoff = offered(to=sol)
    body = wanted()
    path, call = f"/leads/{handoff.lead.public_id}/tasks", caller(sol, "decide")
    made = call.post(path, body).json()
    late = call.post(path, {**body, "due_at": soon(-1)})
    assert (late.status_code, late.json()["due_at"]) == (200, made["due_at"])


def test_somebody_elses_key_opens_no_task_of_theirs():
    sol, nils = rep(), rep("Nils North", team("Nordics"))
    body = wanted(title="Ask about the merger")
    caller(sol, "decide").post(f"/leads/{offered(to=sol).lead.public_id}/tasks", body)
    other = offered(to=nils, country="SE").lead
    other.access.get_or_create(team=team("Nordics"))
    answer = caller(nils, "decide").post(f"/leads/{other.public_id}/tasks", {**body, "title": "Mine"})
    assert (answer.status_code, fields(answer)) == (409, ["key"])
    assert "merger" not in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "Two\nlines"}, "title"),
        ({"due_at": "2026-11-24T10:00:00"}, "due_at"),
        ({"due_at": "2020-11-24T10:00:00Z"}, "due_at"),
        ({"due_at": "2099-11-24T10:00:00Z"}, "due_at"),
        ({"owner": str(uuid.uuid4())}, "owner"),
        ({"key": "one"}, "key"),
        ({"titel": "Send"}, "titel"),
    ],
)
def test_what_is_not_right_is_named_and_nothing_is_written(given, field):
    sol = rep()
    answer = caller(sol, "decide").post(f"/leads/{offered(to=sol).lead.public_id}/tasks", wanted(**given))
    assert (answer.status_code, fields(answer)) == (422, [field])
    assert not Task.objects.exists()


def test_a_task_is_moved_done_and_taken_up_again_and_twice_is_once():
    sol = rep()
    call = caller(sol, "write")
    made = call.post(f"/leads/{offered(to=sol).lead.public_id}/tasks", wanted()).json()
    path, later = f"/tasks/{made['id']}", soon(48)
    Task.objects.update(reminded_at=timezone.now())
    for _ in range(3):
        moved = call.post(f"{path}/due-date", {"due_at": later})
        assert moved.status_code == 200
    assert Task.objects.get().due_at.isoformat() == later
    assert Task.objects.get().reminded_at is None
    assert fields(call.post(f"{path}/due-date", {"due_at": soon(-1)})) == ["due_at"]
    first, again = (call.post(f"{path}/completion", {}).json() for _ in range(2))
    assert first["done_at"] == again["done_at"] is not None
    assert call.post(f"{path}/due-date", {"due_at": soon(3)}).status_code == 409
    assert call.get("/tasks", status="done").json()["items"][0]["done_by"]["name"] == "Sol Seller"
    assert call.get("/tasks").json()["items"] == []
    assert call.post(f"{path}/reopening", {}).json()["done_at"] is None


def test_others_tasks_are_404_or_not_for_a_rep_to_change():
    sol, mona, nils = rep(), rep("Mona Mate"), rep("Nils North", team("Nordics"))
    lead = offered(to=sol).lead
    made = caller(sol, "decide").post(f"/leads/{lead.public_id}/tasks", wanted()).json()
    path = f"/tasks/{made['id']}"
    assert caller(nils, "decide").post(f"{path}/completion", {}).status_code == 404
    assert caller(nils, "read").get(f"/leads/{lead.public_id}/tasks").status_code == 404
    assert caller(nils, "decide").post(f"/leads/{lead.public_id}/tasks", wanted()).status_code == 404
    assert caller(mona, "decide").post(f"{path}/completion", {}).status_code == 403
    assert caller(mona, "decide").post(f"{path}/due-date", {"due_at": soon(9)}).status_code == 403
    assert caller(marketer(), "decide").post(f"/leads/{lead.public_id}/tasks", wanted()).status_code == 403
    assert caller(marketer("Mia Marker"), "read").get(f"/leads/{lead.public_id}/tasks").json()["items"]
    assert Task.objects.open().count() == 1


def test_ones_list_is_paged_in_the_same_number_of_queries_however_long():
    sol = rep()
    lead, at = offered(to=sol).lead, timezone.now()
    call = caller(sol, "read")

    def add(count: int) -> None:
        for number in range(count):
            follow_ups.add(
                lead=lead,
                by=sol,
                owner=sol,
                title=f"Task {number}",
                due_at=at + timedelta(hours=number + 1),
                key=uuid.uuid4(),
                at=at,
            )

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert call.get("/tasks", limit=200).status_code == 200
        return len(asked)

    add(1)
    call.get("/tasks")
    few = queries()
    add(50)
    assert queries() == few
    first = call.get("/tasks", limit=30).json()
    second = call.get("/tasks", limit=30, after=first["next"]).json()
    assert len({each["id"] for each in first["items"] + second["items"]}) == 51
    assert second["next"] == ""


def test_b2_killers_in_every_text_are_stored_exactly_or_refused_by_name():
    sol = rep()
    lead, call = offered(to=sol).lead, caller(sol, "decide")
    for path, body, field in (
        (f"/leads/{lead.public_id}/tasks", {"due_at": soon()}, "title"),
        (f"/leads/{lead.public_id}/contacts", {"kind": "call"}, "note"),
    ):
        for killer in KILLERS:
            answer = call.post(path, {**body, "key": str(uuid.uuid4()), field: killer})
            if answer.status_code == 422:
                assert fields(answer) == [field]
            else:
                assert (answer.status_code, answer.json()[field]) == (200, killer.strip()), killer
