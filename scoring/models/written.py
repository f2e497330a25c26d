import pgtrigger
from django.db import models
from django.db.models import Q

from accounts.sides import Side

from .model_version import ModelVersion


class WrittenDefinition(models.Model):
    """What both teams mean by an MQL and an SQL, in their own words: "number 3, in force since 3 May". Its
    words never change: other words are another one. In force from the second signature on, until the next
    one is."""

    number = models.PositiveIntegerField(unique=True)
    mql = models.TextField("MQL", max_length=2000)
    sql = models.TextField("SQL", max_length=2000)
    note = models.CharField("what changed and why", max_length=500, blank=True)
    version = models.ForeignKey(
        ModelVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The rules of the default model that were live when it was written.",
    )
    proposed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    in_force_at = models.DateTimeField(null=True, blank=True, help_text="When both teams had signed.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(mql="") & ~Q(sql=""), name="scoring_writtendefinition_says_both"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="words_stay",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF OLD.in_force_at IS NULL
                        AND (to_jsonb(NEW) - 'in_force_at') = (to_jsonb(OLD) - 'in_force_at')
                    THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'Definition % was written down: propose another one.', OLD.number
                        USING ERRCODE = 'check_violation';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Definitions, number {self.number}"


class DefinitionSignOff(models.Model):
    """One side agrees to the words: "Max for sales, 3 May"."""

    definition = models.ForeignKey(WrittenDefinition, models.PROTECT, related_name="sign_offs")
    side = models.CharField(max_length=9, choices=Side.choices)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["definition", "side"], name="scoring_definitionsignoff_once_a_side"
            ),
            models.UniqueConstraint(
                fields=["definition", "by"], name="scoring_definitionsignoff_once_a_person"
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.by} for {self.get_side_display().lower()}"
