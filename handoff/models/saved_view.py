import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.urls import reverse

if TYPE_CHECKING:
    from accounts.models import User

#: Views of one's own and shared ones stand side by side; more than these fit no bar.
MOST_VIEWS = 12
#: In place of a team: everybody who has the list.
EVERYBODY = "everybody"
#: A view of these is a segment: a set of leads that other tools may read.
SEGMENTED = ("mqls", "leads")


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: "User") -> "SavedViewQuerySet":
        """One's own, and those that somebody shared with one of one's teams, or with everybody."""
        of_their_teams = Q(team__in=user.teams.through.objects.filter(user=user).values("team"))
        return self.filter(Q(owner=user) | of_their_teams | Q(is_for_all=True))

    def shared(self) -> "SavedViewQuerySet":
        """Those that others see."""
        return self.filter(Q(team__isnull=False) | Q(is_for_all=True))

    def segments(self) -> "SavedViewQuerySet":
        """Those that are sets of leads, not of handoffs."""
        return self.filter(page__in=SEGMENTED)

    def in_order(self) -> "SavedViewQuerySet":
        return self.order_by("position", "id")


class SavedView(models.Model):
    """Filters and order of a list under a name: "Demo requests, DACH: the queue with source=demo, by score".
    The URL is the view; this keeps it."""

    class Page(models.TextChoices):
        QUEUE = "queue", "My queue"
        TEAM = "team", "Team queue"
        MQLS = "mqls", "MQLs by stage"
        LEADS = "leads", "All leads"

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
    is_for_all = models.BooleanField(
        "for everybody", default=False, help_text="Everybody who has the list sees it."
    )
    page = models.CharField(max_length=5, choices=Page.choices)
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
            models.CheckConstraint(
                condition=Q(is_for_all=False) | Q(team=None), name="handoff_savedview_shared_one_way"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        """The list as the view has it."""
        return f"{reverse(f'handoff:{self.page}')}?{self.query}"

    @property
    def is_segment(self) -> bool:
        return self.page in SEGMENTED

    @property
    def is_shared(self) -> bool:
        return self.is_for_all or self.team_id is not None

    @property
    def sharing(self) -> str:
        """Who sees it, as ``saved_views.share`` takes it."""
        return EVERYBODY if self.is_for_all else str(self.team_id or "")
