"""What both teams agreed on: what holds, what waits for a word, and what held before."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.validators import MinValueValidator
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import sides
from accounts.company_days import company_day
from accounts.models import User
from accounts.requests import Request, way_back
from reports import agreeing, wording
from reports.measures import ABOUT, About, Measure
from reports.models import AgreedSignature, AgreedValue

from .asking import for_both_sides

#: So many earlier values are listed.
MOST = 100


class AgreedForm(forms.Form):
    """A proposal, signed with it."""

    measure = forms.ChoiceField(
        label="Figure",
        choices=[(each.value, f"{ABOUT[each].label}, {ABOUT[each].said}") for each in Measure],
    )
    value = forms.DecimalField(
        label="Value",
        max_digits=14,
        decimal_places=2,
        validators=[MinValueValidator(0)],
        help_text="Per cent for a share; amounts and counts are for a week.",
    )
    holds_from = forms.DateField(label="From", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    note = forms.CharField(label="Why", required=False, max_length=1000, widget=forms.Textarea({"rows": 2}))

    instead_of = forms.UUIDField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["side"] = sides.field(user)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what holds and what is proposed, each with who signed."""

    measure: Measure
    about: About
    holding: AgreedValue | None
    holds: str
    proposed: AgreedValue | None
    asks: str
    sides: list[tuple[str, str]]


@require_http_methods(["GET", "HEAD", "POST"])
@for_both_sides
def agreed_values(request: Request) -> HttpResponse:
    """All of them on one page, with the form for another."""
    at = timezone.now()
    initial = {"holds_from": company_day(at), "measure": request.GET.get("measure")}
    form = AgreedForm(request.POST or None, user=request.user, initial=initial)
    waits: AgreedValue | None = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = agreeing.propose(
                measure=Measure(said["measure"]),
                value=said["value"],
                holds_from=said["holds_from"],
                note=said["note"],
                side=said["side"],
                instead_of=said["instead_of"],
                by=request.user,
                at=at,
            )
        except agreeing.NoValue as refusal:
            form.add_error(refusal.field, str(refusal))
        except agreeing.Waits as refusal:
            waits = refusal.there
            form = AgreedForm(
                {**request.POST.dict(), "instead_of": waits.public_id}, user=request.user, initial=initial
            )
        else:
            messages.success(request, f"Proposed: {_words(made)}. It holds once the other side has signed.")
            return redirect("reports:agreed")
    signed = Prefetch("signatures", AgreedSignature.objects.select_related("by").order_by("at", "id"))
    rows = AgreedValue.objects.select_related("proposed_by").prefetch_related(signed)
    holding = {row.measure: row for row in rows.holding(company_day(at)).distinct("measure")}
    proposed = {row.measure: row for row in rows.proposed()}
    past = rows.agreed().order_by("-holds_from", "-agreed_at", "-id")[:MOST]
    context = {
        "now": at,
        "form": form,
        "waits": waits,
        "waits_words": _words(waits) if waits else "",
        "rows": [_row(each, holding.get(each), proposed.get(each), request) for each in Measure],
        "past": [(each, _words(each), each.pk in {one.pk for one in holding.values()}) for each in past],
    }
    return render(
        request, "reports/agreed.html", context, status=409 if waits else 422 if form.errors else 200
    )


def _row(
    measure: Measure, holding: AgreedValue | None, proposed: AgreedValue | None, request: Request
) -> Row:
    return Row(
        measure=measure,
        about=ABOUT[measure],
        holding=holding,
        holds=wording.agreed(holding.value, measure) if holding else "",
        proposed=proposed,
        asks=wording.agreed(proposed.value, measure) if proposed else "",
        sides=[(side.value, str(side.label)) for side in agreeing.sides_of(request.user, proposed)]
        if proposed
        else [],
    )


def _words(agreed: AgreedValue) -> str:
    measure = Measure(agreed.measure)
    return f"{ABOUT[measure].label}, {wording.agreed(agreed.value, measure)}"


@require_POST
@for_both_sides
def signature(request: Request, agreedvalue_id: UUID) -> HttpResponse:
    """One side agrees."""
    found = get_object_or_404(AgreedValue, public_id=agreedvalue_id)
    try:
        held = agreeing.sign(
            agreed=found, by=request.user, side=request.POST.get("side", ""), at=timezone.now()
        )
    except agreeing.Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        since = f"holds from {held.holds_from:%-d %b %Y}" if held.agreed_at else "waits for the other side"
        messages.success(request, f"Signed: {_words(held)} {since}.")
    return redirect(way_back(request, "/reports/agreed/"))


@require_POST
@for_both_sides
def withdrawal(request: Request, agreedvalue_id: UUID) -> HttpResponse:
    """A proposal is taken back."""
    found = get_object_or_404(AgreedValue, public_id=agreedvalue_id)
    try:
        agreeing.withdraw(agreed=found, by=request.user, at=timezone.now())
    except agreeing.Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"Taken back: {_words(found)}.")
    return redirect(way_back(request, "/reports/agreed/"))
