from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from leads.models import Lead, within_reach

if TYPE_CHECKING:
    from accounts.models import User


class StuckEvidenceQuerySet(models.QuerySet["StuckEvidence"]):
    def visible_to(self, user: "User") -> "StuckEvidenceQuerySet":
        """Those of the leads that ``user`` may open."""
        return within_reach(self, user, lead="lead")


class StuckEvidence(models.Model):
    """A lead of which evidence was voided or restored, and looking whether its handoffs still stand failed:
    "Ada, tried three times, parked: no such version". The others go on meanwhile. The row goes when the look
    succeeds; evidence that changes once more begins anew."""

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="+")
    version = models.BigIntegerField(help_text="Of the change of evidence that was looked at.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Counted before each try.")
    tried_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True, help_text="Empty: parked for a person.")
    error = models.TextField()

    objects = StuckEvidenceQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "stuck evidence"
        constraints = [
            models.CheckConstraint(condition=Q(attempts__gt=0), name="handoff_stuckevidence_was_tried")
        ]

    def __str__(self) -> str:
        return f"Evidence of lead {self.lead_id}, tried {self.attempts} times"
