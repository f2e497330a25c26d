"""Words about people are kept no longer than they are needed: what an alert or a webhook said is dropped
after a while. That it was said, to whom, when, over which way and why not stays."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Value, When

from accounts.clock import database_now

from . import kinds
from .models import Announcement, Delivery, Dispatch, Notification

#: So many are emptied in one transaction, and in one go.
AT_ONCE, MOST = 1_000, 100_000


def run(*, at: datetime | None = None, most: int = MOST) -> int:
    """Empty alerts older than ``ALERT_RETENTION_DAYS`` and announcements older than
    ``WEBHOOK_RETENTION_DAYS``, up to ``most`` of each, the oldest first. What still waits to be sent
    by then, at an endpoint that was switched off, say, is parked. Returns how many were emptied. Safe to
    repeat; what is emptied stays so."""
    at = at or database_now()
    ways: tuple[tuple[int, Callable[[datetime, datetime, int], int]], ...] = (
        (settings.ALERT_RETENTION_DAYS, _alerts),
        (settings.WEBHOOK_RETENTION_DAYS, _announcements),
    )
    done = 0
    for days, some in ways:
        left = most
        while left > 0 and (count := some(at - timedelta(days=days), at, min(left, AT_ONCE))):
            done, left = done + count, left - count
    return done


def after(days: int) -> str:
    """ "emptied after 90 days": for the pages that show what was told, and what cannot be sent again."""
    return f"emptied after {days} day{'' if days == 1 else 's'}"


@transaction.atomic
def _alerts(before: datetime, at: datetime, limit: int) -> int:
    under_way = Delivery.objects.filter(notification=OuterRef("pk"), state=Delivery.State.SENDING)
    old = Notification.objects.filter(~Exists(under_way), emptied_at=None, created_at__lt=before)
    ids = list(old.order_by("created_at", "id").values_list("id", flat=True)[:limit])
    waiting = Delivery.objects.filter(
        notification__in=ids, state__in=[Delivery.State.WAITING, Delivery.State.DIGEST]
    )
    waiting.update(state=Delivery.State.PARKED, error=_parked(settings.ALERT_RETENTION_DAYS))
    labels = [When(kind=key, then=Value(kinds.label(key))) for key in (*kinds.KINDS, kinds.DIGEST)]
    title = Case(*labels, default=Value("An alert"))
    return Notification.objects.filter(pk__in=ids).update(title=title, body="", sections=[], emptied_at=at)


@transaction.atomic
def _announcements(before: datetime, at: datetime, limit: int) -> int:
    under_way = Dispatch.objects.filter(announcement=OuterRef("pk"), state=Dispatch.State.SENDING)
    old = Announcement.objects.filter(~Exists(under_way), emptied_at=None, created_at__lt=before)
    ids = list(old.order_by("created_at", "id").values_list("id", flat=True)[:limit])
    waiting = Dispatch.objects.filter(announcement__in=ids, state=Dispatch.State.WAITING)
    waiting.update(state=Dispatch.State.PARKED, error=_parked(settings.WEBHOOK_RETENTION_DAYS))
    return Announcement.objects.filter(pk__in=ids).update(data={}, emptied_at=at)


def _parked(days: int) -> str:
    said = after(days)
    return f"{said[:1].upper()}{said[1:]}: there is nothing left to send."
