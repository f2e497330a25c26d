"""How good sales finds the handoffs: one click by the rep, and the trend for those who can mend it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import may_give_verdicts
from handoff import quality
from handoff.lead_forms import RatingForm
from handoff.models import Handoff
from handoff.models.rating import BEST
from handoff.permissions import may_see_quality

from .leads import lead_again, lead_url, visible_lead
from .requests import Request, page_for, way_back
from .rows import in_words

for_sales = page_for(may_give_verdicts, "Sales says how good a handoff was.")
for_both_sides = page_for(may_see_quality, "How handoffs are rated is for marketing and who leads sales.")


@require_POST
@for_sales
def rating(request: Request, handoff_id: UUID) -> HttpResponse:
    """One click, changeable."""
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead")
    handoff = get_object_or_404(handoffs, public_id=handoff_id)
    form = RatingForm(request.POST)
    if not form.is_valid():
        lead = visible_lead(request, handoff.lead.public_id)
        return lead_again(request, lead, status=422, rating_form=form)
    said = quality.rate(handoff=handoff, by=request.user, at=timezone.now(), **form.cleaned_data)
    messages.success(
        request, format_html("Rated the handoff of <b>{}</b>: {} of {}.", handoff.lead, said.score, BEST)
    )
    return redirect(way_back(request, f"{lead_url(handoff.lead)}#rating"))


@require_safe
@for_both_sides
def handoff_quality(request: Request) -> HttpResponse:
    """The trend of twelve weeks, by source or by model, and the newest poor ratings with their words."""
    at = timezone.now()
    by = "model" if request.GET.get("by") == "model" else "source"
    rows = [
        (in_words(trend.name) if by == "source" else trend.name, trend)
        for trend in quality.trends(user=request.user, by=by, at=at)
    ]
    context = {
        "now": at,
        "by": by,
        "rows": rows,
        "weeks": quality.weeks(user=request.user, at=at),
        "poor": quality.poor_ones(user=request.user, at=at),
        "poor_from": quality.POOR,
        "best": BEST,
    }
    return render(request, "handoff/quality.html", context)
