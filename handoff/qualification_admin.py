"""What is asked of leads, tasks, ratings, disputes and the recycling rule in the stock admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from leads.admin import BigTableAdmin, HistoryAdmin

from .models import (
    Dispute,
    DisputeWord,
    Framework,
    Level,
    Question,
    Rating,
    RecyclingRule,
    Requirement,
    Task,
)


class QuestionInline(admin.TabularInline[Question, Framework]):
    """A question that has answers cannot be deleted: the database refuses, and the admin says which."""

    model = Question
    extra = 0
    ordering = ("position", "id")


class LevelInline(admin.TabularInline[Level, Framework]):
    """Answers are stored by the value of their level, so levels are renamed, not taken away."""

    model = Level
    extra = 0
    ordering = ("value",)
    can_delete = False


class RequirementInline(admin.StackedInline[Requirement, Framework]):
    model = Requirement
    extra = 0
    ordering = ("position", "id")


@admin.register(Framework)
class FrameworkAdmin(admin.ModelAdmin[Framework]):
    list_display = ("name", "key", "position", "is_active")
    search_fields = ("name", "key")
    ordering = ("position", "id")
    filter_horizontal = ("teams", "scoring_models")
    inlines = (QuestionInline, LevelInline, RequirementInline)


@admin.register(Task)
class TaskAdmin(BigTableAdmin):
    list_display = ("title", "lead", "owner", "due_at", "done_at", "reminded_at")
    list_select_related = ("lead", "owner")
    list_filter = (("done_at", admin.EmptyFieldListFilter),)
    ordering = ("-due_at", "-id")
    autocomplete_fields = ("lead", "owner", "created_by", "done_by")


@admin.register(Rating)
class RatingAdmin(HistoryAdmin):
    list_display = ("handoff", "score", "note", "by", "at")
    list_select_related = ("handoff__lead", "by")
    list_filter = ("score",)
    ordering = ("-at", "-id")


class DisputeWordInline(admin.TabularInline[DisputeWord, Dispute]):
    model = DisputeWord
    extra = 0
    can_delete = False
    fields = readonly_fields = ("at", "side", "was_sql", "by")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Dispute)
class DisputeAdmin(HistoryAdmin):
    list_display = ("verdict", "by", "at", "settled_at", "was_sql")
    list_select_related = ("verdict__by", "by")
    list_filter = (("settled_at", admin.EmptyFieldListFilter), "was_sql")
    ordering = ("-at", "-id")
    inlines = (DisputeWordInline,)


@admin.register(RecyclingRule)
class RecyclingRuleAdmin(admin.ModelAdmin[RecyclingRule]):
    """One row; its own page keeps who changed it."""

    list_display = ("resets", "edited_at", "edited_by")
    list_select_related = ("edited_by",)
    ordering = ("id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not RecyclingRule.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
