"""What an admin does with an endpoint: make it, test it, rotate its secret, send again what was parked."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from . import webhooks
from .announcing import Told
from .event_types import TEST
from .models import Announcement, Dispatch, DispatchQuerySet, Endpoint
from .signing import new_secret

#: So long the secret before a rotation signs, too (S14).
OVERLAP = timedelta(hours=24)


def equip(endpoint: Endpoint) -> str:
    """Give a new ``endpoint`` its secret, which is returned to be shown once. Not saved."""
    endpoint.secret = fresh = new_secret()
    return fresh


@transaction.atomic
def rotate(*, endpoint: Endpoint, at: datetime) -> str:
    """A new secret, returned to be shown once. The one before signs beside it for a day; one from an earlier
    rotation no more."""
    held = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    held.old_secret, held.old_secret_until = held.secret, at + OVERLAP
    held.secret = fresh = new_secret()
    held.save(update_fields=["secret", "old_secret", "old_secret_until"])
    return fresh


def send_test(*, endpoint: Endpoint, at: datetime) -> Dispatch:
    """Send ``endpoint`` a test now, switched on or not, and wait for the answer: up to fifteen seconds. It is
    not tried again, and says nothing about the endpoint's health."""
    with transaction.atomic():
        announcement = Announcement.objects.create(
            type=TEST, key=f"test:{uuid.uuid4()}", at=at, data=_test_data()
        )
        dispatch = Dispatch.objects.create(announcement=announcement, endpoint=endpoint, next_at=at)
        taken = webhooks.take(dispatch, at)
    webhooks.record(taken, webhooks.call(taken), at)
    dispatch.refresh_from_db()
    return dispatch


def replay(*, dispatches: DispatchQuerySet, at: datetime) -> int:
    """Begin the tries of those parked anew, with the same webhook-id; what was emptied has nothing to say any
    more. Returns how many."""
    return dispatches.to_replay().update(
        state=Dispatch.State.WAITING, attempts=0, next_at=at, error="", status=None, took_ms=None
    )


def send_again(*, dispatch: Dispatch, at: datetime, arrived_at: datetime | None = None) -> bool:
    """Begin the tries of one dispatch anew, with the same webhook-id: one that is parked or failed and waits
    for its next try; with ``arrived_at``, one that its receiver took then. Returns False when there is
    nothing to send any more, or it is under way, or somebody was faster: sent three times, it goes out
    once."""
    if arrived_at is None:
        asked = Q(state=Dispatch.State.PARKED) | Q(state=Dispatch.State.WAITING, attempts__gt=0)
    else:
        asked = Q(state=Dispatch.State.SENT, sent_at=arrived_at)
    rows = Dispatch.objects.filter(asked, pk=dispatch.pk, announcement__emptied_at=None)
    return bool(
        rows.update(state=Dispatch.State.WAITING, attempts=0, next_at=at, error="", status=None, took_ms=None)
    )


def _test_data() -> Told:
    return Told(
        summary="This is a test: Marta Kowalczyk, Nordwind GmbH, is with Sofia Reuter.",
        url=f"{settings.PUBLIC_URL}/",
        why_now="Requested a demo",
        lead={
            "id": "00000000-0000-0000-0000-000000000000",
            "name": "Marta Kowalczyk",
            "title": "Head of Operations",
            "email": "marta.kowalczyk@nordwind.example",
            "company": {"name": "Nordwind GmbH", "domain": "nordwind.example"},
        },
        rep={"id": "00000000-0000-0000-0000-000000000000", "name": "Sofia Reuter"},
        reasons=[{"dimension": "intent", "label": "Requested a demo", "points": 25.0, "evidence": ""}],
    )
