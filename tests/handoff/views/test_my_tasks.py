"""One's own tasks over all leads: what is overdue, today and later, in order, and done from there."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from handoff import follow_ups
from handoff.models import Task
from leads.models import Lead
from tests.handoff.views.worlds import handed_over

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
#: Noon in Berlin and everywhere near it, so that "today" goes on for a while.
NOON = datetime.fromisoformat("2026-11-17T11:00:00+00:00")


def write(of: Lead, owner: User, title: str, due_at: datetime, by: User | None = None) -> Task:
    return Task.objects.create(lead=of, title=title, due_at=due_at, owner=owner, created_by=by or owner)


def groups(page: str) -> dict[str, list[str]]:
    """Heading with its count → the titles under it."""
    found = {}
    for part in page.split('<h2 class="group')[1:]:
        heading = " ".join(re.sub("<[^>]*>", " ", part.split(">", 1)[1].split("</h2>")[0]).split())
        found[heading] = re.findall(r"<b><bdi>(.*?)</bdi></b>", part)
    return found


@time_machine.travel(NOON, tick=False)
def test_ones_open_tasks_of_all_leads_stand_by_when_they_are_due(
    sol: User, sofia: User, max_: User, signed_in: SignIn
) -> None:
    ada, bo = handed_over(sol, "Ada One").lead, handed_over(sofia, "Bo Two").lead
    write(bo, sol, "Later", NOON + timedelta(days=3), by=max_)
    write(ada, sol, "Tonight", NOON + timedelta(hours=6))
    write(bo, sol, "Late", NOON - timedelta(minutes=1))
    write(ada, sol, "Later than late", NOON - timedelta(days=2))
    write(ada, sofia, "Of Sofia", NOON)

    page = signed_in(sol).get("/tasks/").content.decode()

    assert groups(page) == {
        "Overdue 2": ["Later than late", "Late"],
        "Today 1": ["Tonight"],
        "Later 1": ["Later"],
    }
    assert "from Max Manager" in page
    assert f'href="/leads/{bo.public_id}/"' in page
    rail = page.split('id="side"')[1].split("</nav>")[0]
    assert re.search(r'href="/tasks/"[^>]*aria-current="page".*?>2<', rail, re.DOTALL)


def test_a_task_is_done_taken_up_and_moved_from_there(sol: User, signed_in: SignIn) -> None:
    client, now = signed_in(sol), timezone.now()
    todo = write(handed_over(sol, "Ada").lead, sol, "Call <Ada>", now - timedelta(hours=1))
    here = {"next": "/tasks/"}
    done = client.post(f"/tasks/{todo.public_id}/done/", here, follow=True)
    assert done.redirect_chain == [("/tasks/", 302)]
    page = done.content.decode()
    assert "Done: <b>Call &lt;Ada&gt;</b>" in page
    assert f'action="/tasks/{todo.public_id}/undone/"' in page
    assert "Nothing to do" in page
    assert "Call &lt;Ada&gt;" in client.get("/tasks/?view=done").content.decode()
    client.post(f"/tasks/{todo.public_id}/undone/", here)
    later = (now + timedelta(days=3)).replace(second=0, microsecond=0)
    moved = {**here, "due_at": f"{timezone.localtime(later):%Y-%m-%dT%H:%M}"}
    for _ in range(3):
        answer = client.post(f"/tasks/{todo.public_id}/due-date/", moved, follow=True)
    assert groups(answer.content.decode()) == {"Later 1": ["Call &lt;Ada&gt;"]}
    assert Task.objects.get().due_at == later


def test_tasks_are_for_sales_and_one_of_a_lead_out_of_sight_is_not_listed(
    sol: User, mara: User, signed_in: SignIn
) -> None:
    north = handed_over(None, "Nora North", in_pool="Nordics").lead
    write(north, sol, "Gone with the team", timezone.now())
    client = signed_in(sol)
    assert "Gone with the team" not in client.get("/tasks/").content.decode()
    assert signed_in(mara).get("/tasks/").status_code == 403
    assert 'href="/tasks/"' not in signed_in(mara).get("/leads/").content.decode()
    found = {"HX-Request": "true", "HX-Target": "palette-results"}
    assert 'href="/tasks/"' in client.get("/search/?q=my task", headers=found).content.decode()


def test_who_is_reminded_is_told_where_all_of_theirs_stand(sol: User, signed_in: SignIn) -> None:
    todo = write(handed_over(sol, "Ada").lead, sol, "Call", timezone.now() - timedelta(minutes=1))
    follow_ups.remind(at=timezone.now())
    bell = signed_in(sol).get("/notifications/").content.decode()
    assert "All of yours stand under My tasks." in bell
    assert 'href="/tasks/"' in signed_in(sol).get(f"/leads/{todo.lead.public_id}/").content.decode()


@pytest.mark.parametrize("view", ["open", "done"])
def test_pages_follow_each_other_and_ask_no_more_for_200_than_for_one(
    sol: User, max_: User, signed_in: SignIn, view: str
) -> None:
    client, now = signed_in(sol), timezone.now()
    firms = [handed_over(sol, f"Lead {number}").lead for number in range(20)]
    counted, seen = [], []
    for rows in (1, 50, 200):
        for number in range(Task.objects.count(), rows):
            todo = write(
                firms[number % 20], sol, f"T{number:03}", now + timedelta(minutes=number - 100), by=max_
            )
            if view == "done":
                Task.objects.filter(pk=todo.pk).update(done_at=todo.due_at, done_by=max_)
        client.get(f"/tasks/?view={view}")
        with CaptureQueriesContext(connection) as queries:
            page = client.get(f"/tasks/?view={view}").content.decode()
        counted.append(len(queries))
    # Session, user, the rail's counts, the reader's teams; the counts of the page, its rows.
    assert counted == [6, 6, 6]
    while True:
        seen += re.findall(r"<b><bdi>(.*?)</bdi></b>", page)
        more = re.search(r'rel="next" href="([^"]*)"', page)
        if more is None:
            break
        page = client.get(f"/tasks/{more[1].replace('&amp;', '&')}").content.decode()
    assert seen == sorted((f"T{number:03}" for number in range(200)), reverse=view == "done")
