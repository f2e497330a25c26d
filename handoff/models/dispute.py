import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.sides import Side
from leads.models import within_reach

from .verdict import Verdict

if TYPE_CHECKING:
    from accounts.models import User


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def visible_to(self, user: "User") -> "DisputeQuerySet":
        """Disputes about the leads that ``user`` may open."""
        return within_reach(self, user, lead="verdict__handoff__lead")

    def open(self) -> "DisputeQuerySet":
        """Neither settled nor overtaken: sales has not taken the verdict back by itself."""
        return self.filter(settled_at=None, verdict__undone_by=None)


class Dispute(models.Model):
    """Somebody holds that a lead sales sent back was an SQL: "Mara, 3 May: she had asked for an offer". Goes
    on the weekly review. Settled when marketing and sales say the same of it; then ``was_sql`` is a fact."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    verdict = models.OneToOneField(Verdict, models.CASCADE, related_name="dispute")
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    note = models.TextField()
    settled_at = models.DateTimeField(null=True, blank=True)
    was_sql = models.BooleanField(null=True, blank=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_at=None, was_sql=None)
                | Q(settled_at__isnull=False, was_sql__isnull=False),
                name="handoff_dispute_settled_with_outcome",
            )
        ]
        indexes = [models.Index(fields=["-at", "-id"], name="handoff_dispute_newest")]

    def __str__(self) -> str:
        return f"{self.verdict} disputed by {self.by}"


class DisputeWord(models.Model):
    """What one side says of a dispute: "sales, by Max: it was not". Append-only; a side's newest holds."""

    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="words")
    side = models.CharField(max_length=9, choices=Side.choices)
    was_sql = models.BooleanField()
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["dispute", "side", "-at", "-id"], name="handoff_disputeword_latest")]

    def __str__(self) -> str:
        return f"{self.get_side_display()}: it {'was' if self.was_sql else 'was not'}"
