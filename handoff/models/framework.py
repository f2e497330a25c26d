from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from scoring.models import ScoringModel

#: Letters that mean something else on the lead page: accept, reject, undo, snooze, next, go to, log, select.
TAKEN_KEYS = "agjklrsxz"


class Framework(models.Model):
    """A set of questions that qualifies a lead: BANT, MEDDIC, a company's own. The one that names the lead's
    team, its model or both goes before the one for everybody."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(
        default=100, help_text="Of two that suit a lead equally, the lower one asks."
    )
    teams = models.ManyToManyField(
        "accounts.Team", blank=True, related_name="+", help_text="Only leads of these; none: of every team."
    )
    scoring_models = models.ManyToManyField(
        ScoringModel,
        blank=True,
        related_name="+",
        help_text="Only leads for whom one of these leads; none: every product.",
    )
    is_active = models.BooleanField("in use", default=True)

    def __str__(self) -> str:
        return self.name


class Question(models.Model):
    """One thing to find out: "Budget: who pays, how much, approved?"."""

    framework = models.ForeignKey(Framework, models.CASCADE, related_name="questions")
    key = models.SlugField(max_length=40)
    label = models.CharField(max_length=60)
    hint = models.CharField(max_length=120, blank=True, help_text="What the note asks.")
    shortcut = models.CharField(
        max_length=1,
        blank=True,
        validators=[RegexValidator(r"^[a-z]$", "One small letter.")],
        help_text="The letter that leads to it on the lead page.",
    )
    position = models.PositiveSmallIntegerField(default=100, help_text="Lower is asked first.")
    of_first_contact = models.BooleanField(
        default=False, help_text="Asked before acceptance, where the company asks anything then (S0-12)."
    )
    is_active = models.BooleanField("asked", default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["framework", "key"], name="handoff_question_key_once"),
            models.UniqueConstraint(
                fields=["framework", "shortcut"],
                condition=~Q(shortcut="") & Q(is_active=True),
                name="handoff_question_shortcut_once",
                violation_error_message="Another question has this letter.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        if self.shortcut and self.shortcut in TAKEN_KEYS:
            raise ValidationError({"shortcut": f"“{self.shortcut}” does something else on the lead page."})


class Level(models.Model):
    """One answer a question can have: "2 Likely". 0 is that nobody knows, and is there in every framework."""

    framework = models.ForeignKey(Framework, models.CASCADE, related_name="levels")
    value = models.PositiveSmallIntegerField(help_text="0 is unknown; more is surer.")
    key = models.SlugField(max_length=20, help_text="What other systems send.")
    label = models.CharField(max_length=30)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["framework", "value"], name="handoff_level_value_once"),
            models.UniqueConstraint(fields=["framework", "key"], name="handoff_level_key_once"),
            models.CheckConstraint(condition=Q(value__lte=9), name="handoff_level_value_is_digit"),
        ]

    def __str__(self) -> str:
        return self.label


class Requirement(models.Model):
    """What has to be so before a lead of this framework becomes an opportunity: answers to its questions, or
    something that happened: "a talk or demo" (S4-02). All that are in use have to hold."""

    class Kind(models.TextChoices):
        ANSWERS = "answers", "Answers"
        ACTIVITY = "activity", "Something that happened"

    framework = models.ForeignKey(Framework, models.CASCADE, related_name="requirements")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    questions = ArrayField(
        models.SlugField(max_length=40),
        default=list,
        blank=True,
        help_text="Keys of questions; empty: all that are asked.",
    )
    least_level = models.PositiveSmallIntegerField(default=1, help_text="At least this level.")
    words = models.CharField(
        max_length=80, blank=True, help_text="What is missing, in words: “a talk or demo”."
    )
    types = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        help_text="Keys of activity types; one of them is enough.",
    )
    times = models.PositiveSmallIntegerField(default=1, help_text="So often.")
    within_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: ever.")
    position = models.PositiveSmallIntegerField(default=100)
    is_active = models.BooleanField("in use", default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="answers") | (~Q(words="") & Q(types__len__gt=0)),
                name="handoff_requirement_names_what",
                violation_error_message="Name the activities, and what is missing without them.",
            ),
            models.CheckConstraint(
                condition=Q(least_level__range=(1, 9)) & Q(times__gte=1), name="handoff_requirement_asks"
            ),
        ]

    def __str__(self) -> str:
        if self.kind == self.Kind.ACTIVITY:
            return self.words
        return "answers to " + (", ".join(self.questions) if self.questions else "every question")
