from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from leads.models import within_reach

from .handoff import Handoff

if TYPE_CHECKING:
    from accounts.models import User


class EvidenceCheckQuerySet(models.QuerySet["EvidenceCheck"]):
    def visible_to(self, user: "User") -> "EvidenceCheckQuerySet":
        """Those of the leads that ``user`` may open."""
        return within_reach(self, user, lead="handoff__lead")

    def undermined(self) -> "EvidenceCheckQuerySet":
        """Handed over on evidence of which some is void now; what was taken back for it is among them."""
        return self.filter(voided__gt=0)


class EvidenceCheck(models.Model):
    """What is left of the reasons a lead was handed over for, since evidence was voided: "2 of the 3 things
    Ada was handed over for are void; without them she had 12 points, not 57". Written by ``handoff.standing``
    and again whenever evidence of the lead changes."""

    handoff = models.OneToOneField(Handoff, models.CASCADE, primary_key=True, related_name="evidence_check")
    at = models.DateTimeField()
    activities = models.PositiveIntegerField(help_text="How many earned points when it was handed over.")
    voided = models.PositiveIntegerField(help_text="How many of them are void now.")
    share = models.PositiveSmallIntegerField(help_text="Of the points they earned, void now, in per cent.")
    total_then = models.IntegerField(help_text="Hundredths of a point, as frozen.")
    total_without = models.IntegerField(help_text="The same moment and rules without what is void now.")
    stands = models.BooleanField(help_text="Whether the lead would have been handed over all the same.")
    taken_back = models.BooleanField(default=False)

    objects = EvidenceCheckQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["stands", "-handoff"], condition=Q(voided__gt=0), name="handoff_evidencecheck_list"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(voided__lte=F("activities")) & Q(share__lte=100),
                name="handoff_evidencecheck_share",
            )
        ]

    def __str__(self) -> str:
        return f"{self.voided} of {self.activities} void"

    @property
    def points_then(self) -> float:
        return self.total_then / 100

    @property
    def points_without(self) -> float:
        return self.total_without / 100
