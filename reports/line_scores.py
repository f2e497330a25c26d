"""What leads scored when they were handed over, and what they score that stayed: the rows behind the health
of the SQL line."""

from enum import StrEnum
from typing import Any

from django.db.models import (
    Case,
    F,
    FloatField,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    When,
)
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Floor, Greatest

from handoff.models import Handoff, Verdict
from leads.milestones import Milestone
from leads.models import Lead, PassedMilestone
from leads.stages import Stage
from scoring.dimensions import HUNDREDTHS, Dimension
from scoring.models import ModelVersion, Score

from . import handed
from .periods import Period


class Fate(StrEnum):
    """What became of the leads of a bar."""

    STAYED = "stayed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


def decided(
    *, handoffs: QuerySet[Handoff], period: Period, version: ModelVersion, dimension: Dimension
) -> QuerySet[Any]:
    """The verdicts of ``period`` on handoffs that the model of ``version`` spoke for, by its line or beside a
    marketer's hand, each with ``points`` in ``dimension`` at the handover. Fit: under the versions that
    measure it as ``version`` does."""
    said = handed.verdicts(handoffs=handoffs, period=period)
    said = said.filter(handoff__evidence__explanation__model=version.model.key)
    said = _of_its_scale(said, version, dimension, "handoff__")
    return said.annotate(points=_points(dimension, "handoff__"))


def live() -> ModelVersion | None:
    """The version whose line is looked at; None before any is live. One query."""
    return ModelVersion.objects.published().select_related("model").filter(model__key="default").first()


def stayed(*, leads: QuerySet[Lead], version: ModelVersion, dimension: Dimension) -> QuerySet[Any]:
    """The scores of MQLs as they stand now, with ``points``."""
    scores = Score.objects.filter(model=version.model_id, lead__stage=Stage.MQL)
    if leads.query.where:
        scores = scores.filter(lead__in=leads.values("pk"))
    whole = Floor(Greatest(F(str(dimension)), 0) / float(HUNDREDTHS))
    return scores.order_by().annotate(points=Cast(whole, IntegerField()))


def offered(
    *, handoffs: QuerySet[Handoff], period: Period, version: ModelVersion, dimension: Dimension
) -> QuerySet[Any]:
    """The handoffs of ``period`` that were not taken back, with ``points``, of the same versions."""
    made = handed.offered(handoffs=handoffs, period=period)
    made = made.filter(evidence__explanation__model=version.model.key)
    made = _of_its_scale(made, version, dimension, "")
    return made.annotate(points=_points(dimension, ""))


def deals() -> QuerySet[PassedMilestone]:
    """Whether the lead of a handoff became an opportunity after it."""
    return PassedMilestone.objects.filter(
        lead=OuterRef("lead"), milestone=Milestone.OPPORTUNITY, at__gte=OuterRef("offered_at")
    )


def behind(
    *,
    leads: QuerySet[Lead],
    handoffs: QuerySet[Handoff],
    period: Period,
    version: ModelVersion,
    dimension: Dimension,
    fate: Fate,
    low: int | None,
    high: int | None,
) -> QuerySet[Any]:
    """What one part of a bar counts, with ``passed_at``: the leads that stayed, and since when they are MQLs;
    the handoffs that were decided, and when."""
    bounds = Q()
    if low is not None:
        bounds &= Q(points__gte=low)
    if high is not None:
        bounds &= Q(points__lt=high)
    if fate == Fate.STAYED:
        there = stayed(leads=leads, version=version, dimension=dimension).filter(bounds)
        return Lead.objects.filter(pk__in=there.values("lead")).annotate(passed_at=F("stage_at"))
    kind = Verdict.Kind.ACCEPT if fate == Fate.ACCEPTED else Verdict.Kind.REJECT
    said = decided(handoffs=handoffs, period=period, version=version, dimension=dimension)
    found = said.filter(bounds, kind=kind)
    return handed.handoffs_said(found)


def _of_its_scale(
    rows: QuerySet[Any], version: ModelVersion, dimension: Dimension, way: str
) -> QuerySet[Any]:
    """Thirds of a letter are no points: fit is compared under grades, or under points, as ``version`` has
    it. The evidence names the version, also where a marketer's hand did it."""
    if dimension != Dimension.FIT:
        return rows
    alike = ModelVersion.objects.filter(
        model=version.model_id, grades_from__isnull=version.grades_from is None
    )
    number = KeyTextTransform("version", KeyTransform("explanation", f"{way}evidence"))
    named: QuerySet[Any] = rows.alias(under=number)
    return named.filter(under__in=alike.values_list(Cast("number", TextField())))


def _points(dimension: Dimension, way: str) -> Any:
    """Whole points in ``dimension`` at the handover: of the crossing, else as the evidence says."""
    crossed = Cast(F(f"{way}crossing__{dimension}"), FloatField()) / float(HUNDREDTHS)
    told = Cast(_Told(F(f"{way}evidence"), dimension), FloatField())
    points = Case(When(**{f"{way}crossing__isnull": False}, then=crossed), default=told)
    return Cast(Floor(points), IntegerField())


class _Told(Func):
    """The points of a dimension in frozen evidence."""

    function = "jsonb_path_query_first"
    template = (
        "%(function)s(%(expressions)s, '$.explanation.dimensions[*] ? (@.key == \"%(dimension)s\").points')"
    )
    output_field = FloatField()

    def __init__(self, evidence: F, dimension: Dimension) -> None:
        super().__init__(evidence, dimension=Dimension(dimension).value)
