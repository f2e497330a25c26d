import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import pghistory
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower, Upper
from django.utils import timezone

from accounts.permissions import sees_everything, team_ids
from leads import marking, phases, searching
from leads.alike import Dialled, PlainEmail
from leads.searching import Digits, Folded
from leads.stages import WITH_SALES, Phase, Stage, said, sql_stages

from .company import Company

if TYPE_CHECKING:
    from accounts.models import User

#: Columns a scoring rule may read. A change of one marks the lead as changed and is kept in history.
LEAD_FACTS = [
    "email", "name", "title", "phone", "country", "city", "source", "campaign", "attributes", "company_id",
]  # fmt: skip


Rows = TypeVar("Rows", bound=models.QuerySet[Any])


def within_reach(rows: Rows, user: "User", *, lead: str = "lead") -> Rows:
    """Those of ``rows`` whose lead ``user`` may open; ``lead`` is the way to it. The teams go into the
    question as numbers, since only then does the database know how many leads that will be. At most one query
    of its own for each ``user`` object."""
    if sees_everything(user):
        return rows
    return rows.filter(Exists(LeadAccess.objects.filter(lead=OuterRef(lead), team__in=team_ids(user))))


class LeadQuerySet(models.QuerySet["Lead"]):
    def visible_to(self, user: "User") -> "LeadQuerySet":
        """Leads ``user`` may open. Marketing and admins: all. Sales: those handed, now or ever, to a
        member of one of their teams, and those waiting unassigned in one of their teams' pools."""
        return within_reach(self, user, lead="pk")

    def in_stage(self, *stages: str) -> "LeadQuerySet":
        return self.filter(stage__in=stages)

    def searched(self, text: str) -> "LeadQuerySet":
        """Leads whose name, e-mail, company, its domain or phone number contains each word of ``text``,
        whatever case and accents; a word of one or two letters begins a word there ("Bo", "Li"). At most
        one query for each word."""
        return searching.narrowed(self, text, everything=LeadQuerySet(self.model))

    def holding(self, word: str) -> "LeadQuerySet":
        """The same for one word, read row by row: for few rows, or where most have it."""
        held = searching.holds("name", word) | searching.holds_text("email", word)
        held |= searching.holds("company__name", word) | searching.holds_text("company__domain", word)
        if number := searching.holds_digits("phone", word):
            held |= number
        return self.filter(held)

    def matching(self, word: str, most: int | None = None) -> models.QuerySet[Any, Any]:
        """The ids of those of these leads that one word is found in, at most ``most`` by each way of finding
        them."""
        firms = Company.objects.matching(word)
        ways = [
            self.filter(searching.holds("name", word)),
            self.filter(searching.holds_text("email", word)),
            self.filter(company__in=firms[:most] if most else firms),
        ]
        if number := searching.holds_digits("phone", word):
            ways.append(self.filter(number))
        ids = [way.order_by().values("pk")[:most] for way in ways]
        return ids[0].union(*ids[1:])


def _of_title(function: str) -> models.GeneratedField:
    """What ``leads.titles`` recognises in the job title, kept by the database."""
    return models.GeneratedField(
        expression=models.Func("title", function=function, output_field=models.TextField()),
        output_field=models.CharField(max_length=16),
        db_persist=True,
    )


@pghistory.track(
    pghistory.UpdateEvent(
        row=pghistory.Old,
        condition=pghistory.AnyChange(*[fact.removesuffix("_id") for fact in LEAD_FACTS]),
    ),
    fields=["id", *[fact.removesuffix("_id") for fact in LEAD_FACTS]],
    model_name="LeadHistory",
    append_only=True,
    meta={
        "indexes": [
            models.Index(fields=["pgh_obj", "pgh_created_at"], name="leads_leadhistory_asof"),
            models.Index(fields=["company"], name="leads_leadhistory_company"),  # colleagues of then
        ]
    },
)
class Lead(models.Model):
    """One person who might buy: "Marta Kowalczyk, Head of Operations at Nordwind Aufzüge".
    ``LeadHistory`` keeps what an update replaced, stamped with the moment until which it held."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(max_length=254, null=True, blank=True)
    name = models.CharField(max_length=200, blank=True)
    title = models.CharField("job title", max_length=200, blank=True)
    seniority = _of_title("leads_seniority")
    department = _of_title("leads_department")
    phone = models.CharField(max_length=40, blank=True)
    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="leads")
    country = models.CharField(max_length=2, blank=True, help_text="Two letters, such as DE.")
    city = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=64, blank=True, help_text="Where the lead came from first.")
    campaign = models.CharField(max_length=120, blank=True)
    attributes = models.JSONField(default=dict, blank=True)

    owner = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="owned_leads"
    )
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.LEAD, editable=False)
    stage_at = models.DateTimeField(default=timezone.now, editable=False)
    stage_reason = models.CharField(max_length=40, blank=True, editable=False)
    phase = models.CharField(max_length=13, choices=Phase.choices, default=Phase.AWARENESS)
    phase_at = models.DateTimeField(default=timezone.now, editable=False)

    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="leads_lead_email_once"),
            models.CheckConstraint(condition=~Q(email=""), name="leads_lead_email_not_empty"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="leads_lead_stage_known"),
            models.CheckConstraint(condition=Q(phase__in=Phase.values), name="leads_lead_phase_known"),
        ]
        indexes = [
            models.Index(
                fields=["stage", "phase", "-stage_at", "id"], name="leads_lead_stage"
            ),  # marketing queue
            models.Index(
                fields=["phase", "phase_at", "id"], condition=Q(stage="mql"), name="leads_lead_mqls"
            ),  # marketing queue: time in phase, and how many stand where
            models.Index(fields=["-created_at", "-id"], name="leads_lead_newest"),  # all leads
            GinIndex(OpClass(Folded("name"), "gin_trgm_ops"), name="leads_lead_name_folded"),
            GinIndex(OpClass(Digits("phone"), "gin_trgm_ops"), name="leads_lead_phone_digits"),
            GinIndex(OpClass(Upper("email"), "gin_trgm_ops"), name="leads_lead_email_search"),
            # leads.duplicates: who shares a mailbox, a number, or a name at a company with a lead.
            models.Index(
                PlainEmail("email"), "id", condition=Q(email__isnull=False), name="leads_lead_mailbox"
            ),
            models.Index(
                Dialled("phone", "country"), "id", condition=~Q(phone=""), name="leads_lead_dialled"
            ),
            models.Index(
                "company",
                Folded("name"),
                "id",
                condition=Q(company__isnull=False) & ~Q(name=""),
                name="leads_lead_name_at_company",
            ),
        ]
        triggers = [marking.lead_inserted(), marking.lead_updated(LEAD_FACTS), phases.kept()]

    def __str__(self) -> str:
        return self.name or self.email or f"Lead {self.public_id.hex[:8]}"

    @property
    def is_mql(self) -> bool:
        return self.stage == Stage.MQL

    @property
    def is_sql(self) -> bool:
        return self.stage in sql_stages()

    def get_stage_display(self) -> str:  # type: ignore[no-redef]  # instead of Django's own
        """The stage as this company calls it."""
        return said(Stage(self.stage))

    @property
    def is_with_sales(self) -> bool:
        return self.stage in WITH_SALES

    def days_in_phase(self, at: datetime) -> int:
        """Whole days since the lead entered its buying phase."""
        return (at - self.phase_at).days


class LeadExternalId(models.Model):
    """The lead's key in another system: "mql dac32acd in olist"."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="external_ids")
    source = models.CharField(max_length=64)
    external_id = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="leads_leadexternalid_once")
        ]

    def __str__(self) -> str:
        return f"{self.external_id} in {self.source}"


class LeadAccess(models.Model):
    """A team that may open a lead, written when the lead is handed to one of its members or waits in its
    pool. Never taken away: who worked a lead keeps its history."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="access")
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="lead_access")
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "lead access"
        constraints = [models.UniqueConstraint(fields=["lead", "team"], name="leads_leadaccess_once")]

    def __str__(self) -> str:
        return f"{self.team} may see {self.lead}"
