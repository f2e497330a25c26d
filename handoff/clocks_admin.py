"""Agreements about time in the stock admin, with the same checks as their page; what clocks did is read
there, not rewritten."""

from django.contrib import admin
from django.forms import BaseInlineFormSet, ModelForm

from leads.admin import HistoryAdmin

from . import ladders
from .models import LadderRung, Pause, SlaPolicy, Snooze, Step, Work


class RungsInOrder(BaseInlineFormSet[LadderRung, SlaPolicy, ModelForm[LadderRung]]):
    """The steps of a policy make sense in their order, as on its page."""

    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form not in self.deleted_forms and form.is_valid()]
        told = {form.cleaned_data["does"]: form for form in kept if form.cleaned_data.get("does")}
        after = {does: form.cleaned_data["minutes"] for does, form in told.items()}
        span = self.instance.minutes or 0
        for does, fault in ladders.faults(self.instance.promise, after, span=span).items():
            told[does].add_error("minutes", fault)


class LadderRungInline(admin.TabularInline[LadderRung, SlaPolicy]):
    model = LadderRung
    formset = RungsInOrder
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
