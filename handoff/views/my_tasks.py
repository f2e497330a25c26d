"""What one has to do, over all leads: what is overdue first, then today, then later; and what was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import may_give_verdicts
from handoff.filters import without
from handoff.models import Task
from handoff.models.task import TaskQuerySet
from leads import paging

from .requests import Request, page_for

PAGE = 50
VIEWS = (("open", "To do"), ("done", "Done"))
#: Key, label, icon, how the bar above them looks.
_BUCKETS = (
    ("overdue", "Overdue", "alarm-clock", "bad"),
    ("today", "Today", "calendar", ""),
    ("later", "Later", "calendar", ""),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Tasks under a bar that names them; ``count`` is of all of them, not of this page."""

    key: str
    label: str
    icon: str
    kind: str
    count: int | str
    rows: list[Task]


@require_safe
@page_for(may_give_verdicts, "Tasks are for sales to do.")
def my_tasks(request: Request) -> HttpResponse:
    """The reader's own tasks about leads that they may open. The same number of queries however many."""
    at = timezone.now()
    view = "done" if request.GET.get("view") == "done" else "open"
    mine = Task.objects.visible_to(request.user).filter(owner=request.user)
    rows, order = lists_of(mine, view)
    found = rows.select_related("lead__company", "owner", "created_by", "done_by")
    page = paging.page(found, order=order, after=request.GET.get("after", ""), size=PAGE)
    buckets = _buckets(mine.open(), at)
    counts = paging.counts({**buckets, "open": mine.open(), "done": lists_of(mine, "done")[0]})
    context = {
        "now": at,
        "groups": _groups(page.rows, counts, at) if view == "open" else [],
        "done": page.rows if view == "done" else [],
        "view": view,
        "views": [
            {"label": label, "url": f"?view={key}", "count": counts[key], "current": key == view}
            for key, label in VIEWS
        ],
        "next_url": f"{without(request.GET, 'after')}&after={page.next}" if page.next else "",
        "is_later": bool(request.GET.get("after")),
        "first_url": without(request.GET, "after"),
        "here": request.get_full_path(),
    }
    return render(request, "handoff/my_tasks.html", context)


def lists_of(tasks: TaskQuerySet, view: str) -> tuple[TaskQuerySet, tuple[str, str]]:
    """The tasks of a view, and the order an index gives them in: the first due first, the last done first."""
    if view == "done":
        return tasks.filter(done_at__isnull=False), ("-done_at", "-id")
    return tasks.open(), ("due_at", "id")


def _buckets(tasks: TaskQuerySet, at: datetime) -> dict[str, TaskQuerySet]:
    midnight = _midnight(at)
    return {
        "overdue": tasks.filter(due_at__lt=at),
        "today": tasks.filter(due_at__gte=at, due_at__lt=midnight),
        "later": tasks.filter(due_at__gte=midnight),
    }


def _groups(tasks: Sequence[Task], counts: dict[str, int | str], at: datetime) -> list[Group]:
    midnight = _midnight(at)
    rows: dict[str, list[Task]] = {key: [] for key, *_ in _BUCKETS}
    for task in tasks:
        key = "overdue" if task.due_at < at else "today" if task.due_at < midnight else "later"
        rows[key].append(task)
    return [
        Group(key, label, icon, kind, counts[key], rows[key])
        for key, label, icon, kind in _BUCKETS
        if rows[key]
    ]


def _midnight(at: datetime) -> datetime:
    """The end of the reader's day."""
    tomorrow = timezone.localtime(at) + timedelta(days=1)
    return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)
