"""Where leads and activities come from, and how much of it."""

import uuid
from typing import TYPE_CHECKING

from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.permissions import may_edit_leads

if TYPE_CHECKING:
    from accounts.models import User


class SourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, user: "User") -> "SourceQuerySet":
        """Marketers and admins look after sources; nobody else needs to know them."""
        return self if may_edit_leads(user) else self.none()

    def in_order(self) -> "SourceQuerySet":
        return self.order_by("name", "id")


class Source(models.Model):
    """A door that evidence comes through: "Website", a script; "Mailgun", a hook. ``key`` is what stands in
    the ``source`` of every lead and activity that came through it, and never changes."""

    class Kind(models.TextChoices):
        API = "api", "API"
        SCRIPT = "script", "Tracking script"
        FORM = "form", "Form"
        HOOK = "hook", "Incoming webhook"
        IMPORT = "import", "File"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=64, unique=True, validators=[MinLengthValidator(1)])
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    is_active = models.BooleanField("open", default=True, help_text="What a closed source sends is refused.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, blank=True, related_name="+")

    objects = SourceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Tally(models.Model):
    """What became of items that arrived; together they are every item."""

    accepted = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0, help_text="Kept until somebody looks at them.")
    refused = models.PositiveIntegerField(default=0)
    lag = models.DurationField(null=True, blank=True, help_text="How long the slowest item was on its way.")

    class Meta:
        abstract = True


class Arrival(Tally):
    """What one request or one piece of a file brought. Written in the transaction that stores the items, and
    only ever added, so that no two requests wait for each other; added up by the hour soon after
    (``capture.arrivals``)."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, models.CASCADE, related_name="arrivals")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="capture_arrival_at")]

    def __str__(self) -> str:
        return f"{self.source_id} at {self.at:%Y-%m-%d %H:%M:%S}"


class SourceHour(Tally):
    """What a source brought in an hour that began ``at``, in UTC; ``last_at`` is the latest arrival."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="hours")
    at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "at"], name="capture_sourcehour_once")]

    def __str__(self) -> str:
        return f"{self.source_id} from {self.at:%Y-%m-%d %H:%M}"


class RefusedItemQuerySet(models.QuerySet["RefusedItem"]):
    def visible_to(self, user: "User") -> "RefusedItemQuerySet":
        return self.filter(source__in=Source.objects.visible_to(user))


class RefusedItem(models.Model):
    """An item that was not taken, and why: "email: Is not an e-mail address.", with what was sent, as far as
    it is not too long. A sample of the latest of each source; the count of all is in its hours."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, models.CASCADE, related_name="refused_items")
    at = models.DateTimeField()
    field = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300)
    sent = models.TextField(blank=True, help_text="The item as it was sent, cut short when long.")

    objects = RefusedItemQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["source", "-at", "-id"], name="capture_refuseditem_latest")]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="capture_refuseditem_says_why")]

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}" if self.field else self.reason
