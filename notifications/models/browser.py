"""Browsers that agreed to show alerts."""

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from notifications.sealing import SealedField

if TYPE_CHECKING:
    from accounts.models import User


class BrowserQuerySet(models.QuerySet["Browser"]):
    def visible_to(self, user: "User") -> "BrowserQuerySet":
        """One's own; admins see all, in the administration."""
        return self if user.role == "admin" else self.filter(user=user)


class Browser(models.Model):
    """One browser that one person allowed to show alerts: "Sofia, Firefox on Linux, since 3 May". Its push
    service gave an address and two keys; who has them can write to it, so they are sealed."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="browsers")
    label = models.CharField(max_length=80, help_text="Such as Firefox on Linux.")
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the address.")
    url = SealedField(editable=False)
    p256dh = models.CharField(max_length=100, editable=False, help_text="Its public key, base64url.")
    auth = SealedField(editable=False, help_text="The browser's shared secret.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_sent_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = BrowserQuerySet.as_manager()

    def __str__(self) -> str:
        return self.label
