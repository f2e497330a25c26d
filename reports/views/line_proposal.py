"""Another SQL line at any time: its price first, then a checked version that both sides sign."""

from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import sides
from accounts.models import User
from accounts.requests import Request
from reports import line_scores, proposing
from reports.line_health import is_graded
from reports.line_health import points_named as _named
from reports.measures import Measure
from reports.models import Review
from scoring.dimensions import GRADES, SALES_STAGE, Dimension
from scoring.models import ModelVersion
from scoring.views.rule_effects import figures_of_ruleset

from .asking import Asked, asked, for_both_sides
from .line import agreed_for, health_of, proposed


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
    """The same with why, signed with it. ``version``: the number of the one whose price was shown."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
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
    if request.method == "POST":
        return _propose(request, version)
    context = _tried(request.user, version, request.GET, is_typed=bool(request.GET.get("minimum")))
    if "effect" in context:
        dimension, minimum = context["dimension"], context["form"].cleaned_data["minimum"]
        context["proposal"] = ProposalForm(
            user=request.user,
            version=version,
            dimension=dimension,
            initial={
                "version": version.number,
                "dim": dimension.value,
                "minimum": minimum,
                "why": _why(asked(request), version, dimension, minimum),
            },
        )
    return render(request, "reports/line.html", context, status=422 if context["form"].errors else 200)


def _tried(user: User, version: ModelVersion, said: QueryDict, *, is_typed: bool) -> dict[str, Any]:
    """What the page shows beside the way to propose; with ``effect``, the price or why there is none now,
    where the minimum that ``said`` has (once ``is_typed``) makes a line that can be."""
    dimension = _dimension(said)
    form = LineForm(
        said if is_typed else None,
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
    if form.is_bound and form.is_valid():
        minimum = form.cleaned_data["minimum"]
        context |= {"asked": _named(version, dimension, minimum), "minimum": minimum}
        context |= _priced(user, version, dimension, minimum, form)
    return context


def _dimension(said: QueryDict) -> Dimension:
    named = str(said.get("dim", ""))
    return Dimension(named) if named in Dimension.values else Dimension.INTENT


def _why(one: Asked, version: ModelVersion, dimension: Dimension, minimum: int) -> str:
    """The figures, where they ask for this very line; "" where not. They only ever ask for a higher one, and
    only where a floor is agreed: else nothing is counted."""
    agreed, now = agreed_for(one), _line(version).get(dimension.value)
    floor = agreed.get(Measure.LINE_FLOOR)
    if floor is None or not now or minimum <= now:
        return ""
    health = health_of(one, agreed)
    asks = health.proposal is not None and health.proposal.minimum == minimum
    return proposing.why_of(health, floor, one.period) if asks else ""


def _priced(
    user: User, version: ModelVersion, dimension: Dimension, minimum: int, form: LineForm
) -> dict[str, Any]:
    """The figures that the page of the version would show, or why they are not there now; {} of a line that
    cannot be."""
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
    return {"effect": figures_of_ruleset(rules, version.model, user=user, at=timezone.now())}


def _propose(request: Request, version: ModelVersion) -> HttpResponse:
    of = partial(ProposalForm, user=request.user, version=version, dimension=_dimension(request.POST))
    if "again" in request.POST:  # there was no price yet: what was typed stays, and nothing is signed
        form = of(initial={**request.POST.dict(), "version": version.number})
        return _again(request, version, form, status=200)
    form = of(request.POST)
    if not form.is_valid():
        return _again(request, version, form, status=422)
    said = form.cleaned_data
    if said["version"] != version.number:
        form = of({**request.POST.dict(), "version": version.number})
        form.add_error(None, "Other rules went live meanwhile. This is what the line costs under them.")
        return _again(request, version, form, status=409)
    try:
        made = proposing.propose_line(
            version=version,
            dimension=Dimension(said["dim"]),
            minimum=said["minimum"],
            why=said["why"],
            by=request.user,
            side=said["side"],
            at=timezone.now(),
        )
    except proposing.NotYours as refused:
        raise PermissionDenied(str(refused)) from None
    except proposing.NoSuchLine as refused:
        live = line_scores.live() or version  # whose price is shown, and signed at the next press
        form = of({**request.POST.dict(), "version": live.number}, version=live)
        form.add_error(None, str(refused))
        return _again(request, live, form, status=409)
    return proposed(request, made, said["side"])


def _again(request: Request, version: ModelVersion, form: ProposalForm, *, status: int) -> HttpResponse:
    """What is wrong, with the price. Nobody signs a line without it: the page asks for it again where it
    could not be worked out, and has no form where the line cannot be."""
    context = _tried(request.user, version, request.POST, is_typed=True)
    if "effect" in context:
        context["proposal"] = form
    return render(request, "reports/line.html", context, status=status)


def _line(version: ModelVersion) -> dict[str, int]:
    line = version.lines.filter(stage=SALES_STAGE).order_by("id").first()
    return dict(line.minimums) if line else {}
