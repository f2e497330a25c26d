from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from .handoff import Handoff

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import User


class SnoozeQuerySet(models.QuerySet["Snooze"]):
    def standing(self) -> "SnoozeQuerySet":
        """Neither run out nor taken back nor replaced."""
        return self.filter(ended_at=None)

    def end(self, ending: str, *, at: "datetime", by: "User | None" = None) -> int:
        """Those that stand ended so. Returns how many."""
        return self.standing().update(ended_at=at, ended_by=by, ending=ending)


class Snooze(models.Model):
    """A lead was put off: "Sofia, 10:36, until tomorrow 9:00: in a meeting", and how that ended. What is off
    the list now stands on the handoff; this is what the lead's timeline tells."""

    class Ending(models.TextChoices):
        TIME = "time", "Its time came"
        INTENT = "intent", "A new sign of intent"
        TAKEN_BACK = "taken_back", "Taken back"
        REPLACED = "replaced", "Put off again, or somebody else’s by then"

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="snoozes")
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.CharField(max_length=120, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    ending = models.CharField(max_length=10, blank=True, choices=Ending.choices)

    objects = SnoozeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["handoff"], condition=Q(ended_at=None), name="handoff_snooze_one_stands"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ending="") | (Q(ended_at__isnull=False) & ~Q(ending="")),
                name="handoff_snooze_ended_somehow",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.by} until {self.until:%d %b %H:%M}"
