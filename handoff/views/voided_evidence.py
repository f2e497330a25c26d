"""Evidence that was no person's interest: said of one activity on the lead's page; and who was handed over on
what is void by now, for both sides to talk about."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import may_read_evidence
from handoff.models import EvidenceCheck
from handoff.permissions import may_void
from leads import paging, timeline, voiding
from leads.models import Activity, ActivityType, Correction

from .leads import lead_url, visible_lead
from .requests import Request, for_everybody, page_for

PAGE = 50
WHY = [
    ("A test of ours", "A test of ours"),
    ("A mistake", "A mistake"),
    ("A bot or a scanner", "A bot or a scanner"),
]
_OURS = (ActivityType.Category.SALES, ActivityType.Category.SYSTEM)


class VoidingForm(forms.Form):
    why = forms.ChoiceField(choices=WHY, widget=forms.RadioSelect, label="What it was", initial=WHY[0][0])


@require_safe
@page_for(may_read_evidence, "Who was handed over on voided evidence is for marketing and who leads sales.")
def undermined(request: Request) -> HttpResponse:
    """Handed over on evidence of which some is void now. ``?show=all`` tells of those that would have been
    handed over all the same, too."""
    everything = request.GET.get("show") == "all"
    rows = EvidenceCheck.objects.visible_to(request.user).undermined()
    rows = rows if everything else rows.filter(stands=False)
    rows = rows.select_related("handoff__lead__company", "handoff__rep", "handoff__version__model")
    page = paging.page(rows, order=("-handoff_id",), after=request.GET.get("after", ""), size=PAGE)
    context = {"now": timezone.now(), "rows": page.rows, "next": page.next, "everything": everything}
    context["rail_path"] = reverse("capture:evidence")
    return render(request, "handoff/undermined.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_everybody
def voiding_page(request: Request, lead_id: UUID, activity_id: int) -> HttpResponse:
    """Say of one activity that it does not count, or that it does. Both can be taken back here."""
    lead = visible_lead(request, lead_id)
    newest = lead.handoffs.order_by("-cycle").first()
    if not may_void(request.user, lead, newest):
        raise PermissionDenied("Marketing says what counts, and the rep who has the lead.")
    shown = get_object_or_404(
        Activity.objects.filter(lead=lead).exclude(type__category__in=_OURS).select_related("type"),
        pk=activity_id,
    )
    is_void = shown.voided_at is not None
    if is_void and not voiding.is_restorable(shown):
        raise PermissionDenied("It went with an undone import or was recorded twice.")
    form = VoidingForm(request.POST if request.method == "POST" and not is_void else None)
    if request.method == "POST" and (is_void or form.is_valid()):
        return _say(request, shown, restore=request.POST.get("verb") == "restore", form=form)
    context = {
        "now": timezone.now(),
        "lead": lead,
        "activity": shown,
        "entry": timeline.of_activity(shown),
        "suspicions": list(shown.suspicions.all()),
        "is_void": is_void,
        "form": form,
        "back": f"{lead_url(lead)}#timeline",
    }
    return render(request, "handoff/activity_voiding.html", context, status=422 if form.errors else 200)


def _say(request: Request, shown: Activity, *, restore: bool, form: VoidingForm) -> HttpResponse:
    verb = Correction.Verb.RESTORE if restore else Correction.Verb.VOID
    reason = "" if restore else form.cleaned_data["why"] if form.is_bound else ""
    said = voiding.say(activity=shown, verb=verb, by=request.user, at=timezone.now(), reason=reason)
    if said is None:
        messages.warning(request, "It stood so already.")
    elif restore:
        messages.success(request, format_html("<b>{}</b> counts again.", shown.type.label))
    else:
        messages.success(request, format_html("<b>{}</b> does not count any more.", shown.type.label))
    lead = shown.lead
    return redirect(f"{lead_url(lead)}#timeline" if lead is not None else "handoff:leads")
