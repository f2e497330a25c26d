from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from leads import marking
from leads.stages import Phase

from .lead import Lead, within_reach

if TYPE_CHECKING:
    from accounts.models import User


class ActivityType(models.Model):
    """A kind of thing a lead does or that happens to it: "demo_request: Requested a demo", an event of
    the decision phase that shows intent. The small integer key keeps the activity table narrow."""

    class Category(models.TextChoices):
        VISIT = "visit", "Visit"
        CONTENT = "content", "Content"
        EMAIL = "email", "E-mail"
        EVENT = "event", "Event"
        FORM = "form", "Form"
        SOCIAL = "social", "Social and ads"
        SALES = "sales", "Sales"
        SYSTEM = "system", "System"

    id = models.SmallAutoField(primary_key=True)
    key = models.CharField(
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", "Use lower-case letters, digits and _.")],
    )
    label = models.CharField(max_length=80, help_text="As a sentence about the lead: “Requested a demo”.")
    category = models.CharField(max_length=8, choices=Category.choices)
    phase = models.CharField(
        max_length=13,
        choices=Phase.choices,
        blank=True,
        help_text="The buying phase it shows; empty for none.",
    )
    is_intent = models.BooleanField("shows intent to buy", default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    category__in=["visit", "content", "email", "event", "form", "social", "sales", "system"]
                ),
                name="leads_activitytype_category_known",
            )
        ]

    def __str__(self) -> str:
        return self.label


class Visitor(models.Model):
    """A browser we know by a random id only, until its owner says who they are."""

    anonymous_id = models.CharField(max_length=128, unique=True)
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, blank=True, related_name="visitors")
    first_seen_at = models.DateTimeField(default=timezone.now)
    channel = models.CharField(
        max_length=20, blank=True, db_default="", help_text="What brought the first visit: “organic_search”."
    )
    campaign = models.CharField(max_length=120, blank=True, db_default="")

    def __str__(self) -> str:
        return f"Visitor {self.anonymous_id[:8]}…"


class ActivityQuerySet(models.QuerySet["Activity"]):
    def visible_to(self, user: "User") -> "ActivityQuerySet":
        """Activities of the leads that ``user`` may open."""
        return within_reach(self, user)

    def counted(self) -> "ActivityQuerySet":
        """Those not taken back as bots, tests or mistakes."""
        return self.filter(voided_at=None)

    def newest_first(self) -> "ActivityQuerySet":
        return self.order_by("-occurred_at", "-id")

    def since(self, at: datetime) -> "ActivityQuerySet":
        return self.filter(occurred_at__gt=at)


class Activity(models.Model):
    """One thing that happened: "Ada requested a demo at 10:12". Append-only: a mistake is voided, never
    edited or deleted. Belongs to a lead, or to a visitor until that visitor is identified."""

    id = models.BigAutoField(primary_key=True)
    lead = models.ForeignKey(
        Lead, models.CASCADE, null=True, blank=True, related_name="activities", db_index=False
    )
    visitor = models.ForeignKey(
        Visitor, models.CASCADE, null=True, blank=True, related_name="activities", db_index=False
    )
    type = models.ForeignKey(ActivityType, models.PROTECT, related_name="+", db_index=False)
    occurred_at = models.DateTimeField(help_text="When it happened, by the sender's word.")
    received_at = models.DateTimeField(default=timezone.now, db_default=Now())
    undated = models.BooleanField(
        default=False, db_default=False, help_text="The source knew no time; windows and fading are off."
    )
    source = models.CharField(max_length=64)
    event_id = models.CharField(max_length=128)
    properties = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=120, blank=True, db_default="")

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activities"
        constraints = [
            models.UniqueConstraint(fields=["source", "event_id"], name="leads_activity_event_once"),
            models.CheckConstraint(
                condition=Q(lead__isnull=False) | Q(visitor__isnull=False),
                name="leads_activity_belongs_to_someone",
            ),
        ]
        indexes = [
            # The scoring statement reads a lead's activities in this order, without the table.
            models.Index(
                F("lead"),
                F("type"),
                F("occurred_at").desc(),
                include=["undated"],
                condition=Q(voided_at=None),
                name="leads_activity_scored",
            ),
            models.Index(
                fields=["lead", "type"],
                condition=Q(undated=True, voided_at=None),
                name="leads_activity_undated",
            ),
            models.Index(fields=["lead", "-occurred_at", "-id"], name="leads_activity_timeline"),
            models.Index(fields=["visitor"], condition=Q(lead=None), name="leads_activity_unidentified"),
            models.Index(
                fields=["lead", "-occurred_at", "-id"],
                condition=Q(voided_at__isnull=False),
                name="leads_activity_voided",
            ),
            # What brought a lead: one activity in many says so.
            models.Index(
                fields=["lead", "occurred_at"],
                condition=Q(properties__has_key="channel") | Q(properties__has_key="utm_source"),
                name="leads_activity_brought",
            ),
        ]
        triggers = [
            marking.activity_inserted(),
            marking.activity_updated(),
            marking.activity_deleted(),
        ]

    def __str__(self) -> str:
        return f"{self.type_id} at {self.occurred_at:%Y-%m-%d %H:%M}"

    def clean(self) -> None:
        if self.occurred_at and self.occurred_at > timezone.now() + timedelta(hours=24):
            raise ValidationError({"occurred_at": "Lies more than 24 hours in the future."})
