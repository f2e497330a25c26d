"""Agreements about time in the stock admin, with the same checks as their page; what clocks did is read
there, not rewritten."""

from django.contrib import admin

from leads.admin import HistoryAdmin

from .models import LadderRung, Pause, SlaPolicy, Snooze, Step, Work


class LadderRungInline(admin.TabularInline[LadderRung, SlaPolicy]):
    model = LadderRung
    extra = 0


@admin.register(SlaPolicy)
class SlaPolicyAdmin(admin.ModelAdmin[SlaPolicy]):
    list_display = ("position", "name", "promise", "minutes", "is_on", "edited_at", "edited_by")
    list_display_links = ("name",)
    list_filter = ("promise", "is_on")
    list_select_related = ("edited_by",)
    search_fields = ("name",)
    ordering = ("promise", "position", "id")
    inlines = (LadderRungInline,)


@admin.register(Work)
class WorkAdmin(HistoryAdmin):
    list_display = ("handoff", "promise", "started_at", "due_at", "ended_at", "was_kept")
    list_filter = ("promise", "was_kept")
    list_select_related = ("handoff__lead",)
    search_fields = ("handoff__lead__name", "handoff__lead__email")
    ordering = ("-started_at", "-id")


@admin.register(Step)
class StepAdmin(HistoryAdmin):
    list_display = ("handoff", "does", "round", "at", "done_at", "outcome", "rep", "to")
    list_filter = ("does", "outcome")
    list_select_related = ("handoff__lead", "rep", "to")
    search_fields = ("handoff__lead__name", "handoff__lead__email", "rep__email")
    ordering = ("-at", "-id")


@admin.register(Pause)
class PauseAdmin(HistoryAdmin):
    list_display = ("handoff", "by", "at", "until", "reason", "ended_at", "is_undone")
    list_select_related = ("handoff__lead", "by")
    search_fields = ("handoff__lead__name", "handoff__lead__email", "by__email", "reason")
    ordering = ("-at", "-id")


@admin.register(Snooze)
class SnoozeAdmin(HistoryAdmin):
    list_display = ("handoff", "by", "at", "until", "reason", "ended_at", "ended_by", "ending")
    list_filter = ("ending",)
    list_select_related = ("handoff__lead", "by", "ended_by")
    search_fields = ("handoff__lead__name", "handoff__lead__email", "by__email", "reason")
    ordering = ("-at", "-id")
