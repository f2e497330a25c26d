"""What was imported, in the stock admin: to be read."""

from django.contrib import admin

from leads.admin import HistoryAdmin

from .models import Import


@admin.register(Import)
class ImportAdmin(HistoryAdmin):
    list_display = (
        "file", "kind", "source", "started_at", "finished_at",
        "rows", "created", "updated", "skipped", "rejected", "activities",
    )  # fmt: skip
    list_filter = ("kind", "source", "live")
    search_fields = ("file", "source")
    ordering = ("-started_at", "-id")
