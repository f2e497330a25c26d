from datetime import datetime
from typing import TYPE_CHECKING

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from leads import marking
from leads.models import Lead, within_reach
from scoring.dimensions import MOST_POINTS, Dimension

if TYPE_CHECKING:
    from accounts.models import User


class AdjustmentQuerySet(models.QuerySet["Adjustment"]):
    def visible_to(self, user: "User") -> "AdjustmentQuerySet":
        """Adjustments of the leads that ``user`` may open."""
        return within_reach(self, user)

    def in_force(self, at: datetime) -> "AdjustmentQuerySet":
        return self.filter(at__lte=at, voided_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=at))


class Adjustment(models.Model):
    """A person's or a verdict's word on a lead's score: "start again after the rejection of 3 May", "set fit
    to 30 until June because …". A fact of the lead like any other, so the past can still be explained."""

    class Kind(models.TextChoices):
        RESTART = "restart", "Start again"
        SET = "set", "Set to"
        ADD = "add", "Add"

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="adjustments")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    dimensions = ArrayField(models.CharField(max_length=10, choices=Dimension.choices))
    points = models.SmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(-MOST_POINTS), MaxValueValidator(MOST_POINTS)],
        help_text="For “set to” and “add”.",
    )  # fmt: skip
    at = models.DateTimeField(help_text="It holds from then on; a restart forgets what happened before.")
    reason = models.CharField(max_length=200)
    author = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True, help_text="Set when it was taken back.")

    objects = AdjustmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="restart", points=None)
                | (Q(kind__in=["set", "add"]) & Q(points__range=(-MOST_POINTS, MOST_POINTS))),
                name="scoring_adjustment_points_of_kind",
            ),
            models.CheckConstraint(
                condition=Q(dimensions__contained_by=Dimension.values, dimensions__len__gt=0),
                name="scoring_adjustment_dimensions_known",
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("at")),
                name="scoring_adjustment_expires_later",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="scoring_adjustment_has_reason"),
        ]
        triggers = [
            marking.fact_written("adjustment_inserted", pgtrigger.Insert),
            marking.fact_written("adjustment_updated", pgtrigger.Update),
            marking.fact_written("adjustment_deleted", pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reason}"
