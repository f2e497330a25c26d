import uuid
from typing import TYPE_CHECKING, Any

import pghistory
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Upper
from django.utils import timezone

from accounts.permissions import sees_everything
from leads import marking, searching
from leads.searching import Folded

if TYPE_CHECKING:
    from accounts.models import User

#: Columns a scoring rule may read. A change of one re-scores the company's leads and is kept in history.
COMPANY_FACTS = ["name", "domain", "employees", "revenue", "industry", "country", "city", "attributes"]


class CompanyQuerySet(models.QuerySet["Company"]):
    def visible_to(self, user: "User") -> "CompanyQuerySet":
        """Companies ``user`` may open: all for marketing and admins, those of their leads for sales."""
        from .lead import Lead  # the two models point at each other

        if sees_everything(user):
            return self
        return self.filter(pk__in=Lead.objects.visible_to(user).values("company_id"))

    def matching(self, word: str, most: int | None = None) -> models.QuerySet[Any, Any]:
        """The ids of those whose name or domain has ``word`` in it, at most ``most`` by each."""
        ways = [self.filter(searching.holds("name", word)), self.filter(searching.holds_text("domain", word))]
        ids = [way.order_by().values("pk")[:most] for way in ways]
        return ids[0].union(ids[1])

    def searched(self, text: str) -> "CompanyQuerySet":
        """Companies whose name or domain contains each word of ``text``, whatever case and accents. At most
        one query for each word."""
        return searching.narrowed(self, text, everything=CompanyQuerySet(self.model))

    def holding(self, word: str) -> "CompanyQuerySet":
        """The same for one word, read row by row: for few rows, or where most have it."""
        return self.filter(searching.holds("name", word) | searching.holds_text("domain", word))


@pghistory.track(
    pghistory.UpdateEvent(row=pghistory.Old, condition=pghistory.AnyChange(*COMPANY_FACTS)),
    fields=["id", *COMPANY_FACTS],
    model_name="CompanyHistory",
    append_only=True,
    meta={"indexes": [models.Index(fields=["pgh_obj", "pgh_created_at"], name="leads_companyhistory_asof")]},
)
class Company(models.Model):
    """A firm that leads work for: "Nordwind Aufzüge GmbH, nordwind.example, 240 staff".
    ``CompanyHistory`` keeps what an update replaced, stamped with the moment until which it held."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200)
    domain = models.CharField(
        max_length=253, null=True, blank=True, unique=True, help_text="Lower-case, without www."
    )
    employees = models.PositiveIntegerField(null=True, blank=True)
    revenue = models.DecimalField("yearly revenue", max_digits=16, decimal_places=2, null=True, blank=True)
    industry = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="Two letters, such as DE.")
    city = models.CharField(max_length=120, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    owner = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_companies",
        help_text="Who has the account. Routing can give them its leads.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "companies"
        constraints = [
            models.CheckConstraint(
                condition=Q(domain=None) | (Q(domain=Lower("domain")) & ~Q(domain="")),
                name="leads_company_domain_lower",
            )
        ]
        indexes = [
            models.Index(Lower("name"), "id", name="leads_company_by_name"),  # all companies
            GinIndex(OpClass(Folded("name"), "gin_trgm_ops"), name="leads_company_name_folded"),
            GinIndex(OpClass(Upper("domain"), "gin_trgm_ops"), name="leads_company_domain_search"),
        ]
        triggers = [marking.company_updated(COMPANY_FACTS)]

    def __str__(self) -> str:
        return self.name or self.domain or "Unnamed company"


class CompanyExternalId(models.Model):
    """The company's key in another system: "seller 4c03b9 in olist"."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="external_ids")
    source = models.CharField(max_length=64)
    external_id = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="leads_companyexternalid_once")
        ]

    def __str__(self) -> str:
        return f"{self.external_id} in {self.source}"
