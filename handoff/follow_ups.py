"""Tasks: what somebody has to do about a lead by when, and being told once when it is due."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.clock import database_now
from accounts.models import Role, User
from accounts.permissions import may_give_verdicts
from leads.models import Lead, LeadAccess
from leads.ticks import tick
from notifications.notify import notify

from . import messages
from .models import Task
from .permissions import NotYours

#: How far ahead a task may lie: beyond it a date is a slip of the finger.
LATEST = timedelta(days=730)
#: So many are told of in one go.
AT_ONCE = 100
#: The lead page shows every open task, and so many that were done last.
DONE_SHOWN = 5


class DueRefused(ValueError):
    """A task is for a moment to come, and not in ten years."""


class KeyTaken(ValueError):
    """The key names a task of another lead, or of another author."""


class AlreadyDone(Exception):
    """What is done is due no more."""


def people_for(lead: Lead) -> QuerySet[User]:
    """Who may be given a task about ``lead``: sales of the teams that may open it, and admins."""
    its_teams = LeadAccess.objects.filter(lead=lead).values("team")
    members = User.objects.filter(teams__in=its_teams).values("pk")
    sales = Q(role__in=[Role.REP, Role.MANAGER], pk__in=members)
    return User.objects.filter(sales | Q(role=Role.ADMIN), is_active=True).order_by("name", "id")


@transaction.atomic
def add(*, lead: Lead, by: User, owner: User, title: str, due_at: datetime, key: UUID, at: datetime) -> Task:
    """Write down that ``owner`` does ``title`` by ``due_at``. ``key`` names this one task: the same key again
    gives the one that is there, as it stands now. Raises NotYours, DueRefused, KeyTaken."""
    if not may_give_verdicts(by) or not Lead.objects.visible_to(by).filter(pk=lead.pk).exists():
        raise NotYours("Tasks are for sales to write down.")
    if not people_for(lead).filter(pk=owner.pk).exists():
        raise NotYours(f"{owner} does not see this lead.")
    there = Task.objects.filter(key=key).first()
    if there is None:
        _refuse_due(due_at, at)
        task = Task(lead=lead, title=title, due_at=due_at, owner=owner, created_by=by, created_at=at, key=key)
        Task.objects.bulk_create([task], ignore_conflicts=True)
        there = Task.objects.get(key=key)
    if (there.lead_id, there.created_by_id) != (lead.pk, by.pk):
        raise KeyTaken("Another task has this key. Make a new one.")
    return there


@transaction.atomic
def move(*, task: Task, by: User, due_at: datetime, at: datetime) -> Task:
    """``task`` is due ``due_at`` from now on, and its owner is told again then. Where it is due already,
    nothing changes. Raises NotYours, AlreadyDone, DueRefused."""
    _refuse(task, by)
    held = Task.objects.select_for_update().get(pk=task.pk)
    if held.done_at is not None:
        raise AlreadyDone("This task is done. Take it up again first.")
    if held.due_at != due_at:
        _refuse_due(due_at, at)
        held.due_at, held.reminded_at = due_at, None
        held.save(update_fields=["due_at", "reminded_at"])
    return held


def finish(*, task: Task, by: User, at: datetime) -> bool:
    """It is done. Returns False when somebody had said so. Raises NotYours."""
    _refuse(task, by)
    return bool(Task.objects.open().filter(pk=task.pk).update(done_at=at, done_by=by))


def take_up(*, task: Task, by: User) -> bool:
    """It is not done after all. Who was told that it is due is not told again. Returns False when it was
    open. Raises NotYours."""
    _refuse(task, by)
    return bool(Task.objects.filter(pk=task.pk, done_at__isnull=False).update(done_at=None, done_by=None))


def _refuse_due(due_at: datetime, at: datetime) -> None:
    if due_at <= at:
        raise DueRefused("Choose a moment to come.")
    if due_at > at + LATEST:
        raise DueRefused("Choose a moment within two years.")


def _refuse(task: Task, by: User) -> None:
    if not may_give_verdicts(by) or not Task.objects.visible_to(by).filter(pk=task.pk).exists():
        raise NotYours("Tasks are for sales to do.")
    if by.role == Role.REP and by.pk not in (task.owner_id, task.created_by_id):
        raise NotYours(f"This is for {task.owner} to do.")


def of_lead(lead: Lead) -> list[Task]:
    """What is to do about ``lead``, the first due first, and after it what was done last. 2 queries."""
    tasks = Task.objects.filter(lead=lead).select_related("owner", "done_by", "created_by")
    done = tasks.filter(done_at__isnull=False).order_by("-done_at", "-id")[:DONE_SHOWN]
    return [*tasks.open().order_by("due_at", "id"), *done]


def remind(*, at: datetime | None = None, limit: int = AT_ONCE) -> int:
    """Tell the owners of up to ``limit`` tasks that are due, once each. Returns how many were told."""
    at = at or database_now()
    due: Sequence[int] = list(
        Task.objects.to_remind(at).order_by("due_at", "id").values_list("pk", flat=True)[:limit]
    )
    told = sum(_remind(task_id, at) for task_id in due)
    if told:
        tick("deliveries")
    return told


@transaction.atomic
def _remind(task_id: int, at: datetime) -> bool:
    if not Task.objects.to_remind(at).filter(pk=task_id).update(reminded_at=at):
        return False  # done, or said by another worker, a moment ago
    task = Task.objects.select_related("lead__company", "owner").get(pk=task_id)
    if task.owner.is_active:
        notify(
            recipient=task.owner,
            kind="task_due",
            key=f"task:{task.pk}:due",
            title=messages.task_due_title(task=task),
            body=messages.task_due_body(task=task, zone=task.owner.time_zone),
            url=f"{reverse('handoff:lead', args=[task.lead.public_id])}#tasks",
            about=task.lead.public_id,
            at=at,
        )
    return True
