"""Pages about the model itself. Everybody who is signed in reads them."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from leads.stages import Stage, sql_stages
from scoring import definitions, reviewing


@login_required
@require_safe
def show_definitions(request: HttpRequest) -> HttpResponse:
    """What MQL and SQL mean now, out of the live versions, and how old they are."""
    at = timezone.now()
    standings = {standing.version.pk: standing for standing in reviewing.standings(at=at)}
    context = {
        "models": [(said, standings.get(said.version.pk)) for said in definitions.live()],
        "handed_over_is_sql": Stage.HANDED_OVER in sql_stages(),
        "now": at,
    }
    return render(request, "scoring/definitions.html", context)
