"""Issue and recognise API tokens."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import Q

from .models import ApiToken, User

PREFIX = "ho_"
BYTES = 32  # 256 bits


def issue(*, user: User, scope: str, name: str) -> str:
    """Make a token for ``user`` and return its text, which nobody can read again."""
    text = PREFIX + secrets.token_urlsafe(BYTES)
    ApiToken.objects.create(user=user, name=name, scope=scope, prefix=text[:8], digest=_digest(text))
    return text


def resolve(*, text: str, at: datetime) -> ApiToken | None:
    """The living token with this text and an active user, or None. Stamps its use at most once a minute."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(digest=_digest(text), revoked_at=None, user__is_active=True)
        .first()
    )
    if token:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at - timedelta(minutes=1))
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=at)
    return token


def _digest(text: str) -> str:
    # 256 random bits need no slow hash; a plain one keeps the look-up to one indexed query.
    return hashlib.sha256(text.encode()).hexdigest()
