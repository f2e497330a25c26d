"""The marketing-ops desk: draft, publish, release, adjust. What is published or happened is only read."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from leads.admin import BigTableAdmin, HistoryAdmin

from . import publishing
from .model_file import ModelFileError
from .models import (
    Adjustment,
    Blocker,
    Crossing,
    Line,
    LineState,
    MailDomain,
    ModelVersion,
    Rule,
    RuleGroup,
    Score,
    ScoringModel,
    Trigger,
)

_TURNED_OFF = ("disabled_at", "disabled_reason")


def _version_of(obj: Any) -> ModelVersion | None:
    """The version an object of the admin belongs to; None while there is none yet."""
    if isinstance(obj, ModelVersion):
        return obj
    return getattr(obj, "version", None) if obj is not None and obj.pk else None


class _OnlyInDrafts:
    """Adding, changing and deleting end when the version is published; the database says so too."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj)


def _is_open(obj: Any) -> bool:
    version = _version_of(obj)
    return version is None or version.is_draft


class _GroupChoice(forms.ModelForm[Rule]):
    """Offers only the groups of the rule's own version."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("group")
        if isinstance(field, forms.ModelChoiceField) and self.instance.version_id:
            field.queryset = RuleGroup.objects.filter(version=self.instance.version_id)


class GroupInline(_OnlyInDrafts, admin.TabularInline[RuleGroup, ModelVersion]):
    model = RuleGroup
    extra = 0


class RuleInline(_OnlyInDrafts, admin.StackedInline[Rule, ModelVersion]):
    model = Rule
    form = _GroupChoice
    extra = 0
    classes = ("collapse",)
    readonly_fields = _TURNED_OFF
    fields = (
        ("key", "label", "position"),
        ("dimension", "group", "points", "count"),
        "when",
        ("cap", "per_times", "per_period", "window_days"),
        ("decay_kind", "decay_days", "decay_percent"),
        _TURNED_OFF,
    )

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        group: Any = formset.form.base_fields.get("group")
        if group is not None:
            group.queryset = RuleGroup.objects.filter(version=obj) if obj else RuleGroup.objects.none()
        return formset


class LineInline(_OnlyInDrafts, admin.TabularInline[Line, ModelVersion]):
    model = Line
    extra = 0


class TriggerInline(_OnlyInDrafts, admin.StackedInline[Trigger, ModelVersion]):
    model = Trigger
    extra = 0
    readonly_fields = _TURNED_OFF
    fields = (("key", "label", "position", "stage"), "when", _TURNED_OFF)


class BlockerInline(_OnlyInDrafts, admin.StackedInline[Blocker, ModelVersion]):
    model = Blocker
    extra = 0
    readonly_fields = _TURNED_OFF
    fields = (("key", "label", "position"), "when", _TURNED_OFF)


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
class ModelVersionAdmin(_OnlyInDrafts, admin.ModelAdmin[ModelVersion]):
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
        (None, {"fields": (("model", "number"), ("ceiling_intent", "ceiling_fit", "ceiling_engagement"))}),
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


class _PartAdmin(_OnlyInDrafts, admin.ModelAdmin[Any]):
    """A part of a version by itself: for finding it; a new one is made in its draft."""

    list_select_related = ("version__model",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        off = [name for name in _TURNED_OFF if any(f.name == name for f in self.opts.get_fields())]
        return ["version", *off]


@admin.register(Rule)
class RuleAdmin(_PartAdmin):
    form = _GroupChoice
    list_display = ("label", "key", "dimension", "points", "version", "disabled_reason")
    list_filter = ("version__state", "dimension")
    search_fields = ("key", "label")


@admin.register(RuleGroup)
class RuleGroupAdmin(_PartAdmin):
    list_display = ("key", "cap", "version")


@admin.register(Line)
class LineAdmin(_PartAdmin):
    list_display = ("__str__", "min_intent", "min_fit", "min_engagement", "min_total", "leave", "version")


@admin.register(Trigger)
class TriggerAdmin(_PartAdmin):
    list_display = ("label", "key", "stage", "version", "disabled_reason")


@admin.register(Blocker)
class BlockerAdmin(_PartAdmin):
    list_display = ("label", "key", "version", "disabled_reason")


class HeldFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("held", "Waits for a person"), ("waiting", "Waits for the pipeline"), ("handled", "Handled")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Crossing]) -> QuerySet[Crossing]:
        crossings = Crossing.objects.all()
        match self.value():
            case "held":
                return queryset.filter(pk__in=crossings.held())
            case "waiting":
                return queryset.filter(handled_at=None).exclude(pk__in=crossings.held())
            case "handled":
                return queryset.exclude(handled_at=None)
        return queryset


@admin.register(Crossing)
class CrossingAdmin(HistoryAdmin):
    """Crossings that publishing or an import caused wait here until a person releases them."""

    list_display = (
        "lead",
        "stage",
        "cycle",
        "at",
        "cause",
        "held_at",
        "released_at",
        "handled_at",
        "outcome",
    )
    list_filter = (HeldFilter, "stage", "cause")
    list_select_related = ("lead",)
    raw_id_fields = ("lead", "stage_change")
    ordering = ("-id",)
    actions = ["release"]

    @admin.action(description="Release: hand these leads over now")
    def release(self, request: HttpRequest, queryset: QuerySet[Crossing]) -> None:
        released = publishing.release(crossings=queryset, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        rest = queryset.count() - released
        text = f"{released} released; the pipeline hands them over now."
        self.message_user(request, text + (f" {rest} were not held." if rest else ""), messages.SUCCESS)


@admin.register(Score)
class ScoreAdmin(HistoryAdmin):
    list_display = ("lead", "version", "intent", "fit", "engagement", "total", "computed_at", "fading")
    list_select_related = ("lead", "version__model")
    ordering = ("-id",)


@admin.register(LineState)
class LineStateAdmin(HistoryAdmin):
    list_display = ("lead", "stage", "inside", "cycle", "since")
    list_filter = ("stage", "inside")
    list_select_related = ("lead",)
    ordering = ("-id",)


@admin.register(Adjustment)
class AdjustmentAdmin(BigTableAdmin):
    """People's words on scores. A word is never rewritten: it is taken back, and a new one given."""

    list_display = (
        "lead",
        "kind",
        "dimensions",
        "points",
        "at",
        "expires_at",
        "reason",
        "author",
        "voided_at",
    )
    list_filter = ("kind",)
    list_select_related = ("lead", "author")
    raw_id_fields = ("lead",)
    readonly_fields = ("author", "voided_at")
    ordering = ("-id",)
    actions = ["take_back"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return obj is None

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.author = request.user
        super().save_model(request, obj, form, change)

    @admin.action(description="Take back")
    def take_back(self, request: HttpRequest, queryset: QuerySet[Adjustment]) -> None:
        taken = queryset.filter(voided_at=None).update(voided_at=timezone.now())
        self.message_user(request, f"{taken} taken back.", messages.SUCCESS)


@admin.register(MailDomain)
class MailDomainAdmin(BigTableAdmin):
    list_display = ("domain", "kind")
    list_filter = ("kind",)
    search_fields = ("domain",)
    ordering = ("domain",)
