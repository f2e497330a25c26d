"""What people add to the facts: words on single leads, and the lists of mail domains."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from leads.admin import BigTableAdmin
from scoring.models import Adjustment, MailDomain


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
