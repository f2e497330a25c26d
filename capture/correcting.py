"""What people say of suspected evidence, many activities at once: void, restore, undo. In pieces, so that a
worker may be killed in between and nobody waits for a page."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import django_filters
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from accounts.clock import database_now
from leads import voiding
from leads.models import Correction, Suspicion
from leads.retrying import begins_again
from leads.ticks import tick

from .models import Source

if TYPE_CHECKING:
    from accounts.models import User

#: So many suspicions are worked off at once.
STEP = 1_000
#: How long a request works before it leaves the rest to a worker.
AT_ONCE_SECONDS = 1.0
SPANS = {"1": "Since yesterday", "7": "7 days", "30": "30 days", "90": "90 days"}


class Undone(Exception):
    """The correction was undone before; ``by`` whom."""

    def __init__(self, by: str) -> None:
        super().__init__(f"{by} has undone this already.")


def _sources() -> list[tuple[str, str]]:
    return list(Source.objects.in_order().values_list("key", "name"))


class SuspicionFilter(django_filters.FilterSet):  # type: ignore[misc]
    """What the list of suspected evidence is narrowed to, and so what *all that match* means."""

    signal = django_filters.ChoiceFilter(choices=Suspicion.Signal.choices, label="Signal", empty_label="Any")
    state = django_filters.ChoiceFilter(choices=Suspicion.State.choices, label="State", empty_label="Any")
    source = django_filters.ChoiceFilter(
        choices=_sources, field_name="activity__source", label="Source", empty_label="Any"
    )
    days = django_filters.ChoiceFilter(
        choices=list(SPANS.items()), method="since", label="Suspected", empty_label="At any time"
    )

    class Meta:
        model = Suspicion
        fields: Sequence[str] = ()

    def since(self, rows: QuerySet[Suspicion], name: str, value: str) -> QuerySet[Suspicion]:
        at = self.data.get("at")
        now = datetime.fromisoformat(at) if at else timezone.now()
        return rows.filter(at__gt=now - timedelta(days=int(value)))


def matching(chosen: Mapping[str, Any]) -> QuerySet[Suspicion]:
    """The suspicions that a filter such as ``{"signal": "crawler"}`` matches; none for an unknown value."""
    filters = SuspicionFilter(chosen, queryset=Suspicion.objects.all())
    return filters.qs if filters.is_valid() else Suspicion.objects.none()


def begin(
    *,
    verb: Correction.Verb,
    by: "User",
    at: datetime,
    reason: str = "",
    ids: Sequence[int] = (),
    chosen: Mapping[str, str] | None = None,
) -> Correction:
    """Void or restore what is behind the suspicions ``ids``, or behind all that ``chosen`` matches by now.
    Works on it for a moment; what is left is a worker's."""
    last = Suspicion.objects.aggregate(last=Max("id"))["last"] or 0
    kept = {**(chosen or {}), "at": at.isoformat()} if chosen is not None else {}
    made = Correction.objects.create(
        verb=verb, by=by, at=at, reason=reason.strip()[:100], ids=list(ids), chosen=kept, upto=last
    )
    return _at_once(made)


@transaction.atomic
def _undoing(correction: Correction, by: "User", at: datetime) -> Correction:
    """The row that takes ``correction`` back. What it has not come to yet it leaves alone."""
    of = Correction.objects.select_for_update(of=("self",)).get(pk=correction.pk)
    earlier = Correction.objects.filter(undoes=of).select_related("by").first()
    if earlier is not None:
        raise Undone(str(earlier.by))
    Correction.objects.filter(pk=of.pk, finished_at=None).update(finished_at=at)
    verbs = Correction.Verb
    verb = verbs.RESTORE if of.verb == verbs.VOID else verbs.VOID
    return Correction.objects.create(verb=verb, by=by, at=at, upto=of.upto, undoes=of)


def undo(*, correction: Correction, by: "User", at: datetime) -> Correction:
    """Take ``correction`` back: what it changed, and nobody has changed since, is as it was before. Raises
    Undone."""
    return _at_once(_undoing(correction, by, at))


def _at_once(correction: Correction) -> Correction:
    if go_on(seconds=AT_ONCE_SECONDS, only=correction):
        tick("corrections")
    correction.refresh_from_db()
    return correction


def go_on(*, seconds: float, only: Correction | None = None) -> bool:
    """Work off what waits, the oldest first, for about ``seconds``; returns whether more is left. Each step
    commits with how far it came: safe to kill, to repeat and to run beside itself."""
    until = time.monotonic() + seconds
    while _step(only):
        if time.monotonic() > until:
            return True
    return False


@begins_again
def _step(only: Correction | None) -> bool:
    """Whether more is left."""
    waiting = Correction.objects.filter(finished_at=None).order_by("id")
    if only is not None:
        waiting = waiting.filter(pk=only.pk)
    one = waiting.select_for_update(skip_locked=True, of=("self",)).first()
    if one is None:
        return False
    at = database_now()
    rows = list(_left(one).values_list("id", "activity_id", "signal")[:STEP])
    if not rows:
        one.finished_at = at
    else:
        one.changed += _change(one, rows, at)
        one.reached, one.looked_at = rows[-1][0], one.looked_at + len(rows)
    one.save(update_fields=["finished_at", "changed", "reached", "looked_at"])
    return bool(rows) or only is None


def _left(one: Correction) -> QuerySet[Suspicion]:
    if one.undoes_id:
        return Suspicion.objects.filter(correction=one.undoes_id).order_by("id")
    chosen = matching(one.chosen) if one.chosen else Suspicion.objects.filter(pk__in=one.ids)
    return chosen.filter(pk__gt=one.reached, pk__lte=one.upto).order_by("id")


def _change(one: Correction, rows: Sequence[tuple[int, int, str]], at: datetime) -> int:
    if one.undoes_id:
        return voiding.put_back(suspicions=[row[0] for row in rows], correction=one, at=at)
    if one.verb == Correction.Verb.RESTORE:
        return voiding.restore(activity_ids={row[1] for row in rows}, correction=one, at=at)
    changed = 0
    for signal in sorted({row[2] for row in rows}):
        ids = {activity_id for _, activity_id, of in rows if of == signal}
        label = str(Suspicion.Signal(signal).label)
        changed += voiding.void(activity_ids=ids, correction=one, at=at, because=label)
    return changed
