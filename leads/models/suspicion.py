"""What looks like no sign of a person's interest, and what people said of it."""

import uuid
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.permissions import sees_everything

from .activity import Activity
from .lead import Lead, within_reach

if TYPE_CHECKING:
    from accounts.models import User


class Correction(models.Model):
    """One word of a person about evidence: "Mara voided 4,212 activities, crawlers, on 3 May". Worked off in
    pieces where it is about many. Undoing it is another one, of the other kind."""

    class Verb(models.TextChoices):
        VOID = "void", "Voided"
        RESTORE = "restore", "Restored"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    verb = models.CharField(max_length=7, choices=Verb.choices)
    reason = models.CharField(max_length=100, blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    chosen = models.JSONField(default=dict, blank=True, help_text="What the list was narrowed to.")
    ids = ArrayField(models.BigIntegerField(), default=list, blank=True, help_text="Those that were ticked.")
    upto = models.BigIntegerField(help_text="The last suspicion there was. What came later is not meant.")
    reached = models.BigIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    undoes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="undone_by")

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(finished_at=None), name="leads_correction_open"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} {self.changed}"


class SuspicionQuerySet(models.QuerySet["Suspicion"]):
    def visible_to(self, user: "User") -> "SuspicionQuerySet":
        """Those about leads that ``user`` may open; of visitors nobody knows, for who sees everything."""
        return self if sees_everything(user) else within_reach(self, user, lead="activity__lead")


class Suspicion(models.Model):
    """One reason to hold that an activity is nobody's interest: "that click came 2 s after delivery". Each
    signal is named once per activity. A person's word stands: what is *kept* no rule voids again."""

    class Signal(models.TextChoices):
        OWN_ADDRESS = "own_address", "Own staff"
        OWN_NETWORK = "own_network", "Own network"
        OWN_BROWSER = "own_browser", "Own browser"
        CRAWLER = "crawler", "Crawler"
        MAIL_PROXY = "mail_proxy", "Mail proxy"
        TOO_SOON = "too_soon", "Seconds after delivery"
        EVERY_LINK = "every_link", "Many links at once"
        HIDDEN_LINK = "hidden_link", "Hidden link"
        BURST = "burst", "Burst"
        PERSON = "person", "Said by a person"

    class State(models.TextChoices):
        MARKED = "marked", "Marked, still counts"
        VOIDED = "voided", "Voided"
        KEPT = "kept", "Kept as real"

    id = models.BigAutoField(primary_key=True)
    # Goes with its activity in the database (migration 0012). Were it Django that looked for these, it would
    # not delete a lead's activities in one go before what their triggers mark.
    activity = models.ForeignKey(
        Activity, models.DO_NOTHING, related_name="suspicions", db_index=False, db_constraint=False
    )
    signal = models.CharField(max_length=12, choices=Signal.choices)
    detail = models.CharField(max_length=120, blank=True, help_text="“Googlebot”, “10.1.0.0/16”.")
    at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State.choices)
    before = models.CharField(max_length=6, blank=True, help_text="Its state before the correction.")
    correction = models.ForeignKey(
        Correction, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    objects = SuspicionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["activity", "signal"], name="leads_suspicion_once"),
        ]
        indexes = [
            models.Index(fields=["state", "signal", "-id"], name="leads_suspicion_listed"),
            models.Index(
                fields=["correction", "id"],
                condition=Q(correction__isnull=False),
                name="leads_suspicion_corrected",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_signal_display()}: {self.detail}" if self.detail else self.get_signal_display()


class EvidenceChange(models.Model):
    """A lead of which evidence was voided or restored after it had counted: whoever built on it looks again
    and takes the row. ``version`` counts, so that a change meanwhile is not lost."""

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="+")
    version = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"Evidence of lead {self.lead_id} changed"
