"""Sources, and what they brought, in the stock admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from leads.admin import BigTableAdmin, HistoryAdmin
from leads.models import Suspicion

from . import disowning
from .evidence_forms import EvidenceRulesAdminForm
from .models import (
    Arrival,
    ConsentWording,
    EvidenceRules,
    Hook,
    Import,
    ImportWindow,
    InboxItem,
    LookingBack,
    OfferFile,
    PageRule,
    RefusedItem,
    RejectedRow,
    SavedMapping,
    Site,
    Source,
    SourceHour,
    Submission,
    WebForm,
    WebFormField,
)


@admin.register(Import)
class ImportAdmin(HistoryAdmin):
    list_display = (
        "file", "kind", "source", "started_at", "finished_at",
        "rows", "created", "updated", "skipped", "rejected", "activities",
    )  # fmt: skip
    list_filter = ("kind", "source", "live")
    search_fields = ("file", "source")
    ordering = ("-started_at", "-id")


@admin.register(ImportWindow)
class ImportWindowAdmin(HistoryAdmin):
    list_display = ("of", "first_row")
    list_select_related = ("of",)
    ordering = ("-id",)


@admin.register(RejectedRow)
class RejectedRowAdmin(HistoryAdmin):
    list_display = ("of", "line", "reason", "of_check")
    list_select_related = ("of",)
    ordering = ("-id",)


@admin.register(SavedMapping)
class SavedMappingAdmin(BigTableAdmin):
    list_display = ("name", "kind", "created_by", "created_at")
    list_filter = ("kind",)
    ordering = ("name", "id")
    readonly_fields = ("kind", "headings", "choices", "created_at", "created_by")


@admin.register(Source)
class SourceAdmin(BigTableAdmin):
    list_display = ("name", "key", "kind", "is_active", "created_at")
    list_filter = ("kind", "is_active")
    search_fields = ("name", "key")
    ordering = ("name", "id")
    readonly_fields = ("key", "kind", "created_at", "created_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # made by what arrives, or by the page of its kind

    def has_delete_permission(self, request: HttpRequest, obj: Source | None = None) -> bool:
        return False  # leads and activities name it for ever


@admin.register(Arrival)
class ArrivalAdmin(HistoryAdmin):
    list_display = ("source", "at", "accepted", "duplicates", "held", "refused", "lag")
    list_filter = ("source",)
    ordering = ("-at", "-id")


@admin.register(SourceHour)
class SourceHourAdmin(HistoryAdmin):
    list_display = ("source", "at", "last_at", "accepted", "duplicates", "held", "refused", "lag")
    list_filter = ("source",)
    ordering = ("-at", "source")


@admin.register(RefusedItem)
class RefusedItemAdmin(HistoryAdmin):
    list_display = ("source", "at", "field", "reason")
    list_filter = ("source",)
    ordering = ("-at", "-id")


class PageRuleInline(admin.TabularInline[PageRule, Site]):
    model = PageRule
    extra = 0
    ordering = ("position", "id")


@admin.register(Site)
class SiteAdmin(BigTableAdmin):
    list_display = ("source", "key", "origins", "waits_for_consent")
    ordering = ("source__name", "id")
    readonly_fields = ("source", "key", "public_id")
    inlines = (PageRuleInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # made on its own page, with its source

    def has_delete_permission(self, request: HttpRequest, obj: Site | None = None) -> bool:
        return False  # closed instead: leads and activities name its source


@admin.register(Hook)
class HookAdmin(HistoryAdmin):
    """Made and mapped on the pages of hooks; address and secrets are not shown here."""

    list_display = ("source", "preset", "signing", "mapped_at", "old_secret_until")
    list_select_related = ("source",)
    list_filter = ("signing", "preset")
    ordering = ("-id",)


@admin.register(InboxItem)
class InboxItemAdmin(HistoryAdmin):
    list_display = ("received_at", "hook", "state", "reason", "attempts", "worked_at", "emptied_at")
    list_select_related = ("hook__source",)
    list_filter = ("state",)
    ordering = ("-id",)


@admin.register(EvidenceRules)
class EvidenceRulesAdmin(BigTableAdmin):
    """One row; edited on *What counts* as well, where each signal is explained."""

    list_display = ("__str__", "own_addresses", "own_networks")
    ordering = ("id",)
    form = EvidenceRulesAdminForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not EvidenceRules.objects.exists()

    def save_model(self, request: HttpRequest, obj: EvidenceRules, form: Any, change: bool) -> None:
        before = EvidenceRules.objects.filter(pk=1).first() or EvidenceRules()
        treatment = before.treatment(Suspicion.Signal.OWN_ADDRESS)
        super().save_model(request, obj, form, change)
        disowning.begin(rules=obj, own=before.own_addresses, treatment=treatment)


@admin.register(LookingBack)
class LookingBackAdmin(HistoryAdmin):
    list_display = ("reached", "ahead", "ahead_at", "own_before")
    ordering = ("id",)


class WebFormFieldInline(admin.TabularInline[WebFormField, WebForm]):
    model = WebFormField
    extra = 0
    ordering = ("position", "id")


@admin.register(WebForm)
class WebFormAdmin(BigTableAdmin):
    list_display = ("source", "type", "confirms", "origins")
    list_select_related = ("source", "type")
    ordering = ("source__name", "id")
    readonly_fields = ("source", "public_id", "consent_version")
    inlines = (WebFormFieldInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # made on its own page, with its source

    def has_delete_permission(self, request: HttpRequest, obj: WebForm | None = None) -> bool:
        return False  # closed instead: leads, activities and consents name its source


@admin.register(OfferFile)
class OfferFileAdmin(HistoryAdmin):
    """Uploaded and taken away on the form's page, together with the file."""

    list_display = ("web_form", "name", "size", "uploaded_at", "uploaded_by")
    list_select_related = ("web_form__source", "uploaded_by")
    ordering = ("-id",)


@admin.register(ConsentWording)
class ConsentWordingAdmin(HistoryAdmin):
    """Changed on the form's page, where every change is a version of its own."""

    list_display = ("web_form", "version", "created_at", "created_by")
    list_select_related = ("web_form__source", "created_by")
    ordering = ("-id",)


@admin.register(Submission)
class SubmissionAdmin(HistoryAdmin):
    list_display = ("submitted_at", "web_form", "email", "state", "lead", "looked_by", "confirmed_at")
    list_select_related = ("web_form__source", "lead", "looked_by")
    list_filter = ("state",)
    ordering = ("-id",)
