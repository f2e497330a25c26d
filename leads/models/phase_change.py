from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from leads.stages import Phase

from .lead import Lead, within_reach

if TYPE_CHECKING:
    from accounts.models import User


class PhaseChangeQuerySet(models.QuerySet["PhaseChange"]):
    def visible_to(self, user: "User") -> "PhaseChangeQuerySet":
        """Changes of the leads that ``user`` may open."""
        return within_reach(self, user)


class PhaseChange(models.Model):
    """One lead in another buying phase: "Ada went from awareness to consideration on 3 May, by what she did".
    Follows the lead's phase and is written by its trigger alone."""

    class Cause(models.TextChoices):
        ACTIVITY = "activity", "By what the lead did"
        PERSON = "person", "Set by hand"
        KNOWN = "known", "Known from before"

    id = models.BigAutoField(primary_key=True)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="phase_changes")
    from_phase = models.CharField(max_length=13, choices=Phase.choices)
    to_phase = models.CharField(max_length=13, choices=Phase.choices)
    at = models.DateTimeField(help_text="When the lead entered the phase.")
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    cause = models.CharField(max_length=8, choices=Cause.choices)

    objects = PhaseChangeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(from_phase=F("to_phase")), name="leads_phasechange_goes_somewhere"
            )
        ]
        indexes = [
            models.Index(fields=["at", "lead"], name="leads_phasechange_flow"),
            models.Index(fields=["lead", "-at", "-id"], name="leads_phasechange_timeline"),
        ]

    def __str__(self) -> str:
        return f"{self.get_from_phase_display()} → {self.get_to_phase_display()}"
