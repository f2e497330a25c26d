"""The MQLs of the marketing queue: how far each is from the SQL line, its views and its orders."""

from datetime import datetime, timedelta
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, cast

from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.http import QueryDict

from leads.models import Activity, Lead
from leads.stages import Phase, Stage
from scoring.dimensions import HUNDREDTHS, SALES_STAGE, Dimension
from scoring.models import Line, ModelVersion

from . import returns, strength
from .lead_filters import MqlFilter

if TYPE_CHECKING:
    from accounts.models import User

NEAR_POINTS = 5
STUCK_DAYS = 30
#: Key of an order → what it says, and the columns.
SORTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "distance": ("distance to the SQL line", ("distance", "-best", "id")),
    "signal": ("newest signal", ("-signal_at", "-id")),
    "phase": ("time in phase", ("phase_at", "id")),
}
DISTANCE = "distance"
#: The built-in views: "back" is of leads that sales sent back.
VIEWS = ("all", "back", "near", "stuck", strength.STRONG, strength.WEAK)
_EARLIEST = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def sort_of(parameters: QueryDict) -> str:
    """The order that an address asks for."""
    asked = parameters.get("sort", "")
    return asked if asked in SORTS else DISTANCE


def agreed_minimums() -> tuple[int | None, dict[str, int | None]]:
    """The live model and the minimum in points of each dimension of its SQL line. 2 queries."""
    try:
        version = ModelVersion.objects.live()
    except ModelVersion.DoesNotExist:
        return None, {}
    line = Line.objects.filter(version=version, stage=SALES_STAGE).order_by("id").first()
    return version.model_id, {key: getattr(line, f"min_{key}", None) for key in Dimension.values}


def measured(leads: QuerySet[Lead], model_id: int | None, minimums: dict[str, int | None]) -> QuerySet[Lead]:
    """Leads with their score under the live model (``intent`` …) and ``distance``: the hundredths missing to
    the line, over all dimensions. A lead not scored yet counts as zero."""
    scored = leads.annotate(score=FilteredRelation("scores", condition=Q(scores__model=model_id)))
    figures = {key: Coalesce(F(f"score__{key}"), Value(0)) for key in Dimension.values}
    missing = [
        Greatest(Value(least * HUNDREDTHS) - figures[key], Value(0))
        for key, least in minimums.items()
        if least is not None
    ]
    return scored.annotate(
        **figures,
        best=Coalesce(F("score__total"), Value(0)),
        distance=reduce(add, missing) if missing else Value(0),
    )


def in_order(leads: QuerySet[Lead], sort: str) -> QuerySet[Lead]:
    """``leads`` with what that order looks at."""
    if sort != "signal":
        return leads
    newest = Activity.objects.counted().filter(lead=OuterRef("pk")).order_by("-occurred_at", "-id")
    return leads.annotate(signal_at=Coalesce(Subquery(newest.values("occurred_at")[:1]), Value(_EARLIEST)))


def narrowed_to(leads: QuerySet[Lead], view: str, at: datetime) -> QuerySet[Lead]:
    """Those of ``leads``, measured, that a built-in view holds at ``at``; "back" and unknown ones: all."""
    return leads.filter(
        _holding(at).get(strength.STRONG if view == "asked" else view, Q())
    )  # as it was called


def counted(leads: QuerySet[Lead], at: datetime) -> dict[str, dict[str, int]]:
    """View → phase → how many of ``leads``, measured, it holds at ``at``; of "back" nothing. One query."""
    views = {view: holds for view, holds in _holding(at).items() if view != strength.WEAK}
    sums = {"all": Count("pk"), **{view: Count("pk", filter=holds) for view, holds in views.items()}}
    rows = list(leads.order_by().values("phase").annotate(**sums).values_list("phase", *sums))
    counts = {view: {row[0]: row[n] for row in rows} for n, view in enumerate(sums, start=1)}
    strong = counts[strength.STRONG]
    weak = {phase: count - strong[phase] for phase, count in counts["all"].items()}
    return {**counts, strength.WEAK: weak}


def _holding(at: datetime) -> dict[str, Q]:
    """View → what holds of its leads."""
    return {
        "near": Q(distance__lte=NEAR_POINTS * HUNDREDTHS),
        "stuck": Q(phase_at__lt=at - timedelta(days=STUCK_DAYS)),
        strength.STRONG: strength.asked(),
        strength.WEAK: ~strength.asked(),
    }


def listed_mqls(*, parameters: QueryDict, user: "User", at: datetime) -> QuerySet[Lead]:
    """Every MQL that the queue holds as its address asks for it, those sent back among them; in no order."""
    mqls = Lead.objects.visible_to(user).filter(stage=Stage.MQL)
    view = parameters.get("view", "")
    listed = narrowed_to(measured(mqls, *agreed_minimums()), view, at)
    if view == "back":
        listed = listed.filter(Exists(returns.returned(user, at).filter(lead=OuterRef("pk"))))
    if (only := parameters.get("phase", "")) in Phase.values:
        listed = listed.filter(phase=only)
    return cast("QuerySet[Lead]", MqlFilter(parameters, queryset=listed).qs)
