from django.contrib.postgres.fields import ArrayField
from django.db import models


class Pool(models.Model):
    """The reps that take turns for some leads: "DACH: DE, AT, CH". A lead goes to the first active pool that
    names its country, else to the first that names none."""

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

    def __str__(self) -> str:
        return self.name


class PoolMember(models.Model):
    """A rep's place in a pool's turn: "Sofia, last given a lead at 10:31". The turn is a stored moment, so
    closing work or restarting the server does not reset it."""

    pool = models.ForeignKey(Pool, models.CASCADE, related_name="members")
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="pool_memberships")
    last_assigned_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never, so next in turn.")
    paused = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pool", "user"], name="handoff_poolmember_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.pool}"
