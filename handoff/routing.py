"""Which rep gets a lead: rules in order, the pools they lead to, and whose turn it is there.

What is read and held is here; the choice itself is pure (``walking``, ``eligibility``, ``rotation``). Every
decision is written down (``ledger``).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Case, When

from leads.models import Lead, LeadAccess

from . import eligibility, ledger, matching, walking
from .eligibility import Pick, Ring
from .matching import Rule
from .models import Handoff, Pool, PoolMember
from .walking import Walk

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a lead goes, and the way there. No ``rep``: nobody is available, it waits in the pool's
    unassigned queue. No ``pool``: no rule and no pool takes it."""

    pool: Pool | None
    rep: "User | None"
    way: Walk


def assign(
    *, lead: Lead, at: datetime, refused_by: int | None = None, barred: Collection[int] = ()
) -> Assignment:
    """Choose pool and rep for ``lead`` and take the rep's turn; their team may open the lead from now on.
    ``barred`` are people who let it lie: they do not get it, even if nobody else can take it. The caller's
    transaction holds the lead, and writes the way into the ledger once there is a handoff. It also holds the
    pools from here on, so that of two leads at the same moment each goes to the next in turn (C-27). 13
    queries, up to 3 more where a rule asks for facts, scores or account owners; the same however many leads,
    rules and members there are; one more where somebody missed their turn."""
    rules = matching.read_rules()
    rings = read_pools()
    wanted = preferences(rings)
    asked = matching.ask(lead_ids=[lead.pk], rules=rules, preferences=wanted, at=at)[lead.pk]
    near = walking.reachable(asked, rules=rules, rings=rings)
    if near:
        eligibility.hold(near)
        rings |= eligibility.read_rings(pool_ids=near, at=at)
    way = walking.walk(asked, rules=rules, rings=rings, at=at, refused_by=refused_by, barred=barred)
    if way.ring is None:
        return Assignment(None, None, way)
    if way.desk is None:
        grant_access(lead=lead, team_ids={way.ring.pool.team_id}, at=at)
        return Assignment(way.ring.pool, None, way)
    walking.take(way, at=at)
    if way.pick is not None:
        keep_turn(way.ring, way.pick)
    grant_access(lead=lead, team_ids={way.ring.pool.team_id, *_team_ids(way.desk.user)}, at=at)
    return Assignment(way.ring.pool, way.desk.user, way)


def assign_by_hand(
    *, handoff: Handoff, rep: "User", at: datetime, by: "User | None" = None, reason: str = ledger.TAKEN
) -> None:
    """``rep`` takes what nobody had, or what they were asked to back up, or ``by`` gives it to them, without
    the ring's choice. Counts as their turn (C-20), and stands in the ledger. Locks the pool; the caller holds
    the lead."""
    way = Walk()
    if handoff.pool_id is not None:
        eligibility.hold([handoff.pool_id])
        way.ring = eligibility.read_rings(pool_ids=[handoff.pool_id], at=at)[handoff.pool_id]
        desk = next((desk for desk in way.ring.desks if desk.user.pk == rep.pk), None)
        if desk:
            way.pick = Pick(desk, in_turn=False)
            way.ring.give(way.pick, at)
            keep_turn(way.ring, way.pick)
    grant_access(lead=handoff.lead, team_ids=_team_ids(rep), at=at)
    ledger.write_by_hand(handoff=handoff, rep=rep, at=at, by=by, reason=reason)


def grant_access(*, lead: Lead, team_ids: Iterable[int], at: datetime) -> None:
    """Let these teams open ``lead``. Safe to repeat. One query."""
    rows = [LeadAccess(lead=lead, team_id=team_id, since=at) for team_id in sorted(team_ids)]
    LeadAccess.objects.bulk_create(rows, ignore_conflicts=True)


def placeable(
    *,
    lead_ids: Sequence[int],
    at: datetime,
    rules: Sequence[Rule],
    rings: dict[int, Ring],
    barred: Mapping[int, Collection[int]],
) -> set[int]:
    """Those of these leads that somebody could be given now, each counted for its rep, so that who has room
    for one is not promised two. ``barred`` are the people who let a lead lie, by lead. Looks
    without locking; up to 4 queries for all of them."""
    asked = matching.ask(lead_ids=lead_ids, rules=rules, preferences=preferences(rings), at=at)
    found = set()
    for lead_id in lead_ids:
        if lead_id not in asked:
            continue
        way = walking.walk(asked[lead_id], rules=rules, rings=rings, at=at, barred=barred.get(lead_id, ()))
        if way.desk is not None:
            walking.take(way, at=at)
            found.add(lead_id)
    return found


def read_pools() -> dict[int, Ring]:
    """Every pool in the order of trying, with nobody in it yet. Their members' preferences are read along.
    One query."""
    pools = Pool.objects.select_related("team").order_by("position", "id")
    return {pool.pk: Ring(pool, pool.virtual) for pool in pools}


def preferences(rings: dict[int, Ring]) -> list[str]:
    """The conditions that members prefer leads by. One query."""
    members = PoolMember.objects.filter(pool__in=list(rings)).exclude(prefers=None).order_by("id")
    return [matching.key_of(condition) for condition in members.values_list("prefers", flat=True)]


def keep_turn(ring: Ring, pick: Pick) -> None:
    """Store the counters of a turn that was taken. Two queries, one more where somebody missed it."""
    desk = pick.desk
    PoolMember.objects.filter(pk=desk.member_id).update(
        finish=desk.finish, last_assigned_at=desk.last_assigned_at
    )
    Pool.objects.filter(pk=ring.pool.pk).update(virtual=ring.virtual)
    if pick.missed:
        members = [each.member_id for each in pick.missed]
        latest = Case(*(When(pk=each.member_id, then=each.finish) for each in pick.missed))
        PoolMember.objects.filter(pk__in=members).update(finish=latest)


def _team_ids(user: "User") -> set[int]:
    return set(user.teams.values_list("id", flat=True))
