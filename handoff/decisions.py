"""What sales says of a handoff: accept, send back with a reason, or take one's own word back."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import transaction

from leads import lifecycle
from leads.models import Lead, StageChange
from leads.retrying import begins_again
from leads.stages import Stage
from leads.ticks import tick
from scoring.models import Adjustment, Crossing
from scoring.rescoring import rescore_now

from . import alerts, claiming, clocks, ledger, messages, qualification, recycling, routing, working
from .models import Handoff, RejectReason, RoutingDecision, Verdict
from .permissions import NotYours, refuse_verdict

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import User

#: How long one may take one's own verdict back.
UNDO_WINDOW = timedelta(minutes=10)
#: How far ahead a return date may lie, in days: two years, four times the longest wait of the reasons that
#: come with the product. Beyond it a date is a slip of the finger, and the lead would be lost to both teams.
LATEST_RETURN_DAYS = 730


class AlreadyDecided(Exception):
    """Somebody was faster: ``by`` whom, ``at`` what moment, and of what ``kind`` the verdict was."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(messages.already_decided(verdict))
        self.by = verdict.by
        self.at = verdict.at
        self.kind = verdict.kind


class LeadMoved(NotYours):
    """The lead left sales by another way meanwhile: an import made it a customer, say."""


class ReturnDateRefused(ValueError):
    """A lead comes back on a day to come, and not in ten years."""


class NotAskedYet(Exception):
    """This company accepts a lead only once the first contact told of ``missing``: interest, motivation."""

    def __init__(self, missing: list[str]) -> None:
        words = qualification.listed(missing)
        super().__init__(
            f"{words} {'is' if len(missing) == 1 else 'are'} missing: what did the first contact say?"
        )
        self.missing = missing


class UndoRefused(Exception):
    """The verdict stands; the message says why."""


@begins_again
def accept(
    *, handoff: Handoff, by: "User", at: datetime, answers: Mapping[str, tuple[int, str]] | None = None
) -> Verdict:
    """Make the lead an SQL: the clock stops, and ``by`` owns it. What nobody had becomes theirs. ``answers``
    (question → level and note) are kept with it. Raises AlreadyDecided when somebody was faster, NotYours
    when it is another's to say, NotAskedYet where interest and motivation come first."""
    handoff = _take(handoff, by, at)
    for question, (level, note) in (answers or {}).items():
        qualification.answer(lead=handoff.lead, by=by, question=question, level=level, note=note, at=at)
    if left := qualification.to_ask_first(lead=handoff.lead):
        raise NotAskedYet(left)
    if handoff.rep is not None and by.pk == handoff.backup_id != handoff.rep_id:
        _step_in(handoff, by, at)
    claimed = handoff.rep is None
    if claimed:
        routing.assign_by_hand(handoff=handoff, rep=by, at=at)
        handoff.rep, handoff.assigned_at = by, at
    change = _move(handoff.lead, Stage.SQL, by=by, at=at)
    owner_before = handoff.lead.owner
    Lead.objects.filter(pk=handoff.lead_id).update(owner=handoff.rep)
    _close(handoff, Handoff.Status.ACCEPTED, at)
    verdict = Verdict.objects.create(
        handoff=handoff,
        kind=Verdict.Kind.ACCEPT,
        by=by,
        at=at,
        claimed=claimed,
        owner_before=owner_before,
        stage_change=change,
    )
    working.begin(handoff=handoff, at=at)
    alerts.decided(verdict=verdict)
    return verdict


@begins_again
def reject(
    *,
    handoff: Handoff,
    by: "User",
    reason: RejectReason,
    at: datetime,
    note: str = "",
    return_on: date | None = None,
) -> Verdict:
    """Send the lead back to marketing, or close it, as ``reason`` says. Of its score begins anew what the
    company's recycling rule says; fit is always kept. Before ``return_on`` (default: as the reason says) only
    a new sign of intent hands it over again. Raises AlreadyDecided, NotYours, ReturnDateRefused."""
    handoff = _take(handoff, by, at)
    return_on = _return_date(handoff, reason, return_on, at)
    change = _move(handoff.lead, Stage(reason.destination), by=by, at=at, reason=reason.code, note=note)
    _close(handoff, Handoff.Status.REJECTED, at)
    restart = recycling.begin_anew(lead=handoff.lead, reason=reason, by=by, at=at)
    verdict = Verdict.objects.create(
        handoff=handoff,
        kind=Verdict.Kind.REJECT,
        by=by,
        at=at,
        reason=reason,
        note=note,
        return_on=return_on,
        restart=restart,
        stage_change=change,
    )
    alerts.decided(verdict=verdict)
    return verdict


@begins_again
def undo(*, handoff: Handoff, by: "User", at: datetime) -> Verdict:
    """Take back one's own last verdict, within ten minutes and while nothing was built on it. Handoff, stage,
    owner and the original due time are as before; the score counts again what the rejection forgot, at once.
    Mails nobody; other systems hear of it. Raises UndoRefused."""
    handoff = _hold(handoff)
    last = _undoable(handoff, by, at)
    lead = handoff.lead
    change = lifecycle.move(lead=lead, to=Stage.HANDED_OVER, at=at, cause=StageChange.Cause.UNDO, by=by)
    if last.kind == Verdict.Kind.ACCEPT:
        Lead.objects.filter(pk=lead.pk).update(owner=last.owner_before_id)
    if last.claimed:
        handoff.rep, handoff.assigned_at = None, None
        ledger.write_by_hand(handoff=handoff, rep=None, at=at, by=by, reason=ledger.GIVEN_BACK)
    if last.restart_id:
        Adjustment.objects.filter(pk=last.restart_id).update(voided_at=at)
        Crossing.objects.filter(lead=lead, handled_at=None).update(not_before=None)
        # Before the lists are woken and the answer is drawn, so that both show the old score. The tick is for
        # the case that this fails.
        transaction.on_commit(partial(rescore_now, lead_id=lead.pk), robust=True)
        tick("leads_changed")
    Handoff.objects.filter(pk=handoff.pk).update(
        status=Handoff.Status.OPEN,
        decided_at=None,
        answer_seconds=None,
        rep=handoff.rep,
        assigned_at=handoff.assigned_at,
    )
    working.drop(handoff=handoff, at=at)
    alerts.lists_changed(handoff=handoff)
    verdict = Verdict.objects.create(
        handoff=handoff, kind=Verdict.Kind.UNDO, by=by, at=at, undoes=last, stage_change=change
    )
    alerts.decided(verdict=verdict)
    return verdict


# What accept and reject share


def _take(handoff: Handoff, by: "User", at: datetime) -> Handoff:
    """The handoff as it is now, held and open for a verdict by ``by``. Whoever comes second waits here, and
    then hears who was first."""
    handoff = _hold(handoff)
    if handoff.status == Handoff.Status.WITHDRAWN:
        raise LeadMoved(f"{handoff.lead} is {Stage(handoff.lead.stage).label} by now.")
    if not handoff.is_open:
        raise AlreadyDecided(_verdicts(handoff).latest("at", "id"))
    refuse_verdict(by, handoff)
    claiming.refuse_if_held(handoff=handoff, by=by, at=at)
    return handoff


def _hold(handoff: Handoff) -> Handoff:
    """Every change of a handoff holds its lead first; so do the pipeline and the conversion."""
    lead = Lead.objects.select_for_update(no_key=True).get(pk=handoff.lead_id)
    held = Handoff.objects.select_related("rep", "pool__team__calendar", "offered_by", "claimed_by").get(
        pk=handoff.pk
    )
    held.lead = lead
    return held


def _move(
    lead: Lead, to: Stage, *, by: "User", at: datetime, reason: str = "", note: str = ""
) -> StageChange:
    try:
        return lifecycle.move(
            lead=lead,
            to=to,
            at=at,
            cause=StageChange.Cause.VERDICT,
            by=by,
            reason=reason,
            note=note,
            expect=Stage.HANDED_OVER,
        )
    except lifecycle.StageConflict as conflict:
        raise LeadMoved(str(conflict)) from conflict


def _step_in(handoff: Handoff, by: "User", at: datetime) -> None:
    """The lead is the backup's from now on, whatever becomes of the verdict."""
    reason = f"stepped in for {handoff.rep}"
    routing.assign_by_hand(handoff=handoff, rep=by, at=at, reason=reason)
    handoff.rep, handoff.assigned_at = by, at


def _close(handoff: Handoff, status: Handoff.Status, at: datetime) -> None:
    handoff.status, handoff.decided_at = status, at
    closed = Handoff.objects.filter(pk=handoff.pk, status=Handoff.Status.OPEN).update(
        status=status,
        decided_at=at,
        answer_seconds=clocks.answer_seconds(handoff=handoff, at=at),
        rep=handoff.rep,
        assigned_at=handoff.assigned_at,
        claimed_by=None,
        claimed_until=None,
    )
    if not closed:  # somebody wrote past the lock
        raise AlreadyDecided(_verdicts(handoff).latest("at", "id"))
    alerts.lists_changed(handoff=handoff)


def _verdicts(handoff: Handoff) -> "QuerySet[Verdict]":
    return Verdict.objects.filter(handoff=handoff).select_related("by", "stage_change")


def _return_date(handoff: Handoff, reason: RejectReason, wanted: date | None, at: datetime) -> date | None:
    """The day of the team from which on sales may get the lead again; None for a reason that closes it."""
    if reason.return_days is None:
        return None
    today = at.astimezone(ZoneInfo(handoff.time_zone)).date()
    if wanted is None:
        return today + timedelta(days=reason.return_days)
    latest = today + timedelta(days=max(LATEST_RETURN_DAYS, reason.return_days))
    if wanted <= today:
        raise ReturnDateRefused("Choose a day after today.")
    if wanted > latest:
        raise ReturnDateRefused(f"The latest day is {latest.day} {latest:%b %Y}.")
    return wanted


# What stands against an undo


def _undoable(handoff: Handoff, by: "User", at: datetime) -> Verdict:
    """The verdict that ``by`` may take back at ``at``; UndoRefused when something stands against it."""
    last = _verdicts(handoff).order_by("-at", "-id").first()
    if last is None or last.kind == Verdict.Kind.UNDO:
        raise UndoRefused("There is no verdict to take back.")
    if last.by_id != by.pk:
        raise UndoRefused(f"{last.by} decided this, so only {last.by} can take it back.")
    if at - last.at > UNDO_WINDOW:
        raise UndoRefused("A verdict can be taken back for 10 minutes; they are over.")
    if handoff.lead.handoffs.filter(cycle__gt=handoff.cycle).exists():
        raise UndoRefused(f"{handoff.lead} was handed over again since.")
    if handoff.routing_decisions.filter(at__gt=last.at, kind=RoutingDecision.Kind.MOVED).exists():
        raise UndoRefused(f"{handoff.lead} was given to somebody else since.")
    if handoff.lead.opportunities.filter(created_at__gte=last.at).exists():
        raise UndoRefused(f"{handoff.lead} became an opportunity since.")
    if handoff.lead.stage != last.stage_change.to_stage:
        raise UndoRefused(f"{handoff.lead} is {Stage(handoff.lead.stage).label} by now.")
    return last
