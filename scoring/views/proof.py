"""Was a version right, what do outcomes propose, and models learned from them. Those who review the rules
read; those who draft them apply.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import may_draft_rules
from accounts.requests import Request
from leads.models import ActivityType
from scoring import backtest, figure_leads, learnable, learning, model_file, outcomes, replacing, suggestions
from scoring.backtest import Backtest
from scoring.model_file import ModelFileError
from scoring.models import ModelVersion, ScoringModel

from . import proof_rows as rows
from .rule_effects import figures_of_ruleset
from .rule_requests import drafter, known_model_of, reviewer, tabs_of
from .version_rows import Fault, faults
from .versions import address

#: Leads on a page of those behind a figure.
PAGE = 100
OUTCOMES = [("accepted", "accepted by sales"), ("opportunity", "became an opportunity"), ("won", "won")]
PERIODS = [("", "all time"), ("90", "last 90 days"), ("180", "last 180 days"), ("365", "last year")]


class OutcomeForm(forms.Form):
    """What counts as a good lead."""

    outcome = forms.ChoiceField(label="A good lead was", choices=OUTCOMES, required=False)
    mature = forms.IntegerField(
        label="Days until undecided counts as not won",
        required=False,
        min_value=1,
        max_value=3650,
        help_text="For lists that name only winners: whoever is so old and undecided counts as not won.",
    )

    def chosen(self) -> tuple[outcomes.Kind, int | None]:
        """What was chosen; what makes no sense is as if nothing was."""
        self.is_valid()
        given = self.cleaned_data
        kind: outcomes.Kind = "accepted"
        for one in outcomes.KINDS:
            kind = one if one == given.get("outcome") else kind
        return kind, given.get("mature") if kind != "accepted" else None


class ProofForm(OutcomeForm):
    """Which version is looked at, on which outcomes."""

    version = forms.ChoiceField(label="Version", required=False)
    days = forms.ChoiceField(label="Decided", choices=PERIODS, required=False)
    field_order = ("version", "outcome", "days", "mature")


@require_safe
@reviewer
def proof(request: Request) -> HttpResponse:
    """The back-test of one version."""
    model, at = known_model_of(request), timezone.now()
    version, form = _asked(request, model)
    tested = _tested(version, form, at) if version else None
    context = {
        "model": model,
        "models": tabs_of(model),
        "form": form,
        "tested": tested,
        "page": rows.page_of(tested, f"{reverse('scoring:proof-leads')}?{_query(request)}")
        if tested
        else None,
    }
    return render(request, "scoring/proof.html", context)


@require_safe
@reviewer
def proof_leads(request: Request) -> HttpResponse:
    """The leads behind one figure."""
    model, at = known_model_of(request), timezone.now()
    version, form = _asked(request, model)
    if version is None:
        raise Http404
    tested, cell = _tested(version, form, at), request.GET.get("cell", "all")
    try:
        found = figure_leads.rows_behind(tested, cell=cell, user=request.user)
    except figure_leads.NoSuchCell:
        raise Http404 from None
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    shown = figure_leads.with_leads(list(page.object_list), user=request.user)
    context = {
        "tested": tested,
        "title": rows.title_of(tested, cell),
        "count": len(found),
        "page": page,
        "rows": [rows.lead_row(lead, row, tested) for lead, row in shown],
        "back_url": f"{reverse('scoring:proof')}?{_query(request)}",
    }
    return render(request, "scoring/proof_leads.html", context)


def _asked(request: Request, model: ScoringModel) -> tuple[ModelVersion | None, ProofForm]:
    """The version that the address names, else the live one, else the newest; None when there is none."""
    seen = ModelVersion.objects.visible_to(request.user).filter(model=model)
    versions = list(seen.select_related("model").order_by("-number"))
    live = next((one for one in versions if one.state == ModelVersion.State.PUBLISHED), None)
    chosen = live or next(iter(versions), None)
    if number := request.GET.get("version", ""):
        chosen = next((one for one in versions if str(one.number) == number), None)
        if chosen is None:
            raise Http404
    said = {**request.GET.dict(), "version": str(chosen.number) if chosen else ""}
    form = ProofForm({"outcome": "accepted", **said})
    form.fields["version"] = forms.ChoiceField(
        label="Version",
        required=False,
        choices=[(str(one.number), f"{one.number}, {one.get_state_display().lower()}") for one in versions],
    )
    return chosen, form


def _tested(version: ModelVersion, form: ProofForm, at: datetime) -> Backtest:
    kind, mature = form.chosen()
    days = form.cleaned_data.get("days")
    return backtest.lately(
        version=version, at=at, days=int(days) if days else None, outcome=kind, mature_days=mature
    )


def _query(request: Request) -> str:
    """The same question on another page."""
    query = request.GET.copy()
    for key in ("cell", "page"):
        query.pop(key, None)
    return query.urlencode()


# Suggestions


class LearningForm(OutcomeForm):
    """What a model may be learned from."""

    among = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, offered: list[learnable.Source], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["among"] = forms.MultipleChoiceField(
            required=False, choices=[(one.name, one.label) for one in offered]
        )


@require_safe
@reviewer
def show_suggestions(request: Request) -> HttpResponse:
    """What outcomes say of the live version, rule by rule."""
    return _suggestions_page(request)


def _suggestions_page(
    request: Request,
    *,
    learned: learning.Learned | None = None,
    look: dict[str, Any] | None = None,
    refused: str = "",
    wrong: Sequence[Fault] = (),
    status: int = 200,
) -> HttpResponse:
    """The page; ``look`` is what a learned model would do, ``refused`` says why nothing was drafted,
    ``wrong`` what would be wrong in the draft."""
    model, at = known_model_of(request), timezone.now()
    live = model.versions.published().select_related("model").first()
    known = suggestions.verdicts(at=at)
    offered = learnable.sources(known)
    activity_keys = set(ActivityType.objects.values_list("key", flat=True))
    learns = not {"outcome", "among"}.isdisjoint(request.POST)
    chosen = set(request.POST.getlist("among")) if learns else {one.name for one in offered}
    context = {
        "model": model,
        "models": tabs_of(model),
        "live": live,
        "found": suggestions.of_model(version=live, at=at, known=known) if live else None,
        "ticked": set(request.POST.getlist("key")),
        "form": LearningForm(request.POST if learns else None, offered=offered),
        "offered": [(one, one.name in activity_keys, one.name in chosen) for one in offered],
        "learned": learned,
        "look": look,
        "refused": refused,
        "wrong": wrong,
        "may_draft": may_draft_rules(request.user),
    }
    return render(request, "scoring/suggestions.html", context, status=status)


@require_POST
@drafter
def suggested_drafts(request: Request) -> HttpResponse:
    """Make a draft of the live version with the suggestions that were ticked."""
    model = known_model_of(request)
    live = get_object_or_404(model.versions.published().select_related("model"))
    try:
        draft = suggestions.apply(
            keys=request.POST.getlist("key"), version=live, by=request.user, at=timezone.now()
        )
    except suggestions.NothingTicked as nothing:
        return _suggestions_page(request, refused=str(nothing), status=422)
    except suggestions.SuggestionGone as gone:
        return _suggestions_page(request, refused=str(gone), status=409)
    except ModelFileError as error:
        return _suggestions_page(request, wrong=_faults(error, live), status=422)
    messages.success(request, f"Draft {draft.number} has the change. Nothing is live before it is published.")
    return redirect(address(draft))


@require_POST
@drafter
def learned_drafts(request: Request) -> HttpResponse:
    """Learn a model from outcomes; what was found becomes a draft, and when nothing was, the page says so."""
    model, at = known_model_of(request), timezone.now()
    form = OutcomeForm(request.POST)
    kind, mature = form.chosen()
    learned = learning.learn(
        model=model, at=at, outcome=kind, mature_days=mature, among=request.POST.getlist("among")
    )
    if learned.data is None:
        return _suggestions_page(request, learned=learned)
    if request.POST.get("do") == "look":
        return _look(request, learned, model, at)
    try:
        draft = learning.draft(learned=learned, by=request.user)
    except ModelFileError as error:
        wrong = faults(error.problems, learned.data)
        return _suggestions_page(request, learned=learned, wrong=wrong, status=422)
    messages.success(
        request, f"Draft {draft.number} is a model learned from {int(learned.good.n):,} outcomes."
    )
    return redirect(address(draft))


def _look(request: Request, learned: learning.Learned, model: ScoringModel, at: datetime) -> HttpResponse:
    """What was learned, what it takes the place of and what it would do; nothing is drafted yet."""
    live = model.versions.published().select_related("model").first()
    try:
        ruleset = replacing.supposed(learned, live)
    except ModelFileError as error:
        wrong = faults(error.problems, learned.data or {})
        return _suggestions_page(request, learned=learned, wrong=wrong, status=422)
    before = model_file.save(version=live) if live else {"rules": []}
    look = {
        "dropped": replacing.dropped(before, learned.data or {}),
        "kept": replacing.kept(before, learned.data or {}),
        "effect": figures_of_ruleset(ruleset, model, user=request.user, at=at),
    }
    return _suggestions_page(request, learned=learned, look=look)


def _faults(error: ModelFileError, live: ModelVersion) -> list[Fault]:
    return faults(error.problems, model_file.save(version=live))
