"""Alerts in the browser, while no page of ours is open: encrypted for one browser, sent to its push service.

A push service is an address that a browser gave us, so it is called as carefully as a webhook.
"""

import base64
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import transaction
from py_vapid import Vapid02, VapidException

from .calling import LEASE, Call
from .delivery import RETRY_MINUTES
from .egress import Answer, post
from .models import Browser, Delivery

#: How long a push service keeps a message for a browser that is not there, in seconds.
KEEP_SECONDS = 24 * 3600
#: How long the permission to send to one push service holds, in seconds.
TICKET_SECONDS = 12 * 3600
#: Push services refuse more than 4 kB; sealed, this stays below.
MOST_BODY = 600
#: So many browsers a person has at most; another one takes the place of the oldest.
MOST_BROWSERS = 5
#: What a push service answers for a browser that has gone.
GONE = (404, 410)


@dataclass(frozen=True, slots=True)
class _Try:
    delivery: Delivery
    attempt: int
    browsers: int


def public_key() -> str:
    """Our public key, base64url, as a browser asks for it."""
    raw = _keys().public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def lease(at: datetime, room: int) -> Sequence[Call]:
    """Take up to ``room`` pushes that are due, and count each try before it is made. 3 queries."""
    with transaction.atomic():
        due = list(
            Delivery.objects.due(at)
            .filter(channel="push")
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("notification__recipient")[:room]
        )
        for delivery in due:
            delivery.attempts += 1
            Delivery.objects.filter(pk=delivery.pk).update(
                state=Delivery.State.SENDING, attempts=delivery.attempts, leased_until=at + LEASE, reason=""
            )
    people = {
        delivery.notification.recipient_id for delivery in due if delivery.notification.recipient.is_active
    }
    browsers: dict[int, list[Browser]] = {}
    for browser in Browser.objects.filter(user__in=people).order_by("-id") if people else ():
        browsers.setdefault(browser.user_id, []).append(browser)  # the newest first
    return [_call(delivery, browsers.get(delivery.notification.recipient_id, [])) for delivery in due]


def _call(delivery: Delivery, browsers: list[Browser]) -> Call:
    message = _message(delivery)
    topic = delivery.notification.public_id.hex
    return Call(
        make=lambda: [
            (browser.pk, send(browser=browser, message=message, topic=topic)) for browser in browsers
        ],
        record=partial(_record, _Try(delivery, delivery.attempts, len(browsers))),
    )


def send(*, browser: Browser, message: bytes, topic: str) -> Answer:
    """Encrypt ``message`` for ``browser`` and hand it to its push service. A later message with the same
    ``topic`` takes the place of one that was not shown yet. Touches no database."""
    try:
        body, headers = _sealed(browser, message, topic)
    except (ValueError, TypeError, VapidException, http_ece.ECEException):
        # Keys that are no keys: the browser cannot have made them, nothing will ever reach it.
        return Answer(410, "Its keys are damaged.", 0)
    return post(browser.url, body=body, headers=headers)


def _message(delivery: Delivery) -> bytes:
    told = delivery.notification
    body = told.body if len(told.body) <= MOST_BODY else f"{told.body[:MOST_BODY]}…"
    shown = {
        "title": told.title,
        "body": body,
        "url": told.url or "/notifications/",
        "tag": told.public_id.hex,
    }
    return json.dumps(shown).encode()


def _sealed(browser: Browser, message: bytes, topic: str) -> tuple[bytes, Mapping[str, str]]:
    body = http_ece.encrypt(
        message,
        salt=os.urandom(16),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_unpadded(browser.p256dh),
        auth_secret=_unpadded(browser.auth),
        version="aes128gcm",
    )
    parts = urlsplit(browser.url)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + TICKET_SECONDS,
        "sub": f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}",
    }
    return body, {
        **_keys().sign(claims),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(KEEP_SECONDS),
        "Urgency": "high",
        "Topic": topic,
    }


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def is_key(text: str, *, size: int) -> bool:
    """Whether ``text`` is ``size`` bytes in base64url; one of 65 must be a point of the curve, too."""
    if len(text) > 100:
        return False
    try:
        raw = _unpadded(text)
        if size == 65 and len(raw) == size:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return False
    return len(raw) == size


def _keys() -> Any:
    """Our key pair (VAPID). A fresh object each time: its way of signing is not made for many threads."""
    return Vapid02.from_raw(settings.VAPID_PRIVATE_KEY.encode("ascii"))


@transaction.atomic
def _record(taken: _Try, answers: list[tuple[int, Answer]], at: datetime) -> bool:
    """Sent when one browser took it; browsers that are gone are forgotten; else another try or none."""
    gone = [pk for pk, answer in answers if answer.status in GONE]
    arrived = [pk for pk, answer in answers if answer.arrived]
    Browser.objects.filter(pk__in=gone).delete()
    Browser.objects.filter(pk__in=arrived).update(last_sent_at=at)
    ours = Delivery.objects.filter(pk=taken.delivery.pk, state=Delivery.State.SENDING, attempts=taken.attempt)
    if arrived:
        return bool(ours.update(state=Delivery.State.SENT, sent_at=at, leased_until=None, error=""))
    if len(gone) == taken.browsers:
        ours.update(state=Delivery.State.SKIPPED, reason=Delivery.Reason.GONE, leased_until=None, error="")
        return False
    error = next(answer.error for pk, answer in answers if pk not in gone)
    if taken.attempt > len(RETRY_MINUTES):
        ours.update(state=Delivery.State.PARKED, leased_until=None, error=error)
        return False
    asked = max(answer.wait_seconds for _, answer in answers)
    wait = max(RETRY_MINUTES[taken.attempt - 1] * 60 * settings.RETRY_SCALE, asked)
    ours.update(
        state=Delivery.State.WAITING, leased_until=None, error=error, next_at=at + timedelta(seconds=wait)
    )
    return False
