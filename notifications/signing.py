"""Signatures as the Standard Webhooks specification writes them (S14)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"


def new_secret() -> str:
    """A fresh secret as it is shown: "whsec_" and 256 bits in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def headers(*, message_id: str, at: datetime, body: bytes, known: Iterable[str]) -> dict[str, str]:
    """What goes with ``body``: its id, the moment ``at`` in whole seconds, and a signature per secret in
    ``known``, so that a receiver may have either of two while they overlap."""
    stamp = str(int(at.timestamp()))
    content = f"{message_id}.{stamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{_signature(secret, content)}" for secret in known),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode("ascii")
