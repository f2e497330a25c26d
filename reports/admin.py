"""What both teams agreed on, in the stock admin: to be read, since it was signed."""

from django.contrib import admin

from leads.admin import HistoryAdmin

from .models import AgreedSignature, AgreedValue


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
