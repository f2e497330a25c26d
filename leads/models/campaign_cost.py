import uuid
from typing import TYPE_CHECKING

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.permissions import may_see_reports

from .opportunity import workspace_currency

if TYPE_CHECKING:
    from accounts.models import User


class CampaignCostQuerySet(models.QuerySet["CampaignCost"]):
    def visible_to(self, user: "User") -> "CampaignCostQuerySet":
        """Who reads reports knows what campaigns cost; marketers and admins write it down."""
        return self if may_see_reports(user) else self.none()


class CampaignCost(models.Model):
    """What one campaign cost on one day: "paid_social, heads-of-service, 3 May: €20". Written by the verbs of
    ``leads.costs``, once for each source, campaign, day and currency, whatever their case."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.CharField(max_length=64, help_text="As leads have it: “paid_social”.")
    campaign = models.CharField(max_length=120, blank=True, help_text="Empty: the source as a whole.")
    day = models.DateField()
    amount = models.DecimalField(max_digits=14, decimal_places=2, validators=[MinValueValidator(0)])
    currency = models.CharField(
        max_length=3,
        default=workspace_currency,
        validators=[RegexValidator(r"^[A-Z]{3}$", "Three letters, such as EUR.")],
    )
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, blank=True, related_name="+")

    objects = CampaignCostQuerySet.as_manager()

    class Meta:
        constraints = [
            # The day first: reports and lists ask for stretches of days.
            models.UniqueConstraint(
                "day", Lower("source"), Lower("campaign"), "currency", name="leads_campaigncost_once"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="leads_campaigncost_not_negative"),
            models.CheckConstraint(condition=~Q(source=""), name="leads_campaigncost_has_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.campaign} {self.day}".replace("  ", " ")
