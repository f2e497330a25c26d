"""What moves leads: lines and triggers bring them to a stage, blockers keep them from sales."""

import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from scoring.dimensions import LINE_STAGES
from scoring.limits import impossible_line

from .model_version import KEY, ModelVersion
from .rule import Conditional, only_in_drafts

_STAGE_CHOICES = [("mql", "MQL"), ("sql", "SQL")]


class Line(models.Model):
    """A minimum in one or more dimensions that moves a lead to a stage: "SQL: intent 20 and fit 20, left
    again 3 below". A stage may have several lines; any of them is enough."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="lines")
    key = models.CharField(
        max_length=64,
        blank=True,
        validators=[KEY],
        editable=False,
        help_text="Names it while others come and go; it has no name that people see. Empty: by its place.",
    )
    stage = models.CharField(max_length=3, choices=_STAGE_CHOICES)
    min_fit = models.IntegerField(null=True, blank=True)
    min_engagement = models.IntegerField(null=True, blank=True)
    min_intent = models.IntegerField(null=True, blank=True)
    min_total = models.IntegerField(
        null=True, blank=True, help_text="For models with one number; a line of ours names dimensions."
    )
    leave = models.PositiveIntegerField(
        "leave margin", default=0, help_text="How far below the line a lead may cool before it has left it."
    )
    cool_down_days = models.PositiveSmallIntegerField(
        "cool-down", default=0, validators=[MaxValueValidator(3650)],
        help_text="Days after a crossing in which the line makes no other; triggers do not wait.",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=LINE_STAGES), name="scoring_line_stage_known"),
            models.CheckConstraint(
                condition=Q(min_fit__isnull=False)
                | Q(min_engagement__isnull=False)
                | Q(min_intent__isnull=False)
                | Q(min_total__isnull=False),
                name="scoring_line_asks_for_something",
            ),
            models.UniqueConstraint(
                fields=["version", "key"], condition=~Q(key=""), name="scoring_line_key_once"
            ),
        ]
        triggers = [only_in_drafts()]

    def __str__(self) -> str:
        return f"{self.get_stage_display()} line"

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Never one that another line had: a form that was opened on that one must not land here.
        self.key = self.key or f"{self.stage}-{secrets.token_hex(4)}"
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if not self.version_id:
            return
        asked = {"min": self.minimums, "leave": self.leave}
        graded = self.version.grades_from is not None
        if found := impossible_line(asked, self.version.ceilings, graded=graded, path="$"):
            raise ValidationError(
                {path.removeprefix("$.").replace("min.", "min_"): message for path, message in found}
            )

    @property
    def minimums(self) -> dict[str, int]:
        """What it asks for, in points: dimension (or ``total``) → minimum."""
        found = {
            "intent": self.min_intent, "fit": self.min_fit,
            "engagement": self.min_engagement, "total": self.min_total,
        }  # fmt: skip
        return {name: least for name, least in found.items() if least is not None}


class Trigger(Conditional):
    """A condition that moves a lead to a stage whatever its points: "comparison guide and demo request"."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="stage_triggers")
    position = models.PositiveIntegerField(default=0)
    key = models.CharField(max_length=64, validators=[KEY])
    label = models.CharField(max_length=160)
    stage = models.CharField(max_length=3, choices=_STAGE_CHOICES)

    class Meta(Conditional.Meta):
        constraints = [
            *Conditional.Meta.constraints,
            models.UniqueConstraint(fields=["version", "key"], name="scoring_trigger_key_once"),
            models.CheckConstraint(condition=Q(stage__in=LINE_STAGES), name="scoring_trigger_stage_known"),
        ]
        triggers = [only_in_drafts()]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        self.check_conditions()


class Blocker(Conditional):
    """A condition that keeps a lead from sales whatever its points: "works for a competitor"."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="blockers")
    position = models.PositiveIntegerField(default=0)
    key = models.CharField(max_length=64, validators=[KEY])
    label = models.CharField(max_length=160)

    class Meta(Conditional.Meta):
        constraints = [
            *Conditional.Meta.constraints,
            models.UniqueConstraint(fields=["version", "key"], name="scoring_blocker_key_once"),
        ]
        triggers = [only_in_drafts()]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        self.check_conditions()
