import uuid
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.permissions import sees_all_routing
from handoff.rotation import MOST_WEIGHT
from scoring.conditions import ConditionError, parse

if TYPE_CHECKING:
    from accounts.models import User

MOST_FALLBACKS = 3


class PoolQuerySet(models.QuerySet["Pool"]):
    def visible_to(self, user: "User") -> "PoolQuerySet":
        """The pools whose people ``user`` looks after: an admin all, a manager those of their teams."""
        if sees_all_routing(user):
            return self
        if user.role != "manager":
            return self.none()
        return self.filter(team__members=user)


class Pool(models.Model):
    """The reps that take turns for some leads: "DACH: DE, AT, CH". Rules send leads here; one that no rule
    places goes to the first active pool that names its country, else to the first that names none."""

    class Method(models.TextChoices):
        ROTATION = "rotation", "in turn, by weight"
        BALANCE = "balance", "to whom has least open work for their weight"

    public_id = models.UUIDField(
        default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False
    )  # the database's own, too: pools that were there before get one each
    name = models.CharField(max_length=80, unique=True)
    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="pools")
    position = models.SmallIntegerField(default=100, help_text="Lower is asked first.")
    countries = ArrayField(
        models.CharField(max_length=2),
        blank=True,
        default=list,
        help_text="Two letters each; empty takes every country.",
    )
    is_active = models.BooleanField(default=True)
    method = models.CharField(max_length=8, choices=Method.choices, default=Method.ROTATION)
    fallback = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who takes a lead when nobody here can.",
    )
    virtual = models.BigIntegerField(
        default=0,
        editable=False,
        help_text="How far the turns have come, so that who comes back joins in there.",
    )

    objects = PoolQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(fallback=None) | ~Q(fallback=F("id")), name="handoff_pool_falls_elsewhere"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.fallback_id and self.fallback_id == self.pk:
            raise ValidationError({"fallback": "A pool cannot fall back on itself."})


class PoolMember(models.Model):
    """A rep's place in a pool's turn: "Sofia, weight 2, last given a lead at 10:31". The turn is stored, so
    closing work or restarting the server does not reset it."""

    pool = models.ForeignKey(Pool, models.CASCADE, related_name="members")
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="pool_memberships")
    last_assigned_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never, so next in turn.")
    paused = models.BooleanField(default=False)
    pause_reason = models.CharField(max_length=120, blank=True)
    weight = models.PositiveSmallIntegerField(
        default=1,
        validators=[MaxValueValidator(MOST_WEIGHT)],
        help_text="2 gets twice as many as 1; 0 takes no turns, only leads of their own accounts.",
    )
    open_at_most = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Waiting for their answer at a time, in all pools. Empty: no limit."
    )
    per_day = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Given in a day of theirs, in all pools. Empty: no limit."
    )
    prefers = models.JSONField(
        null=True, blank=True, help_text="A condition over facts: such leads go to them first."
    )
    only_preferred = models.BooleanField(default=False, help_text="Takes no other leads.")
    finish = models.BigIntegerField(
        default=0, editable=False, help_text="Where their last turn ends, on the scale of the pool."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "user"], name="handoff_poolmember_once"),
            models.CheckConstraint(
                condition=Q(weight__lte=MOST_WEIGHT), name="handoff_poolmember_weight_in_bounds"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.pool}"

    def clean(self) -> None:
        if self.prefers is not None:
            try:
                parse(self.prefers, facts_only=True)
            except ConditionError as error:
                raise ValidationError({"prefers": str(error)}) from error
        elif self.only_preferred:
            raise ValidationError({"only_preferred": "Say first which leads are preferred."})
