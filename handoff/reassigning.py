"""A manager moves leads: those that wait for an answer to somebody else, or back to the pool they came
through; one that is worked, from its page, to a colleague who goes on with it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from accounts import availability
from accounts.models import Absence, User
from accounts.permissions import may_arrange_routing, may_give_verdicts
from leads.models import Lead, Opportunity
from leads.retrying import begins_again

from . import alerts, ladders, ledger, routing
from .decisions import UNDO_WINDOW
from .leaving import people_visible_to
from .models import Handoff, PoolMember, RoutingDecision
from .models.clock import WORKED
from .models.handoff import LET_GO
from .permissions import NotYours

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: So many are moved with one press.
MOST_AT_ONCE = 200


class TakesNoLeads(ValueError):
    """The colleague cannot work on it at all: left, or not in sales."""


class IsAway(ValueError):
    """The colleague could have it, but is not there: ``why``. To be confirmed."""

    def __init__(self, person: User, why: str) -> None:
        super().__init__(f"{person} is not taking leads: {why}.")
        self.person, self.why = person, why


class MoveStands(ValueError):
    """A move is not taken back any more; the message says why."""


class Answered(ValueError):
    """It has an answer by now, or none any more, so there is nothing to move."""


@dataclass(slots=True)
class Done:
    """What became of each of several: ``moved`` handoffs, and those that were not, with the reason."""

    moved: list[Handoff] = field(default_factory=list)
    failed: list[tuple[Handoff, str]] = field(default_factory=list)


def why_away(person: User, *, at: datetime) -> str:
    """Why ``person`` takes no new leads at ``at``, in words; "" when they do. Up to 2 queries."""
    absence = (
        Absence.objects.filter(user=person, starts_at__lte=at, ends_at__gt=at).order_by("ends_at").last()
    )
    if absence is not None:
        return availability.away_words(absence.ends_at, zone=person.time_zone, reason=absence.reason)
    places = list(PoolMember.objects.filter(user=person).order_by("id"))
    if places and all(place.paused for place in places):
        return f"paused: {places[0].pause_reason}" if places[0].pause_reason else "paused"
    return ""


def check(*, to: User, by: User, at: datetime, although_away: bool = False) -> None:
    """Whether ``by`` may give leads to ``to`` at all. Raises NotYours, TakesNoLeads, IsAway."""
    if not may_arrange_routing(by):
        raise NotYours("Who leads a team moves its leads.")
    if not to.is_active or not may_give_verdicts(to):
        raise TakesNoLeads(f"{to} takes no leads.")
    if to.pk != by.pk and not people_visible_to(by).filter(pk=to.pk).exists():
        raise NotYours("This colleague is in another team.")
    if not although_away and (why := why_away(to, at=at)):
        raise IsAway(to, why)


@begins_again
def reassign(
    *,
    handoff: Handoff,
    to: User,
    by: User,
    at: datetime,
    reason: str = "",
    although_away: bool = False,
    worked: bool = False,
) -> Handoff:
    """Give an open handoff to ``to``, who is told with the reasons. Its clock goes on, its steps begin anew,
    and a snooze or a hold of somebody else ends. Counts as the turn of ``to``, and stands in the ledger.
    With ``worked`` it is one that was accepted and is being worked: lead and open deals are theirs from now
    on, what is owed stays owed, and it is no turn. Theirs already, nothing happens, so it is safe to repeat.
    Raises NotYours, TakesNoLeads, IsAway, Answered."""
    check(to=to, by=by, at=at, although_away=although_away)
    held = _hold(handoff, by)
    _refuse_answered(held, worked=worked)
    if worked:
        return _hand_on(held, to=to, by=by, at=at, reason=reason)
    if held.rep_id == to.pk:
        return held
    before = held.rep
    routing.assign_by_hand(handoff=held, rep=to, at=at, by=by, reason=reason)
    _write(held, rep=to, at=at)
    ladders.begin_again(handoff=held, at=at)
    alerts.offered(handoff=held, rep=to, at=at)
    if before is not None:
        alerts.taken_away(handoff=held, rep=before)
    return held


def _hand_on(handoff: Handoff, *, to: User, by: User, at: datetime, reason: str) -> Handoff:
    """Of a lead that is worked: who goes on with it."""
    lead, before = handoff.lead, handoff.lead.owner or handoff.rep
    if handoff.rep_id == lead.owner_id == to.pk:
        return handoff
    Handoff.objects.filter(pk=handoff.pk).update(rep=to)
    Lead.objects.filter(pk=lead.pk).update(owner=to)
    Opportunity.objects.open().filter(lead=lead, owner=before).update(owner=to)
    handoff.rep = lead.owner = to
    routing.grant_access(lead=lead, team_ids=to.teams.values_list("id", flat=True), at=at)
    ledger.write_by_hand(handoff=handoff, rep=to, by=by, at=at, reason=reason)
    alerts.handed_to(handoff=handoff, to=to, of=before, by=by, reason=reason, at=at)
    if before is not None:
        alerts.taken_away(handoff=handoff, rep=before)
    return handoff


@begins_again
def release(*, handoff: Handoff, by: User, at: datetime, reason: str = "") -> Handoff:
    """Put an open handoff back into its pool, where it goes to whose turn it is, but not to who had it.
    Nobody's already, nothing happens. Raises NotYours, Answered."""
    if not may_arrange_routing(by):
        raise NotYours("Who leads a team moves its leads.")
    held = _hold(handoff, by)
    _refuse_answered(held, worked=False)
    if held.rep is None:
        return held
    before = held.rep
    ledger.write_by_hand(handoff=held, rep=None, by=by, at=at, reason=reason or f"taken from {before}")
    _write(held, rep=None, at=at)
    ladders.stop(handoff=held, at=at)
    alerts.lists_changed(handoff=held)
    alerts.taken_away(handoff=held, rep=before)
    return held


@begins_again
def put_back(*, handoff: Handoff, by: User, moved_at: datetime, at: datetime) -> Handoff:
    """Take back the move that ``by`` made at ``moved_at``, within ten minutes and while nothing was built on
    it: it is whose it was, who is told as of any move. No turn is counted. Taken back already, nothing
    happens. Raises NotYours, MoveStands, Answered, TakesNoLeads."""
    if not may_arrange_routing(by):
        raise NotYours("Who leads a team moves its leads.")
    if at - moved_at > UNDO_WINDOW:
        raise MoveStands("A move can be taken back for 10 minutes; they are over.")
    held = _hold(handoff, by)
    newest, *earlier = held.routing_decisions.select_related("chosen").order_by("-at", "-id")[:2]
    if newest.reason == ledger.MOVE_UNDONE and newest.by_id == by.pk:
        return held
    if (newest.at, newest.by_id, newest.kind) != (moved_at, by.pk, RoutingDecision.Kind.MOVED):
        raise MoveStands(f"{held.lead} was given to {newest.chosen or 'nobody'} since.")
    if held.verdicts.filter(at__gt=moved_at).exists():
        raise Answered(f"{held.lead} has an answer already.")
    _refuse_answered(held, worked=not held.is_open)
    before = earlier[0].chosen if earlier else None
    if before is not None and not (before.is_active and may_give_verdicts(before)):
        raise TakesNoLeads(f"{before} takes no leads any more.")
    if held.is_open:
        _return(held, to=before, by=by, at=at)
    elif before is not None:
        _hand_on(held, to=before, by=by, at=at, reason=ledger.MOVE_UNDONE)
    return held


def _return(handoff: Handoff, *, to: User | None, by: User, at: datetime) -> None:
    former = handoff.rep
    ledger.write_by_hand(handoff=handoff, rep=to, by=by, at=at, reason=ledger.MOVE_UNDONE)
    _write(handoff, rep=to, at=at)
    if to is None:
        ladders.stop(handoff=handoff, at=at)
        alerts.lists_changed(handoff=handoff)
    else:
        ladders.begin_again(handoff=handoff, at=at)
        alerts.offered(handoff=handoff, rep=to, at=at)
    if former is not None:
        alerts.taken_away(handoff=handoff, rep=former)


def taken_from(*, handoffs: Collection[int]) -> dict[int, int]:
    """Handoff → whom a manager took it from, as long as it waits in its pool since. One query."""
    rows = RoutingDecision.objects.filter(handoff__in=list(handoffs)).order_by("handoff", "-at", "-id")
    found: dict[int, int] = {}
    for handoff_id, decisions in groupby(
        rows.only("handoff_id", "kind", "chosen_id"), lambda row: row.handoff_id
    ):
        newest, *before = decisions
        gave_back = newest.kind == RoutingDecision.Kind.MOVED and newest.chosen_id is None
        gave_back = gave_back and newest.reason not in (ledger.GIVEN_BACK, ledger.MOVE_UNDONE)
        if handoff_id and gave_back and before and before[0].chosen_id:
            found[handoff_id] = before[0].chosen_id
    return found


def each(handoffs: "QuerySet[Handoff]", ids: Sequence[str], step: Callable[[Handoff], object]) -> Done:
    """Take ``step`` with each of the chosen handoffs, one transaction each: what does not work for one, such
    as an answer given meanwhile, is said and stops no other."""
    done = Done()
    for handoff in handoffs.filter(public_id__in=list(dict.fromkeys(ids))[:MOST_AT_ONCE]).order_by(
        "due_at", "id"
    ):
        try:
            step(handoff)
        except (NotYours, ValueError) as refusal:
            done.failed.append((handoff, str(refusal)))
        else:
            done.moved.append(handoff)
    return done


def is_worked(handoff: Handoff) -> bool:
    """Whether it was accepted and somebody works on its lead. Of the newest handoff of a lead; no query."""
    return handoff.status == Handoff.Status.ACCEPTED and handoff.lead.stage in WORKED


def _hold(handoff: Handoff, by: User) -> Handoff:
    lead = Lead.objects.select_for_update(no_key=True).filter(pk=handoff.lead_id)[0]
    handoffs = Handoff.objects.select_related("rep", "pool__team__calendar", "offered_by")
    held = handoffs.filter(pk=handoff.pk)[0]
    held.lead = lead
    if not Handoff.objects.visible_to(by).filter(pk=held.pk).exists():
        raise NotYours("This lead is with another team.")
    return held


def _refuse_answered(held: Handoff, *, worked: bool) -> None:
    """Raise Answered unless it waits for an answer, or, with ``worked``, is the one that is worked."""
    if not worked and not held.is_open:
        raise Answered(f"{held.lead} has an answer already.")
    if worked and (not is_worked(held) or held.lead.handoffs.filter(cycle__gt=held.cycle).exists()):
        raise Answered(f"{held.lead} is not worked any more.")


def _write(handoff: Handoff, *, rep: User | None, at: datetime) -> None:
    assigned_at = at if rep else None
    Handoff.objects.filter(pk=handoff.pk).update(rep=rep, assigned_at=assigned_at, **LET_GO)
    handoff.rep, handoff.assigned_at = rep, assigned_at
