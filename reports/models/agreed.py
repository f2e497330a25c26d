import uuid
from datetime import date

from django.db import models
from django.db.models import Q

from accounts.sides import Side
from reports.measures import ABOUT, Measure


class AgreedValueQuerySet(models.QuerySet["AgreedValue"]):
    def agreed(self) -> "AgreedValueQuerySet":
        """What both sides signed."""
        return self.filter(agreed_at__isnull=False)

    def proposed(self) -> "AgreedValueQuerySet":
        """What one side still has to answer."""
        return self.filter(agreed_at=None, dropped_at=None)

    def holding(self, on: date) -> "AgreedValueQuerySet":
        """What both sides agreed on for the day ``on``, the newest word of each measure first."""
        return (
            self.agreed().filter(holds_from__lte=on).order_by("measure", "-holds_from", "-agreed_at", "-id")
        )


class AgreedValue(models.Model):
    """What both teams want of one figure: "accepted, of decided: 50 % from 1 March, signed by Mara and Max".
    Kept for good: what was agreed on any past day stays known. Amounts and counts are for a week."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    measure = models.CharField(max_length=20, choices=[(each.value, ABOUT[each].label) for each in Measure])
    value = models.DecimalField(max_digits=14, decimal_places=2)
    holds_from = models.DateField()
    note = models.TextField(blank=True, help_text="Why this value.")
    proposed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    agreed_at = models.DateTimeField(null=True, blank=True, help_text="When the second side signed.")
    dropped_at = models.DateTimeField(null=True, blank=True, help_text="When it was withdrawn or replaced.")

    objects = AgreedValueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["measure"],
                condition=Q(agreed_at=None, dropped_at=None),
                name="reports_agreedvalue_one_proposal",
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="reports_agreedvalue_not_negative"),
            models.CheckConstraint(
                condition=Q(agreed_at=None) | Q(dropped_at=None), name="reports_agreedvalue_agreed_or_dropped"
            ),
        ]
        indexes = [models.Index(fields=["measure", "-holds_from"], name="reports_agreedvalue_holding")]

    def __str__(self) -> str:
        return f"{self.get_measure_display()}: {self.value.normalize():f} from {self.holds_from}"


class AgreedSignature(models.Model):
    """One side's word: "Mara for marketing, 3 May"."""

    agreed = models.ForeignKey(AgreedValue, models.CASCADE, related_name="signatures")
    side = models.CharField(max_length=9, choices=Side.choices)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreed", "side"], name="reports_agreedsignature_once_a_side"),
            models.UniqueConstraint(fields=["agreed", "by"], name="reports_agreedsignature_once_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.by} for {self.get_side_display().lower()}"
