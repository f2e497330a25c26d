"""The parts of a dimension's points: each rule with the activities and facts behind it, and what people set
or added by hand. ``explanation`` puts them together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from leads.models import ActivityType, Lead

from . import sentences
from .compiling import Statement
from .conditions import Colleagues, Fact, Happened, tests_of
from .dimensions import HUNDREDTHS
from .holding import holds_until
from .models import Adjustment
from .ruleset import DAY, RuleSpec
from .statement import Row, run


@dataclass(frozen=True, slots=True)
class Earned:
    """An activity and what it brings, in points, before any cap; 0 for one that earns them only together with
    others, for a tier or a compound condition."""

    id: int
    type: str
    label: str
    occurred_at: str
    undated: bool
    points: float
    counts_until: str | None


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a dimension: a rule, or what a cap, a ceiling, a grade's start or a person made of the
    rules. ``raw_points`` is before the rule's own cap; ``count`` says how many activities earn something, of
    which the newest are listed. ``fading`` says how it fades; ``fades_at`` is when the first of those
    listed ends or drops, and ``counts_until`` when time alone leaves nothing of it: the last is worth
    nothing, or too few are left in the window; None for never."""

    rule: str
    label: str
    points: float
    raw_points: float
    evidence: str
    count: int = 0
    counts_until: str | None = None
    fading: str = ""
    fades_at: str | None = None
    activities: tuple[Earned, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What earned one rule's points: the activities, newest first, and when each test of its condition saw
    those that it counts."""

    activities: list[Earned] = field(default_factory=list)
    seen: dict[int, list[datetime | None]] = field(default_factory=dict)


def earned_by_rule(statement: Statement, asked: Mapping[str, Any]) -> dict[str, Evidence]:
    """Rule key → what earns its points."""
    if not statement.evidence:
        return {}
    rules = {rule.key: rule for rule in statement.ruleset.rules}
    found: dict[str, Evidence] = {}
    rows = run(f"WITH {statement.ctes}\n{statement.evidence}", statement.binding(**asked))
    listed: set[tuple[str, int]] = set()
    for row in sorted(rows, key=lambda row: (row["undated"], row["occurred_at"], row["id"]), reverse=True):
        rule, occurred_at = rules[row["rule"]], row["occurred_at"]
        evidence = found.setdefault(rule.key, Evidence())
        evidence.seen.setdefault(row["place"], []).append(None if row["undated"] else occurred_at)
        if (rule.key, row["id"]) in listed:
            continue  # two tests of one compound condition saw it
        listed.add((rule.key, row["id"]))
        if rule.earns is not None and not rule.each and not rule.tiers and evidence.activities:
            continue  # the newest earns the points; others only let the condition hold
        until = None if row["undated"] else _counts_until(rule, row["type"], occurred_at)
        evidence.activities.append(
            Earned(
                id=row["id"],
                type=row["type"],
                label=row["label"],
                occurred_at=iso(row["occurred_at"]),
                undated=row["undated"],
                points=points_of(row["points"] or 0),
                counts_until=until,
            )
        )
    return found


def _counts_until(rule: RuleSpec, type_key: str, occurred_at: datetime) -> str | None:
    """When an activity leaves the rule's window, that of a test which asks for it, or has faded to nothing;
    None for never."""
    gone = rule.fading.gone_after(rule.points) if rule.fading else None
    windows = [
        test.within_days * DAY
        for test in tests_of(rule.when)
        if rule.earns is None and isinstance(test, Happened) and test.within_days and type_key in test.types
    ]
    ends = [seconds for seconds in (rule.window, gone, *windows) if seconds is not None]
    return iso(occurred_at + timedelta(seconds=min(ends))) if ends else None


def _drops_at(rule: RuleSpec, activity: Earned, now: datetime) -> str | None:
    """When an activity's points drop to what stays of them; None where they do not, or did."""
    if rule.fading is None or rule.fading.kind != "drop" or activity.undated:
        return None
    drops = datetime.fromisoformat(activity.occurred_at) + timedelta(days=rule.fading.days)
    return iso(drops) if drops > now else None


def of_rule(
    statement: Statement, row: Row, n: int, rule: RuleSpec, evidence: Evidence | None, at: datetime
) -> Reason:
    """What ``rule``, the ``n``-th, gave as of ``at``."""
    evidence = evidence or Evidence()
    earned = evidence.activities
    count = row[statement.counts[rule.key]] if rule.key in statement.counts else 0
    ends = _ends(rule, evidence)
    moments = [activity.counts_until for activity in earned] + [_drops_at(rule, one, at) for one in earned]
    return Reason(
        rule=rule.key,
        label=rule.label,
        points=points_of(row[f"r{n}"]),
        raw_points=points_of(row[f"raw{n}"] if f"raw{n}" in row else row[f"r{n}"]),
        evidence=_evidence(statement, row, rule, earned, count),
        count=count,
        counts_until=ends,
        fading=_fading(rule),
        fades_at=min((moment for moment in (*moments, ends) if moment), default=None),
        activities=tuple(earned),
    )


def _ends(rule: RuleSpec, evidence: Evidence) -> str | None:
    """When the rule is worth nothing by time alone: its condition ends, or its last activity has faded."""
    held = rule.when
    if rule.tiers and isinstance(held, Happened):
        held = replace(held, at_least=rule.tiers[0].times)
    until = holds_until(held, evidence.seen, window=rule.window)
    ends = [iso(until)] if until else []
    if rule.earns is not None:
        untils = [activity.counts_until for activity in evidence.activities]
        ends += [max(until for until in untils if until)] if untils and None not in untils else []
    elif rule.fading and (gone := rule.fading.gone_after(rule.points)) is not None:
        dated = [at for times in evidence.seen.values() for at in times if at is not None]
        if dated and len(dated) == sum(map(len, evidence.seen.values())):
            ends.append(iso(max(dated) + timedelta(seconds=gone)))
    return min(ends, default=None)


def _fading(rule: RuleSpec) -> str:
    """How time takes the points away."""
    if rule.fading:
        return sentences.of_fading(rule.fading)
    bounded = rule.earns is None and any(
        isinstance(test, Happened | Colleagues) and test.within_days for test in tests_of(rule.when)
    )
    return "while it holds" if bounded else ""


def _evidence(statement: Statement, row: Row, rule: RuleSpec, earned: list[Earned], count: int) -> str:
    """What the rule saw: "Requested a demo on 16 November", "Job title: Head of Operations"."""
    if earned and rule.earns is not None:
        newest = earned[0]
        day = _day(newest.occurred_at, statement)
        if newest.undated:
            return f"{newest.label}, day unknown" + (f", {count} times" if count > 1 else "")
        return f"{newest.label} on {day}" if count <= 1 else f"{count} times, last: {newest.label} on {day}"
    facts = {test.field.name: test for test in tests_of(rule.when) if isinstance(test, Fact)}
    seen = [
        f"{sentences.name_of(test.field)}: {row[statement.values[name]] or 'unknown'}"
        for name, test in facts.items()
    ]
    newest_of = {activity.type: activity for activity in reversed(earned)}
    seen += [
        activity.label
        + (", day unknown" if activity.undated else f" on {_day(activity.occurred_at, statement)}")
        for activity in newest_of.values()
    ]
    if seen:
        mismatches = rule.mismatch and row[f"r{_place(statement, rule)}"] == rule.mismatch * HUNDREDTHS
        return "; ".join(seen) + (", which does not match" if mismatches else "")
    asked = {
        key for test in tests_of(rule.when) if isinstance(test, Happened | Colleagues) for key in test.types
    }
    labels = dict(ActivityType.objects.filter(key__in=asked).values_list("key", "label"))
    return sentences.sentence(sentences.of_condition(rule.when, labels))


def _place(statement: Statement, rule: RuleSpec) -> int:
    return statement.ruleset.rules.index(rule)


def by_hand(row: Row, key: str, lead: Lead, at: datetime) -> list[Reason]:
    """What people made of the dimension: "set to" replaces the rules, "add" comes on top."""
    replaced = row[f"{key}_set"] is not None
    if not replaced and not row[f"{key}_added"]:
        return []
    words = list(
        Adjustment.objects.in_force(at)
        .filter(lead=lead, dimensions__contains=[key])
        .exclude(kind=Adjustment.Kind.RESTART)
        .select_related("author")
        .order_by("-at", "-id")[:5]
    )
    said = "; ".join(f"{word} ({word.author})" if word.author else str(word) for word in words)
    parts = []
    if replaced:
        parts.append(
            plain_part(
                "set", "Set by hand, instead of the rules", row[f"{key}_set"] - row[f"{key}_rules"], said
            )
        )
    if row[f"{key}_added"]:
        parts.append(plain_part("added", "Added by hand", row[f"{key}_added"], said))
    return parts


def plain_part(rule: str, label: str, hundredths: int, evidence: str = "") -> Reason:
    return Reason(rule, label, points_of(hundredths), points_of(hundredths), evidence)


def points_of(hundredths: int) -> float:
    return int(hundredths) / HUNDREDTHS


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _day(moment: str, statement: Statement) -> str:
    """The day of the version's calendar: "16 November 2026"."""
    at = datetime.fromisoformat(moment).astimezone(ZoneInfo(statement.ruleset.time_zone))
    return f"{at.day} {at:%B %Y}"
