"""Send what waits: lease, send, mark as sent. A worker may die at any point; the lease runs out and the next
one tries again with the same Message-ID."""

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from accounts.clock import database_now

from .channels import CHANNELS
from .channels.base import Channel, NotSent, Unreachable
from .models import Delivery, DeliveryQuerySet

log = logging.getLogger(__name__)

#: Minutes to wait after each failed try; after the last the delivery is parked for a person.
RETRY_MINUTES = (5 / 60, 5, 30, 120, 300)
#: The advisory lock of whoever delivers.
LOCK = 7_303
#: How long one try may take before another worker may take over.
LEASE = timedelta(minutes=2)


def deliver_due(*, at: datetime | None = None, limit: int = 50, seconds: float = math.inf) -> int:
    """Try up to ``limit`` deliveries that are due at ``at`` (by default now, by the database's clock), and
    begin none after ``seconds``. Returns how many were sent. Stops at the first channel that cannot be
    reached at all: what was not tried has not used up a try. Safe to run many at once: one works, the others
    return 0, so that a mail server which stalls never takes every worker."""
    with _only_one() as ours:
        return _deliver(at, limit, time.monotonic() + seconds) if ours else 0


@contextmanager
def _only_one() -> Iterator[bool]:
    """Whether nobody else delivers at the moment. A worker that dies lets go with its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        ours = bool(cursor.fetchone()[0])
    try:
        yield ours
    finally:
        if ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _deliver(at: datetime | None, limit: int, until: float) -> int:
    open_channels: dict[str, Channel] = {}
    sent = 0
    try:
        for _ in range(limit):
            lease = _lease_next(at or database_now()) if time.monotonic() < until else None
            if lease is None:
                break
            try:
                _send(lease, open_channels)
            except NotSent as refusal:
                _failed(lease, refusal, at or database_now())
                if isinstance(refusal, Unreachable):
                    break
            else:
                sent += _sent(lease, at or database_now())
    finally:
        for channel in open_channels.values():
            channel.close()
    return sent


@dataclass(frozen=True, slots=True)
class _Lease:
    """A delivery in our hands; ``attempt`` tells our try from that of whoever takes over."""

    delivery: Delivery
    attempt: int


def _lease_next(at: datetime) -> _Lease | None:
    """Take the delivery that has been due longest, and count the try before it is made."""
    with transaction.atomic():
        delivery = (
            Delivery.objects.due(at)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("notification__recipient")
            .first()
        )
        if delivery is None:
            return None
        delivery.attempts += 1
        Delivery.objects.filter(pk=delivery.pk).update(
            state=Delivery.State.SENDING, attempts=delivery.attempts, leased_until=at + LEASE
        )
        return _Lease(delivery, delivery.attempts)


def _send(lease: _Lease, open_channels: dict[str, Channel]) -> None:
    """Outside any transaction: sending is slow. Nobody is written to who no longer works here."""
    delivery = lease.delivery
    if lease.attempt > len(RETRY_MINUTES) + 1:
        raise NotSent("Every try ended without a word: the worker died.")
    if not delivery.notification.recipient.is_active:
        raise NotSent("The recipient is not active any more.", final=True)
    if delivery.channel not in open_channels:
        open_channels[delivery.channel] = CHANNELS[delivery.channel]()
    open_channels[delivery.channel].send(delivery)


def _sent(lease: _Lease, at: datetime) -> int:
    return _ours(lease).update(state=Delivery.State.SENT, sent_at=at, leased_until=None, error="")


def _failed(lease: _Lease, refusal: NotSent, at: datetime) -> None:
    """Set the next try, or park what was tried often enough."""
    parked = refusal.final or lease.attempt > len(RETRY_MINUTES)
    log.warning("%s not sent (try %d): %s", lease.delivery.message_id, lease.attempt, refusal)
    changes = {"leased_until": None, "error": str(refusal)[:1000]}
    if parked:
        _ours(lease).update(state=Delivery.State.PARKED, **changes)
        return
    wait = timedelta(minutes=RETRY_MINUTES[lease.attempt - 1] * settings.RETRY_SCALE)
    _ours(lease).update(state=Delivery.State.WAITING, next_at=at + wait, **changes)


def _ours(lease: _Lease) -> DeliveryQuerySet:
    """The delivery while it is still ours: someone else may have taken over an expired lease."""
    return Delivery.objects.filter(pk=lease.delivery.pk, state=Delivery.State.SENDING, attempts=lease.attempt)
