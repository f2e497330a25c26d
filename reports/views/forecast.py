"""The forecast, its parts, and last quarter's beside what came."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from reports import forecast
from reports.forecast import Ahead, Report
from reports.foreseeing import Forecast, Place, Range

from . import behind
from .asking import Asked, asked, figures_file, for_both_sides
from .behind import Figure
from .kept import kept

AHEADS = {Ahead.DAYS: "Next 90 days", Ahead.QUARTER: "Rest of the quarter"}
PLACES = {
    Place.DEAL: "Open deals",
    Place.SQL: "Accepted, no deal yet",
    Place.HANDED_OVER: "Handed over",
    Place.MQL: "MQLs",
    None: "Nowhere yet: new ones",
}


@require_safe
@for_both_sides
def report(request: Request) -> HttpResponse:
    """What is expected, from what, and how right that was last time."""
    one = asked(request)
    found, ahead = _report(one)
    context = {
        "now": one.at,
        "one": one,
        "report": found,
        "parts": [(PLACES[part.place], part) for part in found.forecast.parts],
        "aheads": [(each.value, label, each == ahead) for each, label in AHEADS.items()],
        "hidden": {"ahead": ahead.value},
        "wins_held": _held(found.said.wins, found.came.wins),
        "revenue_held": _held(found.said.revenue, found.came.revenue),
    }
    return render(request, "reports/forecast.html", context)


@require_safe
@for_both_sides
def report_file(request: Request) -> HttpResponse:
    """The forecast with its parts, and the back-test."""
    one = asked(request)
    found, _ = _report(one)
    header = ["What", "Stands now", "Stood then", "Won of them", "Expected wins", "Expected revenue",
              "Revenue, low", "Revenue, high", "Wins, low", "Wins, high"]  # fmt: skip
    rows = [
        [
            PLACES[part.place],
            "" if part.stands is None else str(part.stands),
            str(part.stood) if part.place else "",
            str(part.won),
            _figure_of(part.wins, 1),
            _figure_of(part.revenue),
            *[""] * 4,
        ]
        for part in found.forecast.parts
    ]
    rows.append([f"Until {found.ahead.last}", "", "", "", *_ranges(found.forecast)])
    rows.append(
        [f"Last quarter, as foreseen on {found.tested.start:%Y-%m-%d}", "", "", "", *_ranges(found.said)]
    )
    rows.append(
        ["Last quarter, as it came", "", "", "", str(found.came.wins), f"{found.came.revenue:.0f}", *[""] * 4]
    )
    return figures_file(one, "forecast", header, rows)


@kept("ahead")
def _report(one: Asked) -> tuple[Report, Ahead]:
    ahead = one.one_of(Ahead, "ahead", Ahead.DAYS)
    return forecast.report(leads=one.leads, ahead=ahead, at=one.at), ahead


def _figure(one: Asked) -> Figure:
    """A ``place`` where leads stand now, or "won": last quarter's."""
    said = one.parameters.get("place", "")
    rows: QuerySet[Any]
    if said == "won":
        title, since = "Won last quarter", "Won"
        rows = forecast.winners(leads=one.leads, at=one.at)
    elif said in list(Place):
        title, since = PLACES[Place(said)], "Since"
        rows = forecast.standing(leads=one.leads, place=Place(said))
    else:
        raise Http404("Nobody stands there.")
    return Figure(
        title=title, rows=rows, since=since, report="forecast", own=("place",), holds_now=said != "won"
    )


def _held(said: Range | None, came: float) -> bool | None:
    return None if said is None else said.holds(came)


def _ranges(of: Forecast) -> list[str]:
    wins, revenue = of.wins, of.revenue
    return [
        _figure_of(wins.expected if wins else None, 1),
        _figure_of(revenue.expected if revenue else None),
        _figure_of(revenue.low if revenue else None),
        _figure_of(revenue.high if revenue else None),
        _figure_of(wins.low if wins else None),
        _figure_of(wins.high if wins else None),
    ]


def _figure_of(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:.{digits}f}"


leads, leads_file = behind.views(_figure)
