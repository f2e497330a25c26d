"""What a publication or a rollback leaves to do: how far everybody is scored again, who waits for release,
and who is with sales because of a version that was rolled back. A piece of the pages about versions that asks
for itself again until everybody is scored."""

from dataclasses import dataclass

from django.db.models import Count, Max
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import may_release
from accounts.requests import Request, page_for
from leads import paging
from leads.models import Lead
from leads.stages import WITH_SALES
from scoring import publishing
from scoring.models import Crossing, ModelVersion, ScoringModel, StateBefore

from .rule_requests import known_model_of, reader

#: How far those who wait are counted: beyond, the page says "999+".
MOST = 1000
#: Leads on a page of those that fell.
PAGE = 50


@dataclass(frozen=True, slots=True)
class LeftOver:
    """How many leads a version that was rolled back handed over, and that sales has without a verdict."""

    version: int
    leads: int


@dataclass(frozen=True, slots=True)
class Aftermath:
    """``percent`` of everybody is scored under ``live``; None when all are. ``waiting`` is None for who may
    release nobody. ``fallen`` were over the SQL line before ``live`` and are under it now; sales has
    ``fallen_with_sales`` of them. ``before`` is the version that a rollback brings back, if the reader may do
    that."""

    model: ScoringModel
    live: ModelVersion | None
    percent: int | None
    waiting: int | None
    left_over: list[LeftOver]
    fallen: int
    fallen_with_sales: int
    before: ModelVersion | None

    @property
    def waiting_said(self) -> str:
        return _said(self.waiting or 0)

    @property
    def left_over_said(self) -> str:
        return f"{sum(each.leads for each in self.left_over):,}"

    @property
    def fallen_said(self) -> str:
        return _said(self.fallen)

    @property
    def fallen_with_sales_said(self) -> str:
        return _said(self.fallen_with_sales)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.percent is None and not self.waiting and not self.left_over


def aftermath_of(model: ScoringModel, live: ModelVersion | None, user: User) -> Aftermath:
    """Up to 7 queries."""
    waiting: int | None = None
    fallen = with_sales = 0
    left: list[LeftOver] = []
    if may_release(user):
        mine = Crossing.objects.visible_to(user).filter(model=model)
        waiting = mine.to_release().order_by()[:MOST].count()
        counted = mine.left_by_rollback().order_by("version__number").values_list("version__number")
        left = [LeftOver(number, leads) for number, leads in counted.annotate(Count("id"))]
        if live:
            gone = StateBefore.objects.visible_to(user).fallen(live)
            stages = list(gone.order_by().values_list("lead__stage", flat=True)[:MOST])
            fallen, with_sales = len(stages), sum(stage in WITH_SALES for stage in stages)
    before = publishing.version_before(live) if live else None
    return Aftermath(
        model=model,
        live=live,
        percent=_percent(live),
        waiting=waiting,
        left_over=left,
        fallen=fallen,
        fallen_with_sales=with_sales,
        before=before if before and publishing.may_publish(before, user) else None,
    )


def _said(count: int) -> str:
    return f"{MOST - 1:,}+" if count >= MOST else f"{count:,}"


def _percent(live: ModelVersion | None) -> int | None:
    if live is None or live.rescored_to is None:
        return None
    last = Lead.objects.aggregate(last=Max("id"))["last"] or 0
    return min(99, 100 * live.rescored_to // last) if last else 0


@require_safe
@reader
def aftermath(request: Request) -> HttpResponse:
    """The piece alone."""
    model = known_model_of(request)
    live = model.versions.published().select_related("model").first()
    context = {"aftermath": aftermath_of(model, live, request.user)}
    return render(request, "scoring/_aftermath.html", context)


@require_safe
@page_for(may_release, "Who fell is for marketing and for sales' managers.")
def fallen(request: Request) -> HttpResponse:
    """By name: who is under the SQL line since the live version of a model took over, and whom of them sales
    has."""
    model = known_model_of(request)
    live = model.versions.published().select_related("model").first()
    shown = StateBefore.objects.visible_to(request.user)
    gone = shown.fallen(live) if live else shown.none()
    of_sales = gone.filter(lead__stage__in=WITH_SALES)
    only_sales = request.GET.get("with") == "sales"
    page = paging.page(
        (of_sales if only_sales else gone).select_related("lead__company", "lead__owner"),
        order=("id",),
        after=request.GET.get("after", ""),
        size=PAGE,
    )
    tabs = [("All", "", gone), ("With sales", "&with=sales", of_sales)]
    context = {
        "model": model,
        "live": live,
        "rows": page.rows,
        "next": page.next,
        "views": [
            {
                "label": label,
                "url": f"?model={model.key}{query}",
                "count": _said(rows.order_by()[:MOST].count()),
                "current": bool(query) == only_sales,
            }
            for label, query, rows in tabs
        ],
        "now": timezone.now(),
        "rail_path": reverse("scoring:versions"),
    }
    return render(request, "scoring/fallen.html", context)
