"""Why a lead's score is what it is: every part with what earned it. The parts add up to the score.

Nothing is computed here a second time: the compiled statement gives each rule's points next to the score,
and lists the activities behind them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.db import transaction

from leads.models import Lead

from .compiling import Asked, FactSource, Statement
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
from .models import ModelVersion
from .reasons import Evidence, Reason, by_hand, earned_by_rule, iso, of_rule, plain_part, points_of
from .ruleset import Ruleset
from .sentences import group_named
from .statement import Row, compiled, plan_once, scores

#: The past that may be asked about, and how far ahead.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=400)


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
        earned = earned_by_rule(statement, asked)
    return Explanation(
        model=statement.ruleset.model_key,
        version=statement.ruleset.version,
        at=iso(at),
        total=points_of(row["total"]),
        over=tuple(stage for stage in LINE_STAGES if row[f"{stage}_over"]),
        restarted_at=iso(row["restarted_at"]) if row["restarted_at"] else None,
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
    version = version or ModelVersion.objects.live()
    statement = compiled(version, asked=Asked.MOMENTS, source=FactSource.HISTORY, long_histories=True)
    rows = scores(statement, ids=[lead.pk] * len(moments), moments=list(moments))
    return [
        (moment, row["fit"], row["engagement"], row["intent"])
        for moment, row in zip(moments, rows, strict=True)
    ]


def _dimension(
    statement: Statement, row: Row, key: str, earned: Mapping[str, Evidence], lead: Lead, at: datetime
) -> Explained:
    ruleset = statement.ruleset
    reasons = [
        of_rule(statement, row, n, rule, earned.get(rule.key), at)
        for n, rule in enumerate(ruleset.rules)
        if rule.dimension == key and (row[f"r{n}"] or row.get(f"raw{n}"))
    ]
    if key == Dimension.FIT and ruleset.grades_from is not None:
        start = ruleset.grades_from
        reasons.insert(0, plain_part("grade", f"Every lead starts at {GRADES[start]}", start * HUNDREDTHS))
    for group, change in _capped_groups(statement, row, key):
        most = f"“{group_named(group)}” gives {ruleset.groups[group]} at most"
        reasons.append(plain_part(f"group-{group}", most, change))
    reasons += by_hand(row, key, lead, at)
    said = (row[f"{key}_rules"] if row[f"{key}_set"] is None else row[f"{key}_set"]) + row[f"{key}_added"]
    if said != row[key]:
        reasons.append(plain_part("ceiling", _end_of(ruleset, key, said), row[key] - said))
    least = next(
        (line.minimums[key] for line in ruleset.lines if line.stage == SALES_STAGE and key in line.minimums),
        None,
    )
    short = max(0, least * HUNDREDTHS - row[key]) if least is not None else 0
    graded = key == Dimension.FIT and ruleset.grades_from is not None
    return Explained(
        key=key,
        points=points_of(row[key]),
        ceiling=TOP_GRADE if graded else ruleset.ceilings.get(key),
        line=least,
        over=not short,
        short=points_of(short),
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


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in pairs}
