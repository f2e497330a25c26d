"""Work through what was posted: rows are claimed, read by their hook's mapping, taken, and say what they
became. What cannot be taken waits with its reason, until somebody replays it."""

import logging
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from accounts.clock import database_now
from capture import arrivals
from capture.arrivals import Became, Settled
from capture.intake import retried
from capture.models import Hook, InboxItem, Source
from capture.models.hook import InboxItemQuerySet
from leads import paging
from leads.ticks import tick

from . import mapping, payloads, taking
from .mapping import Mapped, Waiting

log = logging.getLogger(__name__)

#: So many rows are claimed at once; one that was tried before is worked through alone, so that what kills a
#: worker takes no others with it (F10).
AT_ONCE = 50
TRIES = 3
#: A task ends sooner, so a lease that is over belongs to a worker that died.
LEASE = timedelta(minutes=5)
#: Before what failed is tried again: what was wrong, a busy table, say, may be over by then.
PAUSE = timedelta(minutes=1)
NO_MAPPING = "Nobody has said yet what posts to this address mean."


def work(*, at: datetime | None = None, seconds: float = math.inf) -> int:
    """Work through what has arrived, the oldest first, and begin nothing after ``seconds``. Returns how many
    rows. Safe to repeat and beside itself."""
    until, done = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        now = at or database_now()
        claimed = _claim(now)
        if not claimed:
            _park_the_dead(now)
            break
        done += _work_through(claimed, now)
    return done


def work_on(item: InboxItem, *, at: datetime) -> None:
    """The same for one row that somebody waits for, unless a worker has it."""
    if claimed := _claim(at, only=item.pk):
        _work_through(claimed, at)


def _claim(at: datetime, only: int | None = None) -> list[InboxItem]:
    """Take rows that nobody has: fresh ones together, others one by one. Tries are counted before the
    work."""
    ways = [("i.id = %s", 1, only)] if only else [("attempts = 0", AT_ONCE, None), ("attempts > 0", 1, None)]
    for which, most, param in ways:
        with connection.cursor() as cursor:
            params: list[Any] = [at + LEASE, TRIES, at, *([param] if param else []), most]
            cursor.execute(_CLAIM.format(which=which), params)
            pks = [row[0] for row in cursor.fetchall()]
        if pks:
            rows = InboxItem.objects.filter(pk__in=pks, leased_until=at + LEASE).select_related(
                "hook__source"
            )
            return list(rows.order_by("hook_id", "id"))
    return []


_CLAIM = """
UPDATE capture_inboxitem SET attempts = attempts + 1, leased_until = %s WHERE id IN (
    SELECT i.id FROM capture_inboxitem i
    WHERE i.state = 'new' AND i.attempts < %s AND (i.leased_until IS NULL OR i.leased_until < %s) AND {which}
    ORDER BY i.id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id
"""


def _work_through(claimed: Sequence[InboxItem], at: datetime) -> int:
    done = 0
    for (_, _), group in groupby(claimed, key=lambda item: (item.hook_id, item.worked_at is None)):
        items = list(group)
        try:
            done += retried(partial(_take, items[0].hook, items, at))
        except Exception as error:  # whatever a stranger's post set off, the others go on
            log.exception("posts to hook %s could not be worked through", items[0].hook_id)
            _let_go(items, type(error).__name__, at)
    return done


def _let_go(items: Sequence[InboxItem], why: str, at: datetime) -> None:
    """What failed together is tried again at once, one by one; what failed alone after a while; after the
    last try it is set aside."""
    again = None if len(items) > 1 else at + PAUSE
    for item in items:
        held = _held([item])
        if item.attempts >= TRIES:
            held.update(
                state=InboxItem.State.PARKED, leased_until=None, reason=f"Failed {TRIES} times: {why}."
            )
        else:
            held.update(leased_until=again, reason=f"Failed: {why}. It is tried again by itself.")


def _park_the_dead(at: datetime) -> None:
    """What was with a worker that died, three times, is not tried again by itself."""
    over = Q(leased_until=None) | Q(leased_until__lt=at)
    InboxItem.objects.filter(over, state=InboxItem.State.NEW, attempts__gte=TRIES).update(
        state=InboxItem.State.PARKED, leased_until=None, reason=f"A worker died {TRIES} times over it."
    )


def _held(items: Sequence[InboxItem]) -> InboxItemQuerySet:
    """Those of ``items``, claimed together, that are still the claimer's: once its lease is over somebody
    else may have them, or have taken them."""
    return InboxItem.objects.filter(
        pk__in=[item.pk for item in items],
        state=InboxItem.State.NEW,
        attempts__in={item.attempts for item in items},
        leased_until=items[0].leased_until,
    )


@dataclass(slots=True)
class _Told:
    """One row while it is worked through: how many of its events waited, what they are now, and where they
    stand among all."""

    item: InboxItem
    waited: int = 0
    mapped: list[tuple[int, Mapped]] = field(default_factory=list)
    waits: list[Waiting] = field(default_factory=list)


def _take(hook: Hook, claimed: Sequence[InboxItem], at: datetime) -> int:
    """Take the posts ``claimed``, all of ``hook`` and all new, or all replayed; returns how many. What was
    replayed was counted when it first came, and is counted there as what it became. The rows are read afresh,
    as a try before this one may have written on the old ones, and as another worker may have them when this
    one's lease is over."""
    items = list(_held(claimed).select_for_update(no_key=True).order_by("pk"))
    if not items:
        return 0
    told: list[_Told] = []
    events: list[Mapped] = []
    for item in items:
        one = _Told(item, waited=_waiting(item))
        for event in read(hook, item):
            if isinstance(event, Waiting):
                one.waits.append(event)
            else:
                one.mapped.append((len(events), event))
                events.append(event)
        told.append(one)
    source, ids_of = hook.source.key, (hook.mapping or {}).get("ids_of") or hook.source.key
    took = taking.take(events=events, source=source, ids_of=ids_of, at=at)
    held = 0
    for one in told:
        held += _settle(one, took.waits, at)
    was_counted = items[0].worked_at is not None
    if was_counted:
        _count_otherwise(told, took, source)
    for item in items:
        item.worked_at = item.worked_at or at
    InboxItem.objects.bulk_update(
        [one.item for one in told], ["state", "reason", "became", "attempts", "leased_until", "worked_at"]
    )
    if not was_counted:
        became = Became(accepted=took.accepted, duplicates=took.duplicates, held=held, lag=took.lag)
        arrivals.note(source=source, kind=Source.Kind(hook.source.kind), became=became, at=at)
    return len(items)


def _count_otherwise(told: Sequence[_Told], took: taking.Took, source: str) -> None:
    """Of replayed posts, at the time of each: what was held is taken now. Which of those taken together were
    known before nobody can tell, so the first of them count as such."""
    known = took.duplicates
    for one in sorted(told, key=lambda one: one.item.pk):
        fewer = one.waited - _waiting(one.item)
        taken = sum(index not in took.waits for index, _ in one.mapped)
        duplicates = min(known, taken)
        known -= duplicates
        if (fewer or taken) and one.item.worked_at:
            settled = Settled(fewer, taken - duplicates, duplicates)
            arrivals.settle(source=source, settled=settled, at=one.item.worked_at)


def _waiting(item: InboxItem) -> int:
    return sum(bool(entry.get("waits")) for entry in item.became)


def read(hook: Hook, item: InboxItem) -> list[Mapped | Waiting]:
    """What ``item`` means by the mapping as it is now, without what was taken of it before."""
    if hook.mapping is None:
        return [Waiting(0, "", NO_MAPPING)]
    try:
        body = payloads.read(item.body, item.content_type)
    except payloads.NotReadable as problem:
        return [Waiting(0, "", str(problem))]
    done = [entry["place"] for entry in item.became if not entry.get("waits")]
    return mapping.read(hook.mapping, body, at=item.received_at, key=item.key, done=done)


def _settle(one: _Told, waits: dict[int, str], at: datetime) -> int:
    """Write onto the row what its events became; returns how many of them wait."""
    entries: dict[int, dict[str, Any]] = {
        entry["place"]: entry for entry in one.item.became if not entry.get("waits")
    }
    for index, event in one.mapped:
        entry = entries.setdefault(
            event.place, {"place": event.place, "kind": event.kind, "type": event.type}
        )
        if event.email:
            entry["whose"] = event.email
        if why := waits.get(index):
            entry["waits"] = why[:300]
    for waiting in one.waits:
        why = taking.told(waiting.field, waiting.reason)
        entries[waiting.place] = {"place": waiting.place, "kind": waiting.kind, "waits": why[:300]}
    item = one.item
    item.became = [entries[place] for place in sorted(entries)]
    reasons = [entry["waits"] for entry in item.became if entry.get("waits")]
    item.state = InboxItem.State.WAITING if reasons else InboxItem.State.MAPPED
    item.reason = _reason(reasons, len(item.became))
    item.attempts, item.leased_until = 0, None
    return len(reasons)


def _reason(reasons: Sequence[str], of: int) -> str:
    if len(reasons) > 1 or (reasons and of > 1):
        return f"{len(reasons)} of {of} events wait. {reasons[0]}"[:300]
    return reasons[0] if reasons else ""


@transaction.atomic
def replay(*, items: InboxItemQuerySet) -> int:
    """Work through ``items`` that wait once more, by the mapping as it is by then; what was taken of them
    stays as it is. Returns how many. Safe to repeat."""
    count: int = items.replayable().update(
        state=InboxItem.State.NEW, attempts=0, leased_until=None, reason=""
    )
    if count:
        tick("inbox")
    return count


def empty(*, at: datetime | None = None, most: int = 100_000) -> int:
    """Drop what is older than ``INBOX_RETENTION_DAYS``: what was mapped wholly, of the rest the words (P6).
    Returns how many rows. Safe to repeat."""
    at = at or database_now()
    before, done = at - timedelta(days=settings.INBOX_RETENTION_DAYS), 0
    while done < most and (count := _empty_some(before, at, min(most - done, 1_000))):
        done += count
    return done


@transaction.atomic
def _empty_some(before: datetime, at: datetime, limit: int) -> int:
    old = InboxItem.objects.filter(emptied_at=None, received_at__lt=before).exclude(state=InboxItem.State.NEW)
    pks = list(old.order_by("received_at").values_list("pk", flat=True)[:limit])
    rows = InboxItem.objects.filter(pk__in=pks)
    rows.filter(state=InboxItem.State.MAPPED).delete()
    rows.update(body="", headers={}, became=[], emptied_at=at)
    return len(pks)


def waiting_by_hook(hooks: Iterable[Hook]) -> dict[int, int | str]:
    """How many posts wait, by primary key of the hook; "999+" for more. One query."""
    counted = paging.counts(
        {str(hook.pk): InboxItem.objects.filter(hook=hook).replayable() for hook in hooks}
    )
    return {int(pk): count for pk, count in counted.items()}
