"""The report on response: how soon, and whether what was agreed is kept."""

from datetime import timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from handoff.models import Promise
from handoff.views.rows import in_words
from reports import charts, response
from reports.counting import ENOUGH
from reports.periods import NoPeriod
from reports.response import By, Line
from reports.weeks import of_week

from . import behind
from .asking import Asked, asked, figures_file, for_both_sides
from .behind import Figure
from .kept import kept

MINUTE = 60
LINES = {By.TEAM: "Team", By.POLICY: "Agreement", By.SOURCE: "Source"}
NONE = {By.TEAM: "No team", By.POLICY: "No agreement held", By.SOURCE: "unknown"}
PROMISES = {
    Promise.ANSWER: "An answer to the handoff",
    Promise.CONTACT: "The first contact after acceptance",
    Promise.ACTIVITY: "The next activity after a contact",
}
TITLES = {
    "offered": "Offered",
    "touched": "Touched",
    "touch_kept": "Touched in time",
    "touch_late": "Not touched in time",
    "answer_kept": "Answered in time",
    "answer_late": "Not answered in time",
    "overdue": "Overdue now",
    "contact": "First contact late after acceptance",
    "activity": "Next activity late",
    "contact_owed": "First contact overdue now",
    "activity_owed": "Next activity overdue now",
}
NOW = ("overdue", "contact_owed", "activity_owed")


@require_safe
@for_both_sides
def report(request: Request) -> HttpResponse:
    """First touch, what was kept, and how both go over the weeks."""
    one = asked(request)
    found, by = _report(one)
    context = {
        "now": one.at,
        "one": one,
        "report": found,
        "lines": [(_name(line, by), line) for line in found.lines],
        "promises": [(PROMISES[kept.promise], kept) for kept in found.promises],
        "paths": charts.line(
            [None if week.line.half is None else float(week.line.half) for week in found.weeks]
        ),
        "by_label": LINES[by],
        "bys": [(each.value, label, each == by) for each, label in LINES.items()],
        "hidden": {"by": by.value},
        "enough": ENOUGH,
    }
    return render(request, "reports/response.html", context)


@require_safe
@for_both_sides
def report_file(request: Request) -> HttpResponse:
    """Lines, weeks and all, in business minutes."""
    one = asked(request)
    found, by = _report(one)
    header = [
        LINES[by], "Offered", "Touched", "Median first touch, business minutes",
        "Nine of ten within, business minutes", "Touched in time", "of", "Answered in time", "of",
        "Overdue now",
    ]  # fmt: skip
    rows = [[_name(line, by), *_figures(line)] for line in found.lines]
    rows += [[f"Week from {week.first}", *_figures(week.line)] for week in found.weeks]
    rows += [
        [PROMISES[kept.promise], "", "", "", "", "", "", str(kept.kept), str(kept.judged), str(kept.overdue)]
        for kept in found.promises
    ]
    return figures_file(one, f"response-by-{by}", header, [*rows, ["All", *_figures(found.total)]])


@kept("by")
def _report(one: Asked) -> tuple[response.Report, By]:
    by = one.one_of(By, "by", By.TEAM)
    return response.report(handoffs=one.handoffs, period=one.period, by=by, at=one.at), by


def _figure(one: Asked) -> Figure:
    what, line = one.parameters.get("what", "offered"), one.parameters.get("line")
    by = one.one_of(By, "by", By.TEAM)
    period, week = one.period, one.parameters.get("week", "")
    if week:
        try:
            period = of_week(period, week)
        except NoPeriod as problem:
            raise Http404(str(problem)) from None
    leads = response.behind(handoffs=one.handoffs, period=period, what=what, at=one.at, by=by, line=line)
    if leads is None:
        raise Http404("There is no such figure.")
    return Figure(
        title=f"{TITLES[what]}, week from {week}" if week else TITLES[what],
        rows=leads,
        since="Offered",
        report="response",
        own=("what", "line", "week"),
        holds_now=what in NOW,
        is_timed=what in ("touched", "touch_kept", "touch_late"),
    )


def _name(line: Line, by: By) -> str:
    return (in_words(line.name) if by == By.SOURCE and line.key is not None else line.name) or NONE[by]


def _figures(line: Line) -> list[str]:
    return [
        str(line.offered),
        str(line.touched),
        _minutes(line.median),
        _minutes(line.slow),
        str(line.touch_kept),
        str(line.touch_judged),
        str(line.answer_kept),
        str(line.answer_judged),
        str(line.overdue),
    ]


def _minutes(of: timedelta | None) -> str:
    return "" if of is None else f"{of.total_seconds() / MINUTE:.1f}"


leads, leads_file = behind.views(_figure)
