"""How many leads came how far, and how long it took: by source, campaign, country or month.

Two ways to count. *Passed*: who passed each milestone in the period, whenever they came; what happened in
these weeks. *Cohort*: who came in the period and how far they have come since; what became of these leads.
A rate is a step's leads of those of the step before. A lead passes a milestone once, so periods add up.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, TruncMonth

from accounts.company_days import company_zone
from leads.milestones import Milestone
from leads.models import Lead
from leads.percentiles import Percentile
from leads.spelling import folded, is_called, most_often
from scoring.intervals import Share

from .counting import ENOUGH, MOST_CHANGE, MOST_LINES, passed, share_of
from .periods import Period


class Counting(StrEnum):
    PASSED = "passed"
    COHORT = "cohort"


#: Which moment lies in the period.
WHEN = {Counting.PASSED: "at", Counting.COHORT: "lead__created_at"}


class By(StrEnum):
    """What a line of the report stands for."""

    SOURCE = "source"
    CAMPAIGN = "campaign"
    COUNTRY = "country"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: ``count`` leads, ``of`` them at the step before (None at the first, which are all
    that came). ``median`` is the time since the step before, of leads that took any; None where none did."""

    milestone: Milestone | None
    count: int
    of: int | None
    median: timedelta | None = None
    before: int | None = None

    @property
    def key(self) -> str:
        """As the URL names it: "handed_over", "leads"."""
        return self.milestone.name.lower() if self.milestone else "leads"

    @property
    def label(self) -> str:
        return str(self.milestone.label) if self.milestone else "Leads"

    @property
    def share(self) -> Share | None:
        """The rate with its interval; None at the first step and of too few leads."""
        return share_of(self.count, self.of)

    @property
    def height(self) -> int:
        """Of its bar, in per cent: all that came, then the rate; nothing where there is none."""
        if self.of is None:
            return 100 if self.count else 0
        return self.share.percent if self.share else 0

    @property
    def change(self) -> int | None:
        """Per cent against the period before; None where fewer than ``ENOUGH`` were, or more than
        ten times as many are now: the numbers say more."""
        if self.before is None or self.before < ENOUGH:
            return None
        change = round(100 * (self.count - self.before) / self.before)
        return change if change <= MOST_CHANGE else None


@dataclass(frozen=True, slots=True)
class Line:
    """The steps of one source, campaign, country or month. ``key`` is its name in the URL; None for the rest
    of many, which cannot be asked for. ``name`` is how most of its rows spell it."""

    key: str | None
    name: str
    steps: list[Step]


@dataclass(frozen=True, slots=True)
class Report:
    total: list[Step]
    lines: list[Line]


def report(*, leads: QuerySet[Lead], period: Period, counting: Counting, by: By | None) -> Report:
    """Of ``leads``, how many came how far in ``period``. The lines with the most leads first, months in their
    order; no lines where ``by`` is None. 5 queries, however many leads and lines."""
    groups, names = _counted(leads, period, counting, by)
    total: dict[Milestone | None, int] = defaultdict(int)
    for counts in groups.values():
        for milestone, count in counts.items():
            total[milestone] += count
    earlier = None
    if counting == Counting.PASSED:  # cohorts of different ages do not compare
        earlier = _counted(leads, period.before, counting, None)[0].get("", {})
    medians = _medians(leads, period, counting)
    return Report(total=_steps(total, medians, earlier), lines=_lines(groups, names, by) if by else [])


def behind(
    *,
    leads: QuerySet[Lead],
    period: Period,
    counting: Counting,
    milestone: Milestone | None,
    took: bool = False,
) -> QuerySet[Lead]:
    """The leads behind one figure of the report, each with ``passed_at``: when it passed the milestone, or
    came. Only those that ``took`` time from the step before, if asked. Narrow ``leads`` to a line with
    ``of_line``."""
    came = Q(created_at__gte=period.start, created_at__lt=period.end)
    if milestone is None:
        return leads.filter(came).annotate(passed_at=F("created_at"))
    there = Q(milestones__milestone=milestone)
    if took:
        there &= Q(milestones__at__gt=Coalesce(F("milestones__since"), F("created_at")))
    if counting == Counting.PASSED:
        there &= Q(milestones__at__gte=period.start, milestones__at__lt=period.end)
    else:
        there &= came
    return leads.filter(there).annotate(passed_at=F("milestones__at"))


def of_line(leads: QuerySet[Lead], *, by: By, key: str) -> QuerySet[Lead]:
    """Those of ``leads`` that a line of sources, campaigns or countries counts. A month is a period."""
    return leads.filter(is_called(by.value, key, by.value))


Counts = dict[str, dict[Milestone | None, int]]
Names = dict[str, Counter[str]]


def _counted(
    leads: QuerySet[Lead], period: Period, counting: Counting, by: By | None
) -> tuple[Counts, Names]:
    """Line → milestone → leads; None for all that came; and how the rows of a line spell it. One line, "",
    where ``by`` is None. 2 queries."""
    counts: Counts = defaultdict(lambda: defaultdict(int))
    names: Names = defaultdict(Counter)
    came = leads.filter(created_at__gte=period.start, created_at__lt=period.end)
    for row in _grouped(came, by, "", "created_at").annotate(count=Count("pk")):
        counts[_key(row, by)][None] += row["count"]
        names[_key(row, by)][row["spelled"]] += row["count"]
    when = WHEN[counting]
    for row in (
        _grouped(passed(leads=leads, period=period, when=when), by, "lead__", when)
        .values("line", "spelled", "milestone")
        .annotate(count=Count("pk"))
    ):
        counts[_key(row, by)][Milestone(row["milestone"])] += row["count"]
        names[_key(row, by)][row["spelled"]] += row["count"]
    return counts, names


def _grouped(rows: QuerySet[Any], by: By | None, way: str, when: str) -> QuerySet[Any, Any]:
    line: Any = Value("")  # all of them
    spelled: Any = Value("")
    if by == By.MONTH:
        line = TruncMonth(when, tzinfo=company_zone())
    elif by is not None:
        line, spelled = folded(f"{way}{by}", by.value), F(f"{way}{by}")
    grouped: QuerySet[Any, Any] = rows.order_by().annotate(line=line, spelled=spelled)
    return grouped.values("line", "spelled")


def _key(row: Mapping[str, Any], by: By | None) -> str:
    return f"{row['line']:%Y-%m}" if by == By.MONTH else row["line"]


def _medians(leads: QuerySet[Lead], period: Period, counting: Counting) -> dict[int, timedelta]:
    """Milestone → the median time since the one before, or since the lead came. One query."""
    began = Coalesce(F("since"), F("lead__created_at"))
    rows = passed(leads=leads, period=period, when=WHEN[counting]).filter(at__gt=began)
    found = rows.values("milestone").annotate(median=Percentile(0.5, F("at") - began))
    return {row["milestone"]: row["median"] for row in found}


def _steps(
    counts: Mapping[Milestone | None, int],
    medians: Mapping[int, timedelta] | None = None,
    earlier: Mapping[Milestone | None, int] | None = None,
) -> list[Step]:
    way: list[Milestone | None] = [None, *Milestone]
    return [
        Step(
            milestone=milestone,
            count=counts.get(milestone, 0),
            of=counts.get(way[place - 1], 0) if place else None,
            median=(medians or {}).get(milestone) if milestone else None,
            before=None if earlier is None else earlier.get(milestone, 0),
        )
        for place, milestone in enumerate(way)
    ]


def _lines(groups: Counts, names: Names, by: By) -> list[Line]:
    if by == By.MONTH:
        return [Line(key, key, _steps(groups[key])) for key in sorted(groups)]
    order = sorted(groups, key=lambda key: (-max(groups[key].values()), key))
    lines = [Line(key, most_often(names[key]), _steps(groups[key])) for key in order[:MOST_LINES]]
    if rest := order[MOST_LINES:]:
        summed: dict[Milestone | None, int] = defaultdict(int)
        for key in rest:
            for milestone, count in groups[key].items():
                summed[milestone] += count
        lines.append(Line(None, "Others", _steps(summed)))
    return lines
