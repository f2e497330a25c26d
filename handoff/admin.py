"""Handoffs and agreements in the stock admin. What happened can be read, not rewritten."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from leads.admin import HistoryAdmin
from leads.ticks import tick

from . import clocks_admin, marketing_admin, qualification_admin, routing_admin, stuck
from .models import (
    EvidenceCheck,
    Handoff,
    Look,
    Qualification,
    RejectReason,
    SavedView,
    StuckCrossing,
    StuckEvidence,
    Verdict,
)

#: The rest of the desk: clocks; questions and deals; rules, pools, the ledger.
__all__ = ["clocks_admin", "marketing_admin", "qualification_admin", "routing_admin"]


class VerdictInline(admin.TabularInline[Verdict, Handoff]):
    model = Verdict
    fk_name = "handoff"
    extra = 0
    can_delete = False
    fields = readonly_fields = ("at", "kind", "by", "reason", "note", "return_on")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Handoff)
class HandoffAdmin(HistoryAdmin):
    list_display = ("lead", "status", "rep", "pool", "offered_at", "due_at", "decided_at", "cycle")
    list_filter = ("status", "pool")
    list_select_related = ("lead", "rep", "pool")
    search_fields = ("lead__name", "lead__email", "rep__email")
    ordering = ("-offered_at", "-id")
    inlines = (VerdictInline,)


@admin.register(EvidenceCheck)
class EvidenceCheckAdmin(HistoryAdmin):
    list_display = ("handoff", "at", "voided", "activities", "share", "stands", "taken_back")
    list_select_related = ("handoff__lead",)
    list_filter = ("stands", "taken_back")
    ordering = ("-handoff",)


@admin.register(Verdict)
class VerdictAdmin(HistoryAdmin):
    list_display = ("handoff", "kind", "by", "at", "reason", "return_on")
    list_filter = ("kind", "reason")
    list_select_related = ("handoff__lead", "by", "reason")
    search_fields = ("handoff__lead__name", "handoff__lead__email", "by__email")
    ordering = ("-at", "-id")


@admin.register(RejectReason)
class RejectReasonAdmin(admin.ModelAdmin[RejectReason]):
    list_display = (
        "position", "key", "label", "code", "destination", "return_days", "ends_with_growth", "is_active",
    )  # fmt: skip
    list_display_links = ("label",)
    search_fields = ("label", "code")
    ordering = ("position", "id")

    def get_readonly_fields(self, request: HttpRequest, obj: RejectReason | None = None) -> tuple[str, ...]:
        """The code of a reason in use stands in the history of leads."""
        return ("code",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: RejectReason | None = None) -> bool:
        """Switch a reason off instead: verdicts keep it."""
        return False


@admin.register(Qualification)
class QualificationAdmin(HistoryAdmin):
    list_display = ("lead", "question", "level", "note", "by", "at")
    list_filter = ("question__framework", "level")
    list_select_related = ("lead", "question", "by")
    search_fields = ("lead__name", "lead__email")
    ordering = ("-at", "-id")


@admin.register(StuckCrossing)
class StuckCrossingAdmin(HistoryAdmin):
    list_display = ("crossing", "lead", "attempts", "tried_at", "next_at", "error")
    list_select_related = ("crossing__lead",)
    search_fields = ("error", "crossing__lead__name", "crossing__lead__email")
    ordering = ("-tried_at", "-id")
    actions = ("try_again",)

    @admin.display
    def lead(self, row: StuckCrossing) -> str:
        return str(row.crossing.lead)

    @admin.action(description="Try again")
    def try_again(self, request: HttpRequest, queryset: QuerySet[StuckCrossing]) -> None:
        """Give them to the pipeline once more."""
        count = stuck.try_again(crossing_ids=list(queryset.values_list("crossing", flat=True)))
        tick("crossings")
        self.message_user(request, f"{count} will be tried again.")


@admin.register(StuckEvidence)
class StuckEvidenceAdmin(HistoryAdmin):
    list_display = ("lead", "attempts", "tried_at", "next_at", "error")
    list_select_related = ("lead",)
    search_fields = ("error", "lead__name", "lead__email")
    ordering = ("-tried_at", "-pk")
    actions = ("look_again",)

    @admin.action(description="Look again")
    def look_again(self, request: HttpRequest, queryset: QuerySet[StuckEvidence]) -> None:
        """Let the next run of the pipeline look whether their handoffs still stand."""
        count = stuck.look_again(lead_ids=list(queryset.values_list("lead", flat=True)))
        tick("crossings")
        self.message_user(request, f"{count} will be looked at again.")


@admin.register(Look)
class LookAdmin(HistoryAdmin):
    list_display = ("handoff", "user", "at", "total")
    list_select_related = ("handoff__lead", "user")
    search_fields = ("handoff__lead__name", "handoff__lead__email", "user__email")
    ordering = ("-id",)


@admin.register(SavedView)
class SavedViewAdmin(admin.ModelAdmin[SavedView]):
    list_display = ("name", "owner", "team", "is_for_all", "page", "is_default", "position")
    list_filter = ("page", "team")
    list_select_related = ("owner", "team")
    search_fields = ("name", "owner__email")
    ordering = ("owner", "page", "position", "id")
