"""What the buttons of the rule page's form do: save, delete, preview, or change the form itself. Without
scripts every button sends the form; with them ``static/js/rules.js`` asks for the pieces.
"""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from accounts.requests import Request
from scoring import drafting, forms, model_file, publishing, renaming, rule_list
from scoring.drafting import ChangedMeanwhile, PartFaults, SavedAlready
from scoring.forms import PartForm
from scoring.models import ModelVersion
from scoring.parts import Place, keys_of, part_of

from .rule_effects import tried
from .rule_forms import Trial
from .rule_page import Refusal, address, page
from .rule_requests import drafter, model_of, opened_of, place_of


@require_POST
@drafter
def parts(request: Request) -> HttpResponse:
    """Whatever the form's buttons do."""
    model, place = model_of(request), place_of(request)
    if model is None or place is None:
        raise Http404
    form = forms.of_post(place.kind, dict(request.POST.lists()))
    opened = opened_of(request, model)
    if opened.lost:
        return _lost(request, opened.version, opened.lost, place, form)
    try:
        return _do(request, opened.version, place, form)
    except ModelVersion.DoesNotExist:  # discarded while this looked at it
        opened = opened_of(request, model)
        return _lost(request, opened.version, opened.lost or opened.version.number, place, form)


def _do(request: Request, version: ModelVersion, place: Place, form: PartForm) -> HttpResponse:
    match request.POST.get("do", ""):
        case "copy" | "delete" if place.kind == "settings":
            raise Http404
        case "save":
            return _save(request, version, place, form)
        case "over":
            return _save(request, version, place, form, seen=request.POST.get("shown", ""))
        case "again":
            return _save(request, version, place, form, again=True)
        case "copy":
            return _save(request, version, Place(place.kind), _renamed(form))
        case "delete":
            return _delete(request, version, place, form)
        case "preview":
            return _preview(request, version, place, form)
        case action:
            return _unsaved(request, version, place, form, focus=forms.act(form, action))


def _unsaved(
    request: Request, version: ModelVersion, place: Place, form: PartForm, **more: Any
) -> HttpResponse:
    """The page with what was typed, which is not saved."""
    data = model_file.save(version=version)
    return page(request, version, data, place, form, opened=True, unsaved=True, **more)


def _refused(
    request: Request, version: ModelVersion, place: Place, form: PartForm, refusal: Refusal, status: int = 409
) -> HttpResponse:
    return _unsaved(request, version, place, form, refusal=refusal, status=status)


def _lost(request: Request, version: ModelVersion, lost: int, place: Place, form: PartForm) -> HttpResponse:
    """The draft that was edited is gone: what was typed can be saved in another one."""
    what_next = f"save it in draft {version.number}" if version.is_draft else "save it in a new draft"
    said = f"Draft {lost} was discarded meanwhile. What you typed is below, not saved; {what_next}."
    return _refused(request, version, place, form, Refusal(said))


def _preview(request: Request, version: ModelVersion, place: Place, form: PartForm) -> HttpResponse:
    """The page with what was typed and what it would do, for a browser without scripts."""
    trial = Trial.of(version=version, data=model_file.save(version=version), place=place, form=form)
    effect = tried(trial, user=request.user, at=timezone.now(), past=True)
    status = 422 if trial.faults else 200
    return _unsaved(
        request, version, place, form, trial=trial, show_faults=True, effect=effect, status=status
    )


def _renamed(form: PartForm) -> PartForm:
    form.values["label"] = f"{form.get('label')} (copy)"[:160]
    return form


def _save(
    request: Request,
    version: ModelVersion,
    place: Place,
    form: PartForm,
    *,
    seen: str | None = None,
    again: bool = False,
) -> HttpResponse:
    """Save the form: over what ``seen`` is the stamp of, which is what the page was loaded with; ``again``
    a part that somebody deleted. What was typed in a version that is closed by now goes into a new draft,
    once somebody asked for that."""
    data = model_file.save(version=version)
    anew = not version.is_draft and request.POST.get("do") in ("again", "over")
    trial = Trial.of(version=version, data=data, place=place, form=form)
    draft = version
    is_gone = place.key not in keys_of(data, place.kind)
    again_as = {"key": place.key} if place.kind == "line" and place.key else {}
    try:
        with transaction.atomic():
            if anew:
                draft = drafting.draft_once(
                    version=version, by=request.user, once=request.POST.get("once", "")
                )
            saved = drafting.save_part(
                version=draft,
                place=Place(place.kind) if again and is_gone else place,
                part={**trial.part, **again_as},
                seen=request.POST.get("seen", "") if seen is None else seen,
                by=request.user,
                at=timezone.now(),
                after=form.values.get("place"),
                once=request.POST.get("once", ""),
            )
            if place.kind == "group" and place.key and not is_gone:
                saved = renaming.rename_group(
                    version=draft, key=saved.key, name=form.get("name"), by=request.user, at=timezone.now()
                )
    except renaming.NameTaken as taken:
        trial = trial.refused([("$.key", str(taken))])
        return _unsaved(request, version, place, form, trial=trial, show_faults=True, status=422)
    except PartFaults as wrong:
        trial = trial.refused(wrong.faults)
        return _unsaved(request, version, place, form, trial=trial, show_faults=True, status=422)
    except SavedAlready as saved_already:
        return _saved_already(request, draft, saved_already, form)
    except ChangedMeanwhile as changed:
        if anew and changed.now is not None and {**changed.now, **again_as} == {**trial.part, **again_as}:
            messages.info(request, "That was saved already.")
            return redirect(address(draft, place))
        return _refused(request, version, place, form, Refusal(changed=changed))
    except publishing.NotADraft as refused:
        version.refresh_from_db()
        return _refused(request, version, place, form, Refusal(str(refused)))
    name = form.get("label") or rule_list.label_of(saved, trial.part)
    where = f"draft {draft.number}, which is new" if anew else f"draft {draft.number}"
    messages.success(request, format_html("Saved <b>{}</b> in {}.", name, where))
    return redirect(address(draft, saved))


def _saved_already(
    request: Request, version: ModelVersion, saved: SavedAlready, form: PartForm
) -> HttpResponse:
    """The same form came twice. What it says now, if that is something else, may go over what it said."""
    if saved.same:
        messages.info(request, "That was saved already.")
        return redirect(address(version, saved.place))
    now = part_of(model_file.save(version=version), saved.place)
    changed = ChangedMeanwhile(now, version.edited_by, version.edited_at)
    return _refused(request, version, saved.place, form, Refusal(changed=changed, again=True))


def _delete(request: Request, version: ModelVersion, place: Place, form: PartForm) -> HttpResponse:
    name = form.get("label") or form.get("name") or f"{form.get('stage').upper()} line"
    try:
        drafting.delete_part(
            version=version,
            place=place,
            seen=request.POST.get("seen", ""),
            by=request.user,
            at=timezone.now(),
        )
    except PartFaults as needed:
        return _refused(request, version, place, form, Refusal(str(needed)), status=422)
    except ChangedMeanwhile as changed:
        if changed.now is not None:
            return _refused(request, version, place, form, Refusal(changed=changed))
    except publishing.NotADraft as refused:
        version.refresh_from_db()
        return _refused(request, version, place, form, Refusal(str(refused)))
    messages.success(request, format_html("Deleted <b>{}</b> from draft {}.", name, version.number))
    return redirect(address(version))
