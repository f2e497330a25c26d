"""What happened to versions: read, never written by hand."""

from django.contrib import admin

from leads.admin import HistoryAdmin
from scoring.models import ModelReview, Publication, SignOff


@admin.register(Publication)
class PublicationAdmin(HistoryAdmin):
    """Each time a version went live; the log of what was live when."""

    list_display = ("version", "kind", "at", "by", "reason")
    list_filter = ("kind", "model")
    list_select_related = ("version__model", "by")
    ordering = ("-id",)


@admin.register(SignOff)
class SignOffAdmin(HistoryAdmin):
    list_display = ("version", "side", "by", "at")
    list_filter = ("side",)
    list_select_related = ("version__model", "by")
    ordering = ("-id",)


@admin.register(ModelReview)
class ModelReviewAdmin(HistoryAdmin):
    list_display = ("model", "version", "at", "by", "note")
    list_filter = ("model",)
    list_select_related = ("model", "version__model", "by")
    ordering = ("-id",)
