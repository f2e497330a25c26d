from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from .handoff import Handoff

WORST, BEST = 1, 5


class Rating(models.Model):
    """What sales thinks of one handoff, from 1 to 5: "Sofia gave Ada 4". About the work of marketing and the
    rules, not about a person; it may be changed, and the newest holds."""

    handoff = models.OneToOneField(Handoff, models.CASCADE, related_name="rating")
    score = models.PositiveSmallIntegerField(validators=[MinValueValidator(WORST), MaxValueValidator(BEST)])
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(score__range=(WORST, BEST)), name="handoff_rating_in_range")
        ]
        indexes = [models.Index(fields=["at"], include=["score", "handoff"], name="handoff_rating_trend")]

    def __str__(self) -> str:
        return f"{self.score} of {BEST} by {self.by}"
