"""What became of MQLs: how many marketing passed on and where those stopped, whether they become customers
more often than other leads, and whether what marketing marks is what sales accepts.

A lead was *marked* when marketing's criteria, or a marketer, made it an MQL out of a lead that sales had not
had. What sales sends back stands at MQL, too; that marks nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from handoff.models import Handoff, Verdict
from leads.milestones import Milestone
from leads.models import Lead, PassedMilestone, StageChange
from leads.percentiles import Percentile
from leads.stages import Stage
from leads.statements import sql_of
from scoring.intervals import LEAST_OF_EITHER, Figure, Share, ratio

from .counting import ENOUGH, passed, share_of
from .handed import handoffs_said, verdicts
from .periods import Period

#: Out of which stage a lead is marked: sales had not had it.
MARKED_FROM = Stage.LEAD
#: The leads that the lift looks at came in so many days.
COHORT_DAYS = 365
#: Nobody is old enough before.
LEAST_DAYS = 30


class Stop(StrEnum):
    """Where a lead stands that was handed over and never became an opportunity."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    BACK = "back"
    CLOSED = "closed"


#: Where it stands → the stages.
STANDS = {
    Stop.WAITING: (Stage.HANDED_OVER,),
    Stop.ACCEPTED: (Stage.SQL,),
    Stop.BACK: (Stage.LEAD, Stage.MQL),
    Stop.CLOSED: (Stage.CLOSED,),
}
#: Who was handed over, without who was qualified.
SIGNS: dict[int, int] = {Milestone.HANDED_OVER: 1, Milestone.OPPORTUNITY: -1}


@dataclass(frozen=True, slots=True)
class Fate:
    """Of the ``marked`` leads of the period: how many came how far, and where those ``stops`` that were
    handed over and not qualified; these add up to ``passed_on`` less ``qualified``."""

    marked: int
    passed_on: int
    accepted: int
    qualified: int
    won: int
    stops: dict[Stop, int]

    @property
    def share(self) -> Share | None:
        return share_of(self.passed_on, self.marked)

    @property
    def not_qualified(self) -> int:
        return self.passed_on - self.qualified

    @property
    def not_qualified_share(self) -> Share | None:
        return share_of(self.not_qualified, self.passed_on)


@dataclass(frozen=True, slots=True)
class Lift:
    """Leads that came in a year up to ``until`` and had ``days`` since: how many of the marked and of the
    others were customers within ``days`` of coming. ``days`` is what nine of ten customers took."""

    days: int
    since: datetime
    until: datetime
    marked: int
    marked_won: int
    others: int
    others_won: int

    @property
    def marked_share(self) -> Share | None:
        return share_of(self.marked_won, self.marked)

    @property
    def others_share(self) -> Share | None:
        return share_of(self.others_won, self.others)

    @property
    def times(self) -> Figure | None:
        """How many times as often; None where there are too few to say."""
        if min(self.marked, self.others) < ENOUGH or min(self.marked_won, self.others_won) < LEAST_OF_EITHER:
            return None
        return ratio(self.marked_won, self.marked, self.others_won, self.others)


@dataclass(frozen=True, slots=True)
class Alignment:
    """Marketing's criteria against sales' verdicts of the period, as a table of two by two."""

    marked_accepted: int
    marked_back: int
    found_accepted: int
    found_back: int

    @property
    def accepted(self) -> int:
        return self.marked_accepted + self.found_accepted

    @property
    def back(self) -> int:
        return self.marked_back + self.found_back

    @property
    def marked(self) -> int:
        return self.marked_accepted + self.marked_back

    @property
    def found(self) -> int:
        return self.found_accepted + self.found_back

    @property
    def of_accepted(self) -> Share | None:
        """Of what sales accepted, how much marketing had marked."""
        return share_of(self.marked_accepted, self.accepted)

    @property
    def of_marked(self) -> Share | None:
        """Of the MQLs that were decided, how much sales accepted."""
        return share_of(self.marked_accepted, self.marked)

    @property
    def of_found(self) -> Share | None:
        return share_of(self.found_accepted, self.found)


def fate(*, leads: QuerySet[Lead], period: Period) -> Fate:
    """What became of the leads that were marked in ``period``. One query."""
    counts: dict[int, int] = dict.fromkeys(Milestone.values, 0)
    stops = dict.fromkeys(Stop, 0)
    rows = PassedMilestone.objects.filter(lead__in=_marked(leads, period).values("lead")).order_by()
    for row in rows.values("milestone", "lead__stage").annotate(count=Count("pk")):
        counts[row["milestone"]] += row["count"]
        sign = SIGNS.get(row["milestone"], 0)
        for stop, stages in STANDS.items():
            stops[stop] += sign * row["count"] * (row["lead__stage"] in stages)
    return Fate(
        marked=counts[Milestone.MQL],
        passed_on=counts[Milestone.HANDED_OVER],
        accepted=counts[Milestone.ACCEPTED],
        qualified=counts[Milestone.OPPORTUNITY],
        won=counts[Milestone.WON],
        stops=stops,
    )


def fated(
    *, leads: QuerySet[Lead], period: Period, milestone: Milestone, stop: Stop | None = None
) -> QuerySet[Lead]:
    """The leads behind a figure of the fate, with ``passed_at``: when they were marked."""
    found = Lead.objects.filter(pk__in=_marked(leads, period).values("lead"))
    found = found.filter(Exists(_mine(milestone)))
    if stop:
        found = found.filter(~Exists(_mine(Milestone.OPPORTUNITY)), stage__in=STANDS[stop])
    return found.filter(milestones__milestone=Milestone.MQL).annotate(passed_at=F("milestones__at"))


def _mine(milestone: Milestone) -> QuerySet[PassedMilestone]:
    return PassedMilestone.objects.filter(lead=OuterRef("pk"), milestone=milestone)


def _marked(leads: QuerySet[Lead], period: Period) -> QuerySet[PassedMilestone]:
    """The first steps to MQL in ``period``, without those who went past it straight to sales."""
    steps = StageChange.objects.filter(lead=OuterRef("lead"), to_stage=Stage.MQL, at=OuterRef("at"))
    # The same days again, so that the steps are read by days and not one by one.
    steps = steps.filter(at__gte=period.start, at__lt=period.end)
    return passed(leads=leads, period=period).filter(Exists(steps), milestone=Milestone.MQL)


# Lift


def lift(*, leads: QuerySet[Lead], at: datetime) -> Lift:
    """How much more often marked leads become customers, among those old enough at ``at``. 2 queries."""
    days = _days(leads, at)
    since, until = _cohort(days, at)
    came = leads.filter(created_at__gte=since, created_at__lt=until).order_by().values("pk", "created_at")
    statement, parameters = sql_of(came)
    with connection.cursor() as cursor:
        cursor.execute(_LIFT.format(came=statement), [*parameters, days, days])
        counts = {(marked, won): count for marked, won, count in cursor.fetchall()}
    return Lift(
        days=days,
        since=since,
        until=until,
        marked=counts.get((True, True), 0) + counts.get((True, False), 0),
        marked_won=counts.get((True, True), 0),
        others=counts.get((False, True), 0) + counts.get((False, False), 0),
        others_won=counts.get((False, True), 0),
    )


_LIFT = """
WITH l (id, created_at) AS MATERIALIZED ({came}), marked AS (
  SELECT DISTINCT s.lead_id FROM leads_stagechange s JOIN l ON l.id = s.lead_id
  WHERE s.from_stage = 'lead' AND s.to_stage = 'mql' AND s.at <= l.created_at + make_interval(days => %s)
    AND NOT (s.cause = 'undo' OR s.reason = 'taken_back') AND NOT EXISTS (
      SELECT FROM leads_stagechange b WHERE b.lead_id = s.lead_id AND b.id > s.id
        AND b.from_stage = 'mql' AND b.to_stage = 'lead' AND (b.cause = 'undo' OR b.reason = 'taken_back'))
), won AS (
  SELECT p.lead_id FROM leads_passedmilestone p JOIN l ON l.id = p.lead_id
  WHERE p.milestone = 5 AND p.at <= l.created_at + make_interval(days => %s)
)
SELECT marked.lead_id IS NOT NULL, won.lead_id IS NOT NULL, count(*)
FROM l LEFT JOIN marked ON marked.lead_id = l.id LEFT JOIN won ON won.lead_id = l.id GROUP BY 1, 2
"""


def lifted(*, leads: QuerySet[Lead], at: datetime, marked: bool, won: bool) -> QuerySet[Lead]:
    """The leads of the lift that were ``marked`` or not, all or those who ``won``, with ``passed_at``: when
    they came. One query of its own."""
    days = _days(leads, at)
    since, until = _cohort(days, at)
    in_time = {"at__lte": OuterRef("created_at") + timedelta(days=days)}
    marks = Exists(_marks().filter(lead=OuterRef("pk"), **in_time))
    found = leads.filter(marks if marked else ~marks, created_at__gte=since, created_at__lt=until)
    if won:
        found = found.filter(Exists(_mine(Milestone.WON).filter(**in_time)))
    return found.annotate(passed_at=F("created_at"))


def _marks() -> QuerySet[StageChange]:
    """The steps that marked a lead, and stand."""
    takes_back = Q(cause=StageChange.Cause.UNDO) | Q(reason=StageChange.TAKEN_BACK)
    taken_back = StageChange.objects.filter(
        takes_back, lead=OuterRef("lead"), id__gt=OuterRef("id"), from_stage=Stage.MQL, to_stage=MARKED_FROM
    )
    steps = StageChange.objects.filter(from_stage=MARKED_FROM, to_stage=Stage.MQL)
    return steps.exclude(takes_back).exclude(Exists(taken_back))


def _days(leads: QuerySet[Lead], at: datetime) -> int:
    """How long nine of ten customers of the last two years took to become one, in whole days. One query."""
    wins = PassedMilestone.objects.filter(
        milestone=Milestone.WON, at__gte=at - timedelta(days=2 * COHORT_DAYS), at__lte=at
    )
    if leads.query.where:
        wins = wins.filter(lead__in=leads.values("pk"))
    took = wins.aggregate(slow=Percentile(0.9, F("at") - F("lead__created_at")))["slow"]
    return min(max(LEAST_DAYS, took.days + 1 if took else 0), COHORT_DAYS)


def _cohort(days: int, at: datetime) -> tuple[datetime, datetime]:
    until = at - timedelta(days=days)
    return until - timedelta(days=COHORT_DAYS), until


# Alignment


def alignment(*, handoffs: QuerySet[Handoff], period: Period) -> Alignment:
    """What sales said in ``period`` of leads that were marked before, and of others. One query."""
    rows = _verdicts(handoffs, period).values("marked", "kind").annotate(count=Count("pk"))
    counts = {(row["marked"], row["kind"]): row["count"] for row in rows}
    accept, reject = Verdict.Kind.ACCEPT.value, Verdict.Kind.REJECT.value
    return Alignment(
        marked_accepted=counts.get((True, accept), 0),
        marked_back=counts.get((True, reject), 0),
        found_accepted=counts.get((False, accept), 0),
        found_back=counts.get((False, reject), 0),
    )


def aligned(
    *, handoffs: QuerySet[Handoff], period: Period, marked: bool, accepted: bool
) -> QuerySet[Handoff]:
    """The handoffs of one cell, with ``passed_at``: when they were decided."""
    kind = Verdict.Kind.ACCEPT if accepted else Verdict.Kind.REJECT
    found = _verdicts(handoffs, period).filter(marked=marked, kind=kind)
    return handoffs_said(found)


def _verdicts(handoffs: QuerySet[Handoff], period: Period) -> QuerySet[Any]:
    """Those that stand, each with whether the lead was ``marked`` before the offer."""
    marks = _marks().filter(lead=OuterRef("handoff__lead"), at__lte=OuterRef("handoff__offered_at"))
    return verdicts(handoffs=handoffs, period=period).annotate(marked=Exists(marks))
