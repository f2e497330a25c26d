from typing import TYPE_CHECKING

from django.db import models

from leads.milestones import Milestone

from .lead import Lead, within_reach

if TYPE_CHECKING:
    from accounts.models import User


class PassedMilestoneQuerySet(models.QuerySet["PassedMilestone"]):
    def visible_to(self, user: "User") -> "PassedMilestoneQuerySet":
        """Milestones of the leads that ``user`` may open."""
        return within_reach(self, user)


class PassedMilestone(models.Model):
    """The moment at which a lead first came so far: "Ada was accepted on 3 May". Follows from the stage
    changes and is written by their triggers alone."""

    id = models.BigAutoField(primary_key=True)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="milestones")
    milestone = models.PositiveSmallIntegerField(choices=Milestone.choices)
    at = models.DateTimeField()
    since = models.DateTimeField(
        null=True, blank=True, help_text="When it passed the one before; empty for the first, since it came."
    )

    objects = PassedMilestoneQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "milestone"], name="leads_passedmilestone_once")
        ]
        indexes = [
            # Reports of a stretch of days read it without the table.
            models.Index(
                fields=["milestone", "at", "lead"], include=["since"], name="leads_passedmilestone_passed"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_milestone_display()} {self.at:%d %b %H:%M}"
