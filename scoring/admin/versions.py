"""Models and their versions: a draft is edited here, checked, signed, published; a retired one comes back."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from scoring import publishing
from scoring.model_file import ModelFileError
from scoring.models import ModelVersion, ScoringModel

from .drafts import OnlyInDrafts
from .parts import BlockerInline, GroupInline, LineInline, RuleInline, TriggerInline


class ReasonForm(forms.Form):
    """Why a version goes live."""

    reason = forms.CharField(
        label="Why publish it?",
        help_text="What did you see: in the market, in the verdicts, in the reviews?",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@admin.register(ScoringModel)
class ScoringModelAdmin(admin.ModelAdmin[ScoringModel]):
    list_display = ("name", "key", "needs_sign_off", "agreed_handoffs", "swept_at")
    readonly_fields = ("swept_at",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ModelVersion)
class ModelVersionAdmin(OnlyInDrafts, admin.ModelAdmin[ModelVersion]):
    """A draft is edited here; publishing and drafting anew are buttons at the top."""

    change_form_template = "admin/scoring/modelversion/change_form.html"
    list_display = ("__str__", "state", "published_at", "published_by", "reason")
    list_filter = ("state", "model")
    list_select_related = ("model", "published_by")
    ordering = ("model", "-number")
    readonly_fields = (
        "state",
        "published_at",
        "published_by",
        "reason",
        "rescored_to",
        "created_at",
        "created_by",
    )
    inlines = (GroupInline, RuleInline, LineInline, TriggerInline, BlockerInline)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("model", "number"),
                    ("ceiling_intent", "ceiling_fit", "ceiling_engagement"),
                    ("grades_from", "time_zone"),
                    "applies_to",
                )
            },
        ),
        ("Publishing", {"fields": readonly_fields}),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Drafts come from a version or from a model file, so that none starts empty by accident."""
        return False

    def get_urls(self) -> list[URLPattern]:
        def view(verb: Any) -> Any:
            return self.admin_site.admin_view(verb)

        return [
            path("<int:pk>/publish/", view(self.publish), name="scoring_modelversion_publish"),
            path("<int:pk>/draft/", view(self.draft), name="scoring_modelversion_draft"),
            *super().get_urls(),
        ]

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = get_object_or_404(ModelVersion.objects.visible_to(request.user), pk=pk)  # type: ignore[arg-type]
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                publishing.publish(
                    version=version,
                    by=request.user,  # type: ignore[arg-type]
                    reason=form.cleaned_data["reason"],
                    at=timezone.now(),
                )
            except ModelFileError as error:
                for where, message in error.problems:
                    form.add_error(None, f"{where}: {message}")
            except publishing.NotADraft as error:
                form.add_error(None, str(error))
            else:
                text = f"{version} is live. Everybody is scored again; leads that cross wait under Crossings."
                self.message_user(request, text, messages.SUCCESS)
                return HttpResponseRedirect(_change_url(version))
        says = "It scores every lead from then on, and cannot be edited any more."
        return self._ask(request, version, form, f"Publish {version}", says, "Publish")

    def draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = get_object_or_404(ModelVersion.objects.visible_to(request.user), pk=pk)  # type: ignore[arg-type]
        if request.method == "POST":
            made = publishing.draft_from(version=version, by=request.user)  # type: ignore[arg-type]
            self.message_user(request, f"{made} is a draft like version {version.number}.", messages.SUCCESS)
            return HttpResponseRedirect(_change_url(made))
        says = "The draft says the same; nothing changes until it is published."
        return self._ask(request, version, None, f"New draft from {version}", says, "Make the draft")

    def _ask(
        self, request: HttpRequest, version: ModelVersion, form: Any, title: str, says: str, button: str
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": version,
            "title": title,
            "form": form,
            "says": says,
            "button": button,
        }
        return TemplateResponse(request, "admin/scoring/modelversion/ask.html", context)


def _change_url(version: ModelVersion) -> str:
    return reverse("admin:scoring_modelversion_change", args=[version.pk])
