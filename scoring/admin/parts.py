"""The parts of a version: groups, rules, lines, triggers, blockers; on the page of their draft, and by
themselves for finding them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from scoring.models import Blocker, Line, ModelVersion, Rule, RuleGroup, Trigger

from .drafts import TURNED_OFF, GroupChoice, LineForm, OnlyInDrafts


class _OwnGroups(OnlyInDrafts):
    """A form for many parts of one version: a new one, too, is offered the groups of that version only."""

    form: Any = GroupChoice

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)  # type: ignore[misc]
        for name in ("group", "within"):
            field: Any = formset.form.base_fields.get(name)
            if field is not None:
                field.queryset = RuleGroup.objects.filter(version=obj) if obj else RuleGroup.objects.none()
        return formset


class GroupInline(_OwnGroups, admin.TabularInline[RuleGroup, ModelVersion]):
    model = RuleGroup
    fk_name = "version"
    extra = 0


class RuleInline(_OwnGroups, admin.StackedInline[Rule, ModelVersion]):
    model = Rule
    extra = 0
    classes = ("collapse",)
    readonly_fields = TURNED_OFF
    fields = (
        ("key", "label", "position", "is_on"),
        ("dimension", "group", "points", "mismatch_points"),
        "when",
        "unless",
        ("count", "tiers"),
        ("cap", "per_times", "per_period", "window_days"),
        ("decay_kind", "decay_days", "decay_percent"),
        TURNED_OFF,
    )


class LineInline(OnlyInDrafts, admin.TabularInline[Line, ModelVersion]):
    model = Line
    form = LineForm
    extra = 0


class TriggerInline(OnlyInDrafts, admin.StackedInline[Trigger, ModelVersion]):
    model = Trigger
    extra = 0
    readonly_fields = TURNED_OFF
    fields = (("key", "label", "position", "stage", "is_on"), "when", "unless", TURNED_OFF)


class BlockerInline(OnlyInDrafts, admin.StackedInline[Blocker, ModelVersion]):
    model = Blocker
    extra = 0
    readonly_fields = TURNED_OFF
    fields = (("key", "label", "position", "is_on"), "when", "unless", TURNED_OFF)


class _PartAdmin(OnlyInDrafts, admin.ModelAdmin[Any]):
    """A part of a version by itself: for finding it; a new one is made in its draft."""

    list_select_related = ("version__model",)
    ordering = ("-version_id", "id")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        off = [name for name in TURNED_OFF if any(field.name == name for field in self.opts.get_fields())]
        return ["version", *off]


@admin.register(Rule)
class RuleAdmin(_PartAdmin):
    form = GroupChoice
    list_display = ("label", "key", "dimension", "points", "is_on", "version", "disabled_reason")
    list_filter = ("version__state", "dimension", "is_on")
    search_fields = ("key", "label")


@admin.register(RuleGroup)
class RuleGroupAdmin(_PartAdmin):
    form = GroupChoice
    list_display = ("key", "cap", "within", "version")
    list_select_related = ("version__model", "within")  # type: ignore[assignment]


@admin.register(Line)
class LineAdmin(_PartAdmin):
    form = LineForm
    list_display = (
        "__str__", "min_intent", "min_fit", "min_engagement", "min_total", "leave", "cool_down_days",
        "version",
    )  # fmt: skip


@admin.register(Trigger)
class TriggerAdmin(_PartAdmin):
    list_display = ("label", "key", "stage", "is_on", "version", "disabled_reason")


@admin.register(Blocker)
class BlockerAdmin(_PartAdmin):
    list_display = ("label", "key", "is_on", "version", "disabled_reason")
