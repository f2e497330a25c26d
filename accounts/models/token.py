"""API tokens: shown once, stored as a hash."""

import uuid

from django.db import models
from django.utils import timezone

from .user import User


class Scope(models.TextChoices):
    CAPTURE = "capture", "Send leads and events"
    READ = "read", "Read leads, handoffs and notifications"
    DECIDE = "decide", "Accept and reject handoffs"
    WRITE = "write", "All three"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: User) -> "ApiTokenQuerySet":
        """One's own; an admin sees everybody's."""
        return self if user.is_admin else self.filter(user=user)


class ApiToken(models.Model):
    """A key that acts as its user, narrowed by scope. The text is shown once; only its hash stays here."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    prefix = models.CharField(max_length=12, help_text="The first characters, to tell tokens apart.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def allows(self, scope: str) -> bool:
        """Whether the token may do what ``scope`` names; ``write`` may do everything."""
        return self.scope in (scope, Scope.WRITE)
