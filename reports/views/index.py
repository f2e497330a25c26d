"""All reports, each with what it answers."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import Request

from .asking import for_both_sides


@dataclass(frozen=True, slots=True)
class Entry:
    """A report by the name of its page, and the questions it answers."""

    page: str
    icon: str
    name: str
    asks: str


#: In the order of the way of a lead; a new report adds its line.
ENTRIES = (
    Entry(
        "reports:conversion",
        "chart-no-axes-column",
        "Conversion",
        "How many leads come how far, by source, campaign, country and month?",
    ),
    Entry(
        "reports:sources",
        "megaphone",
        "Sources and return",
        "What does each source bring, cost and give back, by first or last touch or in equal parts?",
    ),
    Entry("reports:speed", "timer", "Speed", "How long does each step take, and which one holds leads up?"),
    Entry(
        "reports:response",
        "alarm-clock",
        "Response",
        "How soon does sales get in touch, and is what was agreed kept?",
    ),
    Entry("reports:sent-back", "undo-2", "Sent back", "Why does sales send leads back, and what is behind?"),
    Entry(
        "reports:gaps",
        "triangle-alert",
        "Left lying",
        "Who is over the line and not with sales, or on nobody's list?",
    ),
    Entry(
        "reports:mqls",
        "layers",
        "What became of MQLs",
        "How many are passed on, where do they stop, and do they buy more often?",
    ),
    Entry("reports:deals", "handshake", "Won and lost", "Which deals are won, which lost, to whom and why?"),
    Entry(
        "reports:forecast",
        "trending-up",
        "Forecast",
        "What will be won in the days ahead, and was the last forecast right?",
    ),
    Entry(
        "reports:rules",
        "ruler",
        "Rule quality",
        "Which rules speak for leads that sales accepts, and which do not?",
    ),
    Entry(
        "reports:readiness",
        "clipboard-list",
        "Readiness",
        "Do definitions, scoring, automation, reviews and personalisation stand, and what is missing?",
    ),
    Entry("reports:metrics", "book-open", "What the figures mean", "One definition for each figure."),
)


@require_safe
@for_both_sides
def show_reports(request: Request) -> HttpResponse:
    """The list of reports."""
    return render(request, "reports/index.html", {"entries": ENTRIES})
