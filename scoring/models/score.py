from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from leads.models import Lead, within_reach
from scoring.dimensions import HUNDREDTHS, LINE_STAGES, SALES_STAGE

from .model_version import ModelVersion, ScoringModel
from .moving import Line
from .publication import Publication

if TYPE_CHECKING:
    from accounts.models import User


class ScoreQuerySet(models.QuerySet["Score"]):
    def visible_to(self, user: "User") -> "ScoreQuerySet":
        """Scores of the leads that ``user`` may open."""
        return within_reach(self, user)

    def leading_first(self) -> "ScoreQuerySet":
        """By lead, the score that is highest over its model's SQL line first: models count on scales of
        their own, so their totals alone do not compare."""
        lines = Line.objects.filter(version=OuterRef("version"), stage=SALES_STAGE).order_by("id")
        asked = [Coalesce(F(f"min_{name}"), 0) for name in ("fit", "engagement", "intent", "total")]
        least = lines.annotate(asked=reduce(add, asked) * HUNDREDTHS).values("asked")[:1]
        over = self.annotate(over=F("total") - Coalesce(Subquery(least), 0))
        return over.order_by("lead_id", "-over", "id")


class Score(models.Model):
    """What one model says of one lead: "Ada: intent 25.00, fit 31.00, engagement 6.40 as of 10:36". Whole
    hundredths of a point. A pure function of facts, version and ``computed_at``: it may be thrown away and
    computed again. Kept narrow and without an index on the figures, so that rewriting it stays cheap."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="scores", db_index=False)
    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="+", db_index=False)
    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="+", db_index=False)
    fit = models.IntegerField()
    engagement = models.IntegerField()
    intent = models.IntegerField()
    total = models.IntegerField()
    computed_at = models.DateTimeField(help_text="The moment the score is as of.")
    fading = models.BooleanField(help_text="Time alone may still change it: the sweep looks at it again.")

    objects = ScoreQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "model"], name="scoring_score_once"),
            models.CheckConstraint(
                condition=Q(total=models.F("fit") + models.F("engagement") + models.F("intent")),
                name="scoring_score_total_is_the_sum",
            ),
        ]
        indexes = [
            models.Index(fields=["lead"], condition=Q(fading=True), name="scoring_score_fading")
        ]  # sweep

    def __str__(self) -> str:
        return f"{self.total / HUNDREDTHS:.0f} points"


class LineState(models.Model):
    """Whether a lead stands over a stage's line now: "over the SQL line since Monday, for the second time".
    Hysteresis lives here, not in the score: entered over the line or by a trigger, left below the margin."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="line_states", db_index=False)
    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="+", db_index=False)
    stage = models.CharField(max_length=3, choices=[("mql", "MQL"), ("sql", "SQL")])
    inside = models.BooleanField()
    cycle = models.PositiveIntegerField(help_text="How often the lead has crossed upwards.")
    since = models.DateTimeField(help_text="When it entered or left.")
    crossed_at = models.DateTimeField(null=True, blank=True, help_text="The last crossing, for cool-downs.")
    restart_id = models.BigIntegerField(
        null=True, blank=True,
        help_text="The newest restart this state has seen. A newer one closes the line, so that what comes "
        "after it is a new crossing even when both arrive together.",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "model", "stage"], name="scoring_linestate_once"),
            models.CheckConstraint(condition=Q(stage__in=LINE_STAGES), name="scoring_linestate_stage_known"),
        ]

    def __str__(self) -> str:
        return f"{'over' if self.inside else 'under'} the {self.get_stage_display()} line"


class StateBeforeQuerySet(models.QuerySet["StateBefore"]):
    def visible_to(self, user: "User") -> "StateBeforeQuerySet":
        """Those of the leads that ``user`` may open."""
        return within_reach(self, user)

    def fallen(self, live: ModelVersion) -> "StateBeforeQuerySet":
        """Leads that were over the SQL line when ``live`` last went live, and are under it now."""
        last = Publication.objects.filter(version=live).order_by("-id").values("id")[:1]
        now = LineState.objects.filter(lead=OuterRef("lead"), model=live.model_id, stage=SALES_STAGE)
        return self.filter(
            Exists(now.filter(inside=False)), publication=Subquery(last), stage=SALES_STAGE, inside=True
        )


class StateBefore(models.Model):
    """How a ``LineState`` stood before a publication first moved it: "over the SQL line since Monday".
    Written with the first move of each in the life of a version, taken up when that one is rolled back."""

    id = models.BigAutoField(primary_key=True)
    publication = models.ForeignKey(Publication, models.CASCADE, related_name="+", db_index=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+")
    stage = models.CharField(max_length=3, choices=[("mql", "MQL"), ("sql", "SQL")])
    inside = models.BooleanField()
    cycle = models.PositiveIntegerField(help_text="0 for a lead that had never been near the line.")
    since = models.DateTimeField(null=True, blank=True)
    crossed_at = models.DateTimeField(null=True, blank=True)
    restart_id = models.BigIntegerField(null=True, blank=True)

    objects = StateBeforeQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "states before"
        constraints = [
            models.UniqueConstraint(fields=["publication", "lead", "stage"], name="scoring_statebefore_once"),
            models.CheckConstraint(
                condition=Q(stage__in=LINE_STAGES), name="scoring_statebefore_stage_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{'over' if self.inside else 'under'} the {self.get_stage_display()} line before"
