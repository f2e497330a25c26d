from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from leads.models import within_reach
from scoring.models import Crossing

if TYPE_CHECKING:
    from accounts.models import User


class StuckCrossingQuerySet(models.QuerySet["StuckCrossing"]):
    def visible_to(self, user: "User") -> "StuckCrossingQuerySet":
        """Those of the leads that ``user`` may open."""
        return within_reach(self, user, lead="crossing__lead")

    def parked(self) -> "StuckCrossingQuerySet":
        """Those that wait for a person."""
        return self.filter(next_at=None)

    def waiting(self, at: datetime) -> "StuckCrossingQuerySet":
        """Those the pipeline leaves alone at the moment."""
        return self.filter(Q(next_at=None) | Q(next_at__gt=at))


class StuckCrossing(models.Model):
    """A crossing that the pipeline failed on: "Ada's, tried three times, parked: no such pool". The others
    go on meanwhile. The row goes when the crossing is handled."""

    crossing = models.OneToOneField(Crossing, models.CASCADE, related_name="stuck")
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True, help_text="Empty: parked for a person.")
    error = models.TextField()

    objects = StuckCrossingQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.crossing}, tried {self.attempts} times"
