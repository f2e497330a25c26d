"""What people were told about a lead: to whom, when, over which way, and why not."""

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff.permissions import may_see_alerts
from notifications import emptying, log
from notifications.models import Notification

from .leads import visible_lead
from .requests import Request, page_for


@require_safe
@page_for(may_see_alerts, "Who leads a team sees what was sent about its leads.")
def lead_alerts(request: Request, lead_id: UUID) -> HttpResponse:
    """Newest first; ``?before=`` goes back. 404 for a lead that the reader may not see."""
    lead = visible_lead(request, lead_id)
    told = Notification.objects.filter(about=lead.public_id)
    page = log.page_of(told, before=request.GET.get("before", ""))
    context = {
        "now": timezone.now(),
        "lead": lead,
        "rows": page.rows,
        "older": page.older,
        "emptied": emptying.after(settings.ALERT_RETENTION_DAYS),
    }
    return render(request, "handoff/lead_alerts.html", context)
