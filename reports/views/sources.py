"""What sources and campaigns brought, cost and gave back, the leads behind it, and both as files."""

from decimal import Decimal

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import may_edit_leads
from accounts.requests import Request
from handoff.views.rows import in_words
from reports import sources
from reports.counting import ENOUGH, MOST_LINES
from reports.sources import Figures, Report
from reports.touches import Attribution, By, Measure

from . import behind
from .asking import Asked, asked, figures_file, for_both_sides
from .behind import Figure
from .kept import kept

BYS = {By.SOURCE: "Source", By.CAMPAIGN: "Campaign"}
ATTRIBUTIONS = {
    Attribution.FIRST: "First touch",
    Attribution.LAST: "Last touch",
    Attribution.LINEAR: "Equal parts",
}
MEASURES = {
    Measure.LEADS: "Leads",
    Measure.MQL: "MQL",
    Measure.HANDED_OVER: "Handed over",
    Measure.ACCEPTED: "Accepted",
    Measure.DEALS: "Deals made",
    Measure.WON: "Deals won",
}


@require_safe
@for_both_sides
def report(request: Request) -> HttpResponse:
    """Each line with what it brought and what that cost."""
    one = asked(request)
    attribution, by = _ways(one)
    found = _report(one)
    context = {
        "now": one.at,
        "one": one,
        "report": found,
        "lines": [(_name(line.name, by), line) for line in found.lines],
        "dear": found.dear,
        "dear_name": _name(found.dear.line.name, by) if found.dear else "",
        "by_label": BYS[by],
        "by": by.value,
        "bys": [(each.value, label, each == by) for each, label in BYS.items()],
        "attributions": [(each.value, label, each == attribution) for each, label in ATTRIBUTIONS.items()],
        "is_first": attribution == Attribution.FIRST,
        "is_linear": attribution == Attribution.LINEAR,
        "hidden": {"by": by.value, "touch": attribution.value},
        "currency": settings.CURRENCY,
        "records_costs": may_edit_leads(request.user),
        "enough": ENOUGH,
    }
    return render(request, "reports/sources.html", context)


@require_safe
@for_both_sides
def report_file(request: Request) -> HttpResponse:
    """The same rows, every line; what is left out of the sums is not in it."""
    one = asked(request)
    attribution, by = _ways(one)
    found = _report(one, most=None)
    money = settings.CURRENCY
    header = [
        BYS[by], "Leads", "MQL", "Handed over", "Accepted", "Accepted, %", "Deals made", f"Pipeline, {money}",
        "Deals won", f"Won, {money}", f"Cost, {money}", "Cost per lead", "Cost per MQL", "Cost per SQL",
        "Won for each 1 of cost",
    ]  # fmt: skip
    rows = [[_name(line.name, by), *_cells(line.figures)] for line in found.lines]
    rows.append(["All", *_cells(found.total)[: -len(PER)], *("" for _ in PER)])
    if found.total.cost:
        rows.append(["Those with costs", *_cells(found.total.that_cost)])
    return figures_file(one, f"sources-by-{by}-{attribution}-touch", header, rows)


#: What costs are held against, the last columns of the file.
PER = ("per_lead", "per_mql", "per_sql", "back")


def _cells(figures: Figures) -> list[str]:
    cost = figures.cost or None
    return [
        *(_plain(count) for count in (figures.leads, figures.mql, figures.handed_over, figures.accepted)),
        f"{100 * figures.share.rate:.1f}" if figures.share else "",
        _plain(figures.deals),
        _plain(figures.pipeline),
        _plain(figures.won),
        _plain(figures.won_amount),
        _plain(cost),
        *(_plain(getattr(figures, name)) for name in PER),
    ]


def _plain(number: Decimal | None) -> str:
    """12.5, 12, 1000; never 1E+3."""
    if number is None:
        return ""
    return f"{number:f}".rstrip("0").rstrip(".") if number % 1 else f"{number:.0f}"


@kept("by", "touch")
def _report(one: Asked, most: int | None = MOST_LINES) -> Report:
    attribution, by = _ways(one)
    return sources.report(leads=one.leads, period=one.period, attribution=attribution, by=by, most=most)


def _ways(one: Asked) -> tuple[Attribution, By]:
    return one.one_of(Attribution, "touch", Attribution.FIRST), one.one_of(By, "by", By.SOURCE)


def _figure(one: Asked) -> Figure:
    said, line = one.parameters.get("measure", Measure.LEADS), one.parameters.get("line")
    if said not in list(Measure):
        raise Http404("There is no such figure.")
    measure, (attribution, by) = Measure(said), _ways(one)
    words = [MEASURES[measure], *([] if line is None else [_name(line, by)])]
    if line is not None and attribution == Attribution.LINEAR:
        words.append("some in part")
    return Figure(
        title=", ".join(words),
        rows=sources.behind(
            leads=one.leads,
            period=one.period,
            measure=measure,
            attribution=attribution,
            by=by,
            line=line,
        ),
        since="Came" if measure == Measure.LEADS else MEASURES[measure],
        report="sources",
        own=("measure", "line"),
    )


def _name(name: str, by: By) -> str:
    if not name and by == By.CAMPAIGN:
        return "no campaign"
    return (in_words(name) if by == By.SOURCE else name) or "unknown"


leads, leads_file = behind.views(_figure)
