"""The rule page: the parts of a version, one of them as a form, and what a change would do. A draft is
edited, what is live is read. Without scripts every button sends the form; with them ``static/js/rules.js``
asks for the pieces.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import may_draft_rules
from accounts.requests import Request
from scoring import drafting, forms, model_file, publishing, rule_list, starting
from scoring.drafting import ChangedMeanwhile, PartFaults
from scoring.forms import PartForm
from scoring.models import ModelVersion
from scoring.parts import KINDS, LISTS, NoSuchPart, Place, keys_of, part_of, stamp
from scoring.rule_rates import in_short

from .rule_effects import effect_of
from .rule_forms import Trial, form_view
from .rule_requests import drafter, model_of, place_of, reader, tabs_of, version_of

# Reading


@require_safe
@reader
def rules(request: Request) -> HttpResponse:
    """The draft there is, or the live version, with one part open."""
    model = model_of(request)
    version = version_of(request, model) if model else None
    if model is None or version is None:
        return render(request, "scoring/rules_none.html", {"may_edit": may_draft_rules(request.user)})
    data = model_file.save(version=version)
    if kind := request.GET.get("new", ""):
        if kind not in LISTS:
            raise Http404
        form = forms.new(kind, request.GET.get("dimension", ""))
        return _page(request, version, data, Place(kind), form, opened=True)
    place = next((Place(kind, request.GET[kind]) for kind in KINDS if kind in request.GET), None)
    opened = place is not None
    place = place or _first(data)
    try:
        part = part_of(data, place)
    except NoSuchPart:
        raise Http404 from None
    return _page(request, version, data, place, forms.of_part(place.kind, part), opened=opened)


def _first(data: Mapping[str, Any]) -> Place:
    for kind in ("rule", "trigger", "line", "blocker"):
        if keys := keys_of(data, kind):
            return Place(kind, keys[0])
    return Place("settings", "model")


def _page(
    request: Request,
    version: ModelVersion,
    data: Mapping[str, Any],
    place: Place,
    form: PartForm,
    *,
    opened: bool,
    trial: Trial | None = None,
    show_faults: bool = False,
    focus: str = "",
    unsaved: bool = False,
    conflict: ChangedMeanwhile | None = None,
    refused: str = "",
    effect: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The whole page; for the page's own script only the form."""
    is_live = version.state == ModelVersion.State.PUBLISHED
    live = version if is_live else version.model.versions.published().first()
    live_data = data if live == version else model_file.save(version=live) if live else None
    editable = version.is_draft and may_draft_rules(request.user)
    trial = trial or Trial.of(version=version, data=data, place=place, form=form)
    old = part_of(data, place) if place.key and place.key in keys_of(data, place.kind) else None
    query = _query(request, version)
    context: dict[str, Any] = {
        "version": version,
        "live": live,
        "place": place,
        "title": rule_list.label_of(place, old) if old else f"New {place.kind}",
        "editable": editable,
        "may_edit": may_draft_rules(request.user),
        "opened": opened,
        "unsaved": unsaved,
        "seen": request.POST.get("seen", "") if unsaved else stamp(old) if old else "",
        "phrases": trial.phrases,
        "form": form_view(
            form, trial, data=data, live=live_data, place=place, errors=trial.errors if show_faults else {}
        ),
        "focus": focus,
        "conflict": conflict,
        "refused": refused,
        "query": urlencode(query),
        "effect": effect or {},
        "now": timezone.now(),
    }
    if request.htmx and not conflict:
        return render(request, "scoring/rules.html#editor", context, status=status)
    search = request.GET.get("q", "")
    context |= {
        "sections": rule_list.sections(
            version=version,
            data=data,
            live=None if live == version else live_data,
            search=search,
            query=query,
            rates=in_short(live, context["now"]) if live else {},
        ),
        "search": search,
        "models": tabs_of(version.model),
        "known": trial.known,
    }
    return render(request, "scoring/rules.html", context, status=status)


def _query(request: Request, version: ModelVersion) -> dict[str, str]:
    """What every address of the page says again: the model, if it is not the usual one, and the version if
    the reader chose one."""
    query = {}
    if version.model.key != "default":
        query["model"] = version.model.key
    if request.GET.get("version") or (request.POST.get("version") and request.POST.get("chosen")):
        query["version"] = str(version.number)
    return query


def address(version: ModelVersion, place: Place | None = None, *, chosen: bool = False) -> str:
    """The rule page at a part of ``version``."""
    query = {"model": version.model.key} if version.model.key != "default" else {}
    if chosen:
        query["version"] = str(version.number)
    if place:
        query[place.kind] = place.key
    return f"{reverse('scoring:rules')}{'?' + urlencode(query) if query else ''}"


# Editing


@require_POST
@drafter
def drafts(request: Request) -> HttpResponse:
    """A draft to edit: of a starter model, or of the version that was being read. One that is there already
    is gone on with."""
    if name := request.POST.get("starter", ""):
        if name not in starting.names():
            raise Http404
        made = starting.start(name=name, model_key=request.POST.get("model", ""), by=request.user)
        messages.success(
            request, f"Draft {made.number} is made. Nothing changes for leads until it is published."
        )
        return redirect(address(made))
    model = model_of(request)
    version = version_of(request, model) if model else None
    if model is None or version is None:
        raise Http404
    place = place_of(request)
    open_drafts = model.versions.filter(state=ModelVersion.State.DRAFT)
    found = open_drafts.order_by("-number").first()
    if found is None or version.state == ModelVersion.State.RETIRED:
        found = publishing.draft_from(version=version, by=request.user)
        _say_made(request, found)
    if place and place.key not in keys_of(model_file.save(version=found), place.kind):
        place = None
    return redirect(address(found, place))


def _say_made(request: Request, draft: ModelVersion) -> None:
    said = f"Draft {draft.number} is made. Nothing changes for leads until it is published."
    messages.success(request, said)


@require_POST
@drafter
def parts(request: Request) -> HttpResponse:
    """Whatever the form's buttons do: save, delete, save as a copy, preview, or change the form itself."""
    model = model_of(request)
    version = version_of(request, model) if model else None
    place = place_of(request)
    if version is None or place is None:
        raise Http404
    form = forms.of_post(place.kind, dict(request.POST.lists()))
    match request.POST.get("do", ""):
        case "save":
            return _save(request, version, place, form)
        case "copy":
            return _save(request, version, Place(place.kind), _renamed(form))
        case "delete":
            return _delete(request, version, place, form)
        case "preview":
            return _preview(request, version, place, form)
        case action:
            return _again(request, version, place, form, focus=forms.act(form, action))


def _again(
    request: Request, version: ModelVersion, place: Place, form: PartForm, **more: Any
) -> HttpResponse:
    """The page with what was typed, which is not saved."""
    data = model_file.save(version=version)
    return _page(request, version, data, place, form, opened=True, unsaved=True, **more)


def _preview(request: Request, version: ModelVersion, place: Place, form: PartForm) -> HttpResponse:
    """The page with what was typed and what it would do, for a browser without scripts."""
    trial = Trial.of(version=version, data=model_file.save(version=version), place=place, form=form)
    effect = effect_of(trial, at=timezone.now(), past=True)
    status = 422 if trial.faults else 200
    return _again(request, version, place, form, trial=trial, show_faults=True, effect=effect, status=status)


def _renamed(form: PartForm) -> PartForm:
    form.values["label"] = f"{form.get('label')} (copy)"[:160]
    return form


def _save(request: Request, version: ModelVersion, place: Place, form: PartForm) -> HttpResponse:
    data = model_file.save(version=version)
    trial = Trial.of(version=version, data=data, place=place, form=form)
    try:
        saved = drafting.save_part(
            version=version,
            place=place,
            part=trial.part,
            seen=_seen(request, data, place),
            by=request.user,
            at=timezone.now(),
            after=form.values.get("place"),
        )
    except PartFaults:
        return _again(request, version, place, form, trial=trial, show_faults=True, status=422)
    except ChangedMeanwhile as faster:
        return _again(request, version, place, form, conflict=faster, status=409)
    except publishing.NotADraft as refusal:
        return _again(request, version, place, form, refused=str(refusal), status=409)
    name = form.get("label") or rule_list.label_of(saved, trial.part)
    messages.success(request, format_html("Saved <b>{}</b> in draft {}.", name, version.number))
    return redirect(address(version, saved, chosen=bool(request.POST.get("chosen"))))


def _seen(request: Request, data: Mapping[str, Any], place: Place) -> str:
    """What the part said when it was loaded; what it says now for somebody who was told of a change since
    and saves over it."""
    if request.GET.get("over") and place.key in keys_of(data, place.kind):
        return stamp(part_of(data, place))
    return request.POST.get("seen", "")


def _delete(request: Request, version: ModelVersion, place: Place, form: PartForm) -> HttpResponse:
    try:
        drafting.delete_part(
            version=version,
            place=place,
            seen=request.POST.get("seen", ""),
            by=request.user,
            at=timezone.now(),
        )
    except PartFaults as refusal:
        return _again(request, version, place, form, refused=str(refusal), status=422)
    except ChangedMeanwhile as faster:
        return _again(request, version, place, form, conflict=faster, status=409)
    except publishing.NotADraft as refused:
        return _again(request, version, place, form, refused=str(refused), status=409)
    name = form.get("label") or place.key
    messages.success(request, format_html("Deleted <b>{}</b> from draft {}.", name, version.number))
    return redirect(address(version, chosen=bool(request.POST.get("chosen"))))


# Starters


@require_safe
@drafter
def starters(request: Request) -> HttpResponse:
    """Models to begin with."""
    model = model_of(request)
    context = {"starters": starting.offered(), "model": model}
    return render(request, "scoring/starters.html", context)
