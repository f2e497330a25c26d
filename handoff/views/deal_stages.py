"""The stages of a deal and why deals are lost, as managers and admins agree on them."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from handoff import deal_stages
from handoff.permissions import may_arrange_qualification
from handoff.setup_forms import DealStageForm, LossReasonForm
from leads.models import LossReason, OpportunityStage

from .requests import Request, page_for

for_arrangers = page_for(may_arrange_qualification, "Managers and admins agree on the stages of deals.")


@require_safe
@for_arrangers
def all_stages(request: Request) -> HttpResponse:
    """Every stage and every loss reason in order, those that are off too."""
    context = {"stages": deal_stages.stages_with_use(), "reasons": deal_stages.loss_reasons()}
    return render(request, "handoff/deal_stages.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def new_stage(request: Request) -> HttpResponse:
    return _edit_stage(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def stage(request: Request, opportunitystage_key: str) -> HttpResponse:
    """What it is called, how likely a deal is won from there."""
    return _edit_stage(request, get_object_or_404(OpportunityStage, key=opportunitystage_key))


def _edit_stage(request: Request, found: OpportunityStage | None) -> HttpResponse:
    title = str(found) if found else "New stage"
    form = DealStageForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            saved = deal_stages.save_stage(stage=form.save(commit=False), by=request.user)
        except deal_stages.LastStage as refusal:
            form.add_error("is_active", str(refusal))
        else:
            messages.success(request, format_html("Saved <b>{}</b>.", saved))
            return redirect("handoff:deal-stages")
    used = found is not None and deal_stages.has_deals(found)
    context = {
        "title": title,
        "form": form,
        "code": found.key if found else "",
        "kept": "Deals stand or stood in this stage, so it can be switched off, not deleted." if used else "",
        "removal_url": reverse("handoff:deal-stage-removal", args=[found.key]) if found else "",
        "rail_path": reverse("handoff:deal-stages"),
    }
    return render(request, "handoff/deal_stage.html", context, status=422 if form.errors else 200)


@require_POST
@for_arrangers
def stage_removal(request: Request, opportunitystage_key: str) -> HttpResponse:
    """Gone for good, unless a deal stands or stood in it."""
    found = get_object_or_404(OpportunityStage, key=opportunitystage_key)
    try:
        deal_stages.delete_stage(stage=found, by=request.user)
    except (deal_stages.InUse, deal_stages.LastStage) as refusal:
        messages.error(request, str(refusal))
        return redirect("handoff:deal-stage-edit", opportunitystage_key)
    messages.success(request, format_html("Deleted <b>{}</b>.", found))
    return redirect("handoff:deal-stages")


# Why deals are lost


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def new_loss_reason(request: Request) -> HttpResponse:
    return _edit_reason(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def loss_reason(request: Request, lossreason_code: str) -> HttpResponse:
    """What it is called and where it stands in the list."""
    return _edit_reason(request, get_object_or_404(LossReason, code=lossreason_code))


def _edit_reason(request: Request, found: LossReason | None) -> HttpResponse:
    title = str(found) if found else "New loss reason"
    form = LossReasonForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        saved = deal_stages.save_loss_reason(reason=form.save(commit=False), by=request.user)
        messages.success(request, format_html("Saved <b>{}</b>.", saved))
        return redirect("handoff:deal-stages")
    used = found is not None and deal_stages.is_named(found)
    context = {
        "title": title,
        "form": form,
        "code": found.code if found else "",
        "kept": "Deals were lost because of this, so it can be switched off, not deleted." if used else "",
        "removal_url": reverse("handoff:loss-reason-removal", args=[found.code]) if found else "",
        "rail_path": reverse("handoff:deal-stages"),
    }
    return render(request, "handoff/deal_stage.html", context, status=422 if form.errors else 200)


@require_POST
@for_arrangers
def loss_reason_removal(request: Request, lossreason_code: str) -> HttpResponse:
    """Gone for good, unless a deal was lost because of it."""
    found = get_object_or_404(LossReason, code=lossreason_code)
    try:
        deal_stages.delete_loss_reason(reason=found, by=request.user)
    except deal_stages.InUse as refusal:
        messages.error(request, str(refusal))
        return redirect("handoff:loss-reason", lossreason_code)
    messages.success(request, format_html("Deleted <b>{}</b>.", found))
    return redirect("handoff:deal-stages")
