"""What people are told (Notification) and how it reaches them outside the product (Delivery)."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User


class Section(TypedDict):
    """A part of a message: "Intent 35, line 20" over [["Requested a demo", "+25", "on 17 Nov"], …]: words, a
    figure, and perhaps a note."""

    heading: str
    rows: list[tuple[str, str] | tuple[str, str, str]]


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: "User") -> "NotificationQuerySet":
        """Everybody reads their own and nobody else's."""
        return self.filter(recipient=user, in_app=True)

    def overseen_by(self, user: "User") -> "NotificationQuerySet":
        """What the page of alerts answers for: one's own; admins see everybody's."""
        return self if user.role == "admin" else self.filter(recipient=user)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)

    def after(self, cursor: int) -> "NotificationQuerySet":
        """Those newer than the id ``cursor``, oldest first; the live stream resumes with this."""
        return self.filter(id__gt=cursor, in_app=True).order_by("id")


class Notification(models.Model):
    """One thing one person was told: "Marta Kowalczyk is yours: requested a demo". The in-app message is
    this row; each other channel has a Delivery. ``key`` makes telling twice impossible."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.ForeignKey("accounts.User", models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=32, help_text="Such as handoff, overdue, unassigned, returned.")
    key = models.CharField(max_length=128, help_text="Such as handoff:412:offered; once per recipient.")
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True, help_text="A path within the product.")
    sections = models.JSONField(
        default=list, blank=True, help_text="Reasons below the text: heading, then lines of words and figure."
    )
    about = models.UUIDField(
        null=True, blank=True, db_index=True, help_text="Public id of the lead; erasing that erases this."
    )
    in_app = models.BooleanField(
        default=True, help_text="Off for a digest: it is a mail only, what it lists was told before."
    )
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    emptied_at = models.DateTimeField(
        null=True, blank=True, help_text="When its words were dropped; that it was told stays."
    )

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipient", "key"], name="notifications_notification_once")
        ]
        indexes = [
            models.Index(fields=["recipient", "id"], name="notifications_stream"),
            models.Index(fields=["recipient"], condition=Q(read_at=None), name="notifications_unread"),
            models.Index(fields=["kind", "-id"], name="notifications_by_kind"),
            models.Index(
                fields=["created_at", "id"], condition=Q(emptied_at=None), name="notifications_to_empty"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: "User") -> "DeliveryQuerySet":
        """One's own; admins see all."""
        return self if user.role == "admin" else self.filter(notification__recipient=user)

    def due(self, at: datetime) -> "DeliveryQuerySet":
        """Those to try now: waiting, or left by a worker that died in the middle (lease run out)."""
        return self.filter(
            Q(state=Delivery.State.WAITING, next_at__lte=at)
            | Q(state=Delivery.State.SENDING, leased_until__lt=at)
        ).order_by("next_at", "id")

    def for_digest(self, at: datetime) -> "DeliveryQuerySet":
        """Those whose digest is due."""
        return self.filter(state=Delivery.State.DIGEST, next_at__lte=at)


class Delivery(models.Model):
    """One notification on its way through one channel: "e-mail to rep@…, 2nd try at 10:14". The row is
    written with the notification and is the promise, or says why nothing was promised; ``message_id`` stays
    the same over all tries, so a repeat after a crash can be recognised by whoever receives it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        PARKED = "parked", "Parked after the last try"
        DIGEST = "digest", "Waits for the digest"
        SKIPPED = "skipped", "Not sent"

    class Reason(models.TextChoices):
        """Why it waits, or why it was not sent; empty: nothing stands against it."""

        QUIET = "quiet", "Quiet hours"
        OFF = "off", "Turned off"
        GONE = "gone", "No browser left to push to"

    id = models.BigAutoField(primary_key=True)
    notification = models.ForeignKey(Notification, models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=16, help_text="email or push.")
    message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=8, choices=Reason.choices, blank=True)
    attempts = models.SmallIntegerField(default=0, help_text="Counted before each try.")
    next_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, help_text="What went wrong with the last try.")
    digest = models.ForeignKey(
        Notification,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="bundled",
        help_text="The digest that carries it.",
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["notification", "channel"], name="notifications_delivery_once")
        ]
        indexes = [
            models.Index(
                fields=["next_at", "id"],
                condition=Q(state__in=["waiting", "sending"]),
                name="notifications_delivery_due",
            ),
            models.Index(
                fields=["next_at"], condition=Q(state="digest"), name="notifications_delivery_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.get_state_display().lower()}"
