import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models import Lead, within_reach

if TYPE_CHECKING:
    from accounts.models import User


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: "User") -> "TaskQuerySet":
        """Tasks about the leads that ``user`` may open."""
        return within_reach(self, user)

    def open(self) -> "TaskQuerySet":
        return self.filter(done_at=None)

    def overdue_of(self, user: "User", at: datetime) -> "TaskQuerySet":
        """What ``user`` should have done before ``at``."""
        return self.open().filter(owner=user, due_at__lt=at)

    def to_remind(self, at: datetime) -> "TaskQuerySet":
        """Due, not done, and nobody has been told yet."""
        return self.open().filter(due_at__lte=at, reminded_at=None)


class Task(models.Model):
    """Something to do about a lead, by somebody, by a moment: "Call Ada back, Sofia, Tuesday 10:00"."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="tasks")
    title = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    owner = models.ForeignKey("accounts.User", models.PROTECT, related_name="tasks")
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="When it was said to be due.")
    #: Of the form it was typed into: sent twice, it is written once.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
                name="handoff_task_done_by_somebody",
            )
        ]
        indexes = [
            models.Index(fields=["lead", "-due_at"], name="handoff_task_of_lead"),
            models.Index(fields=["owner", "due_at"], condition=Q(done_at=None), name="handoff_task_open"),
            models.Index(
                fields=["owner", "-done_at", "-id"],
                condition=Q(done_at__isnull=False),
                name="handoff_task_done",
            ),
            models.Index(
                fields=["due_at"], condition=Q(done_at=None, reminded_at=None), name="handoff_task_to_remind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, by {self.due_at:%d %b %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.done_at is None

    def is_overdue(self, at: datetime) -> bool:
        return self.done_at is None and self.due_at < at
