"""What happens when a lead crosses a line: it becomes an MQL, or sales gets it, with the reasons and a clock.

Read this file first. A crossing is a row that scoring wrote; here it is handled, once, in a transaction of
its own that holds the lead, then the pool, then the handoff. What goes wrong with one lead stops no other.
"""

import logging
import math
import time
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from accounts.clock import database_now
from accounts.permissions import may_hand_over
from leads import lifecycle
from leads.lifecycle import StageConflict
from leads.models import Lead, StageChange
from leads.stages import WITH_MARKETING, WITH_SALES, Stage
from scoring.models import Crossing, ModelVersion
from scoring.releasing import LEFT, MOOT, OVERTAKEN

from . import (
    alerts,
    announcements,
    clocks,
    evidence,
    ladders,
    ledger,
    recycling,
    returns,
    routing,
    snoozing,
    stuck,
    waiting,
)
from .holding import NOT_THE_LEADS_FAULT, held, hold
from .models import Handoff, ReturnAnswer, StuckCrossing, Verdict
from .permissions import NotYours

if TYPE_CHECKING:
    from accounts.models import User

log = logging.getLogger(__name__)


class Outcome:
    """What became of a crossing, as it is stored."""

    MQL = "mql"  #: the lead is an MQL now
    HANDED_OVER = "handed_over"  #: sales has it now
    ATTACHED = "attached"  #: sales had it already, waiting for a verdict
    WITH_SALES = "with_sales"  #: sales works on it
    CUSTOMER = "customer"  #: it has bought
    CLOSED = "closed"  #: sales closed it for good; marketing may still hand it over
    BLOCKED = "blocked"  #: a blocker forbids it
    LEFT = LEFT  #: it had to wait after a rejection or a release, and went below the line meanwhile
    OVERTAKEN = OVERTAKEN  #: held by ``scoring``, it went below the line before a person released it
    MOOT = MOOT  #: held by ``scoring``, it would have done nothing: sales had the lead, or it had bought
    ALREADY = "already"  #: it stood there or further


def run(*, at: datetime | None = None, limit: int = 100, seconds: float = math.inf) -> int:
    """Handle up to ``limit`` crossings that are ready, in about ``seconds``, each as of ``at`` (by default
    the moment it is taken, by the database's clock): what happened by itself first, then what was held and
    released, each oldest first. When none is left, look after the open handoffs: withdraw what has become
    pointless, give what waits to reps who have become available. Returns how many crossings were handled.
    Safe to repeat and to run many at once."""
    until = time.monotonic() + seconds
    now = at or database_now()
    recycling.wake(at=now)
    snoozing.wake(at=now)
    handled = 0
    for crossing_id, lead_id in _ready(now, limit):
        handled += _try(crossing_id, lead_id, at)
        if time.monotonic() >= until:
            return handled
    if not handled:
        waiting.look_after(at=now, limit=limit)
    return handled


def _ready(at: datetime, limit: int) -> list[tuple[int, int]]:
    """The next crossings, each with its lead."""
    left_alone = StuckCrossing.objects.waiting(at).filter(crossing=OuterRef("pk"))
    ready = Crossing.objects.ready(at).exclude(Exists(left_alone))
    return list(ready.values_list("id", "lead_id")[:limit])


def _try(crossing_id: int, lead_id: int, at: datetime | None) -> bool:
    """Handle one crossing; on an error put it aside and say so."""
    try:
        return _handle(crossing_id, lead_id, at)
    except NOT_THE_LEADS_FAULT:
        raise
    except Exception as error:
        log.exception("crossing %d could not be handled", crossing_id)
        stuck.put_aside(crossing_id=crossing_id, error=error, at=at or database_now())
        return False


@transaction.atomic
def _handle(crossing_id: int, lead_id: int, at: datetime | None) -> bool:
    """Act on one crossing, unless another worker has it. Returns whether it is done with."""
    lead = held(skip_locked=True).filter(pk=lead_id).first()
    if lead is None:
        return False  # erased; or in the hands of somebody for a moment, and the next look comes to it
    # Once the lead is in hand: who comes late in a batch has a clock that starts late.
    at = at or database_now()
    crossing = _claim(crossing_id, lead, at)
    if crossing is None:
        return False
    if crossing.stage == Stage.MQL:
        outcome, change = _make_mql(crossing, lead, at)
    else:
        outcome, change = _offer_to_sales(crossing, lead, at)
    if not outcome:
        return False
    Crossing.objects.filter(pk=crossing.pk, handled_at=None).update(
        handled_at=at, outcome=outcome, stage_change=change
    )
    if hasattr(crossing, "stuck"):
        crossing.stuck.delete()
    return True


# MQL


def _make_mql(crossing: Crossing, lead: Lead, at: datetime) -> tuple[str, StageChange | None]:
    """Upward only: a lead that is an MQL or further stays where it is."""
    if recycling.is_closed_for_good(lead):
        return Outcome.CLOSED, None
    if lead.stage not in (Stage.LEAD, Stage.CLOSED):
        return Outcome.ALREADY, None
    strength = "strong" if crossing.is_strong else "weak"
    change = lifecycle.move(lead=lead, to=Stage.MQL, at=at, cause=StageChange.Cause.CROSSING, reason=strength)
    announcements.became_mql(crossing=crossing, lead=lead, change=change)
    return Outcome.MQL, change


# SQL


def _offer_to_sales(crossing: Crossing, lead: Lead, at: datetime) -> tuple[str, StageChange | None]:
    """Hand the lead over, unless sales has it, it has bought, or something forbids it. After a rejection it
    may have to wait for its return date: then nothing is decided yet."""
    if lead.stage == Stage.CUSTOMER:
        return Outcome.CUSTOMER, None
    if lead.stage in WITH_SALES:
        is_waiting = Handoff.objects.open().filter(lead=lead).exists()
        return Outcome.ATTACHED if is_waiting else Outcome.WITH_SALES, None
    if recycling.is_closed_for_good(lead):
        return Outcome.CLOSED, None
    earlier = _last_cycle(lead)
    rejection = recycling.last_rejection(lead) if earlier else None
    has_waited = rejection is not None or crossing.held_at is not None
    if has_waited and not recycling.is_still_over(crossing):
        return Outcome.LEFT, None
    if rejection and (return_at := recycling.held_until(lead=lead, rejection=rejection, at=at)):
        Crossing.objects.filter(pk=crossing.pk).update(not_before=return_at)
        return "", None
    frozen = evidence.freeze(
        lead=lead,
        at=at if has_waited else crossing.at,
        version=crossing.version,
        triggers=crossing.triggers,
    )
    if evidence.is_blocked(frozen):
        return Outcome.BLOCKED, None
    change = lifecycle.move(lead=lead, to=Stage.HANDED_OVER, at=at, cause=StageChange.Cause.CROSSING)
    _offer(
        lead=lead,
        change=change,
        at=at,
        frozen=frozen,
        earlier=earlier,
        rejection=rejection,
        crossing=crossing,
    )
    return Outcome.HANDED_OVER, change


@transaction.atomic
def hand_over(*, lead: Lead, by: "User", note: str, at: datetime) -> Handoff:
    """Hand ``lead`` over now, by a marketer's own judgement; ``note`` tells sales why (S0-14, S2-12).
    Blockers and return dates do not stand against a person's word. Raises NotYours unless marketing asks,
    and StageConflict when the lead is no longer marketing's to give."""
    if not may_hand_over(by):
        raise NotYours("Marketing hands leads over.")
    lead = hold(lead.pk)
    if lead.stage not in (*WITH_MARKETING, Stage.CLOSED):
        raise StageConflict(lead, lead.stage)
    rejection = recycling.last_rejection(lead)
    answers = rejection is not None and returns.is_last(rejection.handoff)
    change = lifecycle.move(
        lead=lead, to=Stage.HANDED_OVER, at=at, cause=StageChange.Cause.MARKETING, by=by, note=note
    )
    leading = lead.scores.leading_first().select_related("model").first()
    version = ModelVersion.objects.published().filter(model=leading.model).first() if leading else None
    frozen = evidence.freeze(lead=lead, at=at, version=version)
    earlier = _last_cycle(lead)
    if rejection is not None and answers:
        kind = ReturnAnswer.Kind.HAND_OVER
        returns.note_answer(verdict=rejection, kind=kind, by=by, at=at, note=note)
    return _offer(lead=lead, change=change, at=at, frozen=frozen, earlier=earlier, rejection=rejection, by=by)


def _offer(
    *,
    lead: Lead,
    change: StageChange,
    at: datetime,
    frozen: "evidence.Evidence",
    earlier: int,
    rejection: Verdict | None,
    crossing: Crossing | None = None,
    by: "User | None" = None,
) -> Handoff:
    """Choose the rep, start the clock, freeze the reasons, tell the rep; or, with nobody available, let it
    wait where everybody sees it and raise the alarm. ``earlier`` is the number of the lead's last
    handoff, 0 before the first;
    ``rejection`` is its last one, whose rep does not get it again at once."""
    where = routing.assign(lead=lead, at=at, refused_by=recycling.refuser(rejection))
    deadline = clocks.set_deadline(lead=lead, pool=where.pool, at=at, crossing=crossing)
    handoff = Handoff.objects.create(
        lead=lead,
        cycle=earlier + 1,
        crossing=crossing,
        version=crossing.version if crossing else None,
        pool=where.pool,
        rep=where.rep,
        offered_at=at,
        assigned_at=at if where.rep else None,
        due_at=deadline.due_at,
        allowed_minutes=deadline.minutes,
        policy=deadline.policy,
        offered_by=by,
        stage_change=change,
        evidence=frozen,
    )
    ladders.begin(handoff=handoff, at=at)
    ledger.write(handoff=handoff, of=where, at=at)
    if where.rep:
        alerts.offered(handoff=handoff, rep=where.rep, at=at)
    else:
        alerts.nobody_available(handoff=handoff, waits_for=where.way.waits_for, at=at)
    return handoff


def _last_cycle(lead: Lead) -> int:
    """Not their count: a merge that was undone leaves gaps. One query."""
    return lead.handoffs.aggregate(last=Max("cycle"))["last"] or 0


def _claim(crossing_id: int, lead: Lead, at: datetime) -> Crossing | None:
    """The crossing, held, if it still waits and nobody else has it."""
    ready = Crossing.objects.ready(at).filter(pk=crossing_id, lead=lead)
    held = ready.select_for_update(skip_locked=True, of=("self",), no_key=True)
    return held.select_related("version", "stuck").first()
