"""Why leads are sent back: the reasons, and what of a score begins anew."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from handoff import reasons, recycling
from handoff.models import RejectReason, Verdict
from handoff.permissions import may_arrange_qualification
from handoff.setup_forms import ReasonForm, RecyclingForm

from .requests import Request, page_for

for_arrangers = page_for(may_arrange_qualification, "Managers and admins agree on why leads are sent back.")


@require_safe
@for_arrangers
def all_reasons(request: Request) -> HttpResponse:
    """Every reason in order, those that are off too; and the recycling rule."""
    return _list(request, RecyclingForm(instance=recycling.rule()))


def _list(request: Request, form: RecyclingForm, status: int = 200) -> HttpResponse:
    context = {"reasons": reasons.with_use(), "form": form, "now": timezone.now()}
    return render(request, "handoff/reasons.html", context, status=status)


@require_POST
@for_arrangers
def recycling_rule(request: Request) -> HttpResponse:
    """What begins anew from now on."""
    form = RecyclingForm(request.POST, instance=recycling.rule())
    if not form.is_valid():
        return _list(request, form, status=422)
    said = reasons.set_rule(resets=form.cleaned_data["resets"], by=request.user, at=timezone.now())
    messages.success(request, format_html("From now on: <b>{}</b>.", said))
    return redirect("handoff:reasons")


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def new_reason(request: Request) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def reason(request: Request, rejectreason_code: str) -> HttpResponse:
    """What it is called, where the lead goes, for how long."""
    return _edit(request, get_object_or_404(RejectReason, code=rejectreason_code))


def _edit(request: Request, reason: RejectReason | None) -> HttpResponse:
    form = ReasonForm(request.POST or None, instance=reason)
    if request.method == "POST" and form.is_valid():
        saved = reasons.save(reason=form.save(commit=False), by=request.user)
        messages.success(request, format_html("Saved <b>{}</b>.", saved))
        return redirect("handoff:reasons")
    context = {
        "reason": reason,
        "title": str(reason) if reason else "New reason",
        "form": form,
        "is_used": reason is not None and Verdict.objects.filter(reason=reason).exists(),
        "rail_path": reverse("handoff:reasons"),
    }
    return render(request, "handoff/reason.html", context, status=422 if form.errors else 200)


@require_POST
@for_arrangers
def removal(request: Request, rejectreason_code: str) -> HttpResponse:
    """Gone for good, unless leads were sent back because of it."""
    found = get_object_or_404(RejectReason, code=rejectreason_code)
    try:
        reasons.delete(reason=found, by=request.user)
    except reasons.InUse as refusal:
        messages.error(request, str(refusal))
        return redirect("handoff:reason", rejectreason_code)
    messages.success(request, format_html("Deleted <b>{}</b>.", found))
    return redirect("handoff:reasons")
