"""Two leads that were one person, and those that look as if they were."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from .lead import Lead, within_reach

if TYPE_CHECKING:
    from accounts.models import User

#: So long a merge can be undone.
UNDO_FOR = timedelta(days=30)


class MergeQuerySet(models.QuerySet["Merge"]):
    def visible_to(self, user: "User") -> "MergeQuerySet":
        """Merges into leads that ``user`` may open."""
        return within_reach(self, user, lead="kept")

    def standing(self) -> "MergeQuerySet":
        """Not undone."""
        return self.filter(undone_at=None)


class Merge(models.Model):
    """Two leads became one: "Mara merged A. Lovelace into Ada Lovelace on 3 May". ``steps`` says of every row
    that it touched what was done, in order, so that undoing walks back; the dropped lead's own row is among
    them and nowhere else."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kept = models.ForeignKey(Lead, models.CASCADE, related_name="merges")
    dropped_key = models.BigIntegerField(help_text="The dropped lead's primary key, which it gets back.")
    dropped_id = models.UUIDField(help_text="The dropped lead's public id.")
    dropped_name = models.CharField(max_length=254)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    steps = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    objects = MergeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="leads_merge_undone_by_someone",
            )
        ]

    def __str__(self) -> str:
        return f"{self.dropped_name} into {self.kept_id}"

    def is_undoable(self, at: datetime) -> bool:
        """Whether its time is not over; the verb knows what else stands in the way."""
        return self.undone_at is None and at <= self.at + UNDO_FOR


class Alias(models.Model):
    """What a lead was known by before a merge: an id, an address, or both. Whoever still says so means the
    lead that was kept."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="aliases")
    merge = models.ForeignKey(Merge, models.CASCADE, related_name="aliases")
    public_id = models.UUIDField(null=True, blank=True, unique=True)
    email = models.EmailField(max_length=254, null=True, blank=True)

    class Meta:
        verbose_name_plural = "aliases"
        constraints = [
            models.CheckConstraint(
                condition=Q(public_id__isnull=False) | Q(email__isnull=False),
                name="leads_alias_says_something",
            )
        ]
        indexes = [
            models.Index(Lower("email"), condition=Q(email__isnull=False), name="leads_alias_email"),
        ]

    def __str__(self) -> str:
        return self.email or str(self.public_id)


class AliasUse(models.Model):
    """An event that came since under an old name: should the merge be undone, it goes with that name."""

    id = models.BigAutoField(primary_key=True)
    alias = models.ForeignKey(Alias, models.CASCADE, related_name="uses")
    source = models.CharField(max_length=64)
    event_id = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "event_id", "alias"], name="leads_aliasuse_once"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} of {self.source}"


class LookAlikeQuerySet(models.QuerySet["LookAlike"]):
    def visible_to(self, user: "User") -> "LookAlikeQuerySet":
        """Pairs of which ``user`` may open both leads."""
        return within_reach(within_reach(self, user, lead="older"), user, lead="newer")

    def waiting(self) -> "LookAlikeQuerySet":
        """Nobody has said what they are."""
        return self.filter(dismissed_at=None)

    def dismissed(self) -> "LookAlikeQuerySet":
        """Somebody said that they are two people."""
        return self.exclude(dismissed_at=None)


class LookAlike(models.Model):
    """Two leads that may be one person, and why: "the same phone number". One that a person dismissed stays,
    so that no later search brings it up again. ``older`` came first, so a pair has one row whichever way it
    is asked about."""

    class Why(models.TextChoices):
        EMAIL = "email", "Same mailbox"
        PHONE = "phone", "Same phone number"
        NAME = "name", "Same name at the same company"
        FIRM = "firm", "Same name at a company of the same name"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    older = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_index=False)
    newer = models.ForeignKey(Lead, models.CASCADE, related_name="+")
    reasons = ArrayField(models.CharField(max_length=5, choices=Why.choices))
    crowded = models.BooleanField(
        default=False, help_text="More leads share this than are listed: the oldest few are."
    )
    found_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    objects = LookAlikeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["older", "newer"], name="leads_lookalike_once"),
            models.CheckConstraint(condition=Q(older__lt=F("newer")), name="leads_lookalike_older_first"),
            models.CheckConstraint(
                condition=Q(dismissed_at=None, dismissed_by=None)
                | Q(dismissed_at__isnull=False, dismissed_by__isnull=False),
                name="leads_lookalike_dismissed_by_someone",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-found_at", "-id"], condition=Q(dismissed_at=None), name="leads_lookalike_waiting"
            ),
            models.Index(
                fields=["-dismissed_at", "-id"],
                condition=Q(dismissed_at__isnull=False),
                name="leads_lookalike_dismissed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.older_id} and {self.newer_id}"

    @property
    def why(self) -> str:
        """The reasons in words, the surest first: "Same phone number, same name at the same company"."""
        said = ", ".join(why.label.lower() for why in self.Why if why.value in self.reasons)
        return said.capitalize()


class LookAlikeSearch(models.Model):
    """How far the search for leads that look alike has come. One row."""

    newest = models.BigIntegerField(default=0, help_text="New leads are looked at up to this key.")
    passed = models.BigIntegerField(default=0, help_text="The pass over everybody is done up to this key.")
    pass_began_at = models.DateTimeField(null=True, blank=True)
    pass_ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "look-alike searches"

    def __str__(self) -> str:
        return f"New leads up to {self.newest}, everybody up to {self.passed}"
