"""The conversion report, the leads behind each of its figures, and both as files."""

from collections.abc import Sequence

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from handoff.views.rows import in_words
from leads.milestones import Milestone
from reports import conversion
from reports.conversion import By, Counting, Report
from reports.counting import ENOUGH
from reports.periods import NoPeriod, month, within

from . import behind
from .asking import Asked, asked, figures_file, for_both_sides
from .behind import Figure
from .kept import kept

BYS = {By.SOURCE: "Source", By.CAMPAIGN: "Campaign", By.COUNTRY: "Country", By.MONTH: "Month"}
COUNTINGS = {Counting.PASSED: "Passed in the period", Counting.COHORT: "Came in the period"}
STEPS: dict[str, Milestone | None] = {"leads": None, **{each.name.lower(): each for each in Milestone}}


@require_safe
@for_both_sides
def report(request: Request) -> HttpResponse:
    """How many leads came how far."""
    one = asked(request)
    found, counting, by = _report(one)
    context = {
        "now": one.at,
        "one": one,
        "report": found,
        "lines": [(_name(line.key, line.name, by), line) for line in found.lines],
        "by_label": BYS[by],
        "bys": [(each.value, label, each == by) for each, label in BYS.items()],
        "compared": counting == Counting.PASSED,
        "hidden": {"by": by.value, "count": counting.value},
        "countings": [(each.value, label, each == counting) for each, label in COUNTINGS.items()],
        "enough": ENOUGH,
    }
    return render(request, "reports/conversion.html", context)


@require_safe
@for_both_sides
def report_file(request: Request) -> HttpResponse:
    """The same rows; a rate is left out where there are too few leads for one."""
    one = asked(request)
    found, _, by = _report(one)
    steps = found.total
    header = [BYS[by], *(step.label for step in steps), *(f"{step.label}, %" for step in steps[1:])]
    rows = [[_name(line.key, line.name, by), *_figures(line.steps)] for line in found.lines]
    return figures_file(one, f"conversion-by-{by}", header, [*rows, ["All", *_figures(steps)]])


@kept("by", "count")
def _report(one: Asked) -> tuple[Report, Counting, By]:
    counting, by = _ways(one)
    found = conversion.report(leads=one.leads, period=one.period, counting=counting, by=by)
    return found, counting, by


def _ways(one: Asked) -> tuple[Counting, By]:
    return one.one_of(Counting, "count", Counting.PASSED), one.one_of(By, "by", By.SOURCE)


def _figure(one: Asked) -> Figure:
    name, line = one.parameters.get("step", "leads"), one.parameters.get("line")
    if name not in STEPS:
        raise Http404("There is no such step.")
    milestone, (counting, by) = STEPS[name], _ways(one)
    took = "took" in one.parameters
    period, narrowed, label = one.period, one.leads, str(milestone.label) if milestone else "Leads"
    if line is not None and by == By.MONTH:
        try:
            period = within(one.period, month(line))
        except NoPeriod as error:
            raise Http404(str(error)) from None
    elif line is not None:
        narrowed = conversion.of_line(narrowed, by=by, key=line)
    return Figure(
        title=", ".join(
            [label, *([] if line is None else [_name(line, line, by)]), *(["took time"] if took else [])]
        ),
        rows=conversion.behind(
            leads=narrowed, period=period, counting=counting, milestone=milestone, took=took
        ),
        since=label if milestone else "Came",
        report="conversion",
        own=("step", "line", "took"),
    )


def _name(key: str | None, name: str, by: By) -> str:
    """What a line is called: "paid search", "March 2026"."""
    if key is None:
        return "Others"
    if by == By.MONTH:
        return f"{month(key):%B %Y}"
    return (in_words(name) if by == By.SOURCE else name) or "unknown"


def _figures(steps: Sequence[conversion.Step]) -> list[str]:
    rates = [f"{100 * share.rate:.1f}" if (share := step.share) else "" for step in steps[1:]]
    return [*(str(step.count) for step in steps), *rates]


leads, leads_file = behind.views(_figure)
