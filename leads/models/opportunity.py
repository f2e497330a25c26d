import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.permissions import sees_everything

from .lead import Lead

if TYPE_CHECKING:
    from accounts.models import User


class OpportunityQuerySet(models.QuerySet["Opportunity"]):
    def visible_to(self, user: "User") -> "OpportunityQuerySet":
        """Opportunities of the leads that ``user`` may open."""
        if sees_everything(user):
            return self
        return self.filter(lead__in=Lead.objects.visible_to(user))

    def open(self) -> "OpportunityQuerySet":
        return self.filter(outcome="")


class Opportunity(models.Model):
    """A deal in the making, or its end: "Nordwind, €24,000, won 3 May". One open deal per lead."""

    class Outcome(models.TextChoices):
        WON = "won", "Won"
        LOST = "lost", "Lost"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="opportunities")
    owner = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=200, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    close_on = models.DateField(null=True, blank=True, help_text="When it is expected to close.")
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=4, choices=Outcome.choices, blank=True)
    lost_reason = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=64, blank=True, help_text="The file or system it came from.")
    external_id = models.CharField(max_length=128, blank=True)

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "opportunities"
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(outcome=""), name="leads_opportunity_one_open_per_lead"
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="leads_opportunity_external_once",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", closed_at=None)
                | (Q(outcome__in=["won", "lost"]) & Q(closed_at__isnull=False)),
                name="leads_opportunity_closed_with_outcome",
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"Opportunity of {self.lead}"
