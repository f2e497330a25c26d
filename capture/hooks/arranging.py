"""What people do with a hook: make it, say how posts are signed and what they mean, rotate its secret, close
it."""

import base64
import re
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from capture.models import Hook, Source
from notifications.signing import new_secret

from . import mapping as language
from . import presets
from .receiving import digest
from .signatures import sns_parts

#: So long the secret before a rotation is believed, too (S14).
OVERLAP = timedelta(hours=24)
#: The name of an Amazon SNS topic; without it every topic of the region would be believed.
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]{1,256}")
#: What a token is made of: 192 bits.
TOKEN_BYTES = 24
#: Ways of signing whose secret the sender makes; for the others we may.
THEIRS = frozenset(
    {Hook.Signing.MAILGUN, Hook.Signing.SENDGRID, Hook.Signing.SNS, Hook.Signing.HUBSPOT, Hook.Signing.META}
)


@transaction.atomic
def make(
    *,
    name: str,
    preset: str,
    signing: str,
    by: User,
    at: datetime,
    secret: str = "",
    signature_header: str = "",
    timestamp_header: str = "",
) -> Hook:
    """A new hook with an address nobody can guess. Without a ``secret`` one is made where the sender takes
    ours; it is on the returned hook, to be shown once."""
    source = Source.objects.create(
        key=_free_key(name), name=name, kind=Source.Kind.HOOK, created_at=at, created_by=by
    )
    token = secrets.token_urlsafe(TOKEN_BYTES)
    found = presets.of(preset)
    return Hook.objects.create(
        source=source,
        preset=preset if found else "",
        token=token,
        token_digest=digest(token),
        signing=signing,
        secret=secret or fresh_secret(signing),
        signature_header=signature_header,
        timestamp_header=timestamp_header,
        mapping=found.mapping if found else None,
        mapped_at=at if found else None,
    )


def hook_of_api(*, source: str, by: User, at: datetime) -> Hook:
    """The hook, without an address, of a source that sends over the API in Segment's shape; made when first
    seen. Where ``source`` is the key of another door, such as a hook whose posts are signed, it gets one of
    its own, as a token of that name proves nothing there. Safe beside itself; one query once it is made."""
    keys = (source, *(f"{source[:56]}-api{number}" for number in ("", *range(2, 10))))
    doors = {door.key: door for door in Source.objects.filter(key__in=keys).select_related("hook")}
    for key in keys:
        door = doors.get(key)
        found: Hook | None = getattr(door, "hook", None)
        if found is not None and found.signing == Hook.Signing.TOKEN:
            return found
        if door is None or (found is None and door.kind == Source.Kind.API):
            break
    else:
        raise RuntimeError(f"Ten doors are called {source}.")
    with transaction.atomic():
        door, _ = Source.objects.get_or_create(
            key=key,
            defaults={"name": source, "kind": Source.Kind.API, "created_at": at, "created_by": by},
        )
        made, _ = Hook.objects.get_or_create(
            source=door,
            defaults={
                "preset": "segment",
                "signing": Hook.Signing.TOKEN,
                "mapping": presets.segment_api(),
                "mapped_at": at,
            },
        )
    if made.signing != Hook.Signing.TOKEN:  # somebody took the key meanwhile
        return hook_of_api(source=source, by=by, at=at)
    return made


def fresh_secret(signing: str) -> str:
    """A secret of the shape that ``signing`` needs; "" where it needs none, or the sender's own."""
    if signing in (Hook.Signing.NONE, Hook.Signing.TOKEN) or signing in THEIRS:
        return ""
    if signing == Hook.Signing.STANDARD:
        return new_secret()
    made = secrets.token_urlsafe(32)
    return f"handoff:{made}" if signing == Hook.Signing.BASIC else made


@transaction.atomic
def rotate(*, hook: Hook, at: datetime, secret: str = "") -> str:
    """A new secret, the sender's ``secret`` or one of ours, returned to be shown once. The one before is
    believed for a day more; one from an earlier rotation no longer."""
    held = Hook.objects.select_for_update(no_key=True).get(pk=hook.pk)
    held.old_secret, held.old_secret_until = held.secret, at + OVERLAP
    held.secret = secret or fresh_secret(held.signing)
    held.save(update_fields=["secret", "old_secret", "old_secret_until"])
    shown: str = held.secret
    return shown


def wrong_secret(signing: str, secret: str) -> str:
    """Why ``secret`` cannot be one of this way of signing; "" when it can."""
    text = secret.strip()
    if signing == Hook.Signing.BASIC and ":" not in text:
        return "Write user name and password with a colon between."
    if signing == Hook.Signing.STANDARD and not _is_base64(text.removeprefix("whsec_")):
        return "A secret of Standard Webhooks is whsec_ and base64."
    if signing == Hook.Signing.SENDGRID and not _is_base64("".join(text.split())):
        return "Paste the verification key as SendGrid shows it."
    if signing == Hook.Signing.SNS:
        topic, certificate = sns_parts(text)
        if not certificate:
            return "Paste Amazon's signing certificate, from -----BEGIN CERTIFICATE----- on."
        if not _TOPIC.fullmatch(topic):
            return "Above the certificate, write the topic's ARN: arn:aws:sns:…"
    return ""


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def set_mapping(*, hook: Hook, mapping: Mapping[str, Any], at: datetime) -> None:
    """What posts mean from now on. Raises MappingError with the JSON path of each problem."""
    hook.mapping, hook.mapped_at = language.check(mapping), at
    hook.save(update_fields=["mapping", "mapped_at"])


def set_open(*, hook: Hook, is_open: bool) -> None:
    Source.objects.filter(pk=hook.source_id).update(is_active=is_open)
    hook.source.is_active = is_open


def address_of(hook: Hook) -> str:
    """Where to post, in full; "" when it has no address, or SECRET_KEY has changed since."""
    return f"{settings.PUBLIC_URL}{reverse('capture:receive', args=[hook.token])}" if hook.token else ""


def _free_key(name: str) -> str:
    """ "Our Mailgun" → "our-mailgun", or "our-mailgun-2" when that is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:56] or "hook"
    taken = set(Source.objects.filter(key__startswith=base).values_list("key", flat=True))
    numbers = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(key for key in numbers if key not in taken)
