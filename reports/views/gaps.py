"""What was left lying, with the leads behind each reason."""

from datetime import datetime

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.company_days import company_day
from accounts.requests import Request
from reports import gaps
from reports.counting import ENOUGH
from reports.gaps import Own, Place, Why

from . import behind
from .asking import Asked, asked, figures_file, for_both_sides
from .behind import Figure
from .kept import kept

WHY = {
    Why.STUCK: "Handing over failed, and waits for a person",
    Why.HELD: "Held until a person releases it",
    Why.RETURN: "Waits for its return date after sales sent it back",
    Why.COMING: "On its way: it is handed over within the minute",
    Why.CLOSED: "Closed: only marketing's own hand reopens it",
    Why.BLOCKED: "A blocker of the rules forbids it",
    Why.BACK: "Sales had it and gave it back while it stays over the line",
    Why.UNKNOWN: "No reason is known",
}
OWN = {
    Own.NOBODY: "Waits in a pool: nobody was available",
    Own.GONE: "Is with somebody who works here no more",
}
PLACES = {
    Place.MARKETING: "With marketing: lead or MQL",
    Place.HANDOFF: "Handed over: a rep or a pool has the handoff",
    Place.WORKED: "Accepted: an owner, or somebody's open task",
    Place.DEAL: "In an open deal",
    Place.CUSTOMER: "Customer",
    Place.CLOSED: "Closed",
    Place.NOBODY: "On nobody's list",
}
CAME = {
    "early": "Too early: by hand, under the line",
    "in_time": "In time",
    "late": "Too late: more than a day after crossing",
}


@require_safe
@for_both_sides
def report(request: Request) -> HttpResponse:
    """What lies, where everybody is, and what came early or late."""
    one = asked(request)
    found = _report(one)
    context = {
        "now": one.at,
        "one": one,
        "report": found,
        "over": [(WHY[Why(each.key)], each, Why(each.key) in gaps.TO_ACT_ON) for each in found.over],
        "to_act_on": sum(each.count for each in found.over if Why(each.key) in gaps.TO_ACT_ON),
        "unowned": [(OWN[Own(each.key)], each) for each in found.unowned],
        "unowned_count": sum(each.count for each in found.unowned),
        "places": [(PLACES[place], place.value, count) for place, count in found.places.items()],
        "came": [(CAME[each.key], each) for each in found.came],
        "hidden": {},
        "enough": ENOUGH,
    }
    return render(request, "reports/gaps.html", context)


@require_safe
@for_both_sides
def report_file(request: Request) -> HttpResponse:
    """Every figure of the page, one to a row."""
    one = asked(request)
    found = _report(one)
    rows = [
        ["Over the SQL line", WHY[Why(each.key)], str(each.count), _day(each.since)] for each in found.over
    ]
    rows += [
        ["Nobody's handoff", OWN[Own(each.key)], str(each.count), _day(each.since)] for each in found.unowned
    ]
    rows += [["Whose list", PLACES[place], str(count), ""] for place, count in found.places.items()]
    rows += [["Handed over", CAME[each.key], str(each.count), ""] for each in found.came]
    return figures_file(one, "left-lying", ["What", "Which", "Count", "Oldest"], rows)


@kept()
def _report(one: Asked) -> gaps.Report:
    return gaps.report(leads=one.leads, handoffs=one.handoffs, period=one.period, at=one.at)


def _figure(one: Asked) -> Figure:
    """One of ``over``, ``own``, ``place`` and ``came`` in the URL."""
    said = one.parameters
    over, own, place, came = (said.get(name) for name in ("over", "own", "place", "came"))
    if over == "any":
        title, leads, since = (
            "Over the SQL line",
            gaps.over_the_line(leads=one.leads, at=one.at),
            "Over since",
        )
    elif over in list(Why):
        why = Why(over)
        title, since = WHY[why], "Over since"
        leads = gaps.over_the_line(leads=one.leads, at=one.at, why=why)
    elif own in list(Own):
        title, since = OWN[Own(own)], "Offered"
        leads = gaps.unowned(handoffs=one.handoffs, own=Own(own))
    elif place in list(Place):
        title, since = PLACES[Place(place)], "Since"
        leads = gaps.at_place(leads=one.leads, place=Place(place))
    elif came in CAME:
        title, since = CAME[came], "Offered"
        leads = gaps.came(handoffs=one.handoffs, period=one.period, key=came)
    else:
        raise Http404("There is no such figure.")
    return Figure(
        title=title,
        rows=leads,
        since=since,
        report="gaps",
        own=("over", "own", "place", "came"),
        holds_now=came is None,
    )


def _day(at: datetime | None) -> str:
    return "" if at is None else company_day(at).isoformat()


leads, leads_file = behind.views(_figure)
