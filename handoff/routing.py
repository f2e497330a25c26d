"""Which rep gets a lead: the one in the lead's pool who has waited longest and takes leads now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import DateTimeField, Max, Prefetch, Subquery, Value
from django.db.models.functions import Greatest

from accounts import availability
from accounts.availability import Stretch
from accounts.models import Absence
from leads.models import Lead, LeadAccess

from .models import Pool, PoolMember

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rep who could take a lead, and when they were last given one (None: never)."""

    member_id: int
    user_id: int
    last_assigned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a lead goes. No ``rep``: nobody is available, it waits in the pool's unassigned queue. No
    ``pool``: no pool takes leads of that country."""

    pool: Pool | None
    rep: "User | None"


def longest_waiting(candidates: Iterable[Candidate]) -> Candidate | None:
    """Whose turn it is: someone who never had a lead, else whoever had one longest ago; the earlier place in
    the pool decides between equals. None without candidates. Pure."""
    return min(
        candidates,
        key=lambda each: (
            each.last_assigned_at is not None,
            each.last_assigned_at and each.last_assigned_at.timestamp(),
            each.member_id,
        ),
        default=None,
    )


def without_refuser(candidates: Sequence[Candidate], refused_by: int | None) -> Sequence[Candidate]:
    """``candidates`` without the rep who sent this lead back last, unless nobody else is left. Pure."""
    return [each for each in candidates if each.user_id != refused_by] or candidates


def choose_pool(*, country: str, pools: Sequence[Pool]) -> Pool | None:
    """The first of ``pools`` that names ``country``, else the first that names none. Pure."""
    country = country.upper()
    named = (pool for pool in pools if country and country in pool.countries)
    return next(named, None) or next((pool for pool in pools if not pool.countries), None)


def find_pool(*, lead: Lead) -> Pool | None:
    """The active pool for ``lead``, by its own country or else its company's. One query."""
    country = lead.country or (lead.company.country if lead.company else "")
    return choose_pool(country=country, pools=active_pools())


def active_pools() -> list[Pool]:
    """Those that take leads, in the order of trying. One query."""
    return list(Pool.objects.filter(is_active=True).select_related("team").order_by("position", "id"))


def assign(*, lead: Lead, at: datetime, refused_by: int | None = None) -> Assignment:
    """Choose pool and rep for ``lead`` and take the rep's turn; their team may open the lead from now on. The
    caller's transaction holds the lead. It also holds the pool from here on, so that of two leads at the
    same moment each goes to the next in turn (C-27). 8 queries."""
    pool = find_pool(lead=lead)
    if pool is None:
        return Assignment(None, None)
    _hold(pool)
    available = {member.pk: member for member in _available(pool, at)}
    candidates = [Candidate(key, each.user_id, each.last_assigned_at) for key, each in available.items()]
    chosen = longest_waiting(without_refuser(candidates, refused_by))
    if chosen is None:
        grant_access(lead=lead, team_ids={pool.team_id}, at=at)
        return Assignment(pool, None)
    member = available[chosen.member_id]
    _take_turn(member, at)
    grant_access(lead=lead, team_ids={pool.team_id, *_team_ids(member.user)}, at=at)
    return Assignment(pool, member.user)


def assign_by_hand(*, lead: Lead, pool: Pool | None, rep: "User", at: datetime) -> None:
    """``rep`` takes ``lead`` without the ring's choice. Counts as their turn (C-20). Locks the pool."""
    if pool is not None:
        _hold(pool)
        member = PoolMember.objects.filter(pool=pool, user=rep).first()
        if member:
            _take_turn(member, at)
    grant_access(lead=lead, team_ids=_team_ids(rep), at=at)


def grant_access(*, lead: Lead, team_ids: Iterable[int], at: datetime) -> None:
    """Let these teams open ``lead``. Safe to repeat. One query."""
    rows = [LeadAccess(lead=lead, team_id=team_id, since=at) for team_id in sorted(team_ids)]
    LeadAccess.objects.bulk_create(rows, ignore_conflicts=True)


def has_someone(*, pool: Pool, at: datetime) -> bool:
    """Whether anybody in ``pool`` takes leads now. Looks without locking."""
    return bool(_available(pool, at))


def _hold(pool: Pool) -> None:
    Pool.objects.select_for_update(no_key=True).only("id").get(pk=pool.pk)


def _available(pool: Pool, at: datetime) -> list[PoolMember]:
    """Members who are active, not paused, within their own hours and not away."""
    members = (
        PoolMember.objects.filter(pool=pool, paused=False, user__is_active=True)
        .select_related("user")
        .prefetch_related(
            "user__working_hours", Prefetch("user__absences", Absence.objects.filter(ends_at__gt=at))
        )
        .order_by("id")
    )
    return [member for member in members if _takes_leads(member.user, at)]


def _takes_leads(user: "User", at: datetime) -> bool:
    hours = [Stretch(each.weekday, each.starts, each.ends) for each in user.working_hours.all()]
    absences = [(each.starts_at, each.ends_at) for each in user.absences.all()]
    return availability.is_within(hours=hours, zone=user.time_zone, at=at) and not availability.is_away(
        absences=absences, at=at
    )


def _take_turn(member: PoolMember, at: datetime) -> None:
    """Stamp the turn after every other one in the pool, however many leads share one moment: equal stamps
    would give the same rep two in a row."""
    turns = PoolMember.objects.filter(pool=member.pool_id).order_by()
    newest = turns.values("pool").annotate(newest=Max("last_assigned_at")).values("newest")
    stamp = Greatest(Subquery(newest) + timedelta(microseconds=1), Value(at, DateTimeField()))
    PoolMember.objects.filter(pk=member.pk).update(last_assigned_at=stamp)


def _team_ids(user: "User") -> set[int]:
    return set(user.teams.values_list("id", flat=True))
