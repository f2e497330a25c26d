"""What was told and what is on its way, in the stock admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from .models import Delivery, Notification


class ToldAdmin(admin.ModelAdmin[Any]):
    """Rows that happened: to be read, never added, edited or deleted by hand."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Notification)
class NotificationAdmin(ToldAdmin):
    list_display = ("title", "recipient", "kind", "created_at", "read_at")
    list_filter = ("kind",)
    list_select_related = ("recipient",)
    search_fields = ("title", "recipient__email")
    ordering = ("-id",)


@admin.register(Delivery)
class DeliveryAdmin(ToldAdmin):
    list_display = (
        "notification",
        "recipient",
        "channel",
        "state",
        "attempts",
        "next_at",
        "sent_at",
        "error",
    )
    list_filter = ("state", "channel")
    list_select_related = ("notification__recipient",)
    search_fields = ("message_id", "notification__title", "notification__recipient__email")
    ordering = ("-id",)
    actions = ("send_again",)

    @admin.display(ordering="notification__recipient__email")
    def recipient(self, delivery: Delivery) -> str:
        return delivery.notification.recipient.email

    @admin.action(description="Send parked ones again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Begin the tries anew, with the same Message-ID."""
        count = queryset.filter(state=Delivery.State.PARKED).update(
            state=Delivery.State.WAITING, attempts=0, next_at=timezone.now(), error=""
        )
        self.message_user(request, f"{count} will be sent again.")
