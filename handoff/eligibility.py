"""Who takes a lead now, and why the others do not, in words. The desks are read in five queries; the rest is
pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection

from accounts import availability
from accounts.availability import Stretch
from accounts.models import Absence, Role, WorkingHours

from . import rotation
from .matching import key_of
from .models import Pool, PoolMember
from .rotation import Turn

if TYPE_CHECKING:
    from accounts.models import User

REFUSED = "sent this lead back last"
HAD_IT = "had this lead before"
#: Half-open stretches (start, end, reason).
Away = tuple[tuple[datetime, datetime, str], ...]


@dataclass(slots=True)
class Load:
    """What somebody has on the desk: leads ``open`` (waiting for their answer) and given ``today``. One for
    each person, whatever pools they are in."""

    open: int = 0
    today: int = 0


@dataclass(slots=True)
class Desk:
    """A member of a pool as they are at a moment; the counters move when they are given a lead. ``hours`` and
    ``day`` are local to ``zone``; ``prefers`` is the key of a condition, "" for none."""

    member_id: int
    user: "User"
    pool_id: int
    weight: int = 1
    finish: int = 0
    last_assigned_at: datetime | None = None
    load: Load = field(default_factory=Load)
    open_at_most: int | None = None
    per_day: int | None = None
    paused: bool = False
    pause_reason: str = ""
    prefers: str = ""
    only_preferred: bool = False
    hours: tuple[Stretch, ...] = ()
    absences: Away = ()

    @property
    def counters(self) -> dict[str, int]:
        """As the ledger keeps them: ``finish`` in the pool's time, leads ``open`` and given ``today``."""
        return {"finish": self.finish, "open": self.load.open, "today": self.load.today}


@dataclass(frozen=True, slots=True)
class Pick:
    """Whose turn it is. ``missed`` could not take a turn that might have been theirs: the time of it is lost
    to them, or they would be flooded once they are back. ``in_turn``: the pool's own time goes on with it."""

    desk: Desk
    missed: tuple[Desk, ...] = ()
    in_turn: bool = True


@dataclass(slots=True)
class Ring:
    """A pool with its desks as they are at a moment."""

    pool: Pool
    virtual: int
    desks: list[Desk] = field(default_factory=list)

    def pick(
        self, able: Sequence[Desk], held: Collection[str] = (), spared: Collection[int] = ()
    ) -> Pick | None:
        """Whose turn it is among those who are ``able`` to take a lead for which ``held`` holds. Who prefers
        such leads takes turns among themselves, and so does who prefers none, so that the one does not
        disturb the shares of the other. Who is ``spared`` (user ids), having refused this lead or let it lie,
        keeps their turn."""
        desk = self._next(preferred(able, held))
        if desk is None:
            return None
        if desk.prefers and desk.prefers in held:
            alike = [each for each in self.desks if each.prefers in held]
        else:
            alike = [each for each in self.desks if not each.prefers and not desk.prefers]
        out = {each.member_id for each in self.desks} - {each.member_id for each in able}
        missed = [each for each in alike if each.weight and each.member_id in out]
        kept = [each for each in missed if each.user.pk in spared]
        return Pick(desk, tuple(each for each in missed if each not in kept), in_turn=not kept)

    def _next(self, desks: Sequence[Desk]) -> Desk | None:
        by_member = {desk.member_id: desk for desk in desks}
        turns = [
            Turn(desk.member_id, desk.last_assigned_at, desk.weight, self.starts(desk), desk.load.open)
            for desk in desks
        ]
        balanced = self.pool.method == Pool.Method.BALANCE
        found = rotation.least_loaded(turns) if balanced else rotation.in_turn(turns)
        return by_member[found.member_id] if found else None

    def starts(self, desk: Desk) -> int:
        """Where the next turn of ``desk`` begins: not before the pool's own time, which is that of those who
        prefer nothing. Who prefers something and is new begins where others like them are."""
        if not desk.prefers:
            return rotation.starts(desk.finish, self.virtual)
        if desk.last_assigned_at is not None:
            return desk.finish
        others = (each.finish for each in self.desks if each.prefers and each.last_assigned_at is not None)
        return max(desk.finish, min(others, default=0))

    def give(self, pick: Pick, at: datetime) -> None:
        """Count a lead for who was picked. One that was not given in turn counts as well, but does not bring
        the pool's own time forward: that would take the others' turns."""
        desk, start = pick.desk, self.starts(pick.desk)
        for each in pick.missed:
            each.finish = max(each.finish, start)
        if pick.in_turn and not desk.prefers:
            self.virtual = start
        desk.finish = rotation.ends(start, desk.weight)
        desk.last_assigned_at = rotation.stamp(at, (each.last_assigned_at for each in self.desks))
        desk.load.open += 1
        desk.load.today += 1


def why_not(
    desk: Desk,
    *,
    at: datetime,
    refused_by: int | None = None,
    barred: Collection[int] = (),
    held: Collection[str] = (),
    own: bool = False,
    any_hour: bool = False,
) -> str:
    """Why ``desk`` does not take this lead at ``at``; "" when it does. ``held`` are the keys of the
    conditions that hold for the lead. ``own``: it belongs to an account of theirs, so weight and preference
    do not matter. ``any_hour``: nobody has to be at work to be handed it. ``barred`` let it lie. Pure."""
    if why := absent(desk, at=at, any_hour=any_hour):
        return why
    if desk.open_at_most is not None and desk.load.open >= desk.open_at_most:
        return f"{desk.load.open} of {desk.open_at_most} open"
    if desk.per_day is not None and desk.load.today >= desk.per_day:
        return f"{desk.load.today} of {desk.per_day} today"
    if desk.user.pk in barred:
        return HAD_IT
    if desk.user.pk == refused_by:
        return REFUSED
    if own:
        return ""
    if not desk.weight:
        return "takes no turns"
    if desk.only_preferred and desk.prefers not in held:
        return "takes other leads"
    return ""


def absent(desk: Desk, *, at: datetime, any_hour: bool = False) -> str:
    """Why ``desk`` takes no leads at all at ``at``: gone, paused, away, outside working hours; "" when it
    does. Pure."""
    user = desk.user
    if not user.is_active:
        return "no longer works here"
    if user.role not in (Role.REP, Role.MANAGER):
        return "is not in sales"
    if desk.paused:
        return f"paused: {desk.pause_reason}" if desk.pause_reason else "paused"
    for start, end, reason in desk.absences:
        if start <= at < end:
            return availability.away_words(end, zone=user.time_zone, reason=reason)
    if not any_hour and not availability.is_within(hours=desk.hours, zone=user.time_zone, at=at):
        return "outside working hours"
    return ""


def preferred(desks: Sequence[Desk], held: Collection[str]) -> Sequence[Desk]:
    """Of those who could take a lead, those who should: whoever prefers such leads, else who prefers none, so
    that specialists keep room for theirs; else everybody (C-26). Pure."""
    wanting = [desk for desk in desks if desk.prefers and desk.prefers in held]
    return wanting or [desk for desk in desks if not desk.prefers] or desks


# Reading


def hold(pool_ids: Collection[int]) -> None:
    """Hold these pools, and those that share people with them, until the end of the transaction, in the order
    of their ids: of leads at the same moment each goes to the next in turn (C-27), two transactions never
    wait for each other, and no rep is filled beyond their limit from two sides. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, {"pools": list(pool_ids)})


_HOLD = """
SELECT p.id FROM handoff_pool p
WHERE p.id = ANY(%(pools)s) OR p.id IN (
  SELECT other.pool_id FROM handoff_poolmember other
  WHERE other.user_id IN (SELECT m.user_id FROM handoff_poolmember m WHERE m.pool_id = ANY(%(pools)s)))
ORDER BY p.id FOR NO KEY UPDATE
"""


def read_rings(
    *, pool_ids: Collection[int] | None, at: datetime, since: datetime | None = None
) -> dict[int, Ring]:
    """The pools by id (None: all) with everybody in them as they are ``at``; absences from ``since`` on, for
    who looks back. Five queries."""
    pools = Pool.objects.select_related("team").order_by("position", "id")
    members = PoolMember.objects.select_related("user").order_by("id")
    if pool_ids is not None:
        pools, members = pools.filter(pk__in=pool_ids), members.filter(pool__in=pool_ids)
    rings = {pool.pk: Ring(pool, pool.virtual) for pool in pools}
    people = list(members)
    users = {member.user_id for member in people}
    hours, absences = _hours(users), _absences(users, since or at)
    loads = load_of(users, at)
    for member in people:
        rings[member.pool_id].desks.append(
            Desk(
                member_id=member.pk,
                user=member.user,
                pool_id=member.pool_id,
                weight=member.weight,
                finish=member.finish,
                last_assigned_at=member.last_assigned_at,
                load=loads[member.user_id],
                open_at_most=member.open_at_most,
                per_day=member.per_day,
                paused=member.paused,
                pause_reason=member.pause_reason,
                prefers=key_of(member.prefers) if member.prefers is not None else "",
                only_preferred=member.only_preferred,
                hours=hours[member.user_id],
                absences=absences[member.user_id],
            )
        )
    return rings


def read_desk(user: "User", at: datetime) -> Desk:
    """``user`` as they are ``at``, in no pool: whether they are there, not whether it is their turn. Three
    queries."""
    return Desk(
        member_id=0,
        user=user,
        pool_id=0,
        load=load_of([user.pk], at)[user.pk],
        hours=_hours([user.pk])[user.pk],
        absences=_absences([user.pk], at)[user.pk],
    )


def _hours(users: Iterable[int]) -> Mapping[int, tuple[Stretch, ...]]:
    found: dict[int, tuple[Stretch, ...]] = defaultdict(tuple)
    rows = WorkingHours.objects.filter(user__in=users).order_by("id")
    for row in rows:
        found[row.user_id] += (Stretch(row.weekday, row.starts, row.ends),)
    return found


def _absences(users: Iterable[int], since: datetime) -> Mapping[int, Away]:
    found: dict[int, Away] = defaultdict(tuple)
    rows = Absence.objects.filter(user__in=users, ends_at__gt=since).order_by("starts_at", "id")
    for row in rows:
        found[row.user_id] += ((row.starts_at, row.ends_at, row.reason),)
    return found


def load_of(users: Collection[int], at: datetime) -> dict[int, Load]:
    """User → how many handoffs wait for their answer, and how many they were given on their own day of
    ``at``. One query, two short reads of an index per person."""
    with connection.cursor() as cursor:
        cursor.execute(_LOAD, {"users": sorted(users), "at": at})
        return {user: Load(open_now, today) for user, open_now, today in cursor.fetchall()}


_LOAD = """
SELECT u.id,
  (SELECT count(*) FROM handoff_handoff h WHERE h.rep_id = u.id AND h.status = 'open'),
  (SELECT count(*) FROM handoff_handoff h WHERE h.rep_id = u.id
    AND h.assigned_at >= date_trunc('day', %(at)s::timestamptz, u.time_zone) AND h.assigned_at <= %(at)s)
FROM accounts_user u WHERE u.id = ANY(%(users)s::bigint[])
"""
