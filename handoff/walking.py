"""From a lead to a rep: the rules in order, the pools they lead to, and who is there. Pure: what was read
goes in, the way with every reason comes out. The routing and the dry run walk the same way.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import eligibility
from .eligibility import HAD_IT, REFUSED, Desk, Pick, Ring
from .matching import AskedLead, Owner, Rule
from .models import RoutingRule, RuleMatch
from .models.pool import MOST_FALLBACKS

Outcome = RuleMatch.Outcome
Rings = Mapping[int, Ring]


@dataclass(slots=True)
class Walk:
    """What came of a lead. ``pick`` is None when nobody could take it: then it waits in ``ring``'s pool, or
    nowhere when no rule and no territory takes it. ``trail`` and ``members`` are as the ledger keeps them,
    ``matches`` (rule, outcome) the rules that held."""

    ring: Ring | None = None
    pick: Pick | None = None
    rule: Rule | None = None
    waits_for: Owner | None = None
    trail: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    matches: list[tuple[int, str]] = field(default_factory=list)

    @property
    def desk(self) -> Desk | None:
        return self.pick.desk if self.pick else None


@dataclass(frozen=True, slots=True)
class Asking:
    """When it is asked, and who does not get the lead: ``refused_by`` sent it back last, ``barred`` let it
    lie."""

    at: datetime
    refused_by: int | None = None
    barred: Collection[int] = ()

    @property
    def spared(self) -> set[int]:
        """Who loses no turn for not getting it."""
        return {*self.barred, *([self.refused_by] if self.refused_by else [])}


def walk(
    lead: AskedLead,
    *,
    rules: Sequence[Rule],
    rings: Rings,
    at: datetime,
    refused_by: int | None = None,
    barred: Collection[int] = (),
) -> Walk:
    """Where ``lead`` goes at ``at``. Never straight back to the rep who sent it back last, unless nobody else
    can take it; never at all to who is ``barred``. Changes nothing; ``take`` does."""
    found = _walk(lead, rules, rings, Asking(at, refused_by, barred))
    could = any(member["why"] == REFUSED for member in found.members)
    if found.desk is not None or not could or found.waits_for is not None:
        return found
    again = _walk(lead, rules, rings, Asking(at, None, barred))
    again.trail[-1]["why"] += "; nobody else could take it"
    return again


def take(found: Walk, *, at: datetime) -> None:
    """Count the lead for who was chosen, and write the counters after it into the walk."""
    if found.ring is None or found.pick is None:
        return
    chosen, ring = found.pick.desk, found.ring
    start = ring.starts(chosen)
    ring.give(found.pick, at)
    for member in found.members:
        if member.get("member") == chosen.member_id and not member["why"]:
            member |= {"chosen": True, "start": start, "after": chosen.counters}


def reachable(lead: AskedLead, *, rules: Sequence[Rule], rings: Rings) -> set[int]:
    """The pools that the way of ``lead`` may lead to, whoever is there: held before anybody is chosen."""
    found: set[int] = set()
    for rule in rules:
        ring = rings.get(rule.pool_id) if rule.pool_id else None
        if rule.why_not(lead, ring.pool.countries if ring else ()):
            continue
        if rule.to == RoutingRule.To.OWNER:
            found |= {key for key in (lead.owner.pools if lead.owner else ()) if rings[key].pool.is_active}
            continue
        if ring is None or not ring.pool.is_active:
            continue
        found |= {each.pool.pk for each in _with_fallbacks(ring, rings)}
        if not rule.goes_on:
            return found
    if territory := territory_of(lead, rules=rules, rings=rings):
        found |= {each.pool.pk for each in _with_fallbacks(territory, rings)}
    return found


def territory_of(lead: AskedLead, *, rules: Sequence[Rule], rings: Rings) -> Ring | None:
    """Where a lead goes that no rule places: to the first active pool that names its country, else to the
    first that names none; of those whose countries have no rule of their own, which is on or off."""
    ruled = {rule.pool_id for rule in rules if rule.to == RoutingRule.To.TERRITORY}
    rest = [ring for ring in rings.values() if ring.pool.is_active and ring.pool.pk not in ruled]
    named = (ring for ring in rest if lead.country and lead.country in ring.pool.countries)
    return next(named, None) or next((ring for ring in rest if not ring.pool.countries), None)


def _walk(lead: AskedLead, rules: Sequence[Rule], rings: Rings, asking: Asking) -> Walk:
    found = Walk()
    for rule in rules:
        ring = rings.get(rule.pool_id) if rule.pool_id else None
        why = rule.why_not(lead, ring.pool.countries if ring else ())
        if not why and ring is not None and not ring.pool.is_active:
            why = f"the pool {ring.pool.name} is off"
        if why:
            found.trail.append({"rule": rule.pk, "name": rule.name, "held": False, "why": why})
            continue
        if ring is None:
            outcome, why = _to_owner(found, lead, rule, rings, asking)
            ends = outcome in (Outcome.PLACED, Outcome.WAITS)
        else:
            outcome, why = _to_pool(found, lead, rule, ring, rings, asking)
            ends = outcome == Outcome.PLACED or not rule.goes_on
        found.trail.append({"rule": rule.pk, "name": rule.name, "held": True, "outcome": outcome, "why": why})
        found.matches.append((rule.pk, outcome))
        if ends:
            return found
    if territory := territory_of(lead, rules=rules, rings=rings):
        _, why = _to_pool(found, lead, None, territory, rings, asking)
        found.trail.append({"rule": None, "name": "Territories", "held": True, "why": why})
    else:
        why = f"no pool takes {lead.country}" if lead.country else "no pool takes leads of an unknown country"
        found.trail.append({"rule": None, "name": "Territories", "held": False, "why": why})
    return found


def _to_pool(
    found: Walk,
    lead: AskedLead,
    rule: Rule | None,
    ring: Ring,
    rings: Rings,
    asking: Asking,
) -> tuple[str, str]:
    """Try a pool and those it falls back on. Returns the outcome and the reason in words. A lead that nobody
    can take waits in the first pool that it came to."""
    if found.ring is None:
        found.ring, found.rule = ring, rule
    reasons = []
    for each in _with_fallbacks(ring, rings):
        if not each.desks:
            reasons.append(f"{each.pool.name}: empty pool")
            continue
        able = []
        for desk in each.desks:
            why = eligibility.why_not(
                desk,
                at=asking.at,
                refused_by=asking.refused_by,
                barred=asking.barred,
                held=lead.held,
            )
            found.members.append(_noted(desk, why))
            if not why:
                able.append(desk)
        pick = each.pick(able, lead.held, asking.spared)
        if pick is not None:
            found.ring, found.pick, found.rule = each, pick, rule
            passed = f"; {'; '.join(reasons)}" if reasons else ""
            return Outcome.PLACED, f"{each.pool.name} gave it to {pick.desk.user}{passed}"
        reasons.append(f"{each.pool.name}: nobody available")
    return Outcome.NOBODY if ring.desks else Outcome.EMPTY, "; ".join(reasons)


def _to_owner(found: Walk, lead: AskedLead, rule: Rule, rings: Rings, asking: Asking) -> tuple[str, str]:
    """Try who has the account, at the first of their desks that takes it. The turn counts there."""
    owner = lead.owner
    if owner is None:  # the rule does not hold without one
        return Outcome.NO_OWNER, "nobody has this account"
    theirs = [ring for ring in rings.values() if ring.pool.pk in owner.pools and ring.pool.is_active]
    if not theirs:
        return Outcome.NO_OWNER, f"{owner.name} is in no pool"
    why = ""
    for ring in theirs:
        desk = next((desk for desk in ring.desks if desk.user.pk == owner.user_id), None)
        if desk is None:
            continue  # taken out of the pool a moment ago
        why = eligibility.why_not(
            desk, at=asking.at, refused_by=asking.refused_by, barred=asking.barred, own=True
        )
        found.members.append(_noted(desk, why))
        if not why:
            found.ring, found.pick, found.rule = ring, Pick(desk, in_turn=False), rule
            whose = "owns this lead" if owner.is_own else "has this account"
            return Outcome.PLACED, f"{owner.name} {whose}"
    if rule.waits and why not in (REFUSED, HAD_IT):
        found.ring, found.rule, found.waits_for = theirs[0], rule, owner
        return Outcome.WAITS, f"waits for {owner.name}: {why}"
    return Outcome.OWNER_AWAY, f"{owner.name}: {why}"


def _noted(desk: Desk, why: str) -> dict[str, Any]:
    return {
        "member": desk.member_id, "user": desk.user.pk, "pool": desk.pool_id, "why": why,
        "weight": desk.weight, "before": desk.counters,
    }  # fmt: skip


def _with_fallbacks(ring: Ring, rings: Rings) -> Iterator[Ring]:
    """The pool and those behind it, each once, those that are off left out."""
    seen: set[int] = set()
    current: Ring | None = ring
    while current is not None and current.pool.pk not in seen and len(seen) <= MOST_FALLBACKS:
        seen.add(current.pool.pk)
        if current.pool.is_active:
            yield current
        current = rings.get(current.pool.fallback_id) if current.pool.fallback_id else None
