import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from leads.models import within_reach

from .verdict import Verdict

if TYPE_CHECKING:
    from accounts.models import User


class ReturnAnswerQuerySet(models.QuerySet["ReturnAnswer"]):
    def visible_to(self, user: "User") -> "ReturnAnswerQuerySet":
        """Answers about the leads that ``user`` may open."""
        return within_reach(self, user, lead="verdict__handoff__lead")

    def holding(self) -> "ReturnAnswerQuerySet":
        """The newest of each verdict that was not taken back."""
        return self.filter(holds=True)


class ReturnAnswer(models.Model):
    """What marketing does with a lead that sales sent back: "Mara keeps Ada warm until 12 January". The
    newest of a verdict holds; one that was taken back is as if it had not been."""

    class Kind(models.TextChoices):
        KEEP_WARM = "keep_warm", "Keep warm"
        HAND_OVER = "hand_over", "Hand over again"
        CLOSE = "close", "Close"
        DISPUTE = "dispute", "Dispute"
        OTHER = "other", "Something else"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    verdict = models.ForeignKey(Verdict, models.CASCADE, related_name="answers")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    note = models.TextField(blank=True)
    warm_until = models.DateField(null=True, blank=True, help_text="From this day on it is asked again.")
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    holds = models.BooleanField(default=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = ReturnAnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["verdict"], condition=Q(holds=True), name="handoff_returnanswer_one_holds"
            ),
            models.CheckConstraint(
                condition=Q(kind="keep_warm", warm_until__isnull=False)
                | (~Q(kind="keep_warm") & Q(warm_until=None)),
                name="handoff_returnanswer_warm_until_a_day",
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(holds=False), name="handoff_returnanswer_undone_holds_not"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, by {self.by}"
