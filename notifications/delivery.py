"""Send what waits: lease, send, mark as sent. A worker may die at any point; the lease runs out and the next
one tries again with the same Message-ID."""

import logging
import math
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.clock import database_now

from . import kinds, planning, turns
from .channels import CHANNELS
from .channels.base import Channel, NotSent, Unreachable
from .models import Delivery, DeliveryQuerySet

log = logging.getLogger(__name__)

#: Minutes to wait after each failed try; after the last the delivery is parked for a person.
RETRY_MINUTES = (5 / 60, 5, 30, 120, 300)
#: How long one try may take before another worker may take over.
LEASE = timedelta(minutes=2)


def deliver_due(*, at: datetime | None = None, limit: int = 50, seconds: float = math.inf) -> int:
    """Try up to ``limit`` deliveries that are due at ``at`` (by default now, by the database's clock), and
    begin none after ``seconds``. Returns how many were sent. Stops at the first channel that cannot be
    reached at all: what was not tried has not used up a try. Safe to run many at once: one works, the others
    return 0, so that a mail server which stalls never takes every worker."""
    with turns.only_one(turns.MAIL) as ours:
        return _deliver(at, limit, time.monotonic() + seconds) if ours else 0


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


def send_again(*, deliveries: DeliveryQuerySet, at: datetime) -> int:
    """Begin the tries of those that are parked anew, with the same Message-ID. What was parked because its
    digest was goes out with the digest; what was emptied has nothing to say any more. Returns how many."""
    parked = deliveries.filter(state=Delivery.State.PARKED, notification__emptied_at=None)
    digests = parked.exclude(digest=None).values_list("digest", flat=True)
    both = Delivery.objects.filter(
        notification__in=list(digests), notification__emptied_at=None, state=Delivery.State.PARKED
    )
    again = parked.filter(digest=None) | both
    return again.update(state=Delivery.State.WAITING, attempts=0, next_at=at, error="", reason="")


@dataclass(frozen=True, slots=True)
class _Lease:
    """A delivery in our hands; ``attempt`` tells our try from that of whoever takes over."""

    delivery: Delivery
    attempt: int


def _lease_next(at: datetime) -> _Lease | None:
    """Take the delivery that has been due longest, and count the try before it is made. What comes due in its
    reader's quiet hours, as after an outage of the mail server, waits until they end."""
    with transaction.atomic():
        due = Delivery.objects.due(at).filter(channel__in=CHANNELS)
        while True:
            delivery = (
                due.select_for_update(skip_locked=True, of=("self",))
                .select_related("notification__recipient__alert_wishes")
                .first()
            )
            if delivery is None:
                return None
            quiet_until = _quiet_until(delivery, at)
            if quiet_until is None:
                break
            Delivery.objects.filter(pk=delivery.pk).update(
                state=Delivery.State.WAITING, reason=Delivery.Reason.QUIET, next_at=quiet_until
            )
        delivery.attempts += 1
        Delivery.objects.filter(pk=delivery.pk).update(
            state=Delivery.State.SENDING, attempts=delivery.attempts, leased_until=at + LEASE, reason=""
        )
        return _Lease(delivery, delivery.attempts)


def _quiet_until(delivery: Delivery, at: datetime) -> datetime | None:
    recipient = delivery.notification.recipient
    wishes = getattr(recipient, "alert_wishes", None)
    if wishes is None:
        return None
    kind = delivery.notification.kind
    return planning.held_until(wishes=wishes, zone=recipient.time_zone, kind=kind, at=at)


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


@transaction.atomic
def _sent(lease: _Lease, at: datetime) -> int:
    sent = _ours(lease).update(state=Delivery.State.SENT, sent_at=at, leased_until=None, error="")
    if sent and lease.delivery.notification.kind == kinds.DIGEST:
        lease.delivery.notification.bundled.update(state=Delivery.State.SENT, sent_at=at, error="")
    return sent


def _failed(lease: _Lease, refusal: NotSent, at: datetime) -> None:
    """Set the next try, or park what was tried often enough."""
    parked = refusal.final or lease.attempt > len(RETRY_MINUTES)
    log.warning("%s not sent (try %d): %s", lease.delivery.message_id, lease.attempt, refusal)
    changes = {"leased_until": None, "error": str(refusal)[:1000]}
    if parked:
        _ours(lease).update(state=Delivery.State.PARKED, **changes)
        if lease.delivery.notification.kind == kinds.DIGEST:
            lease.delivery.notification.bundled.update(state=Delivery.State.PARKED, error=changes["error"])
        return
    wait = timedelta(minutes=RETRY_MINUTES[lease.attempt - 1] * settings.RETRY_SCALE)
    _ours(lease).update(state=Delivery.State.WAITING, next_at=at + wait, **changes)


def _ours(lease: _Lease) -> DeliveryQuerySet:
    """The delivery while it is still ours: someone else may have taken over an expired lease."""
    return Delivery.objects.filter(pk=lease.delivery.pk, state=Delivery.State.SENDING, attempts=lease.attempt)
