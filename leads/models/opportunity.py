import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from .lead import Lead, within_reach

if TYPE_CHECKING:
    from accounts.models import User


def workspace_currency() -> str:
    """What new deals are counted in."""
    return str(settings.CURRENCY)


class OpportunityStage(models.Model):
    """How far a deal is, and how likely it closes from there: "Proposal sent, 50%". Data, so that a company
    has its own."""

    key = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=60)
    probability = models.PositiveSmallIntegerField(
        validators=[MaxValueValidator(100)], help_text="Per cent of deals that are won from here."
    )
    position = models.PositiveSmallIntegerField(default=100, help_text="Lower comes first.")
    is_active = models.BooleanField(default=True, help_text="Off: deals that are there stay, no other comes.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(probability__lte=100), name="leads_opportunitystage_probability"
            )
        ]

    def __str__(self) -> str:
        return self.label


class LossReason(models.Model):
    """Why a deal is lost: "Chose a competitor". Deals keep its code, so a reason is switched off, not
    deleted."""

    code = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=100, help_text="Lower comes first.")
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.label


class OpportunityQuerySet(models.QuerySet["Opportunity"]):
    def visible_to(self, user: "User") -> "OpportunityQuerySet":
        """Opportunities of the leads that ``user`` may open."""
        return within_reach(self, user)

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
    stage = models.ForeignKey(
        OpportunityStage,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="opportunities",
        help_text="Where it stands, or stood when it closed. Empty: another system knows.",
    )
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(
        max_length=3,
        default=workspace_currency,
        validators=[RegexValidator(r"^[A-Z]{3}$", "Three letters, such as EUR.")],
    )
    close_on = models.DateField(null=True, blank=True, help_text="When it is expected to close.")
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=4, choices=Outcome.choices, blank=True)
    lost_reason = models.CharField(
        max_length=120, blank=True, help_text="The code of a loss reason, or another system's own words."
    )
    lost_to = models.ForeignKey(
        "leads.Supplier", models.PROTECT, null=True, blank=True, related_name="deals_taken"
    )
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
            models.CheckConstraint(
                condition=Q(lost_to=None) | Q(outcome="lost"), name="leads_opportunity_lost_to_when_lost"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="leads_opportunity_newest"),
            models.Index(
                fields=["closed_at"],
                condition=Q(closed_at__isnull=False),
                name="leads_opportunity_closed",
            ),  # what was won or lost in a stretch of days
        ]

    def __str__(self) -> str:
        return self.name or f"Opportunity of {self.lead}"

    @property
    def is_open(self) -> bool:
        return not self.outcome

    @property
    def probability(self) -> int | None:
        """Per cent; None where nobody said a stage. Reads ``stage``."""
        if self.outcome:
            return 100 if self.outcome == self.Outcome.WON else 0
        return self.stage.probability if self.stage else None


class OpportunityStep(models.Model):
    """One step of one deal: "Sofia moved Nordwind from Discovery to Proposal sent on 3 May". Append-only."""

    class Kind(models.TextChoices):
        CREATED = "created", "Made an opportunity"
        MOVED = "moved", "Moved"
        WON = "won", "Won"
        LOST = "lost", "Lost"
        REOPENED = "reopened", "Reopened"

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    from_stage = models.ForeignKey(OpportunityStage, models.PROTECT, null=True, blank=True, related_name="+")
    to_stage = models.ForeignKey(OpportunityStage, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=120, blank=True, help_text="The code of a loss reason.")
    note = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["opportunity", "-at", "-id"], name="leads_opportunitystep_history")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%d %b %H:%M}"


class Supplier(models.Model):
    """Somebody else who sells what we sell: "RouteMaster"."""

    name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="leads_supplier_name_once")]

    def __str__(self) -> str:
        return self.name


class CompetingSupplier(models.Model):
    """A lead also talks to, or has, another supplier: "RouteMaster, contract until March" (S2-06)."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="competing_suppliers")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="competes_for")
    opportunity = models.ForeignKey(
        Opportunity,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="competing_suppliers",
        help_text="The deal that was open when it was noted last.",
    )
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "supplier"], name="leads_competingsupplier_once")
        ]

    def __str__(self) -> str:
        return f"{self.supplier} for {self.lead}"
