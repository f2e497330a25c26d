"""What the addresses and forms of pages about rules name: a model, a version of it, a part."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import User
from accounts.permissions import may_draft_rules, may_review_rules
from accounts.requests import Request, page_for
from scoring.models import ModelVersion, ScoringModel
from scoring.parts import KINDS, Place


def anybody(user: User) -> bool:
    """What is live, everybody reads; ``visible_to`` hides the rest."""
    return True


reader = page_for(anybody, "")
drafter = page_for(may_draft_rules, "Marketing drafts the rules; what is live is open to everybody.")
reviewer = page_for(may_review_rules, "Marketing, managers and admins review the rules.")


def model_of(request: Request) -> ScoringModel | None:
    """The model that the address or the form names; without one the default, or the first there is."""
    if key := request.POST.get("model") or request.GET.get("model", ""):
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


def version_of(request: Request, model: ScoringModel) -> ModelVersion | None:
    """The version asked for, else the newest draft that one may see, else the live one."""
    people = ("model", "created_by", "edited_by", "based_on", "published_by")
    versions = ModelVersion.objects.visible_to(request.user).filter(model=model).select_related(*people)
    if number := request.POST.get("version") or request.GET.get("version", ""):
        if not number.isdecimal() or len(number) > 9:
            raise Http404
        return get_object_or_404(versions, number=int(number))
    drafts = versions.filter(state__in=[ModelVersion.State.DRAFT, ModelVersion.State.CHECKED])
    return drafts.order_by("-number").first() or versions.published().first()


def place_of(request: Request) -> Place | None:
    """The part that a form is about; None when it names none. 404 for a kind there is not."""
    kind = request.POST.get("kind", "")
    if not kind:
        return None
    if kind not in KINDS:
        raise Http404
    return Place(kind, request.POST.get("key", ""))
