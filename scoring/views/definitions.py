"""Pages about the model itself. Everybody who is signed in reads them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import sides
from accounts.models import User
from accounts.permissions import may_review_rules
from accounts.requests import Request, for_everybody
from leads.stages import Stage, sql_stages
from scoring import definitions, reviewing, written
from scoring.models import ModelVersion, WrittenDefinition

from .rule_requests import reviewer

#: So many earlier wordings are listed.
MOST = 20


class WordsForm(forms.Form):
    """What both teams shall mean."""

    mql = forms.CharField(
        label="An MQL is", max_length=2000, widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Say what an MQL is, in a sentence or two."},
    )  # fmt: skip
    sql = forms.CharField(
        label="An SQL is", max_length=2000, widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Say what an SQL is, in a sentence or two."},
    )  # fmt: skip
    note = forms.CharField(label="What changes, and why", max_length=500, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if may_review_rules(user):
            self.fields["side"] = sides.field(user)


@require_safe
@for_everybody
def show_definitions(request: Request) -> HttpResponse:
    """What MQL and SQL mean now: in the words both teams signed, and out of the live versions, and how old
    these are."""
    return _page(request)


def _page(
    request: Request, *, form: WordsForm | None = None, refused: str = "", status: int = 200
) -> HttpResponse:
    at = timezone.now()
    standings = {standing.version.pk: standing for standing in reviewing.standings(at=at)}
    known = list(written.history()[:MOST])
    holding = next((each for each in known if each.in_force_at is not None), None)
    proposed = known[0] if known and known[0].in_force_at is None else None
    models = [(said, standings.get(said.version.pk)) for said in definitions.live()]
    words = {"mql": holding.mql, "sql": holding.sql} if holding else {}
    context = {
        "models": models,
        "handed_over_is_sql": Stage.HANDED_OVER in sql_stages(),
        "holding": holding,
        "proposed": proposed,
        "signing": _signing(proposed, request) if proposed else [],
        "past": [each for each in known if each not in (holding, proposed)],
        "newer": _newer(holding, [said.version for said, _ in models]),
        "may_propose": may_review_rules(request.user),
        "form": form or WordsForm(user=request.user, initial=words),
        "refused": refused,
        "now": at,
    }
    return render(request, "scoring/definitions.html", context, status=status)


def _signing(proposed: WrittenDefinition, request: Request) -> list[tuple[str, str, object, bool]]:
    """Of each side: its key, its label, its signature, and whether the reader may give it."""
    given = {one.side: one for one in proposed.sign_offs.all()}
    left = sides.left_to(request.user, {side: one.by_id for side, one in given.items()})
    return [(side.value, str(side.label), given.get(side), side in left) for side in sides.Side]


def _newer(holding: WrittenDefinition | None, live: list[ModelVersion]) -> ModelVersion | None:
    """The live version of the default model, where the words were signed under an earlier one."""
    now = next((version for version in live if version.model.key == "default"), None)
    if holding is None or now is None or holding.version_id in (None, now.pk):
        return None
    return now


@require_POST
@reviewer
def words(request: Request) -> HttpResponse:
    """Other words are proposed."""
    form = WordsForm(request.POST, user=request.user)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    try:
        written.propose(by=request.user, at=timezone.now(), **form.cleaned_data)
    except written.NothingNew as refused:
        form.add_error(None, str(refused))
        return _page(request, form=form, status=409)
    messages.success(
        request, "Proposed and signed. The words are in force when the other team has signed, too."
    )
    return redirect("scoring:definitions")


@require_POST
@reviewer
def words_signature(request: Request, writtendefinition_number: int) -> HttpResponse:
    """One side agrees to the words."""
    found = get_object_or_404(WrittenDefinition, number=writtendefinition_number)
    side = request.POST.get("side", "")
    if side not in sides.Side.values:
        raise Http404("There is no such side.")
    try:
        held = written.sign(definition=found, by=request.user, side=side, at=timezone.now())
    except written.NotYours as refused:
        raise PermissionDenied(str(refused)) from None
    except written.Refused as refused:
        return _page(request, refused=str(refused), status=409)
    done = "Both teams have signed: these words are in force." if held.in_force_at else f"Signed for {side}."
    messages.success(request, done)
    return redirect("scoring:definitions")
