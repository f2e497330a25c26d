"""What happened to versions: read, never written by hand."""

from django.contrib import admin

from leads.admin import HistoryAdmin
from scoring.models import DefinitionSignOff, ModelReview, Publication, SignOff, WrittenDefinition


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


@admin.register(WrittenDefinition)
class WrittenDefinitionAdmin(HistoryAdmin):
    list_display = ("number", "proposed_by", "proposed_at", "in_force_at", "note")
    list_select_related = ("proposed_by",)
    ordering = ("-number",)


@admin.register(DefinitionSignOff)
class DefinitionSignOffAdmin(HistoryAdmin):
    list_display = ("definition", "side", "by", "at")
    list_select_related = ("definition", "by")
    ordering = ("-id",)
