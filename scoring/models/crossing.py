from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from leads.models import Lead, StageChange, within_reach
from leads.stages import WITH_SALES, Stage
from scoring.dimensions import HUNDREDTHS, LINE_STAGES, SALES_STAGE

from .model_version import ModelVersion, ScoringModel
from .publication import Publication
from .score import LineState

if TYPE_CHECKING:
    from accounts.models import User


#: Line → stages of a lead for which a crossing of it changes nothing: sales has it, it has bought, it is
#: there already.
NOTHING_TO_DO = {
    "sql": WITH_SALES | {Stage.CUSTOMER},
    "mql": WITH_SALES | {Stage.CUSTOMER, Stage.MQL},
}


class CrossingQuerySet(models.QuerySet["Crossing"]):
    def visible_to(self, user: "User") -> "CrossingQuerySet":
        """Crossings of the leads that ``user`` may open."""
        return within_reach(self, user)

    def ready(self, at: datetime) -> "CrossingQuerySet":
        """Those the handoff pipeline may act on now: what happened by itself first, then what was held and
        released, often in bulk, where nobody waits for the moment; each oldest first."""
        return (
            self.filter(handled_at=None)
            .filter(Q(held_at=None) | Q(released_at__isnull=False))
            .filter(Q(not_before=None) | Q(not_before__lte=at))
            .order_by(F("released_at").asc(nulls_first=True), "id")
        )

    def held(self) -> "CrossingQuerySet":
        """Those that wait for a person: a published model or an import of the past made them."""
        return self.filter(handled_at=None, held_at__isnull=False, released_at=None)

    def over(self) -> "CrossingQuerySet":
        """Those whose lead has stood over the line since."""
        return self.filter(_still_over())

    def to_release(self) -> "CrossingQuerySet":
        """Held ones that a person has to decide on: their lead is over the line, and not with sales."""
        return self.held().over().exclude(_is_moot())

    def left_by_rollback(self) -> "CrossingQuerySet":
        """Those that handed a lead to sales under a version that was rolled back, of leads that have no
        verdict yet and are not over the line by the rules that are live. One query, for the versions: as a
        rule there are none, and then nothing is looked through."""
        versions = list(Publication.objects.rolled_back().values_list("version_id", flat=True).distinct())
        if not versions:
            return self.none()
        return self.filter(
            stage=SALES_STAGE,
            version__in=versions,
            lead__stage=Stage.HANDED_OVER,
            lead__stage_at=F("stage_change__at"),
            stage_change__to_stage=Stage.HANDED_OVER,
        ).exclude(_stands_over())

    def settled(self) -> "CrossingQuerySet":
        """Held ones that nobody has to decide on: the lead is over the line no more, since it faded or a
        version was rolled back; or releasing them would do nothing."""
        return self.held().filter(~_still_over() | _is_moot())


def _stands_over() -> Exists:
    """Since this crossing or another."""
    states = LineState.objects.filter(lead=OuterRef("lead"), model=OuterRef("model"), stage=OuterRef("stage"))
    return Exists(states.filter(inside=True))


def _is_moot() -> Q:
    return reduce(or_, (Q(stage=line, lead__stage__in=stages) for line, stages in NOTHING_TO_DO.items()))


def _still_over() -> Exists:
    since = LineState.objects.filter(
        lead=OuterRef("lead"), model=OuterRef("model"), stage=OuterRef("stage"), cycle=OuterRef("cycle")
    )
    return Exists(since.filter(inside=True))


class Crossing(models.Model):
    """A lead went up over a stage's line: "Ada crossed SQL at 14:02 by the line, under version 7, for the
    first time". Written once with the score that made it, handled once by the handoff pipeline, never
    deleted. Going down makes none: ``LineState`` records it."""

    class Cause(models.TextChoices):
        LINE = "line", "Reached the line"
        TRIGGER = "trigger", "Met a trigger"

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="crossings", db_index=False)
    model = models.ForeignKey(ScoringModel, models.PROTECT, related_name="+", db_index=False)
    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="+", db_index=False)
    stage = models.CharField(max_length=3, choices=[("mql", "MQL"), ("sql", "SQL")])
    cycle = models.PositiveIntegerField()
    at = models.DateTimeField()
    cause = models.CharField(max_length=7, choices=Cause.choices)
    triggers = ArrayField(models.CharField(max_length=64), default=list, help_text="Keys of those that held.")
    fit = models.IntegerField()
    engagement = models.IntegerField()
    intent = models.IntegerField()
    total = models.IntegerField()
    held_at = models.DateTimeField(null=True, blank=True, help_text="Set when a person must release it.")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    not_before = models.DateTimeField(null=True, blank=True, help_text="The pipeline waits until then.")
    handled_at = models.DateTimeField(null=True, blank=True, help_text="Empty until the pipeline has acted.")
    outcome = models.CharField(max_length=24, blank=True, help_text="A code: what the pipeline did.")
    stage_change = models.ForeignKey(
        StageChange, models.SET_NULL, null=True, blank=True, related_name="crossings", db_index=False
    )

    objects = CrossingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "model", "stage", "cycle"], name="scoring_crossing_once"),
            models.CheckConstraint(condition=Q(stage__in=LINE_STAGES), name="scoring_crossing_stage_known"),
            models.CheckConstraint(
                condition=Q(released_at=None, released_by=None)
                | Q(released_at__isnull=False, released_by__isnull=False, held_at__isnull=False),
                name="scoring_crossing_released_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(handled_at__isnull=False) | Q(outcome="", stage_change=None),
                name="scoring_crossing_outcome_when_handled",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(handled_at=None), name="scoring_crossing_unhandled"
            ),  # those held, and those that wait for a return date
            # The pipeline reads these in this order, past however many are held.
            models.Index(
                F("released_at").asc(nulls_first=True),
                "id",
                condition=Q(handled_at=None) & (Q(held_at=None) | Q(released_at__isnull=False)),
                name="scoring_crossing_ready",
            ),
            models.Index(
                fields=["not_before"],
                condition=Q(handled_at=None, not_before__isnull=False),
                name="scoring_crossing_sleeping",
            ),  # recycling.wake
            models.Index(fields=["stage_change"], name="scoring_crossing_stage_change"),
            models.Index(fields=["model", "at"], name="scoring_crossing_lately"),  # trigger health
        ]

    def __str__(self) -> str:
        return f"Crossing {self.cycle} of the {self.get_stage_display()} line"

    @property
    def is_strong(self) -> bool:
        """Whether the lead has asked for something, not only read: then an MQL is strong (S4-07, S4-08)."""
        return self.intent > 0

    def points(self, dimension: str) -> float:
        """The score in ``dimension`` (or ``total``) at the crossing, in points."""
        return float(getattr(self, dimension)) / HUNDREDTHS
