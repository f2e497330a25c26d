"""Why a lead is whose it is: the ledger of one handoff."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff import ledger
from handoff.models import Handoff

from .requests import Request, for_everybody


@require_safe
@for_everybody
def handoff_routing(request: Request, handoff_id: UUID) -> HttpResponse:
    """Each decision about this handoff: the rules asked, who could have had it, why the others could not."""
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead__company", "rep", "pool")
    handoff = get_object_or_404(handoffs, public_id=handoff_id)
    context = {
        "handoff": handoff,
        "lead": handoff.lead,
        "entries": ledger.read(handoff=handoff),
        "is_mine": handoff.rep_id == request.user.pk,
        "now": timezone.now(),
        "rail_path": reverse("handoff:leads"),
    }
    return render(request, "handoff/handoff_routing.html", context)
