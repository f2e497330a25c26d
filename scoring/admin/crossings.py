"""Crossings, scores, and where leads stand: what rescoring wrote. Held crossings are released here, too."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from leads.admin import HistoryAdmin
from scoring import publishing
from scoring.models import Crossing, LineState, Score, StateBefore


class HeldFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("held", "Waits for a person"), ("waiting", "Waits for the pipeline"), ("handled", "Handled")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Crossing]) -> QuerySet[Crossing]:
        crossings = Crossing.objects.all()
        match self.value():
            case "held":
                return queryset.filter(pk__in=crossings.held())
            case "waiting":
                return queryset.filter(handled_at=None).exclude(pk__in=crossings.held())
            case "handled":
                return queryset.exclude(handled_at=None)
        return queryset


@admin.register(Crossing)
class CrossingAdmin(HistoryAdmin):
    """Crossings that publishing or an import caused wait here until a person releases them."""

    list_display = (
        "lead",
        "stage",
        "cycle",
        "at",
        "cause",
        "held_at",
        "released_at",
        "handled_at",
        "outcome",
    )
    list_filter = (HeldFilter, "stage", "cause")
    list_select_related = ("lead",)
    raw_id_fields = ("lead", "stage_change")
    ordering = ("-id",)
    actions = ["release"]

    @admin.action(description="Release: hand these leads over now")
    def release(self, request: HttpRequest, queryset: QuerySet[Crossing]) -> None:
        released = publishing.release(crossings=queryset, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        rest = queryset.count() - released
        text = f"{released} released; the pipeline hands them over now."
        self.message_user(request, text + (f" {rest} were not held." if rest else ""), messages.SUCCESS)


@admin.register(Score)
class ScoreAdmin(HistoryAdmin):
    list_display = ("lead", "version", "intent", "fit", "engagement", "total", "computed_at", "fading")
    list_select_related = ("lead", "version__model")
    ordering = ("-id",)


@admin.register(LineState)
class LineStateAdmin(HistoryAdmin):
    list_display = ("lead", "stage", "inside", "cycle", "since")
    list_filter = ("stage", "inside")
    list_select_related = ("lead",)
    ordering = ("-id",)


@admin.register(StateBefore)
class StateBeforeAdmin(HistoryAdmin):
    list_display = ("lead", "publication", "stage", "inside", "cycle", "since")
    list_filter = ("stage", "inside")
    list_select_related = ("lead", "publication__version__model")
    ordering = ("-id",)
