"""The rule page as it is drawn: the list of parts, one of them as a form, and beside it what a change would
do."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.permissions import may_draft_rules, may_review_rules
from accounts.requests import Request
from scoring import model_file, rule_list
from scoring.drafting import ChangedMeanwhile
from scoring.forms import PartForm
from scoring.models import ModelVersion
from scoring.parts import Place, keys_of, part_of, stamp
from scoring.phrases import Phrase
from scoring.rule_rates import in_short

from .rule_forms import Trial, form_view, words_of
from .rule_requests import mark_of, tabs_of


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why what was typed is not saved: in words, or because the part is another one by now. ``again`` says
    that it was saved before, by the same form."""

    said: str = ""
    changed: ChangedMeanwhile | None = None
    again: bool = False


def page(
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
    refusal: Refusal | None = None,
    effect: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The whole page; for the page's own script only the form. What was typed (``unsaved``) in a version
    that is closed by now stays a form, to be saved in a new draft."""
    is_live = version.state == ModelVersion.State.PUBLISHED
    live = version if is_live else version.model.versions.published().first()
    live_data = data if live == version else model_file.save(version=live) if live else None
    may_edit = may_draft_rules(request.user)
    stranded = unsaved and not version.is_draft and may_edit
    trial = trial or Trial.of(version=version, data=data, place=place, form=form)
    old = part_of(data, place) if place.key in keys_of(data, place.kind) else None
    query = query_of(request, version)
    context: dict[str, Any] = {
        "version": version,
        "live": live,
        "place": place,
        "title": rule_list.label_of(place, old) if old else f"New {place.kind}",
        "called": rule_list.called(place, old) if old else "",
        "is_there": old is not None,
        "editable": (version.is_draft and may_edit) or stranded,
        "stranded": stranded,
        "may_edit": may_edit,
        "may_review": may_review_rules(request.user),
        "opened": opened,
        "unsaved": unsaved,
        "as_saved": trial.is_saved,
        "is_as_live": not unsaved and live is not None and live != version and data == live_data,
        "phrases": trial.phrases,
        "form": form_view(
            form, trial, data=data, live=live_data, place=place, errors=trial.errors if show_faults else {}
        ),
        "focus": focus,
        "query": urlencode(query),
        "effect": effect or {},
        "now": timezone.now(),
    }
    seen = request.POST.get("seen", "") if unsaved else stamp(old) if old else ""
    context["hidden"] = _hidden(request, version, place, form, query, seen)
    if refusal:
        context |= {"refusal": refusal, "says": _says(version, place, refusal.changed, trial)}
    if request.htmx:
        return render(request, "scoring/rules.html#editor", context, status=status)
    search = request.GET.get("q", "")
    context |= {
        "sections": rule_list.sections(
            version=version,
            data=data,
            live=None if version.is_final else live_data,  # what is retired is no edit of what is live
            search=search,
            query=query,
            rates=in_short(live, context["now"]) if live else {},
        ),
        "search": search,
        "chosen": query,
        "models": tabs_of(version.model),
        "known": trial.known,
    }
    return render(request, "scoring/rules.html", context, status=status)


def _hidden(
    request: Request, version: ModelVersion, place: Place, form: PartForm, query: dict[str, str], seen: str
) -> dict[str, str]:
    """What the form says again without showing it: which part of which version, what it was when it was
    loaded, the word with which a new part is made once, and the way back for who has to sign in first."""
    part = {place.kind: place.key} if place.key else {"new": place.kind, "dimension": form.get("dimension")}
    return {
        "model": version.model.key,
        "version": str(version.number),
        "made": mark_of(version),
        "kind": place.kind,
        "key": place.key,
        "seen": seen,
        "once": request.POST.get("once", "") or secrets.token_urlsafe(12),
        "next": f"{reverse('scoring:rules')}?{urlencode({**query, **part})}",
    }


@dataclass(frozen=True, slots=True)
class Says:
    """A part as it is stored by now: its name, what it says, and its stamp, so that who saves over it saves
    over this."""

    label: str
    phrases: list[Phrase]
    stamp: str


def _says(version: ModelVersion, place: Place, changed: ChangedMeanwhile | None, trial: Trial) -> Says | None:
    if changed is None or changed.now is None:
        return None
    now = changed.now
    return Says(rule_list.label_of(place, now), words_of(version, place, now, trial.known), stamp(now))


# Addresses


def query_of(request: Request, version: ModelVersion) -> dict[str, str]:
    """What every address of the page says again: the model, if it is not the usual one, and the version,
    unless it is the live one and nobody asked for it: whoever edits a draft stays in it, whatever drafts
    others make meanwhile."""
    query = query_to(version)
    if request.GET.get("version"):
        query["version"] = str(version.number)
    return query


def query_to(version: ModelVersion) -> dict[str, str]:
    query = {"model": version.model.key} if version.model.key != "default" else {}
    if version.state != ModelVersion.State.PUBLISHED:
        query["version"] = str(version.number)
    return query


def address(version: ModelVersion, place: Place | None = None) -> str:
    """The rule page at a part of ``version``."""
    query = query_to(version) | ({place.kind: place.key} if place else {})
    return f"{reverse('scoring:rules')}{'?' + urlencode(query) if query else ''}"
