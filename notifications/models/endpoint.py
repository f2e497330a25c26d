"""Other systems that want to hear of facts, and how each is spoken to."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from notifications.sealing import SealedField

if TYPE_CHECKING:
    from accounts.models import User


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def visible_to(self, user: "User") -> "EndpointQuerySet":
        """Admins run the webhooks; nobody else sees where they go."""
        return self if user.role == "admin" else self.none()

    def on(self) -> "EndpointQuerySet":
        return self.filter(off_at=None)

    def listening_to(self, event: str) -> "EndpointQuerySet":
        return self.on().filter(events__contains=[event])

    def free(self, at: datetime) -> "EndpointQuerySet":
        """Switched on, in nobody's hands, and not asking for a rest."""
        return self.on().filter(
            Q(leased_until=None) | Q(leased_until__lt=at), Q(rest_until=None) | Q(rest_until__lte=at)
        )


class Endpoint(models.Model):
    """A system that hears of facts by HTTP: "n8n, https://n8n.example.com/hook, leads handed over". Address
    and secrets are sealed: a Slack address alone lets anybody write to the channel."""

    class Format(models.TextChoices):
        STANDARD = "standard", "Standard Webhooks"
        SLACK = "slack", "Slack incoming webhook"
        TEAMS = "teams", "Microsoft Teams workflow"

    class Off(models.TextChoices):
        """Why it is off."""

        PERSON = "person", "Switched off by hand"
        FAILING = "failing", "Switched off after five days of failures"
        GONE = "gone", "Switched off: it answered 410, gone"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80, unique=True)
    format = models.CharField(max_length=8, choices=Format.choices, default=Format.STANDARD)
    url = SealedField(help_text="Sealed: readable only with this installation's SECRET_KEY.")
    host = models.CharField(max_length=255, editable=False, help_text="What pages show of the address.")
    events = ArrayField(models.CharField(max_length=40), help_text="Such as lead.handed_over, lead.mql.")
    secret = SealedField(editable=False, help_text="Signs what is sent; sealed.")
    old_secret = SealedField(editable=False, blank=True, default="")
    old_secret_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Until then the secret before signs, too."
    )
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    off_at = models.DateTimeField(null=True, blank=True, editable=False)
    off_reason = models.CharField(max_length=8, choices=Off.choices, blank=True, editable=False)
    failing_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The first failure since something last arrived."
    )
    rest_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="It asked not to be called before (Retry-After)."
    )
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(off_at=None, off_reason="") | (Q(off_at__isnull=False) & ~Q(off_reason="")),
                name="notifications_endpoint_off_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_on(self) -> bool:
        return self.off_at is None

    def secrets_at(self, at: datetime) -> list[str]:
        """The secrets that sign at ``at``, the newest first: two for a day after a rotation."""
        overlaps = self.old_secret and self.old_secret_until and at < self.old_secret_until
        return [self.secret, self.old_secret] if overlaps else [self.secret]

    def point_to(self, url: str) -> None:
        """Take ``url`` as the address. Not saved."""
        self.url, self.host = url, (urlsplit(url).hostname or "")[:255]
