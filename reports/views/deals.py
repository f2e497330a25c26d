"""Deals that were won and lost, the leads behind them, and both as files."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import Team
from accounts.requests import Request
from handoff.views.rows import in_words
from leads.models import LossReason, Opportunity
from reports import deals
from reports.counting import ENOUGH, MOST_LINES
from reports.deals import OF_LOST, By, Closed, Report
from reports.periods import NoPeriod, month

from . import behind
from .asking import Asked, asked, figures_file, for_both_sides
from .behind import Figure
from .kept import kept

HOURS_A_DAY = 24
BYS = {
    By.SOURCE: "Source",
    By.CAMPAIGN: "Campaign",
    By.TEAM: "Team",
    By.MONTH: "Month",
    By.REASON: "Why lost",
    By.SUPPLIER: "Lost to",
}
NOBODY = {
    By.SOURCE: "unknown",
    By.CAMPAIGN: "no campaign",
    By.TEAM: "nobody’s",
    By.REASON: "no reason given",
    By.SUPPLIER: "nobody named",
}


@require_safe
@for_both_sides
def report(request: Request) -> HttpResponse:
    """How many deals were won, against the days before, and what they had in common."""
    one = asked(request)
    found, by = _report(one)
    context = {
        "now": one.at,
        "one": one,
        "report": found,
        "lines": [(_name(line.key, line.name, by), line) for line in found.lines],
        "by_label": BYS[by],
        "bys": [(each.value, label, each == by) for each, label in BYS.items()],
        "of_lost": by in OF_LOST,
        "overlaps": by == By.TEAM,
        "hidden": {"by": by.value},
        "currency": settings.CURRENCY,
        "enough": ENOUGH,
    }
    return render(request, "reports/deals.html", context)


@require_safe
@for_both_sides
def report_file(request: Request) -> HttpResponse:
    """The same rows, every line."""
    one = asked(request)
    found, by = _report(one, most=None)
    money = settings.CURRENCY
    header = [BYS[by], "Won", f"Won, {money}", "Lost", f"Lost, {money}", "Won, %", "Median age, days"]
    rows = [[_name(line.key, line.name, by), *_cells(line.closed)] for line in found.lines]
    return figures_file(one, f"deals-by-{by}", header, [*rows, ["All", *_cells(found.total)]])


def _cells(closed: Closed) -> list[str]:
    return [
        str(closed.won),
        f"{closed.won_amount:f}",
        str(closed.lost),
        f"{closed.lost_amount:f}",
        f"{100 * closed.share.rate:.1f}" if closed.share else "",
        "" if closed.age is None else f"{closed.age.total_seconds() / 3_600 / HOURS_A_DAY:.1f}",
    ]


@kept("by")
def _report(one: Asked, most: int | None = MOST_LINES) -> tuple[Report, By]:
    by = one.one_of(By, "by", By.SOURCE)
    return deals.report(leads=one.leads, period=one.period, by=by, most=most), by


def _figure(one: Asked) -> Figure:
    said, line = one.parameters.get("outcome", ""), one.parameters.get("line")
    if said not in ("", *Opportunity.Outcome.values):
        raise Http404("There is no such outcome.")
    by = one.one_of(By, "by", By.SOURCE)
    try:
        found = deals.behind(leads=one.leads, period=one.period, outcome=said, by=by, line=line)
        words = [] if line is None else [_name(line, _called(line, by), by)]
    except NoPeriod as error:
        raise Http404(str(error)) from None
    return Figure(
        title=", ".join([Opportunity.Outcome(said).label if said else "Closed", *words]),
        rows=found,
        since="Closed",
        report="deals",
        own=("outcome", "line"),
    )


def _called(line: str, by: By) -> str:
    """What the line ``line`` of the URL is called: teams and reasons go by other names there."""
    if by == By.TEAM:
        names = {str(team.public_id): team.name for team in Team.objects.all()}
        return names.get(line, "")
    if by == By.REASON:
        return dict(LossReason.objects.values_list("code", "label")).get(line, line)
    return line


def _name(key: str | None, name: str, by: By) -> str:
    if key is None:
        return "Others"
    if by == By.MONTH:
        return f"{month(key):%B %Y}"
    return (in_words(name) if by == By.SOURCE else name) or NOBODY[by]


leads, leads_file = behind.views(_figure)
