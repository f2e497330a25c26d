"""The live stream of one browser tab: server-sent events that say what is new for one person.

``notification`` events carry one message each, with its id as the event's id: a browser that reconnects sends
the last one it saw, and gets what it missed. ``handoff`` events say that something in the person's lists
changed; they carry nothing. The broker wakes the stream; while that is away, it looks every few seconds.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib import import_module

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.utils.crypto import constant_time_compare

from accounts.models import User

from .hurry import Deaf, Ear
from .models import Notification

#: How often the stream looks by itself, which is also how soon a closed session ends it.
LOOK_SECONDS = 4.0
#: A comment after so much silence, so that nothing between us and the browser hangs up.
BREATH_SECONDS = 20.0
#: Messages sent in one go to somebody who was away for long.
MOST = 100
#: How long the browser waits before it connects again, in milliseconds.
RETRY_MS = 2000


@dataclass(frozen=True, slots=True)
class Seat:
    """Who listens, and by which session; the stream ends when that does."""

    user_id: int
    session_key: str


async def events(*, seat: Seat, cursor: int | None) -> AsyncIterator[str]:
    """What is new for ``seat`` after the notification id ``cursor`` (None: from now on), as it happens, until
    the session ends. Uses the database in short looks and holds no connection in between."""
    ear = Ear(seat.user_id)
    await ear.open()  # before the first look, so that nothing falls between the two
    try:
        if cursor is None:
            cursor = await _newest_id(seat.user_id)
        yield f"retry: {RETRY_MS}\nid: {cursor}\n\n"
        quiet = 0.0
        called = False
        while (found := await _look(seat, cursor)) is not None:
            for notification in found:
                cursor = notification.pk
                yield _event("notification", _told(notification), event_id=cursor)
            if found or called:
                yield _event("handoff", {})
                quiet = 0.0
            elif quiet >= BREATH_SECONDS:
                yield ": still here\n\n"
                quiet = 0.0
            called = await _wait(ear)
            quiet += LOOK_SECONDS
    finally:
        await ear.close()


async def _wait(ear: Ear) -> bool:
    """Return when somebody calls, or when it is time to look anyway."""
    try:
        return await ear.wait(LOOK_SECONDS)
    except Deaf:
        await asyncio.sleep(LOOK_SECONDS)
        # What happened while nobody could be heard is not known: the lists are looked at anew.
        return await ear.open()


@sync_to_async
def _look(seat: Seat, cursor: int) -> list[Notification] | None:
    """The messages after ``cursor``, oldest first; None when the session is over. 3 queries."""
    try:
        if not _is_signed_in(seat):
            return None
        return list(Notification.objects.filter(recipient=seat.user_id).after(cursor)[:MOST])
    finally:
        connection.close()


@sync_to_async
def _newest_id(user_id: int) -> int:
    try:
        newest = Notification.objects.filter(recipient=user_id).order_by("-id").values_list("id", flat=True)
        return newest.first() or 0
    finally:
        connection.close()


def _is_signed_in(seat: Seat) -> bool:
    """Whether the session still stands for its user: not signed out, not switched off, same password."""
    session = import_module(settings.SESSION_ENGINE).SessionStore(seat.session_key)
    if str(session.get(SESSION_KEY)) != str(seat.user_id):
        return False
    user = User.objects.filter(pk=seat.user_id, is_active=True).first()
    return user is not None and constant_time_compare(
        session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
    )


def _told(notification: Notification) -> dict[str, str]:
    return {
        "id": str(notification.public_id),
        "kind": notification.kind,
        "title": notification.title,
        "url": notification.url,
        "about": str(notification.about or ""),
        "at": notification.created_at.isoformat(),
    }


def _event(name: str, data: dict[str, str], *, event_id: int | None = None) -> str:
    """One event; JSON has no line ends of its own."""
    lines = [f"id: {event_id}"] if event_id is not None else []
    return "\n".join([*lines, f"event: {name}", f"data: {json.dumps(data)}", "", ""])
