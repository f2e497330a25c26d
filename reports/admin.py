"""What both teams agreed on, in the stock admin: to be read, since it was signed."""

from django.contrib import admin

from leads.admin import HistoryAdmin

from .models import (
    AgreedSignature,
    AgreedValue,
    KeptCount,
    NotYet,
    Review,
    ReviewAnswer,
    ReviewProposal,
    ReviewSignOff,
    Talk,
    TalkWord,
    Todo,
)


class SignatureInline(admin.TabularInline[AgreedSignature, AgreedValue]):
    model = AgreedSignature
    extra = 0
    can_delete = False
    fields = readonly_fields = ("side", "by", "at")


@admin.register(AgreedValue)
class AgreedValueAdmin(HistoryAdmin):
    list_display = ("measure", "value", "holds_from", "proposed_by", "agreed_at", "dropped_at")
    list_filter = ("measure",)
    list_select_related = ("proposed_by",)
    ordering = ("-proposed_at", "-id")
    inlines = (SignatureInline,)


@admin.register(Review)
class ReviewAdmin(HistoryAdmin):
    list_display = ("kind", "first", "last", "prepared_at", "closed_at", "closed_by")
    list_filter = ("kind",)
    list_select_related = ("closed_by",)
    ordering = ("-first", "-id")


class OfReviewAdmin(HistoryAdmin):
    """What people said in a review: read here, written on its page."""

    ordering = ("-id",)


@admin.register(ReviewSignOff)
class ReviewSignOffAdmin(OfReviewAdmin):
    list_display = ("review", "side", "by", "at")
    list_select_related = ("review", "by")


@admin.register(ReviewAnswer)
class ReviewAnswerAdmin(OfReviewAdmin):
    list_display = ("review", "about", "text", "by", "at")
    list_select_related = ("review", "by")


@admin.register(Todo)
class TodoAdmin(OfReviewAdmin):
    list_display = ("text", "owner", "due_on", "review", "by", "done_at")
    list_select_related = ("review", "by")


@admin.register(ReviewProposal)
class ReviewProposalAdmin(OfReviewAdmin):
    list_display = ("review", "version", "at")
    list_select_related = ("review", "version__model")


@admin.register(NotYet)
class NotYetAdmin(OfReviewAdmin):
    list_display = ("proposal", "side", "note", "by", "at")
    list_select_related = ("proposal__review", "proposal__version__model", "by")


@admin.register(Talk)
class TalkAdmin(OfReviewAdmin):
    list_display = ("review", "why", "verdict", "opportunity", "total")
    list_select_related = (
        "review",
        "verdict__by",
        "verdict__handoff__lead",
        "opportunity__lead",
    )


@admin.register(TalkWord)
class TalkWordAdmin(OfReviewAdmin):
    list_display = ("talk", "side", "said", "by", "at")
    list_select_related = ("talk__verdict__handoff__lead", "talk__opportunity__lead", "by")


@admin.register(KeptCount)
class KeptCountAdmin(HistoryAdmin):
    """Counts that take long, as they were counted last. Nothing is lost with one."""

    list_display = ("count", "query", "day", "counted_at", "seconds", "asked_at", "is_wanted")
    exclude = ("answer",)
    ordering = ("-asked_at", "-id")
