"""Texts that a copy of the database must not give away: sealed with the installation's SECRET_KEY."""

import base64
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models


class Unreadable(Exception):
    """The text was sealed with another SECRET_KEY."""


def seal(text: str) -> str:
    return _box().encrypt(text.encode()).decode("ascii") if text else ""


def unseal(sealed: str) -> str:
    """What ``seal`` was given. Raises Unreadable when SECRET_KEY has changed since; older keys may stay in
    SECRET_KEY_FALLBACKS."""
    try:
        return _box().decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        raise Unreadable("Sealed with another SECRET_KEY.") from None


def _box() -> MultiFernet:
    return MultiFernet(
        [Fernet(_derived(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


def _derived(secret_key: str | bytes) -> bytes:
    key = secret_key.encode() if isinstance(secret_key, str) else secret_key
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"handoff sealed text").derive(key)
    return base64.urlsafe_b64encode(made)


class SealedField(models.TextField):  # type: ignore[type-arg]  # generic in the stubs only
    """A text that is sealed in the database and plain in memory. What cannot be read any more comes back
    empty: its owner must be able to open the page and put in a new one. It cannot be searched for."""

    def get_prep_value(self, value: Any) -> Any:
        return seal(str(value)) if value is not None else None

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if value is None:
            return None
        try:
            return unseal(value)
        except Unreadable:
            return ""
