"""How a version would have done: on the leads decided lately, each as of the moment before its own decision,
and in handoffs a week, beside the live version. Nothing is stored."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import intervals, outcomes
from .backtest import scored, statement_of
from .intervals import Share, share
from .models import ModelVersion
from .outcomes import Decided, Kind
from .ruleset import Ruleset
from .statement import run

WEEK = timedelta(days=7)
#: The leads decided in so many of the last days are looked at: beside a rule, on the page of a version and in
#: the review that signs it alike.
DAYS = 90
#: Handoffs a week are estimated over so many of the last weeks,
WEEKS = 4
#: from at most so many leads that did something in one of them, found among so many leads.
MOST_ACTIVE = 2_000
SAMPLED_FROM = 20_000
#: At most so many decided leads are looked at.
MOST_DECIDED = 3_000


@dataclass(frozen=True, slots=True)
class Weekly:
    """How many leads a week would go over the SQL line, estimated. Of ``leads`` that did something in the
    weeks looked at, ``looked_at`` were scored; below is the interval of 95 %."""

    rate: float
    low: float
    high: float
    weeks: int
    leads: int
    looked_at: int

    @property
    def is_sampled(self) -> bool:
        return self.looked_at < self.leads

    @property
    def said(self) -> str:
        return about(self.rate)


def about(rate: float) -> str:
    """How pages say so many a week: "3.4", "13"."""
    return f"{rate:.0f}" if rate >= 10 or rate == 0 else f"{rate:.1f}"


@dataclass(frozen=True, slots=True)
class Side:
    """One version on the past. Precision: accepted, of decided leads over its line. Reach: over its line, of
    accepted ones. Both of the ``looked_at`` leads that it is for; None when these are too few, which
    ``too_few`` says."""

    looked_at: int
    too_few: str
    precision: Share | None
    reach: Share | None
    weekly: Weekly


@dataclass(frozen=True, slots=True)
class Past:
    """Draft and live version on the same decided leads of the last days. ``decided``: so many of those whom
    the draft is for. Of the leads that the live version had over its line and the draft has not, sales had
    rejected ``spared`` and accepted ``later``; None where nothing is live. All three are estimated where only
    a sample was looked at."""

    days: int
    decided: int
    looked_at: int
    too_few: str
    draft: Side
    live: Side | None
    #: What sales agreed to take a week; None for no agreement.
    agreed: int | None
    seconds: float
    spared: int | None = None
    later: int | None = None


def on_the_past(
    *,
    version: ModelVersion | Ruleset,
    live: ModelVersion | None,
    at: datetime,
    days: int = DAYS,
    outcome: Kind = "accepted",
) -> Past:
    """How ``version`` and ``live`` (None before the first publish) would have done on the leads decided in
    the last days, each as of the moment before its decision, and how many leads a week each would hand over.
    Five statements."""
    began = time.perf_counter()
    known = outcomes.decided(kind=outcome, at=at, since=at - timedelta(days=days))
    looked_at = _sample(known)
    weeks = _active_weeks(at)
    of = version.model if isinstance(version, ModelVersion) else live.model if live else None
    part = len(known) / len(looked_at) if looked_at else 0.0
    over = _over(version, looked_at, weeks)
    draft = _side(over, looked_at, weeks)
    before = _over(live, looked_at, weeks) if live else None
    spared, later = _stopped(before, over, looked_at) if before is not None else (None, None)
    return Past(
        days=days,
        decided=round(part * draft.looked_at),
        looked_at=draft.looked_at,
        too_few=draft.too_few,
        draft=draft,
        live=_side(before, looked_at, weeks) if before is not None else None,
        agreed=of.agreed_handoffs if of else None,
        seconds=time.perf_counter() - began,
        spared=None if spared is None else round(part * spared),
        later=None if later is None else round(part * later),
    )


def _stopped(before: "_Over", after: "_Over", known: list[Decided]) -> tuple[int, int]:
    """Of ``known`` that were over the line ``before`` and are not ``after``: rejected, and accepted."""
    gone = [
        one.good
        for one in known
        if before.get((one.lead_id, one.as_of), False) and not after.get((one.lead_id, one.as_of), True)
    ]
    return gone.count(False), gone.count(True)


def _sample(known: list[Decided]) -> list[Decided]:
    """At most ``MOST_DECIDED``, spread evenly over the time: the same ones for the same outcomes."""
    if len(known) <= MOST_DECIDED:
        return known
    return [known[n * len(known) // MOST_DECIDED] for n in range(MOST_DECIDED)]


#: A lead and a moment → whether it was over the line then; without those whom the version is not for.
_Over = dict[tuple[int, datetime], bool]


def _over(version: ModelVersion | Ruleset, known: list[Decided], active: "_Active") -> _Over:
    """Decided leads and weeks in one statement: both are leads as of moments. Whom the version is not for
    counts for nothing: another model speaks of them."""
    marks = [
        Decided(lead_id, moment, moment, False, "")
        for lead_id, weeks in active.weeks.items()
        for moment in {moment for start, days in weeks.items() for moment in (start, *days)}
    ]
    rows = scored(statement_of(version), [*known, *marks], ("sql_over",))
    return {(place.lead_id, place.as_of): row["sql_over"] for place, row in rows}


def _side(over: _Over, known: list[Decided], active: "_Active") -> Side:
    stood = [(one.good, over[one.lead_id, one.as_of]) for one in known if (one.lead_id, one.as_of) in over]
    good, bad = (sum(was is kind for was, _ in stood) for kind in (True, False))
    tp, fp = stood.count((True, True)), stood.count((False, True))
    few = intervals.too_few(good=good, bad=bad)
    entered = sum(
        any(
            any(over.get((lead_id, day), False) for day in days) and not over.get((lead_id, start), False)
            for start, days in weeks.items()
        )
        for lead_id, weeks in active.weeks.items()
    )
    return Side(
        looked_at=good + bad,
        too_few=few,
        precision=None if few else share(tp, tp + fp),
        reach=None if few else share(tp, good),
        weekly=_weekly(entered, active),
    )


@dataclass(frozen=True, slots=True)
class _Active:
    """Leads that did something in the last weeks: of each the weeks in which it did, by their beginning, with
    its last moment of each day in it. ``leads`` is how many there are, looked at or not."""

    leads: int
    weeks: Mapping[int, Mapping[datetime, list[datetime]]]


def _active_weeks(at: datetime) -> _Active:
    """Who does nothing does not go over the line, as a rule; who does may be under it again by the end of the
    week, so each day is looked at. Of very many leads it is a sample by a hash of the id: the same leads each
    time. One statement."""
    rows = run(
        _ACTIVE,
        {
            "at": at,
            "since": at - WEEKS * WEEK,
            "sampled_from": SAMPLED_FROM,
            "most": MOST_ACTIVE,
        },
        prepare=False,
    )
    weeks = dict[int, dict[datetime, list[datetime]]]()
    for row in rows:
        mine = weeks.setdefault(row["lead_id"], {})
        for week, day in zip(row["weeks"], row["days"], strict=True):
            mine.setdefault(at - (week + 1) * WEEK, []).append(day)
    return _Active(int(rows[0]["leads"]) if rows else 0, weeks)


#: Leads with sales or bought since before the first week are handed over by nobody.
_ACTIVE = """
WITH all_of_them AS (SELECT count(*) AS n FROM leads_lead),
part AS (SELECT least(1, %(sampled_from)s::float8 / greatest(n, 1)) AS share FROM all_of_them),
among AS MATERIALIZED (
  SELECT l.id FROM leads_lead l, part
  WHERE (hashint8extended(l.id, 11) & 65535) < 65536 * part.share
    AND NOT (l.stage IN ('handed_over', 'sql', 'opportunity', 'customer')
      AND l.stage_at <= %(since)s::timestamptz)
),
days AS (
  SELECT a.lead_id, floor(date_part('epoch', %(at)s::timestamptz - a.occurred_at) / 86400)::int AS ago,
    max(a.occurred_at) AS last
  FROM leads_activity a JOIN among ON among.id = a.lead_id
  WHERE a.occurred_at > %(since)s::timestamptz AND a.occurred_at <= %(at)s::timestamptz
    AND a.voided_at IS NULL AND NOT a.undated
  GROUP BY a.lead_id, ago
),
active AS (
  SELECT lead_id, array_agg(ago / 7) AS weeks, array_agg(last) AS days FROM days GROUP BY lead_id
)
SELECT lead_id, weeks, days, round(count(*) OVER () / (SELECT share FROM part)) AS leads
FROM active ORDER BY hashint8extended(lead_id, 12) LIMIT %(most)s::int
"""


def _weekly(entered: int, active: _Active) -> Weekly:
    counted = intervals.rate(entered)
    scale = active.leads / len(active.weeks) / WEEKS if active.weeks else 0.0
    return Weekly(
        rate=counted.value * scale,
        low=counted.low * scale,
        high=counted.high * scale,
        weeks=WEEKS,
        leads=active.leads,
        looked_at=len(active.weeks),
    )
