from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models import Lead

from .framework import Question

#: The level of a question that nobody has answered.
UNKNOWN = 0


class Qualification(models.Model):
    """One answer about one lead: "Authority: confirmed, decides with the CFO". ``level`` is the value of a
    level of the question's framework."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="qualifications")
    question = models.ForeignKey(Question, models.PROTECT, related_name="answers")
    level = models.PositiveSmallIntegerField(default=UNKNOWN)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "question"], name="handoff_qualification_once"),
            models.CheckConstraint(condition=Q(level__lte=9), name="handoff_qualification_level_known"),
        ]

    def __str__(self) -> str:
        return f"{self.question}: level {self.level}"
