"""Another SQL line at any time: its price first, then a checked version that both sides sign."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import sides
from accounts.models import User
from accounts.requests import Request
from reports import line_scores, proposing
from reports.line_health import is_graded
from reports.measures import Measure
from reports.models import Review
from scoring.dimensions import GRADES, SALES_STAGE, Dimension
from scoring.models import ModelVersion
from scoring.views.rule_effects import figures_of_ruleset

from .asking import asked, for_both_sides
from .line import agreed_for, health_of


class LineForm(forms.Form):
    """Another minimum of the SQL line."""

    dim = forms.ChoiceField(label="Of", choices=Dimension.choices, initial=Dimension.INTENT)
    minimum = forms.IntegerField(
        label="At least", min_value=1, error_messages={"required": "Say how many points it shall ask for."}
    )

    def __init__(self, *args: Any, version: ModelVersion, dimension: Dimension, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_graded(version, dimension):
            letters = [(number, letter) for number, letter in enumerate(GRADES) if number]
            self.fields["minimum"] = forms.TypedChoiceField(label="At least", choices=letters, coerce=int)
        else:
            self.fields["minimum"].widget.attrs["max"] = proposing.most(version, dimension)


class ProposalForm(LineForm):
    """The same with why, signed with it."""

    why = forms.CharField(
        label="Why another line?",
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "Say why: both sides read it before they sign."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("dim", "minimum"):
            self.fields[name].widget = forms.HiddenInput()
        self.fields["side"] = sides.field(user)


@require_http_methods(["GET", "HEAD", "POST"])
@for_both_sides
def another_line(request: Request) -> HttpResponse:
    """The line as it is, another one with its price, and the way to propose it."""
    version = line_scores.live()
    if version is None:
        return render(request, "reports/line.html", {"version": None}, status=404)
    said = request.POST if request.method == "POST" else request.GET
    dimension = Dimension(said["dim"]) if said.get("dim") in Dimension.values else Dimension.INTENT
    form = LineForm(
        said if said.get("minimum") else None,
        version=version,
        dimension=dimension,
        initial={"dim": dimension.value},
    )
    line = _line(version)
    context = {
        "version": version,
        "dimension": dimension,
        "line": {name: _named(version, name, least) for name, least in line.items()},
        "now": _named(version, dimension, line.get(dimension.value)),
        "form": form,
        "review": Review.objects.open().filter(kind=Review.Kind.WEEKLY).order_by("-first").first(),
    }
    if request.method == "POST":
        return _propose(request, version, dimension, context)
    if form.is_bound and form.is_valid():
        minimum = form.cleaned_data["minimum"]
        context |= {"asked": _named(version, dimension, minimum)}
        context |= _priced(request, version, dimension, minimum, form)
        if not form.errors:
            one = asked(request)
            agreed = agreed_for(one)
            health = health_of(one, agreed)
            asks = health.proposal is not None and health.proposal.minimum == minimum
            floor = agreed.get(Measure.LINE_FLOOR, Decimal())
            why = proposing.why_of(health, floor, one.period) if asks else ""
            context["proposal"] = ProposalForm(
                user=request.user,
                version=version,
                dimension=dimension,
                initial={"dim": dimension.value, "minimum": minimum, "why": why},
            )
    return render(request, "reports/line.html", context, status=422 if form.errors else 200)


def _priced(
    request: Request, version: ModelVersion, dimension: Dimension, minimum: int, form: LineForm
) -> dict[str, Any]:
    """The figures that the page of the version would show; none of a line that cannot be."""
    if minimum > proposing.most(version, dimension):
        form.add_error("minimum", f"Nobody ever reaches more than {proposing.most(version, dimension):,}.")
        return {}
    if minimum == _line(version).get(dimension.value):
        form.add_error("minimum", "This is the line that is live.")
        return {}
    try:
        rules = proposing.with_line(version, dimension, minimum)
    except proposing.NoSuchLine as refused:
        form.add_error(None, str(refused))
        return {}
    return {"effect": figures_of_ruleset(rules, version.model, user=request.user, at=timezone.now())}


def _propose(
    request: Request, version: ModelVersion, dimension: Dimension, context: dict[str, Any]
) -> HttpResponse:
    form = ProposalForm(request.POST, user=request.user, version=version, dimension=dimension)
    if not form.is_valid():
        return render(request, "reports/line.html", {**context, "proposal": form}, status=422)
    said = form.cleaned_data
    try:
        made = proposing.propose_line(
            version=version,
            dimension=dimension,
            minimum=said["minimum"],
            why=said["why"],
            by=request.user,
            side=said["side"],
            at=timezone.now(),
        )
    except proposing.NotYours as refused:
        raise PermissionDenied(str(refused)) from None
    except proposing.NoSuchLine as refused:
        form.add_error(None, str(refused))
        return render(request, "reports/line.html", {**context, "proposal": form}, status=409)
    messages.success(request, proposing.told(made, said["side"]))
    return redirect("scoring:version", made.number)


def _line(version: ModelVersion) -> dict[str, int]:
    line = version.lines.filter(stage=SALES_STAGE).order_by("id").first()
    return dict(line.minimums) if line else {}


def _named(version: ModelVersion, name: str, minimum: int | None) -> str:
    """A minimum of a dimension, or of the total."""
    if minimum is None:
        return "nothing"
    graded = name == Dimension.FIT and is_graded(version, Dimension.FIT)
    return GRADES[minimum] if graded else f"{minimum:,}"
