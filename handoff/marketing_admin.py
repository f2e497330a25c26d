"""What marketing said of its leads, in the stock admin: to be read, not rewritten."""

from django.contrib import admin

from leads.admin import HistoryAdmin

from .models import ReturnAnswer, Shortfall


@admin.register(Shortfall)
class ShortfallAdmin(HistoryAdmin):
    list_display = ("lead", "kind", "by", "at", "holds")
    list_select_related = ("lead", "by")
    list_filter = ("kind", "holds")
    ordering = ("-at", "-id")


@admin.register(ReturnAnswer)
class ReturnAnswerAdmin(HistoryAdmin):
    list_display = ("verdict", "kind", "warm_until", "by", "at", "holds", "undone_at")
    list_select_related = ("verdict__by", "by")
    list_filter = ("kind", "holds")
    ordering = ("-at", "-id")
