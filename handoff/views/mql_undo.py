"""What one press in the marketing queue did, taken back while it can be."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from handoff import several, undoing
from leads.models import Lead

from .last_move import moment_of
from .marketing import for_marketing
from .mql_selection import answer
from .requests import Request, way_back


@require_POST
@for_marketing
def undo(request: Request) -> HttpResponse:
    """Take back what the reader did at the ``moment`` of the address, and say of which it stands and why;
    409."""
    moment = moment_of(request.GET.get("moment", ""))
    if moment is None:
        raise Http404
    ids = [str(each) for each in undoing.leads_of(by=request.user, moment=moment)]
    if not ids:
        messages.info(request, "There is nothing left to undo.")
        return redirect(way_back(request, reverse("handoff:mqls")))
    at = timezone.now()
    done = several.each(
        Lead.objects.visible_to(request.user).select_related("company"),
        ids,
        lambda lead: undoing.take_back(lead=lead, by=request.user, moment=moment, at=at),
    )
    return answer(request, "Undone, where it was", done)
