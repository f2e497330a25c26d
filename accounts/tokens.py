"""Issue and recognise API tokens."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from .models import ApiToken, User

PREFIX = "ho_"
BYTES = 32  # 256 bits


#: Living tokens of one person; more are a script gone wrong.
MOST = 50


class TokenRefused(ValueError):
    """No token is made; the message says why."""


def issue(*, user: User, scope: str, name: str) -> str:
    """Make a token for ``user`` and return its text, which nobody can read again."""
    text = PREFIX + secrets.token_urlsafe(BYTES)
    ApiToken.objects.create(user=user, name=name, scope=scope, prefix=text[:8], digest=_digest(text))
    return text


def issue_once(*, user: User, scope: str, name: str) -> tuple[ApiToken, str]:
    """The same for a person on a page: a name that a living token of theirs has is refused, so that a form
    that is sent twice makes one. Raises TokenRefused."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        living = ApiToken.objects.filter(user=user, revoked_at=None)
        if living.filter(name__iexact=name).exists():
            raise TokenRefused(f"You have a token “{name}” already. Revoke it first, or choose another name.")
        if living.count() >= MOST:
            raise TokenRefused(f"You have {MOST} tokens. Revoke one that nothing uses.")
        text = issue(user=user, scope=scope, name=name)
        return living.get(digest=_digest(text)), text


def revoke(*, token: ApiToken, at: datetime) -> bool:
    """It opens nothing from now on. False if it was revoked before; safe to repeat."""
    return bool(ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at))


def resolve(*, text: str, at: datetime) -> ApiToken | None:
    """The living token with this text and an active user, or None. Stamps its use at most once a minute."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(digest=_digest(text), revoked_at=None, user__is_active=True)
        .first()
    )
    if token and (token.last_used_at is None or token.last_used_at < at - timedelta(minutes=1)):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)
    return token


def _digest(text: str) -> str:
    # 256 random bits need no slow hash; a plain one keeps the look-up to one indexed query.
    return hashlib.sha256(text.encode()).hexdigest()
