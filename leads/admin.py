"""Leads and what they did, in the stock admin. Lists stay quick at a million rows: no total counts, search
through the trigram indexes, and history that can be read but not rewritten."""

from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import User

from . import phases, voiding
from .models import (
    Activity,
    ActivityType,
    Alias,
    AliasUse,
    CampaignCost,
    ChangedLead,
    Company,
    CompanyExternalId,
    CompetingSupplier,
    ConsentEvent,
    Correction,
    EvidenceChange,
    Lead,
    LeadAccess,
    LeadExternalId,
    LookAlike,
    LookAlikeSearch,
    LossReason,
    Merge,
    Opportunity,
    OpportunityStage,
    OpportunityStep,
    PassedMilestone,
    PhaseChange,
    Settlement,
    StageChange,
    Supplier,
    Suspicion,
    Visitor,
    Watched,
)


class CheapPaginator(Paginator[Any]):
    """Pages of a big table without counting it: says “many” after the first 10,000 rows."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:10_000].count()


class BigTableAdmin(admin.ModelAdmin[Any]):
    paginator = CheapPaginator
    show_full_result_count = False
    list_per_page = 50


class HistoryAdmin(BigTableAdmin):
    """Rows that happened: to be read, never added, edited or deleted by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CompanyExternalIdInline(admin.TabularInline[CompanyExternalId, Company]):
    model = CompanyExternalId
    extra = 0


@admin.register(Company)
class CompanyAdmin(BigTableAdmin):
    list_display = ("name", "domain", "employees", "industry", "country")
    search_fields = ("name",)
    ordering = ("-id",)
    autocomplete_fields = ("owner",)
    inlines = (CompanyExternalIdInline,)
    readonly_fields = ("public_id", "updated_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset.filter(pk__in=Company.objects.searched(search_term).values("pk")), False


class LeadExternalIdInline(admin.TabularInline[LeadExternalId, Lead]):
    model = LeadExternalId
    extra = 0


@admin.register(Lead)
class LeadAdmin(BigTableAdmin):
    """Facts of a lead. Its stage is not edited here: verbs move it and write down why."""

    list_display = ("__str__", "email", "company", "stage", "phase", "source", "created_at")
    list_select_related = ("company",)
    list_filter = ("stage", "phase")
    ordering = ("-created_at", "-id")
    autocomplete_fields = ("company", "owner")
    inlines = (LeadExternalIdInline,)
    readonly_fields = ("public_id", "stage", "stage_at", "stage_reason", "phase_at", "updated_at")
    search_fields = ("name", "email")
    fieldsets = (
        (None, {"fields": ("name", "email", "title", "phone", "company", "owner")}),
        ("Where", {"fields": ("country", "city", "source", "campaign", "attributes")}),
        (
            "Lifecycle",
            {"fields": ("stage", "stage_at", "stage_reason", "phase", "phase_at", "created_at")},
        ),
        ("Keys", {"fields": ("public_id", "updated_at")}),
    )

    def save_model(self, request: HttpRequest, obj: Lead, form: Any, change: bool) -> None:
        if "phase" in form.changed_data:
            obj.phase_at = timezone.now()
        by = cast("User", request.user)
        with phases.decided(cause=PhaseChange.Cause.PERSON, by=by):
            super().save_model(request, obj, form, change)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset.filter(pk__in=Lead.objects.searched(search_term).values("pk")), False


@admin.register(ActivityType)
class ActivityTypeAdmin(admin.ModelAdmin[ActivityType]):
    """The company's vocabulary of what leads do. A type stays: rules, senders and history know it by its key,
    and a rule that asks for one that is gone would turn itself off."""

    list_display = ("key", "label", "category", "phase", "is_intent")
    list_filter = ("category", "phase", "is_intent")
    search_fields = ("key", "label")
    ordering = ("category", "key")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("key",) if obj else ()  # rules and senders know the type by its key

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Activity)
class ActivityAdmin(BigTableAdmin):
    """What happened. Activities may be added (a call that nobody logged) and voided, not rewritten. To void
    many, with undo, there is *Suspected evidence*."""

    list_display = ("type", "lead", "occurred_at", "source", "voided_at")
    list_select_related = ("type", "lead")
    list_filter = ("type",)
    ordering = ("-id",)
    autocomplete_fields = ("lead", "visitor", "type")
    fields = (
        "lead", "visitor", "type", "occurred_at", "undated", "source", "event_id", "properties",
        "voided_at", "void_reason",
    )  # fmt: skip

    def save_model(self, request: HttpRequest, obj: Activity, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "voided_at" in form.changed_data:
            voiding.note_leads(Activity.objects.filter(pk=obj.pk))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fields[:-2] if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Visitor)
class VisitorAdmin(BigTableAdmin):
    list_display = ("anonymous_id", "lead", "first_seen_at")
    list_select_related = ("lead",)
    search_fields = ("anonymous_id__exact",)
    ordering = ("-id",)
    autocomplete_fields = ("lead",)


@admin.register(StageChange)
class StageChangeAdmin(HistoryAdmin):
    list_display = ("lead", "from_stage", "to_stage", "at", "by", "cause", "reason")
    list_select_related = ("lead", "by")
    list_filter = ("to_stage", "cause")
    ordering = ("-at", "-id")


@admin.register(PassedMilestone)
class PassedMilestoneAdmin(HistoryAdmin):
    list_display = ("lead", "milestone", "at")
    list_select_related = ("lead",)
    list_filter = ("milestone",)
    ordering = ("-id",)


@admin.register(CampaignCost)
class CampaignCostAdmin(BigTableAdmin):
    list_display = ("day", "source", "campaign", "amount", "currency")
    list_filter = ("source",)
    search_fields = ("source", "campaign")
    ordering = ("-day", "-id")
    readonly_fields = ("public_id", "recorded_at", "recorded_by")

    def save_model(self, request: HttpRequest, obj: CampaignCost, form: Any, change: bool) -> None:
        obj.recorded_at, obj.recorded_by = timezone.now(), cast(User, request.user)
        super().save_model(request, obj, form, change)


@admin.register(PhaseChange)
class PhaseChangeAdmin(HistoryAdmin):
    list_display = ("lead", "from_phase", "to_phase", "at", "cause", "by")
    list_select_related = ("lead", "by")
    list_filter = ("to_phase", "cause")
    ordering = ("-id",)


@admin.register(ConsentEvent)
class ConsentEventAdmin(HistoryAdmin):
    list_display = ("lead", "channel", "granted", "at", "source")
    list_select_related = ("lead",)
    list_filter = ("channel", "granted")
    ordering = ("-at", "-id")


@admin.register(Settlement)
class SettlementAdmin(HistoryAdmin):
    list_display = ("change", "was_sql", "at")
    list_select_related = ("change",)
    list_filter = ("was_sql",)
    ordering = ("-at", "-pk")


@admin.register(LeadAccess)
class LeadAccessAdmin(HistoryAdmin):
    list_display = ("lead", "team", "since")
    list_select_related = ("lead", "team")
    list_filter = ("team",)
    ordering = ("-id",)


@admin.register(Opportunity)
class OpportunityAdmin(BigTableAdmin):
    """Figures of a deal. Its stage and its end are not edited here: verbs move it and write down why."""

    list_display = ("__str__", "lead", "owner", "stage", "amount", "currency", "close_on", "outcome")
    list_select_related = ("lead", "owner", "stage")
    list_filter = ("outcome", "stage")
    ordering = ("-id",)
    autocomplete_fields = ("lead", "owner")
    search_fields = ("name",)
    readonly_fields = ("stage", "outcome", "closed_at", "lost_reason", "lost_to")


@admin.register(OpportunityStage)
class OpportunityStageAdmin(admin.ModelAdmin[OpportunityStage]):
    list_display = ("label", "key", "probability", "position", "is_active")
    search_fields = ("label", "key")
    ordering = ("position", "id")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("key",) if obj else ()  # other systems know the stage by it

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Switch a stage off instead: the history of deals names it."""
        return False


@admin.register(LossReason)
class LossReasonAdmin(admin.ModelAdmin[LossReason]):
    list_display = ("label", "code", "position", "is_active")
    search_fields = ("label", "code")
    ordering = ("position", "id")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()  # deals keep it

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Switch a reason off instead: deals name it."""
        return False


@admin.register(OpportunityStep)
class OpportunityStepAdmin(HistoryAdmin):
    list_display = ("opportunity", "kind", "from_stage", "to_stage", "at", "by", "reason")
    list_select_related = ("opportunity__lead", "from_stage", "to_stage", "by")
    list_filter = ("kind",)
    ordering = ("-at", "-id")


@admin.register(Supplier)
class SupplierAdmin(admin.ModelAdmin[Supplier]):
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(CompetingSupplier)
class CompetingSupplierAdmin(BigTableAdmin):
    list_display = ("lead", "supplier", "note", "by", "at")
    list_select_related = ("lead", "supplier", "by")
    ordering = ("-at", "-id")
    autocomplete_fields = ("lead", "supplier", "opportunity", "by")


@admin.register(ChangedLead)
class ChangedLeadAdmin(HistoryAdmin):
    """Leads waiting for a new score; parked ones failed three times and say why."""

    list_display = ("lead", "version", "live", "attempts", "parked_at", "error")
    list_select_related = ("lead",)
    list_filter = (("parked_at", admin.EmptyFieldListFilter), "live")
    ordering = ("lead_id",)


@admin.register(Watched)
class WatchedAdmin(HistoryAdmin):
    """What live rules look at beyond a lead itself, kept by publishing."""

    list_display = ("what", "types")
    ordering = ("what",)


@admin.register(Merge)
class MergeAdmin(HistoryAdmin):
    """Leads that were one person. Merging and undoing are on the page of duplicates."""

    list_display = ("dropped_name", "kept", "at", "by", "undone_at", "undone_by")
    list_select_related = ("kept", "by", "undone_by")
    exclude = ("steps",)
    ordering = ("-id",)


@admin.register(Alias)
class AliasAdmin(HistoryAdmin):
    """Old ids and addresses of merged leads."""

    list_display = ("lead", "email", "public_id", "merge")
    list_select_related = ("lead", "merge")
    ordering = ("-id",)


@admin.register(AliasUse)
class AliasUseAdmin(HistoryAdmin):
    list_display = ("alias", "source", "event_id")
    list_select_related = ("alias",)
    ordering = ("-id",)


@admin.register(LookAlike)
class LookAlikeAdmin(HistoryAdmin):
    list_display = ("older", "newer", "reasons", "crowded", "found_at", "dismissed_at", "dismissed_by")
    list_select_related = ("older", "newer", "dismissed_by")
    list_filter = (("dismissed_at", admin.EmptyFieldListFilter),)
    ordering = ("-id",)


@admin.register(LookAlikeSearch)
class LookAlikeSearchAdmin(HistoryAdmin):
    """How far the search for look-alikes has come."""

    list_display = ("newest", "passed", "pass_began_at", "pass_ended_at")
    ordering = ("id",)


@admin.register(Suspicion)
class SuspicionAdmin(HistoryAdmin):
    list_display = ("activity", "signal", "detail", "state", "at", "correction")
    list_select_related = ("activity", "correction")
    list_filter = ("signal", "state")
    ordering = ("-id",)


@admin.register(Correction)
class CorrectionAdmin(HistoryAdmin):
    list_display = ("verb", "reason", "by", "at", "changed", "finished_at", "undoes")
    list_select_related = ("by", "undoes")
    list_filter = ("verb",)
    ordering = ("-id",)


@admin.register(EvidenceChange)
class EvidenceChangeAdmin(HistoryAdmin):
    list_display = ("lead", "version")
    list_select_related = ("lead",)
    ordering = ("lead",)
