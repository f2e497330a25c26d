"""Tell other systems a fact, once. The rows are written with the fact; ``webhooks`` sends them after."""

import uuid
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from django.db import transaction

from .models import Announcement, Dispatch, Endpoint


class Told(TypedDict):
    """What is told of a fact; ``docs/webhooks.md`` describes it. The messages to chat rooms are made of
    ``summary``, ``url``, ``lead``, ``why_now``, ``rep`` and ``reasons``; whoever announces may add to it."""

    summary: str
    url: str
    lead: dict[str, Any]
    why_now: NotRequired[str]
    rep: NotRequired[dict[str, Any] | None]
    reasons: NotRequired[list[dict[str, Any]]]
    score: NotRequired[dict[str, Any] | None]
    handoff: NotRequired[dict[str, Any]]
    escalation: NotRequired[dict[str, Any]]
    verdict: NotRequired[dict[str, Any]]
    opportunity: NotRequired[dict[str, Any]]
    stage: NotRequired[dict[str, Any]]


def is_heard(event: str) -> bool:
    """Whether any endpoint listens to ``event``: what nobody hears need not be put into words. One query."""
    return Endpoint.objects.listening_to(event).exists()


@transaction.atomic(savepoint=False)
def announce(
    *, event: str, key: str, at: datetime, data: Told, about: uuid.UUID | None = None
) -> Announcement | None:
    """Tell every endpoint that listens to ``event``. ``key`` is unique: the second call with it changes
    nothing and returns None, as does one that nobody hears. ``about`` is the lead's public id. 4 queries."""
    listening = list(Endpoint.objects.listening_to(event).order_by("id").values_list("id", flat=True))
    if not listening:
        return None
    made = Announcement(type=event, key=key, at=at, data=data, about=about)
    # A second teller of the same fact must not break the transaction of the fact.
    Announcement.objects.bulk_create([made], ignore_conflicts=True)
    announcement = Announcement.objects.filter(key=key, public_id=made.public_id).first()
    if announcement is None:
        return None
    Dispatch.objects.bulk_create(
        [Dispatch(announcement=announcement, endpoint_id=endpoint, next_at=at) for endpoint in listening]
    )
    return announcement
