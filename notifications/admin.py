"""What was told and what is on its way, in the stock admin."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from . import delivery, endpoints, switching
from .forms import EndpointForm
from .models import (
    AlertWishes,
    Announcement,
    Browser,
    Delivery,
    Dispatch,
    DispatchQuerySet,
    Endpoint,
    Notification,
)


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
    list_display = ("title", "recipient", "kind", "created_at", "read_at", "emptied_at")
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
        "reason",
        "attempts",
        "next_at",
        "sent_at",
        "error",
    )
    list_filter = ("state", "channel", "reason")
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
        chosen = Delivery.objects.filter(pk__in=queryset.values("pk"))
        count = delivery.send_again(deliveries=chosen, at=timezone.now())
        self.message_user(request, f"{count} will be sent again.")


@admin.register(Endpoint)
class EndpointAdmin(admin.ModelAdmin[Endpoint]):
    """The same form as on the page of webhooks; the secret of a new one is said once."""

    form = EndpointForm
    list_display = ("name", "format", "host", "events", "created_by", "created_at", "off_reason")
    list_filter = ("format", "off_reason")
    list_select_related = ("created_by",)
    search_fields = ("name", "host")
    ordering = ("name", "id")
    readonly_fields = (
        "created_by", "created_at", "off_at", "off_reason", "failing_since", "rest_until", "old_secret_until"
    )  # fmt: skip
    actions = ("switch_on", "switch_off", "rotate")

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]  # the admin is for people who signed in
            self._say(request, obj, endpoints.equip(obj))
        super().save_model(request, obj, form, change)

    def _say(self, request: HttpRequest, endpoint: Endpoint, secret: str) -> None:
        self.message_user(request, f"The secret of {endpoint}, shown this once: {secret}", messages.WARNING)

    @admin.action(description="Switch on")
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        count = sum(switching.switch_on(endpoint=endpoint) for endpoint in queryset)
        self.message_user(request, f"{count} switched on.")

    @admin.action(description="Switch off")
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        at = timezone.now()
        count = sum(
            switching.switch_off(endpoint=endpoint, why=Endpoint.Off.PERSON, at=at) for endpoint in queryset
        )
        self.message_user(request, f"{count} switched off.")

    @admin.action(description="Give each a new secret")
    def rotate(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        for endpoint in queryset:
            self._say(request, endpoint, endpoints.rotate(endpoint=endpoint, at=timezone.now()))


@admin.register(Announcement)
class AnnouncementAdmin(ToldAdmin):
    list_display = ("type", "key", "at", "public_id", "emptied_at")
    list_filter = ("type",)
    search_fields = ("key", "public_id")
    ordering = ("-id",)


@admin.register(Dispatch)
class DispatchAdmin(ToldAdmin):
    list_display = ("announcement", "endpoint", "state", "attempts", "next_at", "sent_at", "status", "error")
    list_filter = ("state", "endpoint")
    list_select_related = ("announcement", "endpoint")
    search_fields = ("announcement__public_id", "announcement__key", "endpoint__name")
    ordering = ("-id",)
    actions = ("send_again",)

    @admin.action(description="Send parked ones again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Dispatch]) -> None:
        """Begin the tries anew, with the same webhook-id."""
        chosen: DispatchQuerySet = Dispatch.objects.filter(pk__in=queryset.values("pk"))
        count = endpoints.replay(dispatches=chosen, at=timezone.now())
        self.message_user(request, f"{count} will be sent again.")


@admin.register(AlertWishes)
class AlertWishesAdmin(admin.ModelAdmin[AlertWishes]):
    list_display = ("user", "push", "quiet_from", "quiet_to", "digest_rhythm", "digest_at")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email")
    autocomplete_fields = ("user",)
    ordering = ("user__name", "id")


@admin.register(Browser)
class BrowserAdmin(ToldAdmin):
    list_display = ("label", "user", "created_at", "last_sent_at")
    list_select_related = ("user",)
    search_fields = ("label", "user__name", "user__email")
    ordering = ("-id",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True
