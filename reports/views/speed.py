"""The report on speed: from step to step, week by week, and who waits."""

from datetime import timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from leads.stages import Stage
from reports import charts, speed
from reports.counting import ENOUGH
from reports.speed import Pace, Week

from . import behind
from .asking import Asked, asked, figures_file, for_both_sides
from .behind import Figure
from .kept import kept

HOUR = 3_600


@require_safe
@for_both_sides
def report(request: Request) -> HttpResponse:
    """Which step holds leads up, how long each takes, and how that goes over the weeks."""
    one = asked(request)
    paces, weeks = _report(one)
    context = {
        "now": one.at,
        "one": one,
        "paces": paces,
        "slowest": speed.slowest(paces),
        "fullest": speed.fullest(paces),
        "weeks": weeks,
        "accepted": sum(week.count for week in weeks),
        "paths": charts.line([week.median.total_seconds() if week.median else None for week in weeks]),
        "enough": ENOUGH,
        "hidden": {},
    }
    return render(request, "reports/speed.html", context)


@require_safe
@for_both_sides
def report_file(request: Request) -> HttpResponse:
    """The same rows, in hours."""
    one = asked(request)
    paces, weeks = _report(one)
    rows = [
        [
            pace.label,
            str(pace.count),
            _hours(pace.median),
            _hours(pace.slow),
            "" if pace.waiting is None else str(pace.waiting),
            _hours(pace.waited),
        ]
        for pace in paces
    ]
    rows += [[f"Week from {week.first}", str(week.count), _hours(week.median), "", "", ""] for week in weeks]
    header = ["Step", "Leads", "Median, hours", "Nine of ten within, hours", "Waiting", "Waiting for, hours"]
    return figures_file(one, "speed", header, rows)


@kept()
def _report(one: Asked) -> tuple[list[Pace], list[Week]]:
    return (
        speed.paces(leads=one.leads, period=one.period, at=one.at),
        speed.weeks(leads=one.leads, period=one.period),
    )


def _figure(one: Asked) -> Figure:
    said = one.parameters.get("stage", "")
    if said not in speed.BEFORE.values():
        raise Http404("Nobody waits there.")
    stage = Stage(said)
    return Figure(
        title=f"Waiting at {stage.label}",
        rows=speed.waiting(leads=one.leads, stage=stage),
        since="Since",
        report="speed",
        own=("stage",),
        holds_now=True,
    )


def _hours(of: timedelta | None) -> str:
    return "" if of is None else f"{of.total_seconds() / HOUR:.1f}"


leads, leads_file = behind.views(_figure)
