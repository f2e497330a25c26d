"""What became of MQLs, and what each side made of the other's choice."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request
from leads.milestones import Milestone
from reports import mqls
from reports.counting import ENOUGH
from reports.mqls import Alignment, Fate, Lift, Stop
from scoring.intervals import Share

from . import behind
from .asking import Asked, asked, figures_file, for_both_sides
from .behind import DECISION, Figure
from .kept import kept

STOPS = {
    Stop.WAITING: "Waits for sales' verdict",
    Stop.ACCEPTED: "Accepted, and no opportunity yet",
    Stop.BACK: "Sent back to marketing",
    Stop.CLOSED: "Closed",
}
FAR = {
    "marked": (Milestone.MQL, "Marked as MQL"),
    "passed_on": (Milestone.HANDED_OVER, "Passed on to sales"),
    "accepted": (Milestone.ACCEPTED, "Accepted"),
    "qualified": (Milestone.OPPORTUNITY, "Qualified"),
    "won": (Milestone.WON, "Won"),
}
CELLS = {
    "marked_accepted": (True, True, "MQLs that sales accepted"),
    "marked_back": (True, False, "MQLs that sales sent back"),
    "found_accepted": (False, True, "Accepted, not an MQL before"),
    "found_back": (False, False, "Sent back, not an MQL before"),
}
LIFTED = {
    "marked": (True, False, "MQLs that are old enough"),
    "marked_won": (True, True, "MQLs that became customers"),
    "others": (False, False, "Other leads that are old enough"),
    "others_won": (False, True, "Other leads that became customers"),
}


@require_safe
@for_both_sides
def report(request: Request) -> HttpResponse:
    """Passed on, stopped, lift and alignment."""
    one = asked(request)
    fate, lift, alignment = _report(one)
    context = {
        "now": one.at,
        "one": one,
        "fate": fate,
        "far": [(key, label, getattr(fate, key)) for key, (_, label) in FAR.items()],
        "stops": [(STOPS[stop], stop.value, count) for stop, count in fate.stops.items()],
        "lift": lift,
        "alignment": alignment,
        "hidden": {},
        "enough": ENOUGH,
    }
    return render(request, "reports/mqls.html", context)


@require_safe
@for_both_sides
def report_file(request: Request) -> HttpResponse:
    """Every figure of the page, one to a row, rates in per cent with their intervals."""
    one = asked(request)
    fate, lift, alignment = _report(one)
    rows = [["Of MQLs", label, str(getattr(fate, key)), ""] for key, (_, label) in FAR.items()]
    rows += [["Not qualified", STOPS[stop], str(count), ""] for stop, count in fate.stops.items()]
    rows += [
        ["Lift", LIFTED["marked"][2], str(lift.marked), ""],
        ["Lift", LIFTED["marked_won"][2], str(lift.marked_won), _percent(lift.marked_share)],
        ["Lift", LIFTED["others"][2], str(lift.others), ""],
        ["Lift", LIFTED["others_won"][2], str(lift.others_won), _percent(lift.others_share)],
        ["Lift", "Times as often", f"{lift.times.value:.2f}" if lift.times else "", ""],
    ]
    rows += [["Alignment", label, str(getattr(alignment, key)), ""] for key, (*_, label) in CELLS.items()]
    rows += [
        ["Alignment", "Of accepted, MQLs before", "", _percent(alignment.of_accepted)],
        ["Alignment", "Of MQLs decided, accepted", "", _percent(alignment.of_marked)],
    ]
    return figures_file(one, "mqls", ["Part", "Figure", "Leads", "Per cent"], rows)


@kept()
def _report(one: Asked) -> tuple[Fate, Lift, Alignment]:
    return (
        mqls.fate(leads=one.leads, period=one.period),
        mqls.lift(leads=one.leads, at=one.at),
        mqls.alignment(handoffs=one.handoffs, period=one.period),
    )


def _figure(one: Asked) -> Figure:
    """One of ``far``, ``stop``, ``lift`` and ``cell`` in the URL."""
    said = one.parameters
    far, stop, lift, cell = (said.get(name, "") for name in ("far", "stop", "lift", "cell"))
    rows: QuerySet[Any]
    if far in FAR:
        milestone, title = FAR[far]
        since, rows = "MQL", mqls.fated(leads=one.leads, period=one.period, milestone=milestone)
    elif stop in list(Stop):
        title, since = STOPS[Stop(stop)], "MQL"
        rows = mqls.fated(
            leads=one.leads, period=one.period, milestone=Milestone.HANDED_OVER, stop=Stop(stop)
        )
    elif lift in LIFTED:
        marked, won, title = LIFTED[lift]
        since, rows = "Came", mqls.lifted(leads=one.leads, at=one.at, marked=marked, won=won)
    elif cell in CELLS:
        marked, accepted, title = CELLS[cell]
        since = "Accepted" if accepted else "Sent back"
        rows = mqls.aligned(handoffs=one.handoffs, period=one.period, marked=marked, accepted=accepted)
    else:
        raise Http404("There is no such figure.")
    return Figure(
        title=title,
        rows=rows,
        since=since,
        report="mqls",
        own=("far", "stop", "lift", "cell"),
        holds_now=lift in LIFTED,
        counted=DECISION if cell in CELLS else "",
    )


def _percent(share: Share | None) -> str:
    return "" if share is None else f"{100 * share.rate:.1f} ({share.between})"


leads, leads_file = behind.views(_figure)
