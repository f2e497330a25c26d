"""Tasks for other systems: what the token's user has to do, and what is to do about a lead."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from accounts.api_auth import DECIDE, READ, user_of
from accounts.api_people import PersonOut, person
from accounts.api_problems import ERRORS, Error, overtaken, wrong
from leads.models import Lead
from leads.paging import page

from . import follow_ups
from .models import Task
from .models.task import TaskQuerySet

MOST_ROWS = 200

router = Router(tags=["Tasks"])


class TaskOut(Schema):
    id: UUID
    lead: UUID
    title: str
    due_at: datetime
    owner: PersonOut
    created_by: PersonOut
    created_at: datetime
    done_at: datetime | None = Field(description="null while it is to do.")
    done_by: PersonOut | None


class TasksOut(Schema):
    items: list[TaskOut]
    next: str = Field(description="Send as `after` for the next page; empty on the last one.")


class TasksQuery(Schema):
    status: Literal["open", "done"] = Field(
        "open", description="open: the first due first; done: the newest."
    )
    after: str = Field("", max_length=2_000, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=MOST_ROWS)


class TaskIn(Schema):
    model_config = ConfigDict(extra="forbid")  # a misspelt key is named, not ignored

    key: UUID = Field(description="Yours, new for each task: sent again, it gives the task that is there.")
    title: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"
        ),
    ] = Field(description="What is to do, in one line.")
    due_at: AwareDatetime = Field(description="To come, within two years, with a time zone.")
    owner: UUID | None = Field(None, description="Who does it; left out: the token's user.")


class DueIn(Schema):
    model_config = ConfigDict(extra="forbid")

    due_at: AwareDatetime = Field(description="To come, within two years, with a time zone.")


_CHANGED = {200: TaskOut, 409: Error, **ERRORS}


@router.get(
    "/tasks",
    auth=READ,
    response={200: TasksOut, 401: Error, 403: Error, 422: Error, 503: Error},
    operation_id="list_tasks",
    summary="List what the token's user has to do",
)
def list_tasks(request: HttpRequest, query: Query[TasksQuery]) -> Any:
    """Their own, about leads that they may see. The same number of queries however many rows."""
    return _listed(_readable(request).filter(owner=user_of(request)), query)


@router.get(
    "/leads/{lead_id}/tasks",
    auth=READ,
    response={200: TasksOut, 401: Error, 403: Error, 404: Error, 422: Error, 503: Error},
    operation_id="list_tasks_of_lead",
    summary="List what is to do about a lead",
)
def list_of_lead(request: HttpRequest, lead_id: UUID, query: Query[TasksQuery]) -> Any:
    """Everybody's. 404 when the token's user may not see the lead."""
    return _listed(_readable(request).filter(lead=_lead(request, lead_id)), query)


@router.post(
    "/leads/{lead_id}/tasks",
    auth=DECIDE,
    response=_CHANGED,
    operation_id="add_task",
    summary="Write down what is to do about a lead",
)
def add(request: HttpRequest, lead_id: UUID, body: TaskIn) -> Any:
    """Once per `key`: asked again, it answers with the task that is there. 409 when the key names another
    lead's task, or another person's."""
    lead, by = _lead(request, lead_id), user_of(request)
    owner = by
    if body.owner is not None and body.owner != by.public_id:
        found = follow_ups.people_for(lead).filter(public_id=body.owner).first()
        if found is None:
            return wrong("owner", "Name somebody who sells and may open this lead.")
        owner = found
    try:
        task = follow_ups.add(
            lead=lead,
            by=by,
            owner=owner,
            title=body.title,
            due_at=body.due_at,
            key=body.key,
            at=timezone.now(),
        )
    except follow_ups.DueRefused as refusal:
        return wrong("due_at", str(refusal))
    except follow_ups.KeyTaken as refusal:
        return overtaken(refusal, "key")
    return _again(request, task)


@router.post(
    "/tasks/{task_id}/due-date",
    auth=DECIDE,
    response=_CHANGED,
    operation_id="move_task",
    summary="Let a task be due at another moment",
)
def move(request: HttpRequest, task_id: UUID, body: DueIn) -> Any:
    """Its owner is told again then. Due then already, nothing changes. 409 when it is done."""
    task = _task(request, task_id)
    try:
        follow_ups.move(task=task, by=user_of(request), due_at=body.due_at, at=timezone.now())
    except follow_ups.DueRefused as refusal:
        return wrong("due_at", str(refusal))
    except follow_ups.AlreadyDone as refusal:
        return overtaken(refusal)
    return _again(request, task)


@router.post(
    "/tasks/{task_id}/completion",
    auth=DECIDE,
    response={200: TaskOut, **ERRORS},
    operation_id="finish_task",
    summary="Say that a task is done",
)
def finish(request: HttpRequest, task_id: UUID) -> Any:
    """Done before, it stays done as of then, by whoever said so first."""
    task = _task(request, task_id)
    follow_ups.finish(task=task, by=user_of(request), at=timezone.now())
    return _again(request, task)


@router.post(
    "/tasks/{task_id}/reopening",
    auth=DECIDE,
    response={200: TaskOut, **ERRORS},
    operation_id="reopen_task",
    summary="Say that a task is not done after all",
)
def reopen(request: HttpRequest, task_id: UUID) -> Any:
    """Open already, nothing changes."""
    task = _task(request, task_id)
    follow_ups.take_up(task=task, by=user_of(request))
    return _again(request, task)


def _readable(request: HttpRequest) -> TaskQuerySet:
    tasks = Task.objects.visible_to(user_of(request))
    return tasks.select_related("lead", "owner", "created_by", "done_by")


def _lead(request: HttpRequest, lead_id: UUID) -> Lead:
    return get_object_or_404(Lead.objects.visible_to(user_of(request)), public_id=lead_id)


def _task(request: HttpRequest, task_id: UUID) -> Task:
    return get_object_or_404(_readable(request), public_id=task_id)


def _again(request: HttpRequest, task: Task) -> dict[str, Any]:
    """``task`` as it stands now."""
    return _shown(_readable(request).get(pk=task.pk))


def _listed(tasks: TaskQuerySet, query: TasksQuery) -> dict[str, Any]:
    if query.status == "open":
        rows, order = tasks.open(), ["due_at", "id"]
    else:
        rows, order = tasks.filter(done_at__isnull=False), ["-done_at", "-id"]
    found = page(rows, order=order, after=query.after, size=query.limit, strict=True)
    return {"items": [_shown(row) for row in found.rows], "next": found.next}


def _shown(task: Task) -> dict[str, Any]:
    """``task`` as ``TaskOut``. Reads its lead and people."""
    return {
        "id": task.public_id,
        "lead": task.lead.public_id,
        "owner": person(task.owner),
        "created_by": person(task.created_by),
        "done_by": person(task.done_by),
        **{name: getattr(task, name) for name in ("title", "due_at", "created_at", "done_at")},
    }
