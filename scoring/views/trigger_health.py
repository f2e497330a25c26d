"""How lines, triggers and blockers of the live models fare."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import Request
from scoring import trigger_health

from .rule_requests import known_model_of, reviewer, tabs_of


@require_safe
@reviewer
def show_trigger_health(request: Request) -> HttpResponse:
    """What last brought a lead over, how often, and what came of it."""
    model, at = known_model_of(request), timezone.now()
    live = model.versions.published().select_related("model").first()
    context = {
        "model": model,
        "models": tabs_of(model),
        "live": live,
        "rows": trigger_health.of_version(live, at=at) if live else [],
        "spans": trigger_health.SPANS,
        "now": at,
        "rail_path": reverse("scoring:rules"),
    }
    return render(request, "scoring/trigger_health.html", context)
