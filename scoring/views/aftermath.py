"""What a publication or a rollback leaves to do: how far everybody is scored again, who waits for release,
and who is with sales because of a version that was rolled back. A piece of the pages about versions that asks
for itself again until everybody is scored."""

from dataclasses import dataclass

from django.db.models import Count, Max
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import may_release
from accounts.requests import Request
from leads.models import Lead
from scoring import publishing
from scoring.models import Crossing, ModelVersion, ScoringModel

from .rule_requests import known_model_of, reader

#: How far those who wait are counted: beyond, the page says "999+".
MOST = 1000


@dataclass(frozen=True, slots=True)
class LeftOver:
    """How many leads a version that was rolled back handed over, and that sales has without a verdict."""

    version: int
    leads: int


@dataclass(frozen=True, slots=True)
class Aftermath:
    """``percent`` of everybody is scored under ``live``; None when all are. ``waiting`` is None for who may
    release nobody. ``before`` is the version that a rollback brings back, if the reader may do that."""

    model: ScoringModel
    live: ModelVersion | None
    percent: int | None
    waiting: int | None
    left_over: list[LeftOver]
    before: ModelVersion | None

    @property
    def waiting_said(self) -> str:
        return f"{MOST - 1:,}+" if (self.waiting or 0) >= MOST else f"{self.waiting or 0:,}"

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.percent is None and not self.waiting and not self.left_over


def aftermath_of(model: ScoringModel, live: ModelVersion | None, user: User) -> Aftermath:
    """Up to 6 queries."""
    waiting: int | None = None
    left: list[LeftOver] = []
    if may_release(user):
        mine = Crossing.objects.visible_to(user).filter(model=model)
        waiting = mine.to_release().order_by()[:MOST].count()
        counted = mine.left_by_rollback().order_by("version__number").values_list("version__number")
        left = [LeftOver(number, leads) for number, leads in counted.annotate(Count("id"))]
    before = publishing.version_before(live) if live else None
    return Aftermath(
        model=model,
        live=live,
        percent=_percent(live),
        waiting=waiting,
        left_over=left,
        before=before if before and publishing.may_publish(before, user) else None,
    )


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
