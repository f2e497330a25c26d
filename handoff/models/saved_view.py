import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from accounts.models import User

#: Views of one's own and shared ones stand side by side; more than these fit no bar.
MOST_VIEWS = 12


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: "User") -> "SavedViewQuerySet":
        """One's own, and those that somebody shared with one of one's teams."""
        return self.filter(Q(owner=user) | Q(team__members=user)).distinct()

    def in_order(self) -> "SavedViewQuerySet":
        return self.order_by("position", "id")


class SavedView(models.Model):
    """Filters and order of a list under a name: "Demo requests, DACH: the queue with source=demo, by score".
    The URL is the view; this keeps it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey("accounts.User", models.CASCADE, related_name="saved_views")
    team = models.ForeignKey(
        "accounts.Team",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="saved_views",
        help_text="Who else sees it; empty: only the owner.",
    )
    page = models.CharField(max_length=5, choices=[("queue", "My queue"), ("team", "Team queue")])
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True, help_text="As in the URL: source=demo&sort=score")
    is_default = models.BooleanField(default=False, help_text="The owner's list opens with it.")
    position = models.PositiveSmallIntegerField(default=100)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "page", "name"], name="handoff_savedview_name_once"),
            models.UniqueConstraint(
                fields=["owner", "page"], condition=Q(is_default=True), name="handoff_savedview_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name
