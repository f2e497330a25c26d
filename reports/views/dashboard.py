"""The dashboard: the shared figures, where leads are lost, whether the line is right, and what sales says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import sides
from accounts.requests import Request
from handoff.models import Handoff, Verdict
from handoff.views.rows import in_words
from leads.milestones import Milestone
from reports import (
    charts,
    conversion,
    headlines,
    key_figures,
    measures,
    sent_back,
    sources,
    speed,
    wording,
)
from reports.conversion import Counting, Step
from reports.counting import ENOUGH
from reports.handed import verdicts
from reports.headlines import Headline, Turn
from reports.line_health import Health
from reports.measures import ABOUT, Measure
from reports.sent_back import Behind
from reports.speed import Pace
from reports.wording import Delta

from . import behind, line
from .asking import Asked, asked, for_both_sides
from .behind import DECISION, Figure
from .kept import kept

#: Reasons, notes and sources shown; the reports have them all.
REASONS, NOTES, SOURCES = 6, 3, 7


@require_safe
@for_both_sides
def dashboard(request: Request) -> HttpResponse:
    """Everything both teams look at first. Each figure leads to the leads behind it, each panel to its
    report."""
    one = asked(request)
    found = _report(one)
    turned, back = headlines.turns(found.way), found.back
    context = {
        "now": one.at,
        "one": one,
        "cards": [_card(each) for each in found.headlines],
        "steps": _steps(found.way, turned),
        "insight": _insight(turned),
        "sales_takes_less": any(
            turn.is_worse and turn.step.milestone == Milestone.ACCEPTED for turn in turned
        ),
        "report": back,
        "reasons": [
            (why, in_words(why.mostly[0]) if why.mostly else "", _fewer(why.change))
            for why in back.reasons[:REASONS]
        ],
        "most": max((why.count for why in back.reasons), default=0),
        "velocity": _velocity(found.paces),
        "notes": _notes(request, one),
        "hidden": {"dim": one.parameters.get("dim", "")} if one.parameters.get("dim") else {},
        "enough": ENOUGH,
        "speaks_for": [side.value for side in sides.of(request.user, {})],
        **line.panel(found.health, found.agreed),
        **_sources(found.brought),
    }
    return render(request, "reports/dashboard.html", context)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the page is drawn from."""

    agreed: dict[Measure, Decimal]
    headlines: list[Headline]
    way: list[Step]
    health: Health
    back: sent_back.Report
    brought: sources.Report
    paces: list[Pace]


@kept("dim", beside=line.looked_at)
def _report(one: Asked) -> Counted:
    agreed, leads, handoffs, period = line.agreed_for(one), one.leads, one.handoffs, one.period
    way = conversion.report(leads=leads, period=period, counting=Counting.PASSED, by=None)
    return Counted(
        agreed=agreed,
        headlines=headlines.headlines(leads=leads, handoffs=handoffs, period=period, agreed=agreed),
        way=way.total,
        health=line.health_of(one, agreed),
        back=sent_back.report(handoffs=handoffs, period=period, behind=Behind.SOURCE),
        brought=sources.report(leads=leads, period=period, most=SOURCES),
        paces=speed.paces(leads=leads, period=period, at=one.at),
    )


# Key figures


@dataclass(frozen=True, slots=True)
class Card:
    """One key figure, ready to be drawn."""

    headline: Headline
    spark: charts.Spark
    delta: Delta | None
    beside: str


def _card(headline: Headline) -> Card:
    wanted, measure = headline.wanted, headline.measure
    values = [None if each.value is None else float(each.value) for each in headline.line]
    per_point = None
    if headline.agreed is not None and headline.line:
        point = headline.line[-1].period
        per_point = float(measures.over(headline.agreed, measure=measure, period=point))
    if wanted is not None:
        beside = f"agreed {wording.said(wanted, measure)}"
    elif headline.now.k is not None:
        beside = f"{headline.now.k:,} of {headline.now.n:,}"
    elif measure == Measure.PIPELINE:
        counted = headline.now.n - headline.left_out
        beside = f"{counted:,} {'deal' if counted == 1 else 'deals'}"
    else:
        beside = _was(headline)
    if headline.change is None and headline.before.n and _was(headline) not in beside:
        beside += f", {_was(headline)}"
    if headline.left_out:
        beside += f", {headline.left_out:,} without an amount in {settings.CURRENCY} left out"
    return Card(headline, charts.spark(values, per_point), wording.delta(headline.change, measure), beside)


def _was(headline: Headline) -> str:
    """Before, in numbers."""
    before = headline.before
    return f"was {wording.figure(before) if before.k is None else f'{before.k:,} of {before.n:,}'}"


def _shared_figure(one: Asked) -> Figure:
    said = one.parameters.get("figure", Measure.LEADS)
    if said not in key_figures.COUNTED:
        raise Http404("There is no such figure.")
    measure = Measure(said)
    return Figure(
        title=f"{ABOUT[measure].label}, {ABOUT[measure].said}",
        rows=key_figures.behind(measure, leads=one.leads, handoffs=one.handoffs, period=one.period),
        since="When",
        report="dashboard",
        own=("figure",),
        counted=DECISION if measure in (Measure.ACCEPTED, Measure.RETURNS) else "",
        is_timed=measure == Measure.FIRST_TOUCH,
    )


leads, leads_file = behind.views(_shared_figure)


# The way, velocity, reasons


def _steps(steps: Sequence[Step], turned: Sequence[Turn]) -> list[tuple[Step, Delta | None]]:
    """Each step with the change of its rate, where that is more than chance explains."""
    changes = {turn.step.key: turn for turn in turned}
    found: list[tuple[Step, Delta | None]] = []
    for step in steps:
        turn = changes.get(step.key)
        delta = None
        if turn is not None:
            by = turn.now - turn.before
            delta = wording.drawn(by, str(abs(by)), None if not by else by > 0)
        found.append((step, delta))
    return found


#: What a changed rate says, for better and for worse.
_SAID = {
    "mql": ("More of those who come become MQLs", "Fewer of those who come become MQLs"),
    "handed_over": ("We hand over more", "We hand over less"),
    "accepted": ("Sales takes more of what it gets", "Sales takes less of what it gets"),
    "opportunity": ("More of the accepted become deals", "Fewer of the accepted become deals"),
    "won": ("More deals are won", "Fewer deals are won"),
}


def _insight(turned: Sequence[Turn]) -> str:
    """One or two changes in a sentence, those for the worse first and the surest of them; "" where all may be
    chance."""
    said = []
    for turn in sorted(turned, key=lambda turn: not turn.is_worse)[:2]:
        better, worse = _SAID[turn.step.key]
        said.append(f"{worse if turn.is_worse else better} ({turn.now}%, was {turn.before}%)")
    if len(said) == 2:
        return f"{said[0]}, and {said[1][0].lower()}{said[1][1:]}."
    return f"{said[0]}." if said else ""


@dataclass(frozen=True, slots=True)
class Velocity:
    """One step's range on the scale of the longest: where the middle half begins, how wide it is, and where
    the median stands, in per cent."""

    pace: Pace
    left: int
    width: int
    middle: int
    delta: Delta | None


def _velocity(paces: Sequence[Pace]) -> list[Velocity]:
    """Each step is drawn on its own scale, up to nine of ten: minutes beside months would be invisible."""
    found = []
    for pace in paces:
        whole = max(pace.slow or timedelta(), timedelta(seconds=1))
        left, right, middle = (
            round(100 * ((each or timedelta()) / whole)) for each in (pace.low, pace.high, pace.median)
        )
        delta = None
        if pace.median and pace.before and pace.count >= ENOUGH:
            part = round(100 * (pace.median - pace.before) / pace.before)
            delta = wording.drawn(part, f"{abs(part)}%", None if not part else part < 0)
        found.append(Velocity(pace, left, max(right - left, 1), min(middle, 100), delta))
    return found


def _fewer(change: int) -> Delta:
    return wording.drawn(change, str(abs(change)), None if not change else change < 0)


def _notes(request: Request, one: Asked) -> list[tuple[Verdict, str]]:
    """The newest words of sales about leads that the reader may open, and their sources. One query."""
    mine = Handoff.objects.visible_to(request.user)
    said = verdicts(handoffs=one.handoffs, period=one.period).filter(handoff__in=mine)
    said = said.filter(kind=Verdict.Kind.REJECT).exclude(note="")
    found = said.select_related("reason", "handoff__lead", "handoff__crossing").order_by("-at", "-id")
    return [(verdict, in_words(verdict.handoff.lead.source)) for verdict in found[:NOTES]]


def _sources(found: sources.Report) -> dict[str, Any]:
    """By first touch; the report has other ways to count."""
    return {
        "brought": found,
        "sources": [(in_words(line.name) or "unknown", line) for line in found.lines],
        "dear": found.dear,
        "dear_name": in_words(found.dear.line.name) if found.dear else "",
        "currency": settings.CURRENCY,
    }
