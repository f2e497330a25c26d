"""What is our own, and what happens to what each signal names."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import may_edit_leads, may_read_evidence
from accounts.requests import Request, page_for
from capture import disowning
from capture.evidence_forms import EvidenceRulesForm
from capture.models import EvidenceRules, Site
from leads.models import Suspicion

from .addresses import address_of

for_readers = page_for(may_read_evidence, "Marketing, managers and administrators look after evidence.")

FROM_NOW_ON = "Saved. It holds for what arrives from now on."
PAST_TOO = "Saved. It holds for what arrives from now on, and for what your own people did so far."


@require_http_methods(["GET", "HEAD", "POST"])
@for_readers
def rules(request: Request) -> HttpResponse:
    """Own people, networks and browsers, hidden links, and each signal's treatment. Managers read."""
    kept = EvidenceRules.objects.filter(pk=1).first() or EvidenceRules()
    may = may_edit_leads(request.user)
    form = EvidenceRulesForm.of(kept, request.POST if request.method == "POST" and may else None)
    if request.method == "POST" and may and form.is_valid():
        own, treatment = kept.own_addresses, kept.treatment(Suspicion.Signal.OWN_ADDRESS)
        form.put_into(kept)
        with transaction.atomic():
            kept.save()
            looks_back = disowning.begin(rules=kept, own=own, treatment=treatment)
        messages.success(request, PAST_TOO if looks_back else FROM_NOW_ON)
        return redirect("capture:evidence-rules")
    if not may:
        form.only_to_read()
    context = {
        "form": form,
        "may_edit": may,
        "looks_back": disowning.is_under_way(),
        "now": timezone.now(),
        "links": _links(request),
        "here": address_of(request) if may else "",
        "rail_path": reverse("capture:evidence"),
    }
    return render(request, "capture/evidence_rules.html", context, status=422 if form.errors else 200)


def _links(request: Request) -> list[tuple[str, str, str]]:
    """(site, the address that makes a browser ours, the one that takes it back). One query."""
    sites = Site.objects.visible_to(request.user).select_related("source").order_by("source__name", "id")
    return [
        (str(site), f"{origin}/#handoff-ours", f"{origin}/#handoff-not-ours")
        for site in sites
        for origin in site.origins
        if "*" not in origin
    ]
