"""Take a post in: whole, once, and before anything is made of it. Whoever is answered 2xx has nothing more to
worry about."""

import hashlib
import hmac
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils.crypto import salted_hmac

from capture import arrivals, limiting
from capture.arrivals import Became, TurnedAway
from capture.limiting import TooMuch
from capture.models import Hook, Source
from leads.ticks import tick

from . import signatures
from .signatures import BadSignature, Post

#: Of one body, before and after it is unpacked (B3).
MOST_BYTES = 1_000_000
#: Of what Meta wants back, in characters; it sends ten digits.
LONGEST_CHALLENGE = 200
#: Headers that say what a post is. Others may hold secrets and are not kept.
TELLING = (
    "user-agent", "webhook-id", "svix-id", "x-amz-sns-message-type", "x-amz-sns-message-id",
    "x-github-event", "x-github-delivery", "x-event-type", "x-request-id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turned:
    """Why a post was not stored, with the HTTP status that says so, and for 429 the seconds to wait."""

    status: int
    reason: str
    seconds: int = 0


class Unreadable(Exception):
    """The body is too large or cannot be unpacked; ``status`` is the HTTP status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def unpacked(request: HttpRequest, *, most: int) -> bytes:
    """The body of ``request``, unpacked when it came as gzip; never more than ``most`` bytes are read or
    unpacked. Raises Unreadable."""
    too_large = f"A body may have {most:,} bytes at most."
    if int(request.META.get("CONTENT_LENGTH") or 0) > most:
        raise Unreadable(413, too_large)
    try:
        body = request.read(most + 1)
    except (UnreadablePostError, RawPostDataException):
        raise Unreadable(400, "The body ended early.") from None
    packing = request.headers.get("Content-Encoding", "").strip().lower()
    if packing in ("gzip", "x-gzip"):
        packed = zlib.decompressobj(wbits=31)
        try:
            body = packed.decompress(body, most + 1)
        except zlib.error:
            raise Unreadable(400, "The body is not gzip.") from None
        if len(body) <= most and not packed.eof:
            raise Unreadable(400, "The gzip ended early.")
        if len(body) <= most and packed.unused_data:
            raise Unreadable(400, "More follows after the gzip; send it as one.")
    elif packing not in ("", "identity"):
        raise Unreadable(415, "Send the body as it is, or packed with gzip.")
    if len(body) > most:
        raise Unreadable(413, too_large)
    return body


def hook_of(token: str) -> Hook | None:
    """The hook whose address ends in ``token``. One query; the token is looked up by its hash, so the time
    that takes says nothing about it."""
    return Hook.objects.select_related("source").filter(token_digest=digest(token)).first()


def digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def verify_token(hook: Hook) -> str:
    """What Meta sends when it asks whether the address is ours (``hub.verify_token``). Of ``hook`` and
    SECRET_KEY alone, as it guards nothing but that answer."""
    return salted_hmac("capture.hooks.verify_token", hook.public_id.hex, algorithm="sha256").hexdigest()[:40]


def verified(hook: Hook, asked: Mapping[str, str]) -> str | Turned:
    """The challenge to give back to Meta, which asks by GET before it posts anything; or why not."""
    if not hook.source.is_active:
        return Turned(403, "This address is closed.")
    told = asked.get("hub.verify_token", "").encode(errors="replace")
    if asked.get("hub.mode") != "subscribe" or not hmac.compare_digest(told, verify_token(hook).encode()):
        return Turned(403, "The verify token is missing or wrong.")
    challenge = asked.get("hub.challenge", "")
    if not _PLAIN.fullmatch(challenge) or len(challenge) > LONGEST_CHALLENGE:
        return Turned(400, "hub.challenge is missing, or none that we give back.")
    return challenge


def receive(*, hook: Hook, post: Post, content_type: str) -> Turned | None:
    """Store ``post``, once however often it comes; None when it is stored, now or before. A closed hook and a
    bad signature turn it away, which is counted, and of the post itself nothing is kept. So does more than a
    source may send: of what is signed first of all, so that no stranger uses it up."""
    if not hook.source.is_active:
        return turn_away(hook, 403, "This address is closed.", at=post.at)
    try:
        vouched = signatures.verify(hook=hook, post=post)
    except BadSignature as bad:
        return turn_away(hook, 401, str(bad), at=post.at)
    try:
        limiting.charge(source=hook.source.key, cost=limiting.by_size(post.body))
    except TooMuch as error:
        return Turned(error.status_code, str(error), error.seconds)
    key = f"id:{vouched}" if vouched else f"sha256:{hashlib.sha256(post.body).hexdigest()}"
    store(
        hook=hook,
        body=text_of(post.body),
        key=key,
        content_type=content_type,
        headers=post.headers,
        at=post.at,
    )
    return None


def turn_away(hook: Hook, status: int, reason: str, *, at: datetime) -> Turned:
    """Count a post that is not stored; where there are very many, in one row."""
    try:
        limiting.charge(source=hook.source.key, purse=limiting.UNPROVEN)
    except TooMuch as error:
        return Turned(error.status_code, str(error), error.seconds)
    became = Became(refused=[TurnedAway("", reason)])
    arrivals.note(source=hook.source.key, kind=Source.Kind(hook.source.kind), became=became, at=at)
    return Turned(status, reason)


def store(
    *, hook: Hook, body: str, key: str, content_type: str, headers: Mapping[str, str], at: datetime
) -> bool:
    """Put ``body`` into the inbox of ``hook`` and hurry a worker. False when it is there already, which is
    counted. One statement, 2 more for a repeat."""
    key = key if key and len(key) <= 140 and _PLAIN.fullmatch(key) else f"sha256:{_hash(key or body)}"
    kept = {name: headers[name][:200] for name in TELLING if name in headers}
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [hook.pk, key, at, content_type[:120], _json(kept), body])
        is_new: bool = cursor.rowcount == 1
    if is_new:
        tick("inbox")
    else:
        became = Became(duplicates=1)
        arrivals.note(source=hook.source.key, kind=Source.Kind(hook.source.kind), became=became, at=at)
    return is_new


_PLAIN = re.compile(r"[\x21-\x7e]+")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _json(kept: dict[str, str]) -> str:
    return json.dumps({name: text_of(value.encode(errors="replace")) for name, value in kept.items()})


def text_of(body: bytes) -> str:
    """``body`` as text that PostgreSQL keeps. UTF-8 is kept exactly, but for NUL, which no JSON or form
    has."""
    return body.decode("utf-8", errors="replace").replace("\0", "\ufffd")


_STORE = """
INSERT INTO capture_inboxitem (public_id, hook_id, key, received_at, content_type, headers, body, state,
reason, became, attempts)
VALUES (gen_random_uuid(), %s, %s, %s, %s, %s::jsonb, %s, 'new', '', '[]', 0)
ON CONFLICT (hook_id, key) DO NOTHING
"""
