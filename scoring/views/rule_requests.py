"""What the addresses and forms of pages about rules name: a model, a version of it, a part."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Value, When
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.permissions import may_draft_rules, may_review_rules
from accounts.requests import Request, for_everybody, page_for
from scoring.models import ModelVersion, ScoringModel
from scoring.models.model_version import ModelVersionQuerySet
from scoring.parts import KINDS, Place

#: What is live, everybody reads; ``visible_to`` hides the rest.
reader = for_everybody
drafter = page_for(may_draft_rules, "Marketing drafts the rules; what is live is open to everybody.")
reviewer = page_for(may_review_rules, "Marketing, managers and admins review the rules.")


def model_of(request: Request) -> ScoringModel | None:
    """The model that the address or the form names; without one the default, or the first there is."""
    if key := request.POST.get("model") or request.GET.get("model", ""):
        if "\0" in key:  # which PostgreSQL takes for no text
            raise Http404
        return get_object_or_404(ScoringModel, key=key)
    models = ScoringModel.objects
    return models.filter(key="default").first() or models.order_by("key").first()


def known_model_of(request: Request) -> ScoringModel:
    """The same, for pages that have nothing to show without one: 404 when there is none."""
    model = model_of(request)
    if model is None:
        raise Http404
    return model


def tabs_of(model: ScoringModel) -> list[dict[str, Any]]:
    """A link for each model, ``model`` marked; none when there is only one. One query."""
    models = list(ScoringModel.objects.order_by("key"))
    if len(models) < 2:
        return []
    return [
        {"label": each.name, "url": f"?model={each.key}", "count": None, "current": each == model}
        for each in models
    ]


#: What is shown of a model when nobody asks for a version: the draft that is edited, else what waits for
#: signatures, else what is live.
_FIRST = (ModelVersion.State.DRAFT, ModelVersion.State.CHECKED, ModelVersion.State.PUBLISHED)


def version_of(request: Request, model: ScoringModel) -> ModelVersion | None:
    """The version asked for, else the newest draft that one may see, else a checked one, else the live
    one."""
    if number := request.POST.get("version") or request.GET.get("version", ""):
        return get_object_or_404(_versions(request, model), number=_number(number))
    rank = Case(*(When(state=state, then=Value(n)) for n, state in enumerate(_FIRST)))
    return _versions(request, model).filter(state__in=_FIRST).order_by(rank, "-number").first()


@dataclass(frozen=True, slots=True)
class Opened:
    """The version that a form was opened in. ``lost`` is the number of one that was discarded meanwhile;
    ``version`` is then what its model has instead."""

    version: ModelVersion
    lost: int | None = None


def mark_of(version: ModelVersion) -> str:
    """What tells a version from a later one: the number of a discarded draft is given away again."""
    return f"{version.created_at.timestamp():.6f}"


def opened_of(request: Request, model: ScoringModel) -> Opened:
    """The version that the posted form was opened in. 404 for one there never was."""
    number, mark = request.POST.get("version", ""), request.POST.get("made", "")
    versions = _versions(request, model)
    found = versions.filter(number=_number(number)).first() if number else version_of(request, model)
    if found is not None and mark in ("", mark_of(found)):
        return Opened(found)
    instead = versions.published().first() or versions.order_by("-number").first()
    if not mark or instead is None:
        raise Http404
    return Opened(instead, _number(number))


def _versions(request: Request, model: ScoringModel) -> ModelVersionQuerySet:
    people = ("model", "created_by", "edited_by", "based_on", "published_by")
    return ModelVersion.objects.visible_to(request.user).filter(model=model).select_related(*people)


def _number(said: str) -> int:
    if not said.isdecimal() or len(said) > 9:
        raise Http404
    return int(said)


def place_of(request: Request) -> Place | None:
    """The part that a form is about; None when it names none. 404 for a kind there is not."""
    kind = request.POST.get("kind", "")
    if not kind:
        return None
    if kind not in KINDS:
        raise Http404
    return Place(kind, request.POST.get("key", ""))
