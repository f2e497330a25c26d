"""The meetings at which both teams look at the same figures: what was prepared, said and decided."""

import uuid
from datetime import date
from typing import Any

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from accounts.permissions import may_see_reports
from accounts.sides import Side
from handoff.models import Verdict
from leads.models import Opportunity
from scoring.models import ModelVersion


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, user: Any) -> "ReviewQuerySet":
        """Both sides' leads see every review; reps see none."""
        return self if may_see_reports(user) else self.none()

    def open(self) -> "ReviewQuerySet":
        return self.filter(closed_at=None)


class Review(models.Model):
    """One meeting about whole days of the company: "the week of 9 November, prepared on the 17th, closed the
    same day". ``figures`` are as they were when it was prepared; ``minutes``, of a closed one, all else that
    its page says, so that nothing on it changes any more."""

    class Kind(models.TextChoices):
        WEEKLY = "weekly", "Weekly review"
        MONTHLY = "monthly", "Model review"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=7, choices=Kind.choices)
    first = models.DateField()
    last = models.DateField()
    prepared_at = models.DateTimeField()
    prepared_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Empty: the product did, on its day.",
    )  # fmt: skip
    meets_at = models.DateTimeField()
    figures = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    minutes = models.JSONField(
        null=True, blank=True, encoder=DjangoJSONEncoder, help_text="Empty until it is closed."
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Who signed last.",
    )  # fmt: skip
    told_at = models.DateTimeField(null=True, blank=True, help_text="When everybody had the notes.")

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "first"], name="reports_review_once_a_period"),
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="reports_review_days_in_order"),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None, minutes=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False, minutes__isnull=False),
                name="reports_review_closed_with_minutes",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="closed_is_final",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__closed_at__isnull=False),
                func="""
                    IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - 'told_at') = (to_jsonb(OLD) - 'told_at') THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'Review % is closed and cannot change.', OLD.id
                        USING ERRCODE = 'check_violation';
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {days(self.first, self.last)}"

    @property
    def days(self) -> str:
        """ "9 to 15 November 2026"."""
        return days(self.first, self.last)

    @property
    def is_weekly(self) -> bool:
        return self.kind == self.Kind.WEEKLY


def days(first: date, last: date) -> str:
    """ "9 to 15 November 2026", "28 December 2026 to 3 January 2027"."""
    began = str(first.day)
    if (first.year, first.month) != (last.year, last.month):
        began += f" {first:%B}"
    if first.year != last.year:
        began += f" {first.year}"
    return f"{began} to {last.day} {last:%B %Y}"


class ReviewSignOff(models.Model):
    """One side holds the meeting done: "Mara for marketing". The second closes it."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="sign_offs")
    side = models.CharField(max_length=9, choices=Side.choices)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "side"], name="reports_reviewsignoff_once_a_side"),
            models.UniqueConstraint(fields=["review", "by"], name="reports_reviewsignoff_once_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.by} for {self.get_side_display().lower()}"


class ReviewAnswer(models.Model):
    """What follows from a line of the review: for a reason for which leads came back, what marketing does
    about it; for a scoring model, what was seen. One for each, the last that was written."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="answers")
    about = models.CharField(max_length=64, help_text="The code of a reason, or the key of a model.")
    text = models.CharField(max_length=500)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "about"], name="reports_reviewanswer_once"),
            models.CheckConstraint(condition=~Q(text=""), name="reports_reviewanswer_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.about}: {self.text}"


class ReviewProposal(models.Model):
    """A checked version that the meeting decides on, with its price as it was worked out ``at`` that moment.
    ``over``: the number of the version that was live then, 0 for none."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, models.CASCADE, related_name="proposals")
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    over = models.PositiveIntegerField(default=0)
    price = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "version"], name="reports_reviewproposal_once"),
        ]

    def __str__(self) -> str:
        return f"{self.version} in {self.review}"


class NotYet(models.Model):
    """One side does not agree to a proposal yet, and says why: "sales, by Max: after the fair". Append-only;
    a side's newest holds until it signs."""

    proposal = models.ForeignKey(ReviewProposal, models.CASCADE, related_name="not_yet")
    side = models.CharField(max_length=9, choices=Side.choices)
    note = models.CharField(max_length=500)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(note=""), name="reports_notyet_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()}: not yet"


class Talk(models.Model):
    """A lead that the meeting talks about: a rejection that is disputed or surprises, or a deal that no score
    saw coming. ``total`` is what the score said, in points; None for never scored."""

    class Why(models.TextChoices):
        DISPUTED = "disputed", "disputed"
        REJECTED = "rejected", "scored high, sent back"
        FOUND = "found", "sales found it"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, models.CASCADE, related_name="talks")
    position = models.PositiveSmallIntegerField()
    why = models.CharField(max_length=8, choices=Why.choices)
    verdict = models.ForeignKey(Verdict, models.CASCADE, null=True, blank=True, related_name="+")
    opportunity = models.ForeignKey(Opportunity, models.CASCADE, null=True, blank=True, related_name="+")
    total = models.IntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__isnull=False, opportunity=None)
                | Q(verdict=None, opportunity__isnull=False),
                name="reports_talk_about_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_why_display()}: {self.lead}"

    @property
    def lead(self) -> Any:
        return self.verdict.handoff.lead if self.verdict else self.opportunity and self.opportunity.lead


class TalkWord(models.Model):
    """What one side says of such a lead: "sales, by Max: it was none". Append-only; a side's newest holds."""

    class Said(models.TextChoices):
        YES = "yes", "Yes"
        NO = "no", "No"
        UNCLEAR = "unclear", "Unclear"

    talk = models.ForeignKey(Talk, models.CASCADE, related_name="words")
    side = models.CharField(max_length=9, choices=Side.choices)
    said = models.CharField(max_length=7, choices=Said.choices)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["talk", "side", "-at", "-id"], name="reports_talkword_latest")]

    def __str__(self) -> str:
        return f"{self.get_side_display()}: {self.get_said_display().lower()}"


class Todo(models.Model):
    """A decision, or something to do, that a meeting wrote down: "ask staff size on the demo form, marketing,
    by 20 November". Stays on the list of each later one until it is done."""

    class Owner(models.TextChoices):
        MARKETING = "marketing", "Marketing"
        SALES = "sales", "Sales"
        BOTH = "both", "Both"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(
        Review, models.CASCADE, related_name="todos", help_text="Where it was decided."
    )
    text = models.CharField(max_length=300)
    owner = models.CharField("whose", max_length=9, choices=Owner.choices, default=Owner.BOTH)
    due_on = models.DateField("by", null=True, blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="reports_todo_says_something"),
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
                name="reports_todo_done_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def is_late(self, on: date) -> bool:
        """Whether it was to be done before the day ``on``, and is not."""
        return self.done_at is None and self.due_on is not None and self.due_on < on
