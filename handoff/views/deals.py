"""The deal on the lead page: its figures, its stage, its end, and who else sells to the lead."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from accounts.permissions import may_give_verdicts
from handoff import opportunities
from handoff.lead_forms import DealForm, EndForm, StepForm, SupplierForm
from leads.models import CompetingSupplier, Opportunity, Supplier

from .leads import lead_again, lead_url, of_amount, visible_lead
from .requests import Request, page_for, way_back

for_sales = page_for(may_give_verdicts, "Deals are for sales to move.")


@require_POST
@for_sales
def figures(request: Request, opportunity_id: UUID) -> HttpResponse:
    """What it is called, how much, by when."""
    deal = _visible(request, opportunity_id)
    initial = {"close_on": deal.close_on}
    form = DealForm(request.POST, initial=initial, currency=deal.currency, auto_id="id_deal_%s")
    if not form.is_valid():
        return lead_again(request, deal.lead, status=422, deal_form=form)
    try:
        deal = opportunities.edit(opportunity=deal, by=request.user, at=timezone.now(), **form.cleaned_data)
    except opportunities.CloseRefused as refusal:  # midnight passed since the form was checked
        form.add_error("close_on", str(refusal))
        return lead_again(request, deal.lead, status=422, deal_form=form)
    except opportunities.AlreadyClosed as closed:
        form.add_error(None, str(closed))
        return lead_again(request, deal.lead, status=409, deal_form=form)
    messages.success(request, format_html("Saved <b>{}</b>{}.", deal, of_amount(deal)))
    return _back(request, deal)


@require_POST
@for_sales
def stage(request: Request, opportunity_id: UUID) -> HttpResponse:
    """Move it forward or back."""
    deal = _visible(request, opportunity_id)
    form = StepForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return _back(request, deal)
    to = form.cleaned_data["stage"]
    try:
        opportunities.move(
            opportunity=deal, to=to, by=request.user, at=timezone.now(), note=form.cleaned_data["note"]
        )
    except opportunities.AlreadyClosed as closed:
        return _refused(request, deal, str(closed))
    messages.success(request, format_html("<b>{}</b> is at {} now.", deal, to))
    return _back(request, deal)


@require_POST
@for_sales
def outcome(request: Request, opportunity_id: UUID) -> HttpResponse:
    """Won, or lost and why."""
    deal = _visible(request, opportunity_id)
    form = EndForm(request.POST, suppliers=Supplier.objects.filter(competes_for__lead=deal.lead))
    if not form.is_valid():
        return lead_again(request, deal.lead, status=422, end_form=form)
    given, at = form.cleaned_data, timezone.now()
    try:
        if given["outcome"] == Opportunity.Outcome.WON:
            opportunities.win(opportunity=deal, by=request.user, at=at, note=given["note"])
        else:
            opportunities.lose(
                opportunity=deal,
                reason=given["reason"],
                by=request.user,
                at=at,
                note=given["note"],
                to=given["lost_to"],
            )
    except opportunities.AlreadyClosed as closed:
        return _refused(request, deal, str(closed))
    said = (
        "Won <b>{}</b>: a customer now."
        if given["outcome"] == "won"
        else "Lost <b>{}</b>. The lead is closed."
    )
    messages.success(request, format_html(said, deal))
    return _back(request, deal)


@require_POST
@for_sales
def reopening(request: Request, opportunity_id: UUID) -> HttpResponse:
    """Its end is taken back."""
    deal = _visible(request, opportunity_id)
    try:
        opportunities.reopen(opportunity=deal, by=request.user, at=timezone.now())
    except opportunities.NotReopened as refusal:
        return _refused(request, deal, f"Not reopened. {refusal}")
    messages.success(request, format_html("<b>{}</b> is open again.", deal))
    return _back(request, deal)


@require_POST
@for_sales
def suppliers(request: Request, lead_id: UUID) -> HttpResponse:
    """Another supplier the lead has or talks to."""
    lead = visible_lead(request, lead_id)
    form = SupplierForm(request.POST)
    if not form.is_valid():
        return lead_again(request, lead, status=422, supplier_form=form)
    noted = opportunities.note_supplier(lead=lead, by=request.user, at=timezone.now(), **form.cleaned_data)
    messages.success(request, format_html("Noted: <b>{}</b> competes for {}.", noted.supplier, lead))
    return redirect(way_back(request, f"{lead_url(lead)}#suppliers"))


@require_POST
@for_sales
def supplier_removal(request: Request, lead_id: UUID, competingsupplier_id: int) -> HttpResponse:
    """It was none after all."""
    lead = visible_lead(request, lead_id)
    competing = get_object_or_404(
        CompetingSupplier.objects.select_related("supplier", "lead"), pk=competingsupplier_id, lead=lead
    )
    opportunities.forget_supplier(competing=competing, by=request.user)
    messages.success(request, format_html("<b>{}</b> is off the list.", competing.supplier))
    return redirect(way_back(request, f"{lead_url(lead)}#suppliers"))


def _visible(request: Request, opportunity_id: UUID) -> Opportunity:
    deals = Opportunity.objects.visible_to(request.user)
    return get_object_or_404(
        deals.select_related("lead__company", "lead__owner", "stage"), public_id=opportunity_id
    )


def _back(request: Request, deal: Opportunity) -> HttpResponse:
    return redirect(way_back(request, f"{lead_url(deal.lead)}#deal"))


def _refused(request: Request, deal: Opportunity, why: str) -> HttpResponse:
    messages.error(request, why)
    return lead_again(request, deal.lead, status=409)
