from typing import TYPE_CHECKING, Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.permissions import may_sign_for, sees_everything
from scoring.dimensions import GRADES, HUNDREDTHS, MOST_CEILING, TOP_GRADE

if TYPE_CHECKING:
    from accounts.models import User

    from .publication import Publication

KEY = RegexValidator(r"^[a-z][a-z0-9_-]{0,63}\Z", "Use lower-case letters, digits, - and _, a letter first.")


class ScoringModel(models.Model):
    """One way of judging leads: "default". Its rules live in versions; at most one of them is published."""

    key = models.CharField(max_length=64, unique=True, validators=[KEY])
    name = models.CharField(max_length=120)
    needs_sign_off = models.BooleanField(
        "needs sign-off",
        default=False,
        help_text="Whether marketing and sales must both sign a version before it is published.",
    )
    agreed_handoffs = models.PositiveSmallIntegerField(
        "agreed handoffs a week",
        null=True,
        blank=True,
        help_text="How many leads a week sales agreed to take. Empty for no agreement.",
    )
    last_number = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="The greatest number ever given: that of a discarded draft is not given again.",
    )
    rolling_back = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        editable=False,
        help_text="Publications that are being rolled back: where they put leads is undone.",
    )
    swept_at = models.DateTimeField(
        null=True, blank=True, editable=False,
        help_text="When the last finished sweep of fading points began.",
    )  # fmt: skip
    sweep_began_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the sweep under way began; empty when none is."
    )
    swept_to = models.BigIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text="The lead id up to which the sweep under way has come.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sweep_began_at=None, swept_to=None)
                | Q(sweep_began_at__isnull=False, swept_to__isnull=False),
                name="scoring_scoringmodel_sweep_began_somewhere",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def visible_to(self, user: "User") -> "ModelVersionQuerySet":
        """Everybody reads what is or was live; drafts are for those who edit them, and a checked one for
        those who sign it."""
        if sees_everything(user):
            return self
        hidden = {ModelVersion.State.DRAFT, ModelVersion.State.CHECKED}
        if may_sign_for(user, "sales"):
            hidden.remove(ModelVersion.State.CHECKED)
        return self.exclude(state__in=hidden)

    def published(self) -> "ModelVersionQuerySet":
        return self.filter(state=ModelVersion.State.PUBLISHED)

    def live(self, model_key: str = "default") -> "ModelVersion":
        """The version that scores leads now. Raises ModelVersion.DoesNotExist before the first publish."""
        return self.published().select_related("model").get(model__key=model_key)


class ModelVersion(models.Model):
    """One state of a model's rules: "default, version 7, published 3 May by Mara because …". A draft is
    edited freely; a checked one waits for signatures and goes back to being a draft to be edited; once
    published, it and its rules never change: the database refuses."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        CHECKED = "checked", "Checked"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT, editable=False)
    ceiling_fit = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_CEILING)],
        help_text="The most that fit can reach, in points. Empty for no ceiling.",
    )  # fmt: skip
    ceiling_engagement = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_CEILING)]
    )
    ceiling_intent = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_CEILING)]
    )
    applies_to: Any = models.JSONField(
        null=True, blank=True,
        help_text="A condition on facts: which leads the version scores. Empty for all.",
    )  # fmt: skip
    time_zone = models.CharField(
        max_length=64, default="UTC", help_text="Where its days, weeks and months begin."
    )
    grades_from = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(TOP_GRADE)],
        help_text="Fit is a grade that starts here, in thirds of a letter above F. Empty for points.",
    )  # fmt: skip
    evidence = models.TextField(
        blank=True, editable=False, help_text="What the suggestions it follows were learned from."
    )
    based_on = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    edited_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When a part of the draft was last saved."
    )
    edited_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    checked_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    reason = models.TextField(blank=True, editable=False, help_text="Why it was published.")
    rescored_to = models.BigIntegerField(
        null=True, blank=True, editable=False,
        help_text="The lead id up to which everybody was re-scored after publishing; empty when all are.",
    )  # fmt: skip

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="scoring_modelversion_number_once"),
            models.UniqueConstraint(
                fields=["model"], condition=Q(state="published"), name="scoring_modelversion_one_published"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["draft", "checked"],
                    published_at=None,
                    published_by=None,
                    reason="",
                    rescored_to=None,
                )
                | (Q(state__in=["published", "retired"], published_at__isnull=False) & ~Q(reason="")),
                name="scoring_modelversion_published_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", checked_at=None, checked_by=None)
                | ~Q(state__in=["draft", "checked"])
                | Q(state="checked", checked_at__isnull=False),
                name="scoring_modelversion_checked_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(grades_from=None) | Q(grades_from__range=(0, TOP_GRADE)),
                name="scoring_modelversion_grades_from_range",
            ),
            *[
                models.CheckConstraint(
                    condition=Q(**{name: None}) | Q(**{f"{name}__range": (1, MOST_CEILING)}),
                    name=f"scoring_modelversion_{name}_range",
                )
                for name in ("ceiling_fit", "ceiling_engagement", "ceiling_intent")
            ],
        ]
        triggers = [
            pgtrigger.Trigger(
                name="published_is_final",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=["published", "retired"]),
                func="""
                    IF TG_OP = 'UPDATE' AND NEW.state IN ('published', 'retired')
                        AND (NEW.based_on_id IS NULL OR NEW.based_on_id = OLD.based_on_id)
                        AND (to_jsonb(NEW) - ARRAY['state', 'rescored_to', 'based_on_id'])
                            = (to_jsonb(OLD) - ARRAY['state', 'rescored_to', 'based_on_id'])
                    THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'Version % is % and cannot change: make a draft from it.',
                        OLD.number, OLD.state USING ERRCODE = 'check_violation';
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.model.name}, version {self.number}"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_final(self) -> bool:
        """Whether it is or was live, so that nothing of it changes any more."""
        return self.state in (self.State.PUBLISHED, self.State.RETIRED)

    def last_publication(self) -> "Publication | None":
        """When it went live last, by whom and why: first published, or brought back. One query."""
        return self.publications.select_related("by").order_by("-id").first()

    @property
    def ceilings(self) -> dict[str, int | None]:
        """Dimension → the most it can reach, in points; None for no ceiling."""
        return {"fit": self.ceiling_fit, "engagement": self.ceiling_engagement, "intent": self.ceiling_intent}

    def grade_of(self, fit: int) -> str:
        """The letter for ``fit`` hundredths of a version with grades: "B+". Empty for one with points."""
        return "" if self.grades_from is None else GRADES[max(0, min(TOP_GRADE, fit // HUNDREDTHS))]
