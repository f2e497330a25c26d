from django.db import models
from django.db.models import Q
from django.utils import timezone


class RecyclingRule(models.Model):
    """What a lead that sales sends back keeps of its score: the one row of what the company agreed. Fit is
    always kept."""

    class Resets(models.TextChoices):
        BOTH = "both", "Engagement and intent begin anew"
        ENGAGEMENT = "engagement", "Engagement begins anew, intent stays"
        NOTHING = "nothing", "Everything stays"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    resets = models.CharField(max_length=10, choices=Resets.choices, default=Resets.BOTH)
    edited_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="handoff_recyclingrule_only_one")]

    def __str__(self) -> str:
        return self.get_resets_display()
