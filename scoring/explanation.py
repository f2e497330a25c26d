"""Why a lead's score is what it is: every part with what earned it. The parts add up to the score.

Nothing is computed here a second time: the compiled statement gives each rule's points next to the score,
and lists the activities behind them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.db import transaction

from leads.models import ActivityType, Lead

from . import sentences
from .compiling import Asked, FactSource, Statement
from .conditions import Colleagues, Fact, Happened, tests_of
from .dimensions import (
    GRADES,
    HUNDREDTHS,
    LINE_STAGES,
    MOST_CEILING,
    SALES_STAGE,
    TOP_GRADE,
    Dimension,
    grade,
)
from .models import Adjustment, ModelVersion
from .ruleset import Ruleset, RuleSpec
from .statement import Row, compiled, plan_once, run, scores

#: The past that may be asked about, and how far ahead.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=400)


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
    which the newest are listed. ``fading`` says how it fades; ``fades_at`` is when the first of its
    activities ends or drops, and ``counts_until`` when the last is worth nothing; None for never."""

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
class Explained:
    """A dimension: its points are exactly the sum of its reasons' points. ``line`` is the SQL minimum and
    ``short`` what is missing to it. Where fit is a grade, points are thirds of a letter above F, and
    ``grade`` and ``line_grade`` are the letters; empty for points."""

    key: str
    points: float
    ceiling: int | None
    line: int | None
    over: bool
    short: float
    reasons: tuple[Reason, ...]
    grade: str = ""
    line_grade: str = ""


@dataclass(frozen=True, slots=True)
class Tested:
    """A trigger or a blocker and whether it holds."""

    key: str
    label: str
    stage: str
    true: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a lead scores what it scores under one version at one moment."""

    model: str
    version: int
    at: str
    total: float
    #: Stages whose line or trigger holds now; hysteresis and blockers are in ``LineState``.
    over: tuple[str, ...]
    restarted_at: str | None
    dimensions: tuple[Explained, ...]
    triggers: tuple[Tested, ...]
    blockers: tuple[Tested, ...]
    #: Whether the version scores such leads at all; if not, its lines, triggers and points move nothing.
    applies: bool = True

    def as_json(self) -> dict[str, Any]:
        """Plain JSON: what the API answers, evidence freezes and pages show."""
        return asdict(self, dict_factory=_plain)


def explain(
    *,
    lead: Lead,
    at: datetime,
    version: ModelVersion | None = None,
    facts: Literal["current", "history"] = "current",
) -> Explanation:
    """Explain ``lead`` as of ``at`` under ``version`` (the live one by default). ``facts`` "history" reads
    names, titles and the like as they were then. Raises ModelVersion.DoesNotExist before the first publish.
    At most six queries."""
    version = version or ModelVersion.objects.live()
    statement = compiled(version, source=FactSource(facts), details=True)
    asked = {"ids": [lead.pk], "as_of": at}
    with transaction.atomic(savepoint=False):
        plan_once()
        row = scores(statement, **asked)[0]
        earned = _earned(statement, asked)
    return Explanation(
        model=statement.ruleset.model_key,
        version=statement.ruleset.version,
        at=_iso(at),
        total=_points(row["total"]),
        over=tuple(stage for stage in LINE_STAGES if row[f"{stage}_over"]),
        restarted_at=_iso(row["restarted_at"]) if row["restarted_at"] else None,
        dimensions=tuple(_dimension(statement, row, key, earned, lead, at) for key in Dimension.values),
        triggers=tuple(
            Tested(trigger.key, trigger.label, trigger.stage, row[f"t{n}"])
            for n, trigger in enumerate(statement.ruleset.triggers)
        ),
        blockers=tuple(
            Tested(blocker.key, blocker.label, SALES_STAGE, row[f"k{n}"])
            for n, blocker in enumerate(statement.ruleset.blockers)
        ),
        applies=row["applies"],
    )


def history(
    *, lead: Lead, moments: Sequence[datetime], version: ModelVersion | None = None
) -> list[tuple[datetime, int, int, int]]:
    """(moment, fit, engagement, intent) in hundredths for each of ``moments``, with the facts as they were
    then and under one version. One statement."""
    statement = compiled(
        version or ModelVersion.objects.live(), asked=Asked.MOMENTS, source=FactSource.HISTORY
    )
    rows = scores(statement, ids=[lead.pk] * len(moments), moments=list(moments))
    return [
        (moment, row["fit"], row["engagement"], row["intent"])
        for moment, row in zip(moments, rows, strict=True)
    ]


def _earned(statement: Statement, asked: Mapping[str, Any]) -> dict[str, list[Earned]]:
    """Rule key → the activities that earn its points, newest first."""
    if not statement.evidence:
        return {}
    rules = {rule.key: rule for rule in statement.ruleset.rules}
    found: dict[str, list[Earned]] = {}
    rows = run(f"WITH {statement.ctes}\n{statement.evidence}", statement.binding(**asked))
    listed: set[tuple[str, int]] = set()
    for row in sorted(rows, key=lambda row: (row["undated"], row["occurred_at"], row["id"]), reverse=True):
        if (row["rule"], row["id"]) in listed:
            continue  # two tests of one compound condition saw it
        listed.add((row["rule"], row["id"]))
        until = None if row["undated"] else _counts_until(rules[row["rule"]], row["occurred_at"])
        found.setdefault(row["rule"], []).append(
            Earned(
                id=row["id"],
                type=row["type"],
                label=row["label"],
                occurred_at=_iso(row["occurred_at"]),
                undated=row["undated"],
                points=_points(row["points"] or 0),
                counts_until=until,
            )
        )
    return found


def _counts_until(rule: RuleSpec, occurred_at: datetime) -> str | None:
    """When an activity leaves the rule's window or has faded to nothing; None for never."""
    gone = rule.fading.gone_after(rule.points) if rule.fading else None
    ends = [seconds for seconds in (rule.window, gone) if seconds is not None]
    return _iso(occurred_at + timedelta(seconds=min(ends))) if ends else None


def _dimension(
    statement: Statement, row: Row, key: str, earned: Mapping[str, list[Earned]], lead: Lead, at: datetime
) -> Explained:
    ruleset = statement.ruleset
    reasons = [
        _rule(statement, row, n, rule, earned.get(rule.key, []))
        for n, rule in enumerate(ruleset.rules)
        if rule.dimension == key and (row[f"r{n}"] or row.get(f"raw{n}"))
    ]
    if key == Dimension.FIT and ruleset.grades_from is not None:
        start = ruleset.grades_from
        reasons.insert(0, _part("grade", f"Every lead starts at {GRADES[start]}", start * HUNDREDTHS))
    reasons += [_part(f"group-{group}", f"“{group}” gives {ruleset.groups[group]} at most", change)
                for group, change in _capped_groups(statement, row, key)]  # fmt: skip
    reasons += _by_hand(row, key, lead, at)
    said = (row[f"{key}_rules"] if row[f"{key}_set"] is None else row[f"{key}_set"]) + row[f"{key}_added"]
    if said != row[key]:
        reasons.append(_part("ceiling", _end_of(ruleset, key, said), row[key] - said))
    least = next(
        (line.minimums[key] for line in ruleset.lines if line.stage == SALES_STAGE and key in line.minimums),
        None,
    )
    short = max(0, least * HUNDREDTHS - row[key]) if least is not None else 0
    graded = key == Dimension.FIT and ruleset.grades_from is not None
    return Explained(
        key=key,
        points=_points(row[key]),
        ceiling=TOP_GRADE if graded else ruleset.ceilings.get(key),
        line=least,
        over=not short,
        short=_points(short),
        reasons=tuple(reasons),
        grade=grade(row[key]) if graded else "",
        line_grade=grade(least * HUNDREDTHS) if graded and least is not None else "",
    )


def _end_of(ruleset: Ruleset, key: str, said: int) -> str:
    if key == Dimension.FIT and ruleset.grades_from is not None:
        return f"No grade is {'under F' if said < 0 else 'over A+'}"
    return f"{Dimension(key).label} ends at {ruleset.ceilings.get(key) or MOST_CEILING:,}"


def _capped_groups(statement: Statement, row: Row, dimension: str) -> list[tuple[str, int]]:
    """Groups whose cap bites, with the difference it makes: to what their rules and the groups within them
    give."""
    ruleset = statement.ruleset
    given = {group: row[column] for group, column in statement.raw.items() if group.startswith("group:")}
    together = dict.fromkeys(given, 0)
    about: dict[str, str] = {}
    for n, rule in enumerate(ruleset.rules):
        if rule.group:
            together[f"group:{rule.group}"] += row[f"r{n}"]
            inner: str | None = rule.group
            while inner is not None:
                about[f"group:{inner}"] = rule.dimension
                inner = ruleset.within.get(inner)
    for inner, outer in ruleset.within.items():
        if f"group:{inner}" in given:
            together[f"group:{outer}"] += given[f"group:{inner}"]
    return [
        (group.removeprefix("group:"), given[group] - points)
        for group, points in together.items()
        if about[group] == dimension and given[group] != points
    ]


def _rule(statement: Statement, row: Row, n: int, rule: RuleSpec, earned: list[Earned]) -> Reason:
    count = row[statement.counts[rule.key]] if rule.key in statement.counts else 0
    untils = [activity.counts_until for activity in earned]
    return Reason(
        rule=rule.key,
        label=rule.label,
        points=_points(row[f"r{n}"]),
        raw_points=_points(row[f"raw{n}"] if f"raw{n}" in row else row[f"r{n}"]),
        evidence=_evidence(statement, row, rule, earned, count),
        count=count,
        counts_until=max((until for until in untils if until), default=None) if None not in untils else None,
        fading=_fading(rule),
        fades_at=min((until for until in untils if until), default=None),
        activities=tuple(earned),
    )


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
        day = _day(newest.occurred_at)
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
        f"{activity.label}{', day unknown' if activity.undated else f' on {_day(activity.occurred_at)}'}"
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


def _by_hand(row: Row, key: str, lead: Lead, at: datetime) -> list[Reason]:
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
            _part("set", "Set by hand, instead of the rules", row[f"{key}_set"] - row[f"{key}_rules"], said)
        )
    if row[f"{key}_added"]:
        parts.append(_part("added", "Added by hand", row[f"{key}_added"], said))
    return parts


def _part(rule: str, label: str, hundredths: int, evidence: str = "") -> Reason:
    return Reason(rule, label, _points(hundredths), _points(hundredths), evidence)


def _points(hundredths: int) -> float:
    return int(hundredths) / HUNDREDTHS


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _day(iso: str) -> str:
    at = datetime.fromisoformat(iso)
    return f"{at.day} {at:%B %Y}"


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in pairs}
