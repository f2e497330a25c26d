import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from leads.models import Lead, StageChange, within_reach
from leads.stages import Stage
from scoring.models import Crossing, ModelVersion

from .pool import Pool

if TYPE_CHECKING:
    from accounts.models import User


#: What goes with whoever had a handoff, once it is somebody else's: what they held and what they put off.
LET_GO: dict[str, object] = {
    "claimed_by": None,
    "claimed_until": None,
    "snoozed_until": None,
    "snoozed_at": None,
    "snoozed_by": None,
    "woke_at": None,
    "woken_by": "",
}


class HandoffQuerySet(models.QuerySet["Handoff"]):
    def visible_to(self, user: "User") -> "HandoffQuerySet":
        """Handoffs of the leads that ``user`` may open."""
        return within_reach(self, user)

    def open(self) -> "HandoffQuerySet":
        """Waiting for a verdict."""
        return self.filter(status=Handoff.Status.OPEN)

    def unassigned(self) -> "HandoffQuerySet":
        return self.open().filter(rep=None)

    def unclaimed(self, at: datetime) -> "HandoffQuerySet":
        """Nobody has it, holds it for themselves, or has put it off at the moment."""
        free = Q(claimed_by=None) | Q(claimed_until__lte=at)
        return self.awake(at).filter(free, rep=None)

    def awake(self, at: datetime) -> "HandoffQuerySet":
        """Open and not put off until later."""
        return self.open().filter(Q(snoozed_until=None) | Q(snoozed_until__lte=at))

    def asleep(self, at: datetime) -> "HandoffQuerySet":
        """Open, and put off until a moment that is still to come."""
        return self.open().filter(snoozed_until__gt=at)

    def overdue(self, at: datetime) -> "HandoffQuerySet":
        return self.open().filter(due_at__lt=at)

    def overtaken(self) -> "HandoffQuerySet":
        """Open, although the lead has left sales' hands another way: an import made it a customer, say."""
        return self.open().exclude(lead__stage=Stage.HANDED_OVER)

    def to_alarm(self, at: datetime) -> "HandoffQuerySet":
        """Overdue, and nobody has been told yet."""
        return self.overdue(at).filter(alarmed_at=None)

    def due_first(self) -> "HandoffQuerySet":
        return self.order_by("due_at", "id")


class Handoff(models.Model):
    """A lead offered to sales, with the reasons frozen at that moment, one clock and one verdict: "Ada, to
    Sofia on 3 May 10:12, due 11:12". A recycled lead gets a new one; the old stays as it was."""

    class Status(models.TextChoices):
        OPEN = "open", "Waiting for a verdict"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Sent back"
        WITHDRAWN = "withdrawn", "Taken back"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="handoffs")
    cycle = models.PositiveSmallIntegerField(help_text="1 for the lead's first handoff.")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.OPEN)
    crossing = models.OneToOneField(
        Crossing,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="handoff",
        help_text="Empty: handed over by marketing.",
    )
    version = models.ForeignKey(
        ModelVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The rules at that moment.",
    )
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, blank=True, related_name="handoffs")
    rep = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="handoffs",
        help_text="Empty: nobody was available.",
    )
    offered_at = models.DateTimeField(default=timezone.now, help_text="The clock runs from here.")
    assigned_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField()
    allowed_minutes = models.PositiveIntegerField(help_text="Business minutes agreed for the answer.")
    policy = models.ForeignKey(
        "handoff.SlaPolicy",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="What was agreed then. Editing it moves no due time.",
    )
    round = models.PositiveSmallIntegerField(default=1, help_text="Counts the reps who had it in turn.")
    backup = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who was asked to step in and may answer as well.",
    )
    answer_seconds = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Business seconds from the offer to the verdict without pauses; 0 is at once.",
    )
    first_touch_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    alarmed_at = models.DateTimeField(null=True, blank=True, help_text="When it was said to be overdue.")
    claimed_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who holds it for themselves while they look at it.",
    )
    claimed_until = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(
        null=True, blank=True, help_text="Off the list until then. The clock goes on."
    )
    snoozed_at = models.DateTimeField(null=True, blank=True)
    snoozed_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    snooze_reason = models.CharField(max_length=120, blank=True)
    woke_at = models.DateTimeField(null=True, blank=True, help_text="When it came back from a snooze.")
    woken_by = models.CharField(
        max_length=6, blank=True, choices=[("time", "Its time came"), ("intent", "A new sign of intent")]
    )
    offered_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The marketer who handed it over.",
    )
    stage_change = models.OneToOneField(StageChange, models.PROTECT, related_name="handoff")
    evidence = models.JSONField(help_text="Scores, reasons and latest activities as they were.")

    objects = HandoffQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(status="open"), name="handoff_handoff_one_open_per_lead"
            ),
            models.UniqueConstraint(fields=["lead", "cycle"], name="handoff_handoff_cycle_once"),
            models.CheckConstraint(
                condition=Q(status="open", decided_at=None)
                | (Q(status__in=["accepted", "rejected", "withdrawn"]) & Q(decided_at__isnull=False)),
                name="handoff_handoff_decided_with_time",
            ),
            models.CheckConstraint(
                condition=Q(rep=None, assigned_at=None) | Q(rep__isnull=False, assigned_at__isnull=False),
                name="handoff_handoff_assigned_with_time",
            ),
            models.CheckConstraint(
                condition=Q(due_at__gte=F("offered_at")), name="handoff_handoff_due_after_offer"
            ),
            models.CheckConstraint(
                condition=Q(claimed_by=None, claimed_until=None)
                | Q(claimed_by__isnull=False, claimed_until__isnull=False),
                name="handoff_handoff_claimed_with_end",
            ),
            models.CheckConstraint(
                condition=Q(snoozed_until=None, snoozed_at=None, snoozed_by=None)
                | Q(snoozed_until__isnull=False, snoozed_at__isnull=False, snoozed_by__isnull=False),
                name="handoff_handoff_snoozed_with_name",
            ),
        ]
        indexes = [
            models.Index(fields=["rep", "due_at", "id"], condition=Q(status="open"), name="handoff_queue"),
            models.Index(
                fields=["due_at"], condition=Q(status="open", alarmed_at=None), name="handoff_to_alarm"
            ),
            models.Index(
                fields=["pool", "id"], condition=Q(status="open", rep=None), name="handoff_unassigned"
            ),
            models.Index(fields=["rep", "-decided_at"], name="handoff_decided"),
            models.Index(fields=["rep", "assigned_at"], name="handoff_given"),  # how many in a rep's day
            models.Index(
                fields=["snoozed_until"],
                condition=Q(status="open", snoozed_until__isnull=False),
                name="handoff_to_wake",
            ),
            models.Index(fields=["offered_at"], name="handoff_offered"),  # reports of a stretch of days
            models.Index(fields=["due_at"], name="handoff_due"),
        ]

    def __str__(self) -> str:
        return f"{self.lead} offered {self.offered_at:%d %b %H:%M}"

    @property
    def time_zone(self) -> str:
        """Where the handoff's team counts its hours and days; UTC without a pool."""
        return self.pool.team.calendar.time_zone if self.pool else "UTC"

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    def holder(self, at: datetime) -> "User | None":
        """Who holds it for themselves at ``at``. Reads ``claimed_by``."""
        if self.claimed_until is None or self.claimed_until <= at or not self.is_open:
            return None
        return self.claimed_by

    def is_asleep(self, at: datetime) -> bool:
        return self.is_open and self.snoozed_until is not None and self.snoozed_until > at
