"""Handoffs that wait for an answer: withdrawn when they have become pointless, given to reps who have become
available. Nobody has to do anything for it: the pipeline looks after them whenever it has nothing else."""

from datetime import datetime

from django.db import transaction

from accounts.clock import database_now

from . import alerts, eligibility, ladders, ledger, matching, reassigning, recycling, routing, standing
from .holding import each, hold
from .models import Handoff, RoutingDecision
from .models.handoff import LET_GO

#: So many waiting handoffs are looked at with one statement.
WAITING_AT_ONCE = 500


def look_after(*, at: datetime | None = None, limit: int = 100) -> None:
    """Withdraw what has become pointless or rests on voided evidence, and give what waits to reps who have
    become available."""
    standing.look_again(at=at, limit=limit)
    at = at or database_now()
    withdraw_overtaken(at=at, limit=limit)
    assign_waiting(at=at, limit=limit)


def withdraw_overtaken(*, at: datetime, limit: int = 100) -> int:
    """Take back up to ``limit`` handoffs whose lead has left sales' hands without a verdict, so that nobody
    is asked for one. Returns how many."""
    overtaken = Handoff.objects.overtaken().order_by("id").values_list("id", flat=True)
    return each(list(overtaken[:limit]), _withdraw, at)


@transaction.atomic
def _withdraw(handoff_id: int, at: datetime) -> bool:
    hold(Handoff.objects.values_list("lead_id", flat=True).get(pk=handoff_id))
    handoff = Handoff.objects.overtaken().select_related("pool").filter(pk=handoff_id).first()
    if handoff is None:
        return False
    Handoff.objects.filter(pk=handoff.pk).update(status=Handoff.Status.WITHDRAWN, decided_at=at)
    alerts.lists_changed(handoff=handoff)
    return True


def assign_waiting(*, at: datetime, limit: int = 100) -> int:
    """Give up to ``limit`` handoffs that nobody had to reps who take leads now, oldest first. Their clocks
    have been running. Returns how many found a rep."""
    waiting = list(Handoff.objects.unclaimed(at).order_by("offered_at", "id").values_list("id", "lead_id"))
    if not waiting:
        return 0
    rings = eligibility.read_rings(pool_ids=None, at=at)
    desks = (desk for ring in rings.values() if ring.pool.is_active for desk in ring.desks)
    if all(eligibility.absent(desk, at=at) for desk in desks):
        return 0  # as in any night
    rules, assigned = matching.read_rules(), 0
    for first in range(0, len(waiting), WAITING_AT_ONCE):
        some = dict(waiting[first : first + WAITING_AT_ONCE])
        barred = _barred(list(some))
        could = routing.placeable(
            lead_ids=list(some.values()),
            at=at,
            rules=rules,
            rings=rings,
            barred={some[handoff_id]: people for handoff_id, people in barred.items()},
        )
        ready = [handoff_id for handoff_id, lead_id in some.items() if lead_id in could]
        assigned += each(ready[: limit - assigned], _assign, at)
        if assigned >= limit:
            break
    return assigned


@transaction.atomic
def _assign(handoff_id: int, at: datetime) -> bool:
    lead = hold(Handoff.objects.values_list("lead_id", flat=True).get(pk=handoff_id))
    handoff = Handoff.objects.unclaimed(at).filter(pk=handoff_id).select_related("offered_by").first()
    if handoff is None:
        return False
    refuser = recycling.refuser(recycling.last_rejection(lead))
    barred = _barred([handoff.pk]).get(handoff.pk, ())
    where = routing.assign(lead=lead, at=at, refused_by=refuser, barred=barred)
    if where.rep is None:
        return False
    Handoff.objects.filter(pk=handoff.pk).update(pool=where.pool, rep=where.rep, assigned_at=at, **LET_GO)
    handoff.lead, handoff.pool, handoff.rep, handoff.assigned_at = lead, where.pool, where.rep, at
    ladders.begin_again(handoff=handoff, at=at)
    ledger.write(handoff=handoff, of=where, at=at, kind=RoutingDecision.Kind.WAITING)
    alerts.offered(handoff=handoff, rep=where.rep, at=at)
    return True


def _barred(handoff_ids: list[int]) -> dict[int, set[int]]:
    """Handoff → the people who do not get it, even when nobody else could: who let it lie, and whom a manager
    took it from. Two queries."""
    barred = ladders.let_lie(handoffs=handoff_ids)
    for handoff_id, person in reassigning.taken_from(handoffs=handoff_ids).items():
        barred[handoff_id].add(person)
    return barred
