"""What is our own, and what happens to what each signal names."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import may_edit_leads, may_read_evidence
from accounts.requests import Request, page_for
from capture import bots
from capture.evidence_forms import EvidenceRulesForm
from capture.models import EvidenceRules, Site

from .addresses import address_of

for_readers = page_for(may_read_evidence, "Marketing, managers and administrators look after evidence.")


@require_http_methods(["GET", "HEAD", "POST"])
@for_readers
def rules(request: Request) -> HttpResponse:
    """Own people, networks and browsers, hidden links, and each signal's treatment. Managers read."""
    kept = EvidenceRules.objects.filter(pk=1).first() or EvidenceRules()
    may = may_edit_leads(request.user)
    form = EvidenceRulesForm.of(kept, request.POST if request.method == "POST" and may else None)
    if request.method == "POST" and may and form.is_valid():
        before = set(kept.own_addresses)
        form.put_into(kept)
        kept.save()
        messages.success(
            request, _said(bots.disown_people(own={*kept.own_addresses} - before, at=timezone.now()))
        )
        return redirect("capture:evidence-rules")
    if not may:
        form.only_to_read()
    context = {
        "form": form,
        "may_edit": may,
        "now": timezone.now(),
        "links": _links(request),
        "here": address_of(request) if may else "",
        "rail_path": reverse("capture:evidence"),
    }
    return render(request, "capture/evidence_rules.html", context, status=422 if form.errors else 200)


def _said(named: int) -> str:
    if not named:
        return "Saved. It holds for what arrives from now on."
    what = "1 activity" if named == 1 else f"{named:,} activities"
    return (
        f"Saved. {what} of your own people so far, too: look under Own staff, where it can be kept as real."
    )


def _links(request: Request) -> list[tuple[str, str, str]]:
    """(site, the address that makes a browser ours, the one that takes it back). One query."""
    sites = Site.objects.visible_to(request.user).select_related("source").order_by("source__name", "id")
    return [
        (str(site), f"{origin}/#handoff-ours", f"{origin}/#handoff-not-ours")
        for site in sites
        for origin in site.origins
        if "*" not in origin
    ]
