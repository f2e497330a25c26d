"""Disputed rejections: put on the list from the lead page, settled with one click of each side."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from accounts.sides import Side
from handoff import disputes
from handoff.lead_forms import DisputeForm
from handoff.models import Dispute, DisputeWord, Handoff
from handoff.permissions import may_dispute
from leads import paging

from .leads import lead_again, lead_url, visible_lead
from .requests import Request, page_for, way_back

for_both_sides = page_for(may_dispute, "Disputed leads are for marketing and who leads sales.")
PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A dispute with how it came up, what each side has said, and for which sides the reader may speak."""

    dispute: Dispute
    raised: str
    words: list[tuple[str, str, DisputeWord | None]]
    sides: list[tuple[str, str]]


@require_safe
@for_both_sides
def all_disputes(request: Request) -> HttpResponse:
    """Those that wait to be settled; or those that are."""
    show = "settled" if request.GET.get("show") == "settled" else "open"
    rows = Dispute.objects.visible_to(request.user)
    rows = rows.open() if show == "open" else rows.filter(settled_at__isnull=False)
    rows = rows.select_related(
        "by", "verdict__by", "verdict__reason", "verdict__handoff__lead__company", "verdict__handoff__rep"
    ).prefetch_related(Prefetch("words", DisputeWord.objects.select_related("by")))
    page = paging.page(rows, order=("-at", "-id"), after=request.GET.get("after", ""), size=PAGE)
    context = {
        "now": timezone.now(),
        "show": show,
        "rows": [_row(dispute, request) for dispute in page.rows],
        "next_url": f"?show={show}&after={page.next}" if page.next else "",
    }
    return render(request, "handoff/disputes.html", context)


def _row(dispute: Dispute, request: Request) -> Row:
    words = disputes.latest_words(dispute)
    return Row(
        dispute=dispute,
        raised=_raised(dispute),
        words=[(side.value, str(side.label), words.get(side)) for side in Side],
        sides=[(side.value, str(side.label)) for side in disputes.sides_of(request.user, dispute)],
    )


def _raised(dispute: Dispute) -> str:
    if disputes.is_contradicted(dispute):
        return f"{dispute.by} disputes it:"
    return f"{dispute.by} says that it was no SQL, as sales did; it waits for the other side:"


@require_POST
@for_both_sides
def dispute(request: Request, handoff_id: UUID) -> HttpResponse:
    """It was an SQL, somebody holds."""
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead")
    handoff = get_object_or_404(handoffs, public_id=handoff_id)
    form = DisputeForm(request.POST)
    lead = visible_lead(request, handoff.lead.public_id)
    if not form.is_valid():
        return lead_again(request, lead, status=422, dispute_form=form)
    try:
        verdict = disputes.rejection_of(handoff)
        disputes.dispute(verdict=verdict, by=request.user, note=form.cleaned_data["note"], at=timezone.now())
    except disputes.NothingToDispute as refusal:
        form.add_error(None, str(refusal))
        return lead_again(request, lead, status=409, dispute_form=form)
    messages.success(request, format_html("<b>{}</b> is on the list of disputed leads.", handoff.lead))
    return redirect(way_back(request, lead_url(handoff.lead)))


@require_POST
@for_both_sides
def settlement(request: Request, dispute_id: UUID) -> HttpResponse:
    """One side's word: it was an SQL, or it was not."""
    found = get_object_or_404(
        Dispute.objects.visible_to(request.user).select_related("verdict__handoff__lead"),
        public_id=dispute_id,
    )
    lead = found.verdict.handoff.lead
    was_sql = request.POST.get("was_sql")
    side = request.POST.get("side", "")
    if was_sql not in ("yes", "no") or side not in Side.values:
        messages.error(request, "Say whether it was an SQL, and for which side.")
        return redirect("handoff:disputes")
    try:
        said = disputes.say(
            dispute=found, by=request.user, side=side, was_sql=was_sql == "yes", at=timezone.now()
        )
    except disputes.AlreadySettled as settled:
        messages.warning(request, f"{lead}: {settled} Your word was not needed.")
        return redirect("handoff:disputes")
    if said.settled_at is not None:
        outcome = "it was an SQL" if said.was_sql else "it was no SQL"
        messages.success(request, format_html("Settled: <b>{}</b>, {}.", lead, outcome))
    else:
        messages.success(request, format_html("Noted for <b>{}</b>. The other side has its say.", lead))
    return redirect("handoff:disputes")
