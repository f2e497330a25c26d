"""Addresses that other systems post to, and what they posted."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from notifications.sealing import SealedField

from .source import Source

if TYPE_CHECKING:
    from accounts.models import User


class HookQuerySet(models.QuerySet["Hook"]):
    def visible_to(self, user: "User") -> "HookQuerySet":
        return self.filter(source__in=Source.objects.visible_to(user))


class Hook(models.Model):
    """An inbox that another system fills: "Mailgun", with an address of its own, how its posts are signed and
    what they mean. A source that sends over the API in Segment's shape has one without an address. Address
    and secrets are sealed; an address is found by its hash."""

    class Signing(models.TextChoices):
        """How a post proves where it comes from."""

        NONE = "none", "Not signed"
        HMAC = "hmac", "HMAC-SHA256 of the body in a header"
        STANDARD = "standard", "Standard Webhooks"
        BASIC = "basic", "User name and password"
        MAILGUN = "mailgun", "Mailgun"
        SENDGRID = "sendgrid", "SendGrid"
        SNS = "sns", "Amazon SNS"
        TYPEFORM = "typeform", "Typeform"
        CALENDLY = "calendly", "Calendly"
        HUBSPOT = "hubspot", "HubSpot, version 3"
        META = "meta", "Meta (Facebook)"
        TOKEN = "token", "An API token"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.OneToOneField(Source, models.CASCADE, related_name="hook")
    preset = models.CharField(max_length=40, blank=True, help_text="What its mapping began as.")
    token = SealedField(editable=False, blank=True, default="", help_text="Ends its address; sealed.")
    token_digest = models.CharField(max_length=64, unique=True, null=True, editable=False)
    signing = models.CharField(max_length=10, choices=Signing.choices, default=Signing.NONE)
    secret = SealedField(editable=False, blank=True, default="", help_text="Sealed.")
    old_secret = SealedField(editable=False, blank=True, default="")
    old_secret_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Until then the secret before is believed, too."
    )
    signature_header = models.CharField(max_length=80, blank=True, help_text="Of HMAC: X-Signature.")
    timestamp_header = models.CharField(
        max_length=80,
        blank=True,
        help_text="Of HMAC, when the moment is signed, too: before the body, with a dot.",
    )
    mapping: "models.JSONField[Any, Any]" = models.JSONField(
        null=True, blank=True, help_text="What posts mean; empty while nobody said."
    )
    mapped_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = HookQuerySet.as_manager()

    def __str__(self) -> str:
        return self.source.name

    def secrets_at(self, at: datetime) -> list[str]:
        """The secrets that are believed at ``at``, the newest first: two for a day after a rotation."""
        overlaps = self.old_secret and self.old_secret_until and at < self.old_secret_until
        return [self.secret, self.old_secret] if overlaps else [self.secret]


class InboxItemQuerySet(models.QuerySet["InboxItem"]):
    def visible_to(self, user: "User") -> "InboxItemQuerySet":
        return self.filter(hook__in=Hook.objects.visible_to(user))

    def waiting(self) -> "InboxItemQuerySet":
        return self.filter(state=InboxItem.State.WAITING)

    def replayable(self) -> "InboxItemQuerySet":
        """Those that something may still become of."""
        return self.filter(state__in=[InboxItem.State.WAITING, InboxItem.State.PARKED], emptied_at=None)


class InboxItem(models.Model):
    """One post as it came, and what became of it. Only ever added: it is stored before anything is made of
    it, once however often it is sent. Its words are dropped after ``INBOX_RETENTION_DAYS``."""

    class State(models.TextChoices):
        NEW = "new", "Just arrived"
        MAPPED = "mapped", "Mapped"
        WAITING = "waiting", "Waiting"
        PARKED = "parked", "Set aside after three tries"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    hook = models.ForeignKey(Hook, models.CASCADE, related_name="items")
    key = models.CharField(max_length=140, help_text="The sender's id of the post, else the body's hash.")
    received_at = models.DateTimeField(default=timezone.now)
    content_type = models.CharField(max_length=120, blank=True)
    headers = models.JSONField(default=dict, help_text="Those that say what it is; never a secret.")
    body = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it waits.")
    became = models.JSONField(
        default=list, blank=True, help_text="Per event: its place, and what it became or why it waits."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    worked_at = models.DateTimeField(null=True, blank=True, help_text="When something was first made of it.")
    emptied_at = models.DateTimeField(null=True, blank=True)

    objects = InboxItemQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hook", "key"], name="capture_inboxitem_once")]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="new"), name="capture_inboxitem_new"),
            models.Index(fields=["hook", "state", "-id"], name="capture_inboxitem_listed"),
            models.Index(fields=["received_at"], condition=Q(emptied_at=None), name="capture_inboxitem_full"),
        ]

    def __str__(self) -> str:
        return f"{self.hook_id} at {self.received_at:%Y-%m-%d %H:%M:%S}"

    @property
    def is_replayable(self) -> bool:
        return self.state in (self.State.WAITING, self.State.PARKED) and self.emptied_at is None
