from django.db import models
from django.db.models import Q

from leads.models import StageChange
from leads.stages import Stage

from .handoff import Handoff


class RejectReasonQuerySet(models.QuerySet["RejectReason"]):
    def in_order(self) -> "RejectReasonQuerySet":
        """As they are offered."""
        return self.order_by("position", "id")

    def in_use(self) -> "RejectReasonQuerySet":
        return self.filter(is_active=True).in_order()


class RejectReason(models.Model):
    """Why sales sends a lead back, and what happens then: "1 Wrong timing, back with marketing for 60 days".
    Data, so that a company can agree on its own."""

    code = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    key = models.PositiveSmallIntegerField(
        unique=True, null=True, blank=True, help_text="The digit that chooses it, 1 to 9; empty for none."
    )
    position = models.PositiveSmallIntegerField(
        default=100, help_text="Lower comes first; the first six are shown at once."
    )
    destination = models.CharField(
        max_length=6, choices=[(Stage.MQL.value, "Back to marketing"), (Stage.CLOSED.value, "Closed")]
    )
    return_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days until sales may get it again; the date is prefilled."
    )
    ends_with_growth = models.BooleanField(
        "until the company grows", default=False, help_text="More staff than at the offer ends the wait, too."
    )
    is_active = models.BooleanField("in use", default=True)

    objects = RejectReasonQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(key__gte=1, key__lte=9), name="handoff_reason_key_is_digit"),
            models.CheckConstraint(
                condition=Q(destination="closed", return_days=None)
                | Q(destination="mql", return_days__isnull=False),
                name="handoff_reason_returns_or_closes",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Verdict(models.Model):
    """What sales said of a handoff: "Sofia sent Ada back on 3 May: wrong timing, until 2 July". Append-only:
    an undo is a row of its own that points at what it undoes."""

    class Kind(models.TextChoices):
        ACCEPT = "accept", "Accepted"
        REJECT = "reject", "Sent back"
        UNDO = "undo", "Undone"

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="verdicts")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="verdicts")
    at = models.DateTimeField()
    reason = models.ForeignKey(RejectReason, models.PROTECT, null=True, blank=True, related_name="verdicts")
    note = models.TextField(blank=True)
    return_on = models.DateField(
        null=True, blank=True, help_text="Before this day only a new sign of intent hands it over again."
    )
    claimed = models.BooleanField(default=False, help_text="The handoff was nobody's until this verdict.")
    owner_before = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Restored by an undo.",
    )
    undoes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="undone_by")
    stage_change = models.OneToOneField(StageChange, models.PROTECT, related_name="verdict")
    restart = models.OneToOneField(
        "scoring.Adjustment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Engagement and intent begin anew after a rejection.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="reject") & Q(reason__isnull=False))
                | (~Q(kind="reject") & Q(reason=None, return_on=None)),
                name="handoff_verdict_reject_has_reason",
            ),
            models.CheckConstraint(
                condition=(Q(kind="undo") & Q(undoes__isnull=False)) | (~Q(kind="undo") & Q(undoes=None)),
                name="handoff_verdict_undo_names_verdict",
            ),
        ]
        indexes = [
            models.Index(fields=["handoff", "-at", "-id"], name="handoff_verdict_latest"),
            models.Index(fields=["by", "-at"], name="handoff_verdict_by"),
            models.Index(fields=["at"], name="handoff_verdict_at"),  # reports of a stretch of days
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.by}"
