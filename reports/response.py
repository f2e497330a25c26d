"""How soon sales answers and gets in touch, in business time, and whether what was agreed is kept.

Counted are handoffs offered in the period, those that were taken back left out. Due times stand on the
handoff, as they were agreed and moved by pauses; how long a first touch took is counted in the hours of the
team's calendar as they are kept today.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q, QuerySet

from handoff.models import Handoff, Promise, Work
from leads.spelling import SOURCE, MostOften, folded, is_called
from scoring.intervals import Share

from .counting import MOST_LINES, share_of
from .first_touch import timed
from .handed import handoffs_made, offered
from .periods import Period
from .weeks import WeekOf, starts


class By(StrEnum):
    """What a line of the report stands for. People are no lines: the figures are shared."""

    TEAM = "team"
    POLICY = "policy"
    SOURCE = "source"


#: The counts of a line, which may be summed.
COUNTS = ("offered", "touched", "touch_kept", "touch_judged", "answer_kept", "answer_judged", "overdue")


@dataclass(frozen=True, slots=True)
class Line:
    """Handoffs of one team, policy, source or week. ``median`` and ``slow`` (nine of ten) are business time
    from the offer to the first touch of the ``touched``. ``touch_kept`` of ``touch_judged`` were touched by
    the due time, ``answer_kept`` of ``answer_judged`` answered by it; what is neither done nor due yet is
    not judged. ``overdue``: open and late at the moment of asking, whenever offered."""

    key: str | None
    name: str
    offered: int = 0
    touched: int = 0
    median: timedelta | None = None
    slow: timedelta | None = None
    touch_kept: int = 0
    touch_judged: int = 0
    answer_kept: int = 0
    answer_judged: int = 0
    overdue: int = 0

    @property
    def is_rest(self) -> bool:
        return self.key is None

    @property
    def half(self) -> int | None:
        """The median in whole minutes."""
        return _minutes(self.median)

    @property
    def nine(self) -> int | None:
        return _minutes(self.slow)

    @property
    def touch_late(self) -> int:
        return self.touch_judged - self.touch_kept

    @property
    def answer_late(self) -> int:
        return self.answer_judged - self.answer_kept

    @property
    def touch_share(self) -> Share | None:
        return share_of(self.touch_kept, self.touch_judged)

    @property
    def answer_share(self) -> Share | None:
        return share_of(self.answer_kept, self.answer_judged)


@dataclass(frozen=True, slots=True)
class Week:
    """The handoffs offered in the week from ``first`` on."""

    first: date
    line: Line


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that sales promises: of the ``judged``, which came due or were done, ``kept`` were done in
    time; ``overdue`` are owed and late now."""

    promise: Promise
    kept: int
    judged: int
    overdue: int

    @property
    def late(self) -> int:
        return self.judged - self.kept

    @property
    def share(self) -> Share | None:
        return share_of(self.kept, self.judged)


@dataclass(frozen=True, slots=True)
class Report:
    total: Line
    lines: list[Line]
    weeks: list[Week]
    promises: list[Kept]


#: How a line names its handoffs: the key of the URL, and what is shown.
_LINES = {
    By.TEAM: (folded("pool__team__public_id", By.TEAM), "pool__team__name"),
    By.POLICY: (folded("policy__public_id", By.POLICY), "policy__name"),
    By.SOURCE: (folded("lead__source", SOURCE), "lead__source"),
}
ANSWER_KEPT = Q(decided_at__lte=F("due_at"))
TOUCH_KEPT = Q(first_touch_at__lte=F("due_at"))


def answer_late(at: datetime) -> Q:
    return Q(decided_at__gt=F("due_at")) | Q(decided_at=None, due_at__lt=at)


def touch_late(at: datetime) -> Q:
    """Touched after the due time, or not yet. What was sent back in time without a contact asked for none."""
    wanted = ~Q(status=Handoff.Status.REJECTED) | Q(decided_at__gt=F("due_at"))
    return Q(first_touch_at__gt=F("due_at")) | (Q(first_touch_at=None, due_at__lt=at) & wanted)


def report(*, handoffs: QuerySet[Handoff], period: Period, by: By, at: datetime) -> Report:
    """Of ``handoffs`` offered in ``period``, with what is late at ``at``. 8 queries, however many lines."""
    whole, by_line, by_week = _counted(offered(handoffs=handoffs, period=period), by, period, at)
    late = _late(handoffs, by, at)
    total = _line("", "All", whole, sum(count for _, count in late.values()))
    lines = [_line(key, row["name"] or "", row, late.pop(key, ("", 0))[1]) for key, row in by_line.items()]
    lines += [Line(key, name, overdue=count) for key, (name, count) in late.items()]
    lines.sort(key=lambda line: (-line.offered, -line.overdue, line.name, line.key or ""))
    return Report(
        total=total,
        lines=[*lines[:MOST_LINES], *_rest(lines[MOST_LINES:])],
        weeks=[
            Week(first, _line("", "", by_week[first], 0) if first in by_week else Line("", ""))
            for first in starts(period)
        ],
        promises=[
            Kept(Promise.ANSWER, total.answer_kept, total.answer_judged, total.overdue),
            *_work(handoffs, period, at),
        ],
    )


def behind(
    *, handoffs: QuerySet[Handoff], period: Period, what: str, at: datetime, by: By, line: str | None = None
) -> QuerySet[Handoff] | None:
    """The handoffs behind a figure, with ``passed_at``: the offer; for what sales owes an accepted lead once
    for each that it owed, and when that was due. None where there is no such figure."""
    ways = _figures(at)
    if what in ways:
        found = handoffs_made(offered(handoffs=handoffs, period=period).filter(ways[what]))
    elif what == "overdue":
        found = handoffs_made(overdue(handoffs=handoffs, at=at))
    elif what in WORK:
        found = _worked(handoffs, period, what, at)
    else:
        return None
    if line is not None:
        found = found.annotate(of_line=_LINES[by][0]).filter(is_called("of_line", line, by.value))
    return found


def _figures(at: datetime) -> dict[str, Q]:
    """Figure, as the URL names it → what holds of its handoffs."""
    return {
        "offered": Q(),
        "touched": Q(first_touch_at__isnull=False),
        "touch_kept": TOUCH_KEPT,
        "touch_late": touch_late(at),
        "answer_kept": ANSWER_KEPT,
        "answer_late": answer_late(at),
    }


# Counting


def _counted(
    rows: QuerySet[Handoff], by: By, period: Period, at: datetime
) -> tuple[dict[str, Any], dict[str, dict[str, Any]], dict[date, dict[str, Any]]]:
    """Total, lines by key, and weeks by first day, in one pass over the handoffs. 4 queries, three of them
    for calendars."""
    key, name = _LINES[by]
    flags = {
        "touch_kept": TOUCH_KEPT,
        "touch_late": touch_late(at),
        "answer_kept": ANSWER_KEPT,
        "answer_late": answer_late(at),
    }
    told = rows.annotate(
        line=key,
        name=F(name),
        week=WeekOf("offered_at"),
        **{flag: ExpressionWrapper(holds, BooleanField()) for flag, holds in flags.items()},
    ).values_list("id", "offered_at", "first_touch_at", "pool__team", "line", "name", "week", *flags)
    tables, parameters = timed(
        told=told, columns=["line", "name", "week", *flags], start=period.start, end=at
    )
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED.format(tables=tables), parameters)
        names = [column.name for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return (
        next(row for row in found if row["of"] == _TOTAL),
        {row["line"]: row for row in found if row["of"] == _LINE},
        {row["week"]: row for row in found if row["of"] == _WEEK},
    )


#: What GROUPING(line, week) says of a row.
_LINE, _WEEK, _TOTAL = 1, 2, 3
_COUNTED = """
WITH {tables}
SELECT GROUPING(line, week) AS of, line, mode() WITHIN GROUP (ORDER BY name) AS name, week,
  count(*) AS offered,
  count(taken) AS touched,
  percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY taken) AS taken,
  count(*) FILTER (WHERE touch_kept) AS touch_kept,
  count(*) FILTER (WHERE touch_kept OR touch_late) AS touch_judged,
  count(*) FILTER (WHERE answer_kept) AS answer_kept,
  count(*) FILTER (WHERE answer_kept OR answer_late) AS answer_judged
FROM timed GROUP BY GROUPING SETS ((), (line), (week))
"""


def _line(key: str, name: str, row: Mapping[str, Any], overdue: int) -> Line:
    median, slow = row["taken"] or (None, None)
    return Line(
        key=key,
        name=name,
        median=_stretch(median),
        slow=_stretch(slow),
        overdue=overdue,
        **{count: row[count] for count in COUNTS if count != "overdue"},
    )


def _stretch(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=round(seconds))


def _minutes(of: timedelta | None) -> int | None:
    return None if of is None else round(of / timedelta(minutes=1))


def _rest(lines: list[Line]) -> list[Line]:
    """Those beyond the most in one; half of halves is no median, so it has none."""
    if not lines:
        return []
    return [Line(None, "Others", **{count: sum(getattr(line, count) for line in lines) for count in COUNTS})]


def _late(handoffs: QuerySet[Handoff], by: By, at: datetime) -> dict[str, tuple[str, int]]:
    """Key of a line → its name, and how many are late now. One query."""
    key, name = _LINES[by]
    late = overdue(handoffs=handoffs, at=at).annotate(line=key).values("line")
    rows = late.annotate(called=MostOften(name), count=Count("pk")).values_list("line", "called", "count")
    return {line: (called or "", count) for line, called, count in rows}


def overdue(*, handoffs: QuerySet[Handoff], at: datetime) -> QuerySet[Handoff]:
    """Open and late at ``at``."""
    return handoffs.filter(status=Handoff.Status.OPEN, due_at__lt=at).order_by()


# What sales owes an accepted lead

_WORK_KEPT = Q(was_kept=True, ended_at__lte=F("due_at"))


def _work_late(at: datetime) -> Q:
    """Done or dropped after the due time, or still owed. What ended before it was due is not judged."""
    return Q(ended_at__gt=F("due_at")) | Q(ended_at=None, due_at__lt=at)


def _works(handoffs: QuerySet[Handoff], period: Period) -> QuerySet[Work]:
    rows = Work.objects.filter(started_at__gte=period.start, started_at__lt=period.end).order_by()
    return rows.filter(handoff__in=handoffs.values("pk")) if handoffs.query.where else rows


#: Figure of the URL → the promise, and whether all that are owed and late now or those of the period.
WORK = {
    "contact": (Promise.CONTACT, False),
    "activity": (Promise.ACTIVITY, False),
    "contact_owed": (Promise.CONTACT, True),
    "activity_owed": (Promise.ACTIVITY, True),
}


def _worked(handoffs: QuerySet[Handoff], period: Period, what: str, at: datetime) -> QuerySet[Handoff]:
    promise, is_owed = WORK[what]
    late = _owed(handoffs, at) if is_owed else _works(handoffs, period).filter(_work_late(at))
    found = Handoff.objects.filter(works__in=late.filter(promise=promise).values("pk"))
    return found.annotate(passed_at=F("works__due_at"))


def _owed(handoffs: QuerySet[Handoff], at: datetime) -> QuerySet[Work]:
    """What is owed and late at ``at``, whenever it began."""
    owed = Work.objects.running().filter(due_at__lt=at).order_by()
    return owed.filter(handoff__in=handoffs.values("pk")) if handoffs.query.where else owed


def _work(handoffs: QuerySet[Handoff], period: Period, at: datetime) -> list[Kept]:
    """The promises about accepted leads that began in ``period``, and all that are owed and late. 2
    queries."""
    late = _work_late(at)
    rows = {
        row["promise"]: row
        for row in _works(handoffs, period)
        .values("promise")
        .annotate(
            kept=Count("pk", filter=_WORK_KEPT),
            judged=Count("pk", filter=_WORK_KEPT | late),
        )
    }
    none = {"kept": 0, "judged": 0}
    overdue = dict(_owed(handoffs, at).values_list("promise").annotate(count=Count("pk")))
    return [
        Kept(promise, row["kept"], row["judged"], overdue.get(promise, 0))
        for promise in (Promise.CONTACT, Promise.ACTIVITY)
        for row in [rows.get(promise, none)]
    ]
