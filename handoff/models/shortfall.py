import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from leads.models import Lead, within_reach

if TYPE_CHECKING:
    from accounts.models import User


class ShortfallQuerySet(models.QuerySet["Shortfall"]):
    def visible_to(self, user: "User") -> "ShortfallQuerySet":
        """Those of the leads that ``user`` may open."""
        return within_reach(self, user)

    def holding(self) -> "ShortfallQuerySet":
        """The newest of each lead, unless it says that nothing is in the way any more."""
        return self.filter(holds=True).exclude(kind=Shortfall.Kind.NONE)


class Shortfall(models.Model):
    """Why an MQL is not for sales yet: "Ada: no money, budget again in March, said Mara on 3 May". The newest
    holds; the earlier ones are its history. One that was taken back is as if it had not been."""

    class Kind(models.TextChoices):
        LONG_CYCLE = "long_cycle", "Long buying cycle"
        NO_MONEY = "no_money", "No money"
        BUDGET = "budget", "Unreasonable budget expectation"
        NOT_WILLING = "not_willing", "Not willing yet"
        NONE = "none", "Nothing in the way any more"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="shortfalls", db_index=False)
    kind = models.CharField(max_length=11, choices=Kind.choices)
    note = models.TextField(blank=True)
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    holds = models.BooleanField(default=True, help_text="The newest of its lead.")
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = ShortfallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(holds=True), name="handoff_shortfall_one_holds"
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(holds=False), name="handoff_shortfall_undone_holds_not"
            ),
        ]
        indexes = [models.Index(fields=["lead", "-at", "-id"], name="handoff_shortfall_latest")]

    def __str__(self) -> str:
        return self.get_kind_display()
