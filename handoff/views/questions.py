"""What is asked of leads: the frameworks, their questions, levels and requirements."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from handoff.models import Framework, Level, Qualification, Question, Requirement
from handoff.permissions import may_arrange_qualification
from handoff.setup_forms import FrameworkForm, LevelForm, QuestionForm, RequirementForm

from .requests import Request, page_for

for_arrangers = page_for(may_arrange_qualification, "Managers and admins agree on what is asked of leads.")

#: What a new framework's answers are called, until somebody says otherwise.
LEVELS = (("unknown", "Unknown"), ("weak", "Weak"), ("likely", "Likely"), ("confirmed", "Confirmed"))
#: In the address → the rows of a framework that are edited there, and their form.
PARTS: dict[str, tuple[type[Any], type[forms.ModelForm[Any]]]] = {
    "questions": (Question, QuestionForm),
    "levels": (Level, LevelForm),
    "requirements": (Requirement, RequirementForm),
}


@require_safe
@for_arrangers
def frameworks(request: Request) -> HttpResponse:
    """Every framework, for whom it is, and what it asks."""
    rows = Framework.objects.order_by("-is_active", "position", "id")
    rows = rows.prefetch_related("questions", "requirements", "levels", "teams", "scoring_models")
    return render(request, "handoff/frameworks.html", {"frameworks": [_shown(row) for row in rows]})


def _place(row: Question | Requirement) -> tuple[int, int]:
    return row.position, row.pk


def _shown(framework: Framework) -> dict[str, Any]:
    """A framework with its rows in order."""
    return {
        "framework": framework,
        "questions": sorted(framework.questions.all(), key=_place),
        "requirements": sorted(framework.requirements.all(), key=_place),
        "levels": sorted(framework.levels.all(), key=lambda level: level.value),
        "for_whom": [*map(str, framework.teams.all()), *map(str, framework.scoring_models.all())],
    }


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def new_framework(request: Request) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def framework(request: Request, framework_key: str) -> HttpResponse:
    """One framework: for whom it is, and everything in it."""
    return _edit(request, get_object_or_404(Framework, key=framework_key))


def _edit(request: Request, framework: Framework | None) -> HttpResponse:
    form = FrameworkForm(request.POST or None, instance=framework)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            saved = form.save()
            if framework is None:
                Level.objects.bulk_create(
                    Level(framework=saved, value=value, key=key, label=label)
                    for value, (key, label) in enumerate(LEVELS)
                )
                Requirement.objects.create(framework=saved, kind=Requirement.Kind.ANSWERS)
        messages.success(request, format_html("Saved <b>{}</b>.", saved))
        return redirect("handoff:framework", saved.key)
    context = {
        "shown": _shown(framework) if framework else None,
        "title": str(framework) if framework else "New framework",
        "form": form,
        "rail_path": reverse("handoff:frameworks"),
    }
    return render(request, "handoff/framework.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def new_part(request: Request, framework_key: str, part: str) -> HttpResponse:
    """Another question or requirement."""
    found = get_object_or_404(Framework, key=framework_key)
    if part not in PARTS or part == "levels":
        raise Http404
    return _edit_part(request, found, part, PARTS[part][0](framework=found))


@require_http_methods(["GET", "HEAD", "POST"])
@for_arrangers
def part(request: Request, framework_key: str, part: str, number: int) -> HttpResponse:
    """One question, level or requirement."""
    found, row = _row(framework_key, part, number)
    return _edit_part(request, found, part, row)


def _row(framework_key: str, part: str, number: int) -> tuple[Framework, Any]:
    found = get_object_or_404(Framework, key=framework_key)
    if part not in PARTS:
        raise Http404
    return found, get_object_or_404(PARTS[part][0], pk=number, framework=found)


def _edit_part(request: Request, framework: Framework, part: str, row: Any) -> HttpResponse:
    form = PARTS[part][1](request.POST or None, instance=row)
    is_new = row.pk is None
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, format_html("Saved <b>{}</b> of {}.", saved, framework))
        return redirect("handoff:framework", framework.key)
    context = {
        "framework": framework,
        "part": part,
        "row": row,
        "is_new": is_new,
        "title": f"New {part.removesuffix('s')}" if is_new else str(row),
        "form": form,
        "is_used": not is_new and _is_used(part, row),
        "rail_path": reverse("handoff:frameworks"),
    }
    return render(request, "handoff/framework_part.html", context, status=422 if form.errors else 200)


def _is_used(part: str, row: Any) -> bool:
    """Answers keep their question; levels stay with their framework."""
    if part == "questions":
        return Qualification.objects.filter(question=row).exists()
    return part == "levels"


@require_POST
@for_arrangers
def part_removal(request: Request, framework_key: str, part: str, number: int) -> HttpResponse:
    """Gone for good, unless somebody has answered it."""
    found, row = _row(framework_key, part, number)
    if _is_used(part, row):
        messages.error(request, f"“{row}” has answers. Switch it off instead.")
        return redirect("handoff:framework-part", found.key, part, number)
    row.delete()
    messages.success(request, format_html("Deleted <b>{}</b>.", row))
    return redirect("handoff:framework", found.key)
