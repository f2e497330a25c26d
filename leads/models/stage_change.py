from typing import TYPE_CHECKING

import pgtrigger
from django.db import models
from django.db.models import F, Q

from leads import milestones
from leads.stages import Stage

from .lead import Lead, within_reach

if TYPE_CHECKING:
    from accounts.models import User


class StageChangeQuerySet(models.QuerySet["StageChange"]):
    def visible_to(self, user: "User") -> "StageChangeQuerySet":
        """Changes of the leads that ``user`` may open."""
        return within_reach(self, user)


class StageChange(models.Model):
    """One step of one lead: "Ada went from MQL to handed over at 14:02, because she crossed the SQL line".
    Append-only; what caused it (a crossing, a verdict) points here."""

    class Cause(models.TextChoices):
        CROSSING = "crossing", "Crossed a line"
        MARKETING = "marketing", "Handed over by marketing"
        VERDICT = "verdict", "Decided by sales"
        UNDO = "undo", "Verdict undone"
        CONVERSION = "conversion", "Became an opportunity"
        IMPORT = "import", "Imported history"
        PERSON = "person", "Set by hand"
        VOIDED = "voided", "Evidence was voided"

    #: The reason of a step that takes a handover back as if it had not been: what led to it was wrong.
    TAKEN_BACK = "taken_back"

    id = models.BigAutoField(primary_key=True)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="stage_changes")
    from_stage = models.CharField(max_length=12, choices=Stage.choices)
    to_stage = models.CharField(max_length=12, choices=Stage.choices)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    cause = models.CharField(max_length=10, choices=Cause.choices)
    reason = models.CharField(max_length=40, blank=True, help_text="A code, such as a reject reason.")
    note = models.TextField(blank=True)

    objects = StageChangeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(from_stage=F("to_stage")), name="leads_stagechange_goes_somewhere"
            )
        ]
        indexes = [
            # Who came where in a stretch of days, without the table.
            models.Index(fields=["to_stage", "at"], include=["lead"], name="leads_stagechange_to"),
            models.Index(fields=["lead", "-at", "-id"], name="leads_stagechange_timeline"),
            # Who was marked as an MQL, and the few steps that took another one back.
            models.Index(
                fields=["lead", "at", "id"],
                condition=Q(from_stage=Stage.LEAD, to_stage=Stage.MQL),
                name="leads_stagechange_marks",
            ),
            models.Index(
                fields=["lead", "id"],
                condition=Q(cause="undo") | Q(reason="taken_back"),
                name="leads_stagechange_takes_back",
            ),
        ]
        triggers = [
            milestones.kept_up("inserted", pgtrigger.Insert),
            milestones.kept_up("updated", pgtrigger.Update),
            milestones.kept_up("deleted", pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.get_from_stage_display()} → {self.get_to_stage_display()}"

    @property
    def takes_back(self) -> bool:
        """Whether it takes an earlier one back, to the stage that it leads away from."""
        return self.cause == self.Cause.UNDO or self.reason == self.TAKEN_BACK
