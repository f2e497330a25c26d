"""What was decided about a lead's way, and how each rule fares. Written with the decision, never edited."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection

from accounts.models import User

from .models import Handoff, Pool, RoutingDecision, RuleMatch
from .rotation import TURN
from .walking import Walk

if TYPE_CHECKING:
    from .routing import Assignment

#: How far back rules and shares are counted.
COUNTED = timedelta(days=30)
#: Why a rep took a lead by hand, and that the verdict which took it was taken back.
TAKEN = "taken from the unassigned queue"
GIVEN_BACK = "the verdict was taken back"
#: Why a manager's own move goes the other way.
MOVE_UNDONE = "the move was taken back"
Kind = RoutingDecision.Kind


def write(
    *, handoff: Handoff, of: "Assignment", at: datetime, kind: Kind = Kind.RULE, reason: str = ""
) -> RoutingDecision:
    """Keep why ``handoff`` went where it went; ``reason`` is what is to be said beside the rules. One query,
    one more where a rule held."""
    way = of.way
    decision = RoutingDecision.objects.create(
        lead_id=handoff.lead_id,
        handoff=handoff,
        at=at,
        kind=kind,
        rule_id=way.rule.pk if way.rule else None,
        pool=of.pool,
        chosen=of.rep,
        reason="; ".join(filter(None, (reason, _reason(way))))[:300],
        trail=way.trail,
        members=way.members,
    )
    if way.matches:
        RuleMatch.objects.bulk_create(
            RuleMatch(decision=decision, rule_id=rule, at=at, outcome=outcome)
            for rule, outcome in way.matches
        )
    return decision


def _reason(way: Walk) -> str:
    """Why it waits, where it does."""
    if way.desk is not None:
        return ""
    return str(way.trail[-1]["why"])[:300] if way.trail else ""


def write_by_hand(
    *, handoff: Handoff, rep: User | None, at: datetime, by: User | None = None, reason: str = TAKEN
) -> RoutingDecision:
    """``rep`` took what waited, or what they backed up; or ``by`` gave it to them, or back to the pool
    (None). One query."""
    return RoutingDecision.objects.create(
        lead_id=handoff.lead_id,
        handoff=handoff,
        at=at,
        kind=Kind.HAND if by is None else Kind.MOVED,
        pool_id=handoff.pool_id,
        chosen=rep,
        by=by or rep,
        reason=reason[:300],
    )


# Reading


@dataclass(frozen=True, slots=True)
class Member:
    """A line of the ledger: who could have had the lead, why not, and the counters."""

    name: str
    pool: str
    why: str
    is_chosen: bool
    weight: int
    open: int
    today: int
    turns: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision as it is read. ``trail`` (name of the rule, whether it held, why)."""

    decision: RoutingDecision
    trail: list[dict[str, Any]]
    members: list[Member]

    @property
    def in_words(self) -> str:
        """ "By the rule DACH, to Sofia Reuter in DACH"."""
        made = self.decision
        to = f"to {made.chosen}" if made.chosen else "to nobody yet"
        where = f" in {made.pool}" if made.pool and made.kind in (Kind.RULE, Kind.WAITING, Kind.LATE) else ""
        if made.kind == Kind.HAND:
            return f"{made.chosen} took it by hand"
        if made.kind == Kind.MOVED:
            return f"{made.by} handed it {to}"
        rule = f"the rule “{made.rule}”" if made.rule else "the territories"
        said = f"By {rule}, {to}{where}" if made.pool else "No rule and no pool takes it"
        if made.kind == Kind.LATE:
            return f"{said}, because nobody had answered"
        return f"{said}, after waiting" if made.kind == Kind.WAITING else said


def read(*, handoff: Handoff) -> list[Entry]:
    """What the ledger says of ``handoff``, newest first. Up to 3 queries, however many people were asked."""
    rows = RoutingDecision.objects.filter(handoff=handoff).select_related("rule", "pool", "chosen", "by")
    return entries(rows.order_by("-at", "-id"))


def entries(decisions: Iterable[RoutingDecision]) -> list[Entry]:
    """``decisions`` with everybody's name. Up to 2 queries more."""
    decisions = list(decisions)
    members = named([each.members for each in decisions])
    return [Entry(each, each.trail, theirs) for each, theirs in zip(decisions, members, strict=True)]


def named(lists: Sequence[Sequence[dict[str, Any]]]) -> list[list[Member]]:
    """What was noted of members, list by list, with their names. Up to 2 queries."""
    noted = [member for some in lists for member in some]
    people = User.objects.in_bulk({member["user"] for member in noted}) if noted else {}
    pools = Pool.objects.in_bulk({member["pool"] for member in noted}) if noted else {}
    return [[_member(member, people, pools) for member in some] for some in lists]


def _in_turns(time: int) -> str:
    """ "24", "24.33": of a weight of three, each lead is a third of a turn."""
    return f"{time / TURN:.2f}".rstrip("0").rstrip(".")


def _member(noted: dict[str, Any], people: dict[int, User], pools: dict[int, Pool]) -> Member:
    before = noted["before"]
    chosen = bool(noted.get("chosen"))
    turns = ""
    if chosen:
        turns = f"turn {_in_turns(noted['start'])} to {_in_turns(noted['after']['finish'])}"
    return Member(
        name=str(people.get(noted["user"], "somebody")),
        pool=str(pools.get(noted["pool"], "")),
        why=noted["why"],
        is_chosen=chosen,
        weight=noted["weight"],
        open=before["open"],
        today=before["today"],
        turns=turns,
    )


# How rules and pools fare


@dataclass(frozen=True, slots=True)
class Health:
    """How a rule fared: ``placed`` and ``passed`` (reason in words → how often) since ``COUNTED`` ago, and
    when it last held at all."""

    placed: int
    passed: dict[str, int]
    last_at: datetime | None

    @property
    def held(self) -> int:
        return self.placed + sum(self.passed.values())


def health(*, at: datetime) -> dict[int, Health]:
    """Rule → how it fared. One statement: per rule a read of the last days of one index, and its end."""
    with connection.cursor() as cursor:
        cursor.execute(_HEALTH, {"since": at - COUNTED})
        rows = cursor.fetchall()
    found: dict[int, Health] = {}
    words = dict(RuleMatch.Outcome.choices)
    for rule, last_at, outcome, count in rows:
        known = found.setdefault(rule, Health(0, {}, last_at))
        if outcome == RuleMatch.Outcome.PLACED:
            found[rule] = Health(count, known.passed, last_at)
        elif outcome:
            known.passed[words[outcome]] = count
    return found


_HEALTH = """
SELECT r.id, last.at, counted.outcome, counted.n
FROM handoff_routingrule r
LEFT JOIN LATERAL (
  SELECT m.at FROM handoff_rulematch m WHERE m.rule_id = r.id ORDER BY m.at DESC LIMIT 1
) last ON true
LEFT JOIN LATERAL (
  SELECT m.outcome, count(*) AS n FROM handoff_rulematch m
  WHERE m.rule_id = r.id AND m.at > %(since)s GROUP BY m.outcome
) counted ON true
ORDER BY r.id, counted.outcome
"""


def shares(*, pool_ids: Iterable[int], at: datetime) -> dict[tuple[int, int], int]:
    """(pool, user) → leads given there since ``COUNTED`` ago, by the rules and by hand. One statement, read
    from one index."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARES, {"pools": list(pool_ids), "since": at - COUNTED})
        return {(pool, user): count for pool, user, count in cursor.fetchall()}


_SHARES = """
SELECT pool_id, chosen_id, count(*) FROM handoff_routingdecision
WHERE pool_id = ANY(%(pools)s::bigint[]) AND at > %(since)s AND chosen_id IS NOT NULL
GROUP BY pool_id, chosen_id
"""
