"""The rule page: the parts of a version, one of them as a form, and what a change would do. A draft is
edited, what is live is read. What its buttons do is in ``rule_parts``.
"""

from collections.abc import Mapping
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import may_draft_rules
from accounts.requests import Request
from scoring import forms, model_file, publishing, starting
from scoring.model_file import ModelFileError
from scoring.models import ModelVersion, ScoringModel
from scoring.parts import KINDS, LISTS, NoSuchPart, Place, keys_of, part_of

from .rule_page import address, page
from .rule_requests import drafter, model_of, place_of, reader, tabs_of, version_of

# Reading


@require_safe
@reader
def rules(request: Request) -> HttpResponse:
    """The draft there is, or the live version, with one part open."""
    model = model_of(request)
    version = version_of(request, model) if model else None
    if model is None or version is None:
        context = {
            "may_edit": may_draft_rules(request.user),
            "model": model,
            "models": tabs_of(model) if model else [],
        }
        return render(request, "scoring/rules_none.html", context)
    data = model_file.save(version=version)
    if kind := request.GET.get("new", ""):
        if kind not in LISTS:
            raise Http404
        form = forms.new(kind, request.GET.get("dimension", ""))
        return page(request, version, data, Place(kind), form, opened=True)
    place = next((Place(kind, request.GET[kind]) for kind in KINDS if kind in request.GET), None)
    opened = place is not None
    place = place or _first(data)
    try:
        part = part_of(data, place)
    except NoSuchPart:
        raise Http404 from None
    return page(request, version, data, place, forms.of_part(place.kind, part), opened=opened)


def _first(data: Mapping[str, Any]) -> Place:
    for kind in ("rule", "trigger", "line", "blocker"):
        if keys := keys_of(data, kind):
            return Place(kind, keys[0])
    return Place("settings", "model")


# Drafts


@require_POST
@drafter
def drafts(request: Request) -> HttpResponse:
    """A draft to edit: of a starter model, or of the version that was being read. One that is there already
    is gone on with."""
    if request.POST.get("starter", ""):
        return _start(request)
    model = model_of(request)
    version = version_of(request, model) if model else None
    if model is None or version is None:
        raise Http404
    place = place_of(request)
    open_drafts = model.versions.filter(state=ModelVersion.State.DRAFT)
    found = open_drafts.select_related("model", "based_on").order_by("-number").first()
    if found is None or version.state == ModelVersion.State.RETIRED:
        found = publishing.draft_from(version=version, by=request.user)
        messages.success(request, f"Draft {found.number} is made. {STAYS}")
    elif version != found:
        like = f", made from version {found.based_on.number}" if found.based_on else ""
        messages.info(request, f"Draft {found.number} was there already{like}. You go on with it.")
    if place and place.key not in keys_of(model_file.save(version=found), place.kind):
        place = None
    return redirect(address(found, place))


STAYS = "Nothing changes for leads until it is published."


# Starters

#: What is posted for a model that is not there yet; no model has such a key.
ANOTHER = "+"


class StarterForm(django_forms.Form):
    """Which model the draft is for: one there is, or a new one with a name."""

    model = django_forms.ChoiceField()
    name = django_forms.CharField(max_length=120, required=False)

    def __init__(self, *args: Any, models: list[ScoringModel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.models = models
        self.fields["model"] = django_forms.ChoiceField(
            choices=[*((model.key, model.name) for model in models), (ANOTHER, "a new model")]
        )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.data.get("model") != ANOTHER:
            return name
        if not name:
            raise django_forms.ValidationError("Give the new model a name, such as Enterprise.")
        if any(model.name.lower() == name.lower() for model in self.models):
            raise django_forms.ValidationError(f"There is a model “{name}” already; choose it above.")
        return name


@require_safe
@drafter
def starters(request: Request) -> HttpResponse:
    """Models to begin with."""
    model, models = model_of(request), _models()
    initial = {"model": model.key} if model else {"model": ANOTHER, "name": "Default"}
    return _starters_page(request, StarterForm(initial=initial, models=models))


def _start(request: Request) -> HttpResponse:
    name, key = request.POST["starter"], request.POST.get("model", "")
    if name not in starting.names():
        raise Http404
    models = _models()
    if key != ANOTHER and key not in {model.key for model in models}:
        raise Http404
    form = StarterForm(request.POST, models=models)
    if not form.is_valid():
        return _starters_page(request, form, status=422)
    try:
        if key == ANOTHER:
            made = starting.begin(name=name, called=form.cleaned_data["name"], by=request.user)
        else:
            model = get_object_or_404(ScoringModel, key=key)
            made = starting.start(name=name, model=model, by=request.user)
    except ModelFileError as error:
        return _starters_page(request, form, faults=[message for _, message in error.problems], status=422)
    said = format_html("Draft {} of <b>{}</b> is made. {}", made.number, made.model.name, STAYS)
    messages.success(request, said)
    return redirect(address(made))


def _models() -> list[ScoringModel]:
    return list(ScoringModel.objects.order_by("key"))


def _starters_page(
    request: Request, form: StarterForm, *, faults: list[str] | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "starters": starting.offered(),
        "form": form,
        "chosen": form["model"].value(),
        "another": ANOTHER,
        "faults": list(dict.fromkeys(faults or [])),
    }
    return render(request, "scoring/starters.html", context, status=status)
