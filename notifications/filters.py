"""What the page of alerts can be narrowed by. Every filter lives in the URL."""

from typing import TYPE_CHECKING, Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet

from . import kinds
from .models import Delivery, Notification

if TYPE_CHECKING:
    from accounts.models import User

#: What became of it, as people ask: a channel of it is in one of these states.
BECAME = {
    "sent": ("Sent", [Delivery.State.SENT]),
    "waiting": ("On its way", [Delivery.State.WAITING, Delivery.State.SENDING]),
    "digest": ("Waits for a digest", [Delivery.State.DIGEST]),
    "skipped": ("Not sent", [Delivery.State.SKIPPED]),
    "parked": ("Parked", [Delivery.State.PARKED]),
}


def _kinds() -> list[tuple[str, str]]:
    return [*((kind.key, kind.label) for kind in kinds.KINDS.values()), (kinds.DIGEST, "Digest")]


class AlertFilter(django_filters.FilterSet):  # type: ignore[misc]
    """``person`` is searched by name or address, and only admins have it."""

    became = django_filters.ChoiceFilter(
        label="What became of it",
        choices=[(key, words) for key, (words, _) in BECAME.items()],
        empty_label="Any",
        method="having_become",
    )
    channel = django_filters.ChoiceFilter(
        label="By", choices=[("email", "E-mail"), ("push", "Browser")], empty_label="Any", method="by_channel"
    )
    kind = django_filters.ChoiceFilter(label="About", choices=_kinds, empty_label="Anything")
    person = django_filters.CharFilter(label="Person", method="of_person")

    class Meta:
        model = Notification
        fields: list[str] = []

    def __init__(self, *args: Any, user: "User", **options: Any) -> None:
        super().__init__(*args, **options)
        if not user.is_admin:
            del self.filters["person"]

    def having_become(self, rows: QuerySet[Notification], name: str, became: str) -> QuerySet[Notification]:
        deliveries = Delivery.objects.filter(notification=OuterRef("pk"), state__in=BECAME[became][1])
        channel = self.form.cleaned_data.get("channel")
        return rows.filter(Exists(deliveries.filter(channel=channel) if channel else deliveries))

    def by_channel(self, rows: QuerySet[Notification], name: str, channel: str) -> QuerySet[Notification]:
        return rows.filter(Exists(Delivery.objects.filter(notification=OuterRef("pk"), channel=channel)))

    def of_person(self, rows: QuerySet[Notification], name: str, words: str) -> QuerySet[Notification]:
        return rows.filter(recipient__name__icontains=words) | rows.filter(recipient__email__iexact=words)
