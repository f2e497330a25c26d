"""The parts of a version: groups, rules, lines, triggers, blockers, each on a page of its own. A draft's page
leads to them: all of them on one page would be more than a form may hold.
"""

from collections.abc import Collection
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from scoring.models import Blocker, Line, ModelVersion, Rule, RuleGroup, Trigger

from .drafts import (
    TURNED_OFF,
    BlockerForm,
    GroupForm,
    LineForm,
    OnlyInDrafts,
    RuleForm,
    TriggerForm,
)


class _PartAdmin(OnlyInDrafts, admin.ModelAdmin[Any]):
    """A part of a version. Its key says which part it is, and stays."""

    list_select_related = ("version__model",)
    ordering = ("-version_id", "id")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = {field.name for field in self.opts.get_fields()}
        fixed = ("version", "key", *TURNED_OFF) if obj else TURNED_OFF
        return [name for name in fixed if name in names]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "version":
            drafts = ModelVersion.objects.filter(state=ModelVersion.State.DRAFT)
            kwargs["queryset"] = drafts.select_related("model").order_by("model__key", "-number")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        edited(request, [obj.version_id])

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        edited(request, [obj.version_id])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        versions = list(queryset.order_by().values_list("version_id", flat=True).distinct())
        super().delete_queryset(request, queryset)
        edited(request, versions)


def edited(request: HttpRequest, versions: Collection[int]) -> None:
    """Say in the drafts who edited them last, as the rules page does."""
    ModelVersion.objects.filter(pk__in=versions).update(
        edited_at=timezone.now(), edited_by=cast("User", request.user)
    )


@admin.register(Rule)
class RuleAdmin(_PartAdmin):
    form = RuleForm
    list_display = ("label", "key", "dimension", "points", "is_on", "version", "disabled_reason")
    list_filter = ("version__state", "dimension", "is_on")
    search_fields = ("key", "label")


@admin.register(RuleGroup)
class RuleGroupAdmin(_PartAdmin):
    form = GroupForm
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
    form = TriggerForm
    list_display = ("label", "key", "stage", "is_on", "version", "disabled_reason")


@admin.register(Blocker)
class BlockerAdmin(_PartAdmin):
    form = BlockerForm
    list_display = ("label", "key", "is_on", "version", "disabled_reason")
