"""What other systems are told (Announcement) and how it reaches each of them (Dispatch)."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone

from notifications.event_types import EVENT_TYPES, TEST

from .endpoint import Endpoint

if TYPE_CHECKING:
    from accounts.models import User


class Announcement(models.Model):
    """One fact for other systems: "lead.accepted, Ada, by Sofia at 10:14". Written in the transaction of the
    fact; ``key`` makes saying it twice impossible."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    type = models.CharField(max_length=40, help_text="Such as lead.handed_over.")
    key = models.CharField(max_length=128, unique=True, help_text="Such as handoff:412:overdue.")
    at = models.DateTimeField(help_text="When it happened.")
    data = models.JSONField(help_text="What is told; docs/webhooks.md has the shape.")
    about = models.UUIDField(
        null=True, blank=True, db_index=True, help_text="Public id of the lead; erasing that erases this."
    )
    created_at = models.DateTimeField(default=timezone.now)
    emptied_at = models.DateTimeField(
        null=True, blank=True, help_text="When what was told was dropped; that it was told stays."
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at", "id"],
                condition=Q(emptied_at=None),
                name="notifications_body_to_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"

    @property
    def message_id(self) -> str:
        """The webhook-id: the same for every try and every endpoint."""
        return f"msg_{self.public_id.hex}"


class DispatchQuerySet(models.QuerySet["Dispatch"]):
    def visible_to(self, user: "User") -> "DispatchQuerySet":
        """Admins run the webhooks."""
        return self if user.role == "admin" else self.none()

    def due(self, at: datetime) -> "DispatchQuerySet":
        """Those to try now, the one due longest first; a lease that ran out belongs to a dead worker."""
        return self.filter(
            Q(state=Dispatch.State.WAITING, next_at__lte=at)
            | Q(state=Dispatch.State.SENDING, leased_until__lt=at)
        ).order_by("next_at", "id")

    def parked(self) -> "DispatchQuerySet":
        return self.filter(state=Dispatch.State.PARKED)

    def to_replay(self) -> "DispatchQuerySet":
        """Parked, and there is still something to send."""
        return self.parked().filter(announcement__emptied_at=None)


class Dispatch(models.Model):
    """One announcement on its way to one endpoint: "lead.accepted to n8n, 3rd try at 10:19"."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        PARKED = "parked", "Parked after the last try"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="dispatches")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="dispatches")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.SmallIntegerField(default=0, help_text="Counted before each try.")
    next_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    status = models.SmallIntegerField(null=True, blank=True, help_text="Of the last answer.")
    took_ms = models.IntegerField(null=True, blank=True, help_text="How long the last try took.")
    error = models.CharField(max_length=200, blank=True, help_text="Why the last try failed.")

    objects = DispatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "dispatches"
        constraints = [
            models.UniqueConstraint(fields=["announcement", "endpoint"], name="notifications_dispatch_once"),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="notifications_dispatch_sent_at"
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_at", "id"],
                condition=Q(state__in=["waiting", "sending"]),
                name="notifications_dispatch_due",
            ),
            models.Index(fields=["endpoint", "-id"], name="notifications_dispatch_latest"),
            models.Index(
                fields=["endpoint"], condition=Q(state="parked"), name="notifications_dispatch_parked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.announcement_id} to {self.endpoint_id}, {self.get_state_display().lower()}"

    @property
    def is_test(self) -> bool:
        """Whether it was sent by the button on the endpoint's page."""
        return self.announcement.type == TEST

    @property
    def words(self) -> str:
        """What it tells, as pages say it."""
        return EVENT_TYPES.get(self.announcement.type, "A test")
