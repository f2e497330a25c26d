"""What an admin says about where leads go, and what became of it."""

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.permissions import may_arrange_routing
from leads.models import Lead, within_reach
from scoring.conditions import ConditionError, parse
from scoring.models import ScoringModel

from .handoff import Handoff
from .pool import Pool

if TYPE_CHECKING:
    from accounts.models import User

#: What a rule may ask of the score that leads, in points.
FIGURES = ("intent", "fit", "engagement", "total")
BOUNDS = ("at_least", "below")
#: Columns of a decision that nothing rewrites. Not the lead: two that are found to be one person become one,
#: with all their history.
KEPT = ("at", "kind", "rule_id", "pool_id", "chosen_id", "by_id", "reason", "trail", "members")
MOST_POINTS = 300_000


class RoutingRuleQuerySet(models.QuerySet["RoutingRule"]):
    def visible_to(self, user: "User") -> "RoutingRuleQuerySet":
        """Where leads go is agreed between the teams: who arranges it sees all of it."""
        return self if may_arrange_routing(user) else self.none()

    def in_order(self) -> "RoutingRuleQuerySet":
        """As they are asked."""
        return self.order_by("position", "id")


class RoutingRule(models.Model):
    """One line of who gets which leads: "10, Enterprise: the company's staff is at least 500 → Key accounts;
    with nobody there, go on". Asked in the order of ``position``; the first that holds decides."""

    class To(models.TextChoices):
        POOL = "pool", "to a pool"
        TERRITORY = "territory", "to a pool, if it is a lead of its countries"
        OWNER = "owner", "to the account owner"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    position = models.PositiveIntegerField(default=1000, help_text="Lower is asked first.")
    name = models.CharField(max_length=120)
    is_on = models.BooleanField("on", default=True)
    when = models.JSONField(
        null=True,
        blank=True,
        help_text="A condition over facts of lead and company, as in the model file. Empty: every lead.",
    )
    scores = models.JSONField(
        default=dict,
        blank=True,
        help_text='Of the score that leads, in points: {"intent": {"at_least": 20, "below": 60}}.',
    )
    model = models.ForeignKey(
        ScoringModel,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Only leads for whom this model leads: the product they are after.",
    )
    to = models.CharField(max_length=9, choices=To.choices, default=To.POOL)
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, blank=True, related_name="rules")
    waits = models.BooleanField(
        default=False, help_text="An account owner who is away gets it all the same, once back."
    )
    goes_on = models.BooleanField(
        default=False, help_text="Ask the next rules when nobody can take it. Otherwise it waits in the pool."
    )
    edited_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    objects = RoutingRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(to="owner", pool=None) | Q(to__in=["pool", "territory"], pool__isnull=False),
                name="handoff_routingrule_leads_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(waits=False) | Q(to="owner"), name="handoff_routingrule_waits_for_owners"
            ),
            models.UniqueConstraint(
                fields=["pool"], condition=Q(to="territory"), name="handoff_routingrule_one_territory"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what could not be asked, each fault at its field."""
        faults: dict[str, str] = {}
        if self.when is not None:
            try:
                parse(self.when, facts_only=True)
            except ConditionError as error:
                faults["when"] = str(error)
        if fault := fault_of_scores(self.scores):
            faults["scores"] = fault
        if self.to == self.To.OWNER and self.pool_id:
            faults["pool"] = "A rule to the account owner names no pool."
        if self.to != self.To.OWNER and not self.pool_id:
            faults["pool"] = "Choose the pool it leads to."
        if self.waits and self.to != self.To.OWNER:
            faults["waits"] = "Only an account owner can be waited for."
        if self.to == self.To.TERRITORY and self.pool_id:
            others = RoutingRule.objects.filter(to=self.To.TERRITORY, pool=self.pool_id).exclude(pk=self.pk)
            if others.exists():
                faults["pool"] = "This pool has a rule for its countries already."
        if faults:
            raise ValidationError(faults)


def fault_of_scores(scores: Any) -> str:
    """What is wrong with the score conditions of a rule; "" when nothing is."""
    if not isinstance(scores, Mapping):
        return "Give an object: figure → at_least and below."
    for figure, bounds in scores.items():
        if figure not in FIGURES:
            return f"There is no figure {figure!r}. Figures: {', '.join(FIGURES)}."
        if not isinstance(bounds, Mapping) or not bounds or set(bounds) - set(BOUNDS):
            return f"{figure}: give at_least, below or both."
        for points in bounds.values():
            if isinstance(points, bool) or not isinstance(points, int) or abs(points) > MOST_POINTS:
                return f"{figure}: give whole points."
        if "at_least" in bounds and "below" in bounds and bounds["at_least"] >= bounds["below"]:
            return f"{figure}: “below” must be more than “at least”."
    return ""


class RoutingDecisionQuerySet(models.QuerySet["RoutingDecision"]):
    def visible_to(self, user: "User") -> "RoutingDecisionQuerySet":
        """Those about the leads that ``user`` may open."""
        return within_reach(self, user)


class RoutingDecision(models.Model):
    """Why a lead went where it went: "Ada, 3 May 10:12, by the rule DACH to Sofia; Ben was away, Carl full".
    Append-only: written with the decision, never edited; it goes with its lead."""

    class Kind(models.TextChoices):
        RULE = "rule", "By the rules"
        HAND = "hand", "Taken by hand"
        MOVED = "moved", "Handed to somebody else"
        WAITING = "waiting", "Given after waiting"
        LATE = "late", "Given to another in time"

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="routing_decisions")
    handoff = models.ForeignKey(
        Handoff, models.CASCADE, null=True, blank=True, related_name="routing_decisions"
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=7, choices=Kind.choices)
    rule = models.ForeignKey(RoutingRule, models.PROTECT, null=True, blank=True, related_name="+")
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    chosen = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who decided by hand; empty for the rules.",
    )
    reason = models.CharField(max_length=300, blank=True)
    trail = models.JSONField(default=list, help_text="Each rule asked, and why it did not place it.")
    members = models.JSONField(default=list, help_text="Who could have had it, and why not.")

    objects = RoutingDecisionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["pool", "at"], include=["chosen"], name="handoff_shares_given"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="append_only",
                operation=pgtrigger.UpdateOf(*KEPT),  # type: ignore[no-untyped-call]
            )
        ]

    def __str__(self) -> str:
        return f"{self.lead}: {self.get_kind_display().lower()}, {self.at:%d %b %H:%M}"


class RuleMatch(models.Model):
    """A rule that held for a lead, and what came of it: "Key accounts, 3 May 10:12, nobody available". Kept
    beside the ledger so that how a rule fares is a short read of an index, however long the ledger is."""

    class Outcome(models.TextChoices):
        PLACED = "placed", "gave it to somebody"
        EMPTY = "empty", "empty pool"
        NOBODY = "nobody", "nobody available"
        NO_OWNER = "no_owner", "no account owner"
        OWNER_AWAY = "away", "account owner not available"
        WAITS = "waits", "waits for the account owner"

    decision = models.ForeignKey(RoutingDecision, models.CASCADE, related_name="matches")
    rule = models.ForeignKey(RoutingRule, models.PROTECT, related_name="matches", db_index=False)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)

    class Meta:
        verbose_name_plural = "rule matches"
        indexes = [models.Index(fields=["rule", "at"], include=["outcome"], name="handoff_rule_fares")]

    def __str__(self) -> str:
        return f"{self.rule}: {self.get_outcome_display()}"
