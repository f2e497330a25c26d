"""Websites that carry our script, and what their pages stand for."""

import secrets
import uuid
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models

from leads.models import ActivityType

from .source import Source

if TYPE_CHECKING:
    from accounts.models import User


def _new_key() -> str:
    return secrets.token_urlsafe(16)


class SiteQuerySet(models.QuerySet["Site"]):
    def visible_to(self, user: "User") -> "SiteQuerySet":
        """Those of the sources that ``user`` looks after."""
        return self.filter(source__in=Source.objects.visible_to(user))


class Site(models.Model):
    """A website whose visits are collected: "fieldline.example". ``key`` stands in its snippet for everybody
    to read; what a page may say is limited, and from which addresses."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.OneToOneField(Source, models.CASCADE, related_name="site")
    key = models.CharField(max_length=22, unique=True, default=_new_key, editable=False)
    origins = ArrayField(
        models.CharField(max_length=300),
        help_text="Addresses whose pages may send: “https://www.fieldline.example”.",
    )
    waits_for_consent = models.BooleanField(
        default=True, help_text="Sends and stores nothing until the page says that the visitor agreed."
    )

    objects = SiteQuerySet.as_manager()

    def __str__(self) -> str:
        return self.source.name

    def takes_from(self, origin: str) -> bool:
        """Whether pages at ``origin``, as browsers name it, may send: "https://www.fieldline.example". An
        address such as "https://*.fieldline.example" stands for every host below."""
        origin = origin.lower()
        for own in self.origins:
            scheme, _, host = own.partition("://*.")
            if origin == own or (host and origin.startswith(f"{scheme}://") and origin.endswith(f".{host}")):
                return True
        return False


class PageRuleQuerySet(models.QuerySet["PageRule"]):
    def visible_to(self, user: "User") -> "PageRuleQuerySet":
        return self.filter(site__in=Site.objects.visible_to(user))

    def in_order(self) -> "PageRuleQuerySet":
        return self.order_by("position", "id")


class PageRule(models.Model):
    """What a page of a site stands for: "/pricing*" is a pricing view. The first rule that fits holds; a page
    that none fits is a page view."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="page_rules")
    position = models.PositiveSmallIntegerField(default=0)
    pattern = models.CharField(
        max_length=200, help_text="A path, where * stands for anything: “/pricing*”, “/files/*.pdf”."
    )
    type = models.ForeignKey(ActivityType, models.PROTECT, related_name="+")

    objects = PageRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "pattern"], name="capture_pagerule_once"),
        ]

    def __str__(self) -> str:
        return f"{self.pattern} → {self.type.key}"
