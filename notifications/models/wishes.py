"""How one person wants to be told."""

from datetime import time
from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from accounts.models import User


class AlertWishesQuerySet(models.QuerySet["AlertWishes"]):
    def visible_to(self, user: "User") -> "AlertWishesQuerySet":
        """One's own; admins see all, in the administration."""
        return self if user.role == "admin" else self.filter(user=user)


class AlertWishes(models.Model):
    """How one person wants to be told: "Sofia: returned leads in the digest, quiet from
    19:00 to 7:00". Nobody has a row until they say something else than the defaults."""

    class Mail(models.TextChoices):
        NOW = "now", "At once"
        DIGEST = "digest", "In the digest"
        OFF = "off", "Not by mail"

    class Rhythm(models.TextChoices):
        DAILY = "daily", "Every day"
        WEEKLY = "weekly", "Once a week"

    user = models.OneToOneField("accounts.User", models.CASCADE, related_name="alert_wishes")
    mail = models.JSONField(
        default=dict,
        blank=True,
        help_text="Kind of alert to now, digest or off; else as usual.",
    )
    push = models.BooleanField("browser push", default=True, help_text="To browsers that were allowed to.")
    quiet_from = models.TimeField(null=True, blank=True, help_text="In the person's own time zone.")
    quiet_to = models.TimeField(null=True, blank=True)
    alarms_break_through = models.BooleanField(
        default=False, help_text="Overdue and unassigned leads do not wait for the quiet hours to end."
    )
    digest_rhythm = models.CharField(max_length=6, choices=Rhythm.choices, default=Rhythm.DAILY)
    digest_weekday = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(6)], help_text="0 is Monday; for a weekly digest."
    )
    digest_at = models.TimeField(default=time(8), help_text="In the person's own time zone.")

    objects = AlertWishesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "alert wishes"
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_to=None)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="notifications_wishes_quiet_both_ends",
            ),
            models.CheckConstraint(condition=Q(digest_weekday__lte=6), name="notifications_wishes_weekday"),
        ]

    def __str__(self) -> str:
        return f"How {self.user} is told"
