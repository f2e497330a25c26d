from typing import TYPE_CHECKING

from django.db import models

from leads.models import within_reach

from .handoff import Handoff

if TYPE_CHECKING:
    from accounts.models import User


class LookQuerySet(models.QuerySet["Look"]):
    def visible_to(self, user: "User") -> "LookQuerySet":
        """Those at leads that ``user`` may open."""
        return within_reach(self, user, lead="handoff__lead")


class Look(models.Model):
    """When somebody last looked at a handoff, and its score then: "Sofia at Ada, 10:12, 72 points". What is
    new since is marked in the list."""

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="looks", db_index=False)
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    total = models.IntegerField(help_text="In hundredths of a point.")

    objects = LookQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handoff", "user"], name="handoff_look_once")]

    def __str__(self) -> str:
        return f"{self.user} looked {self.at:%d %b %H:%M}"
