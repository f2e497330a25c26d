"""Dispatches to endpoints: lease, call, and what follows from the answer (F8).

An endpoint has one call under way at a time and a lease of its own; what it hears keeps its order as long as
it answers.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery

from . import formats, signing
from .calling import LEASE, Call
from .egress import Answer, post
from .models import Announcement, Dispatch, Endpoint
from .retrying import DISPATCH_MINUTES, wait_after
from .switching import switch_off

log = logging.getLogger(__name__)

#: An endpoint at which nothing has arrived for so long, although something was tried, is switched off.
PATIENCE = timedelta(days=5)
GONE = 410


@dataclass(frozen=True, slots=True)
class Try:
    """A dispatch in our hands; ``attempt`` tells our try from that of whoever takes over."""

    dispatch: Dispatch
    attempt: int
    started_at: datetime


def lease(at: datetime, room: int) -> Sequence[Call]:
    """Take the oldest due dispatch of up to ``room`` endpoints that are free, and count each try before it is
    made. 1 query, and 3 for each endpoint."""
    return [
        Call(
            make=partial(_call, leased.dispatch.endpoint, leased.dispatch.announcement, at),
            record=partial(record, leased),
        )
        for leased in _lease(at, room)
    ]


@transaction.atomic
def _lease(at: datetime, room: int) -> list[Try]:
    due = Dispatch.objects.due(at).filter(endpoint=OuterRef("pk"))
    waiting = Endpoint.objects.free(at).filter(Exists(due)).alias(since=Subquery(due.values("next_at")[:1]))
    free = waiting.order_by("since", "id").select_for_update(skip_locked=True, no_key=True)[:room]
    return [taken for endpoint in free if (taken := _take(endpoint, at))]


def _take(endpoint: Endpoint, at: datetime) -> Try | None:
    dispatch = Dispatch.objects.due(at).filter(endpoint=endpoint).select_related("announcement").first()
    if dispatch is None:
        return None
    if dispatch.attempts > len(DISPATCH_MINUTES):
        error = "Every try ended without a word: the worker died."
        Dispatch.objects.filter(pk=dispatch.pk).update(
            state=Dispatch.State.PARKED, leased_until=None, error=error
        )
        return None
    dispatch.endpoint = endpoint
    return take(dispatch, at)


def take(dispatch: Dispatch, at: datetime) -> Try:
    """Lease ``dispatch`` and its endpoint, and count the try."""
    dispatch.attempts += 1
    Dispatch.objects.filter(pk=dispatch.pk).update(
        state=Dispatch.State.SENDING, attempts=dispatch.attempts, leased_until=at + LEASE, tried_at=at
    )
    Endpoint.objects.filter(pk=dispatch.endpoint_id).update(leased_until=at + LEASE)
    return Try(dispatch, dispatch.attempts, at)


def call(taken: Try) -> Answer:
    """Make the call of ``taken``. Touches no database."""
    return _call(taken.dispatch.endpoint, taken.dispatch.announcement, taken.started_at)


def _call(endpoint: Endpoint, announcement: Announcement, at: datetime) -> Answer:
    body = formats.body(announcement, endpoint.format)
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Handoff-Webhooks/1"}
    if endpoint.format == Endpoint.Format.STANDARD:
        if not endpoint.secret:
            return Answer(None, "Its secret cannot be read any more: SECRET_KEY changed. Rotate it.", 0)
        known = endpoint.secrets_at(at)
        headers |= signing.headers(message_id=announcement.message_id, at=at, body=body, known=known)
    return post(endpoint.url, body=body, headers=headers)


@transaction.atomic
def record(taken: Try, answer: Answer, at: datetime) -> bool:
    """Write down what came of ``taken``: sent, to be tried again, or parked; and what follows for the
    endpoint. Returns whether it arrived. Changes nothing when another worker took over meanwhile."""
    dispatch = taken.dispatch
    endpoint = Endpoint.objects.select_for_update(no_key=True).filter(pk=dispatch.endpoint_id).first()
    if endpoint is None:  # deleted meanwhile, and its dispatches with it
        return answer.arrived
    ours = Dispatch.objects.filter(pk=dispatch.pk, state=Dispatch.State.SENDING, attempts=taken.attempt)
    said = {
        "leased_until": None, "status": answer.status, "took_ms": answer.took_ms, "error": answer.error[:200]
    }  # fmt: skip
    if answer.arrived:
        changed = ours.update(state=Dispatch.State.SENT, sent_at=at, **said)
    else:
        wait = None if dispatch.is_test else wait_after(
            taken.attempt, moments=DISPATCH_MINUTES, at_least=answer.wait_seconds
        )  # fmt: skip
        again = {"state": Dispatch.State.PARKED} if wait is None else {"next_at": taken.started_at + wait}
        changed = ours.update(**{"state": Dispatch.State.WAITING, **again}, **said)
        log.warning("%s to %s (try %d): %s", dispatch.announcement, endpoint, taken.attempt, answer.error)
    if changed:
        _follow_up(endpoint, answer, at, is_test=dispatch.is_test)
    return bool(changed) and answer.arrived


def _follow_up(endpoint: Endpoint, answer: Answer, at: datetime, *, is_test: bool) -> None:
    """Let go of the endpoint; rest when it asked for that; give up on it after five days, or at once when it
    says that it is gone for good. A test is no evidence against it."""
    endpoint.leased_until = None
    endpoint.rest_until = at + timedelta(seconds=answer.wait_seconds) if answer.wait_seconds else None
    if answer.arrived:
        endpoint.failing_since = None
    elif not is_test:
        endpoint.failing_since = endpoint.failing_since or at
    endpoint.save(update_fields=["leased_until", "rest_until", "failing_since"])
    if answer.arrived or is_test or not endpoint.is_on:
        return
    if answer.status == GONE:
        switch_off(endpoint=endpoint, why=Endpoint.Off.GONE, at=at)
    elif endpoint.failing_since and at - endpoint.failing_since >= PATIENCE:
        switch_off(endpoint=endpoint, why=Endpoint.Off.FAILING, at=at)
