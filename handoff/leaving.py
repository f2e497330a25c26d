"""Somebody leaves: what they have open goes to others, with a reason, all of it or nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Absence, User
from accounts.permissions import may_arrange_routing, may_give_verdicts, sees_all_routing
from leads.models import Lead, LeadAccess, Opportunity
from leads.retrying import begins_again

from . import alerts, belongings, eligibility, matching, routing
from .belongings import NOTHING, Belongings
from .eligibility import Desk, Pick, Ring
from .models import Handoff, Pool, PoolMember, RoutingDecision
from .models.clock import WORKED
from .permissions import NotYours

#: Leads moved at once; whoever has more runs it again.
MOST_AT_ONCE = 2000


class NobodyToTakeIt(ValueError):
    """The person or the pool that should take the work cannot; the message says why."""


@dataclass(frozen=True, slots=True)
class Work:
    """What somebody has: handoffs that wait for an answer, accepted leads, open opportunities, the rest."""

    waiting: int
    accepted: int
    opportunities: int
    rest: Belongings = NOTHING

    def __bool__(self) -> bool:
        return bool(self.waiting or self.accepted or self.opportunities or self.rest)


@dataclass(slots=True)
class Moved:
    """What a hand-over did: receiver → leads, how many stay for want of somebody, whether more are left, and
    what else went along, receiver by receiver (an account that went to nobody is with none)."""

    to: dict[User, int] = field(default_factory=dict)
    stay: int = 0
    more: bool = False
    along: dict[User, Belongings] = field(default_factory=dict)

    @property
    def leads(self) -> int:
        return sum(self.to.values())

    @property
    def rest(self) -> Belongings:
        return sum(self.along.values(), NOTHING)


def people_visible_to(user: User) -> QuerySet[User]:
    """Those whose work ``user`` may hand on: an admin everybody's in sales, a manager their teams'."""
    people = User.objects.filter(role__in=["rep", "manager"])
    if sees_all_routing(user):
        return people
    if not may_arrange_routing(user):
        return people.none()
    return people.filter(pk__in=User.objects.filter(teams__in=user.teams.all()).values("pk"))


def takers(by: User, at: datetime) -> QuerySet[User]:
    """Whom ``by`` may give leads to, by name. ``away_until`` is when an absence that runs at ``at`` ends,
    else None. One query."""
    away = Absence.objects.filter(user=OuterRef("pk"), starts_at__lte=at, ends_at__gt=at).order_by("-ends_at")
    people = people_visible_to(by).filter(is_active=True).order_by("name", "id")
    return people.annotate(away_until=Subquery(away.values("ends_at")[:1]))


def work_of(person: User) -> Work:
    """What ``person`` has now. 4 queries."""
    return Work(
        waiting=Handoff.objects.open().filter(rep=person).count(),
        accepted=Lead.objects.filter(owner=person, stage__in=WORKED).count(),
        opportunities=Opportunity.objects.open().filter(owner=person).count(),
        rest=belongings.belongings_of(person),
    )


@begins_again
def hand_on(
    *, of: User, by: User, reason: str, at: datetime, to: User | None = None, pool: Pool | None = None,
    pause: bool = True, rest: bool = True, only_waiting: bool = False,
) -> Moved:  # fmt: skip
    """Give everything open of ``of`` to one colleague, or through ``pool`` in turn (who is away, paused or
    full is left out; that it is evening is not in the way). ``pause`` takes ``of`` out of every turn; with
    ``rest`` their accounts, tasks and shared views follow, once no lead is left for another run. With
    ``only_waiting`` nothing but the leads that wait for an answer moves. Whoever gets anything of it is told
    once, with the counts. Safe to repeat: what has moved is no longer theirs. Holds the leads in the order of
    their ids, then the pools, then the handoffs. Raises NotYours, NobodyToTakeIt."""
    _check(of, by, to, pool)
    lead_ids = _leads_of(of, only_waiting=only_waiting)
    held = Lead.objects.select_for_update(no_key=True).filter(pk__in=lead_ids[:MOST_AT_ONCE]).order_by("pk")
    leads = list(held)
    # Again, now that nobody else moves them: one that was answered or moved a moment ago is not theirs.
    waiting = {handoff.lead_id: handoff for handoff in Handoff.objects.open().filter(rep=of, lead__in=leads)}
    deals = set(Opportunity.objects.open().filter(owner=of, lead__in=leads).values_list("lead_id", flat=True))
    if only_waiting:
        leads = [lead for lead in leads if lead.pk in waiting]
    else:
        leads = [lead for lead in leads if lead.pk in waiting or lead.pk in deals or _works_on(of, lead)]
    done = Moved(more=len(lead_ids) > MOST_AT_ONCE)
    given: dict[int, User] = {}
    if to is not None:
        given = _to_one(leads, waiting, to, at)
    elif pool is not None:
        given = _in_turn(leads, waiting, pool, of, at)
    done.stay = len(leads) - len(given)
    _move(given, waiting, of=of, by=by, pool=pool, reason=reason, at=at)
    if rest and not only_waiting and not done.more:
        done.along = belongings.hand_on(of=of, to=to, given=given, by=by, at=at)
    if pause:
        PoolMember.objects.filter(user=of, paused=False).update(paused=True, pause_reason=reason[:120])
    done.to = dict(Counter(given.values()))
    alerts.handed_on(of=of, to=done.to, along=done.along, by=by, reason=reason, at=at)
    return done


def _check(of: User, by: User, to: User | None, pool: Pool | None) -> None:
    if not may_arrange_routing(by) or not people_visible_to(by).filter(pk=of.pk).exists():
        raise NotYours("Who leads a team hands on the work of its members.")
    if (to is None) == (pool is None):
        raise NobodyToTakeIt("Choose a colleague or a pool.")
    if to is not None:
        if to.pk == of.pk:
            raise NobodyToTakeIt(f"{of} has it already: choose somebody else.")
        if not to.is_active or not may_give_verdicts(to):
            raise NobodyToTakeIt(f"{to} takes no leads.")
        if not people_visible_to(by).filter(pk=to.pk).exists():
            raise NotYours("This colleague is in another team.")
    if pool is not None and not Pool.objects.visible_to(by).filter(pk=pool.pk).exists():
        raise NotYours("This pool is another team’s.")


def _works_on(person: User, lead: Lead) -> bool:
    return lead.owner_id == person.pk and lead.stage in WORKED


def _leads_of(of: User, *, only_waiting: bool) -> list[int]:
    """The leads to move, by id; one more than are moved at once says that there are more. Up to three
    queries."""
    waiting = Handoff.objects.open().filter(rep=of).order_by("lead_id").values_list("lead_id", flat=True)
    if only_waiting:
        return sorted(set(waiting[: MOST_AT_ONCE + 1]))
    rows = [
        waiting,
        Lead.objects.filter(owner=of, stage__in=WORKED).order_by("pk").values_list("pk", flat=True),
        Opportunity.objects.open().filter(owner=of).order_by("lead_id").values_list("lead_id", flat=True),
    ]
    return sorted({lead_id for some in rows for lead_id in some[: MOST_AT_ONCE + 1]})


def _to_one(leads: Sequence[Lead], waiting: Mapping[int, Handoff], to: User, at: datetime) -> dict[int, User]:
    """Everything to ``to``. What waits for an answer counts as their turn in each pool it came through."""
    pools = {handoff.pool_id for handoff in waiting.values() if handoff.pool_id}
    if pools:
        eligibility.hold(pools)
        rings = eligibility.read_rings(pool_ids=pools, at=at)
        for handoff in waiting.values():
            ring = rings.get(handoff.pool_id or 0)
            desk = _desk_of(ring, to)
            if ring and desk:
                ring.give(Pick(desk, in_turn=False), at)
        for ring in rings.values():
            if desk := _desk_of(ring, to):
                routing.keep_turn(ring, Pick(desk))
    return {lead.pk: to for lead in leads}


def _desk_of(ring: Ring | None, person: User) -> Desk | None:
    return next((desk for desk in ring.desks if desk.user.pk == person.pk), None) if ring else None


def _in_turn(
    leads: Sequence[Lead], waiting: Mapping[int, Handoff], pool: Pool, of: User, at: datetime
) -> dict[int, User]:
    """Lead → whose turn it is. Limits are for what waits for an answer; accepted work is no new lead."""
    eligibility.hold([pool.pk])
    ring = eligibility.read_rings(pool_ids=[pool.pk], at=at)[pool.pk]
    others = [desk for desk in ring.desks if desk.user.pk != of.pk]
    wanted = [desk.prefers for desk in others if desk.prefers]
    asked = matching.ask(lead_ids=[lead.pk for lead in leads], rules=[], preferences=wanted, at=at)
    given: dict[int, User] = {}
    for lead in leads:
        held = asked[lead.pk].held
        is_new = lead.pk in waiting
        able = [
            desk
            for desk in others
            if not (
                eligibility.why_not(desk, at=at, held=held, any_hour=True)
                if is_new
                else eligibility.absent(desk, at=at, any_hour=True)
            )
        ]
        pick = ring.pick(able, held)
        if pick is None:
            continue
        ring.give(pick, at)
        if not is_new:
            pick.desk.load.open -= 1
            pick.desk.load.today -= 1
        given[lead.pk] = pick.desk.user
    for desk in ring.desks:
        routing.keep_turn(ring, Pick(desk))
    return given


def _move(
    given: Mapping[int, User],
    waiting: Mapping[int, Handoff],
    *,
    of: User,
    by: User,
    pool: Pool | None,
    reason: str,
    at: datetime,
) -> None:
    """Write it down: a few statements per receiver, however many leads."""
    last = _last_handoffs(given)
    for person in sorted(set(given.values()), key=lambda each: each.pk):
        leads = [lead for lead, to in given.items() if to == person]
        open_now = Handoff.objects.open().filter(rep=of, lead__in=leads)
        open_now.update(rep=person, assigned_at=at, **({"pool": pool} if pool else {}))
        # What they work on as well: it stands in the list of whoever has it, who alone may change it.
        worked = Handoff.objects.filter(rep=of, status=Handoff.Status.ACCEPTED, lead__stage__in=WORKED)
        worked.filter(pk__in=[last[lead] for lead in leads if lead in last]).update(rep=person)
        Lead.objects.filter(pk__in=leads, owner=of).update(owner=person)
        Opportunity.objects.open().filter(lead__in=leads, owner=of).update(owner=person)
        _grant(leads, person, at)
    RoutingDecision.objects.bulk_create(
        RoutingDecision(
            lead_id=lead,
            handoff_id=waiting[lead].pk if lead in waiting else last.get(lead),
            at=at,
            kind=RoutingDecision.Kind.MOVED,
            pool_id=pool.pk if pool else None,
            chosen=person,
            by=by,
            reason=reason[:300],
        )
        for lead, person in given.items()
    )


def _last_handoffs(leads: Iterable[int]) -> dict[int, int]:
    newest = Handoff.objects.filter(lead__in=list(leads)).order_by("lead_id", "-cycle").distinct("lead_id")
    return dict(newest.values_list("lead_id", "id"))


def _grant(leads: Iterable[int], person: User, at: datetime) -> None:
    """The receiver's teams may open these leads from now on."""
    teams = sorted(person.teams.values_list("id", flat=True))
    rows = [LeadAccess(lead_id=lead, team_id=team, since=at) for lead in leads for team in teams]
    LeadAccess.objects.bulk_create(rows, ignore_conflicts=True)
