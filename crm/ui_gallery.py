"""The gallery of parts, /ui/: every part in every state, with made-up figures. For whoever builds a page."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crm.ui_rows import CEILINGS, LINES, NOW, PEOPLE, WAITING
from scoring.falling import Fall
from scoring.next_steps import NextSteps
from scoring.ways import Step, Way

#: Questions of a framework, each with the value of a level and a note.
QUALIFY = SimpleNamespace(
    levels=[
        SimpleNamespace(value=value, label=label)
        for value, label in enumerate(("Unknown", "Weak", "Likely", "Confirmed"))
    ],
    questions=[
        (SimpleNamespace(key=label.lower(), label=label, shortcut=letter, hint=hint), level, note)
        for label, letter, hint, level, note in (
            ("Interest", "i", "In what?", 3, "Asked for our demo by name"),
            ("Motivation", "m", "What makes them want to buy?", 0, ""),
            ("Budget", "b", "Who pays, how much, approved?", 0, ""),
            ("Authority", "u", "Who decides?", 3, "Decides together with the CFO"),
            ("Need", "n", "What hurts today?", 2, "Dispatch by phone and Excel"),
            ("Timing", "t", "When must it run?", 1, ""),
        )
    ],
)


class WrongForm(forms.Form):
    """A form that is always wrong, to show how that looks."""

    points = forms.IntegerField(
        min_value=-50, max_value=50, help_text="Whole points, negative ones count against."
    )
    days = forms.IntegerField(error_messages={"required": "How many days should it count?"})
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    remember = forms.BooleanField(required=False, label="Apply to leads already scored")


def _reason(
    rule: str, label: str, points: float, evidence: str, until: str | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "rule": rule,
        "label": label,
        "points": points,
        "raw_points": points,
        "evidence": evidence,
        "counts_until": until,
        "activities": [],
        **more,
    }


EXPLANATION: dict[str, Any] = {
    "model": "default",
    "version": 14,
    "at": "2026-11-17T10:12:00+00:00",
    "total": 91.0,
    "dimensions": [
        {
            "key": "intent",
            "points": 35.0,
            "ceiling": 35,
            "line": 20,
            "over": True,
            "reasons": [
                _reason(
                    "demo",
                    "Requested a demo",
                    25.0,
                    "Form on /demo, today 10:12",
                    "2026-12-17T10:12:00+00:00",
                ),
                _reason(
                    "pricing",
                    "Pricing viewed 4 times in 7 days",
                    10.0,
                    "on 12, 14, 16 and 17 Nov",
                    "2026-11-24T10:07:00+00:00",
                    raw_points=16.0,
                    activities=[
                        {
                            "id": 1,
                            "type": "pricing_page_view",
                            "label": "Viewed Pricing",
                            "occurred_at": "2026-11-17T10:07:00+00:00",
                            "points": 4.0,
                        },
                        {
                            "id": 2,
                            "type": "pricing_page_view",
                            "label": "Viewed Pricing",
                            "occurred_at": "2026-11-16T08:03:00+00:00",
                            "points": 3.9,
                        },
                    ],
                ),
            ],
        },
        {
            "key": "fit",
            "points": 45.0,
            "ceiling": 45,
            "line": 20,
            "over": True,
            "reasons": [
                _reason("size", "Company size 100–500", 15.0, "240 staff, from the demo form"),
                _reason("role", "Role decides on operations", 14.0, "Title contains “Head of Operations”"),
                _reason("industry", "Industry: field service", 12.0, "Lifts and escalators"),
                _reason("phone", "Phone given and reachable", 4.0, "Landline, Hamburg"),
            ],
        },
        {
            "key": "engagement",
            "points": 11.0,
            "ceiling": 20,
            "line": 5,
            "over": True,
            "reasons": [
                _reason(
                    "mails",
                    "Opened 3 of 3 emails",
                    15.0,
                    "Spreadsheet to schedule",
                    "2026-12-16T08:00:00+00:00",
                ),
                _reason(
                    "quiet",
                    "Quiet for 9 days",
                    -4.0,
                    "29 Oct to 7 Nov, halved since",
                    "2026-12-08T08:00:00+00:00",
                ),
            ],
        },
    ],
}

TIMELINE = (
    {
        "at": NOW - timedelta(minutes=24),
        "icon": "arrow-right-left",
        "title": "Handed to sales",
        "text": ", intent went from 6 to 35, the line is 20",
    },
    {
        "at": NOW - timedelta(minutes=24),
        "icon": "calendar-check",
        "title": "Requested a demo",
        "points": 25.0,
        "quote": "We run 20 technicians from an Excel sheet and three phones. Decision before the new year.",
    },
    {
        "at": NOW - timedelta(minutes=29),
        "icon": "eye",
        "lead_in": "Viewed",
        "title": "Pricing",
        "text": ", 3 min 40 s",
        "points": 4.0,
    },
    {
        "at": NOW - timedelta(days=1, hours=2),
        "icon": "mail-open",
        "lead_in": "Opened",
        "title": "Spreadsheet to schedule",
        "text": ", email 3 of 6",
    },
    {
        "at": NOW - timedelta(days=5),
        "icon": "x",
        "title": "Sent back",
        "text": " by Jonas: wrong timing",
        "note": "Contract with the old tool runs until March.",
    },
)

REASONS = tuple(
    SimpleNamespace(code=code, key=key, label=label, return_days=days)
    for key, (code, label, days) in enumerate(
        (
            ("timing", "Wrong timing", 60),
            ("no_budget", "No budget this year", 90),
            ("too_small", "Too small", 180),
            ("no_authority", "Not a decision maker", 30),
            ("not_a_buyer", "Not a buyer: student, applicant, competitor", None),
            ("duplicate", "Duplicate or already a customer", None),
            ("unreachable", "Could not be reached", 90),
        ),
        start=1,
    )
)


def _history() -> list[tuple[datetime, int, int, int]]:
    intents = (0, 0, 200, 400, 400, 300, 300, 200, 200, 400, 600, 3500)
    fits = (3000, 3000, 3000, 3000, 4100, 4100, 4100, 4100, 4100, 4500, 4500, 4500)
    engagements = (400, 500, 600, 900, 900, 700, 600, 500, 300, 200, 1100, 1100)
    first = NOW - timedelta(days=30)
    return [
        (first + timedelta(days=30 * index / 11), fit, engagement, intent)
        for index, (fit, engagement, intent) in enumerate(zip(fits, engagements, intents, strict=True))
    ]


def _step(words: str, **points: float) -> Step:
    return Step(kind="activity", words=words, points=points)


#: What would make it an SQL, in each of its states.
NEXT_STEPS = [
    NextSteps(
        "under",
        (
            Way((_step("Requests a demo or asks for a quote", intent=25),)),
            Way(
                (
                    _step("Learn the company's staff: “100 to 500 staff” would do", fit=15),
                    _step("Views pricing twice more", intent=8),
                )
            ),
            Way((_step("Downloads the comparison guide", intent=10),), "Comparison guide and demo"),
        ),
    ),
    NextSteps(
        "over",
        (Way((_step("Replies to an e-mail", intent=8),)),),
        Fall("2026-12-08T09:00:00+00:00", "2026-12-15T09:00:00+00:00", ("Requested a demo",)),
    ),
    NextSteps("blocked", blocked_by=("Works for a competitor",)),
]


@login_required
def gallery(request: HttpRequest) -> HttpResponse:
    form = WrongForm({"points": "160", "days": ""})
    return render(
        request,
        "ui.html",
        {
            "now": NOW,
            "rows": [person.row for person in PEOPLE],
            "waiting": [person.row for person in WAITING],
            "handoff": SimpleNamespace(
                lead="Lucas Meyer", public_id=UUID(int=0), due_at=NOW + timedelta(minutes=36)
            ),
            "snooze": SimpleNamespace(
                presets=[
                    SimpleNamespace(key="hour", label="In 1 hour", late=True),
                    SimpleNamespace(key="tomorrow", label="Tomorrow 9:00", late=True),
                    SimpleNamespace(key="monday", label="Next Monday 9:00", late=True),
                ],
                until=SimpleNamespace(value="2026-11-10T09:00"),
                reason=SimpleNamespace(value="In a meeting until ten"),
                errors=SimpleNamespace(until=["Choose a moment to come."]),
            ),
            "lines": LINES,
            "ceilings": CEILINGS,
            "line_missing": {"intent": 20, "fit": 20, "engagement": None},
            "explanation": EXPLANATION,
            "history": _history(),
            "next_steps": NEXT_STEPS,
            "line_graded": {"intent": 20, "fit": 7, "engagement": None},
            "ceilings_graded": {**CEILINGS, "fit": 12},
            "timeline": TIMELINE,
            "reasons": REASONS,
            "qualify": QUALIFY,
            "form": form,
            "views": [
                {"label": "To decide", "url": "#views", "count": 12, "current": True},
                {"label": "New today", "url": "#views", "count": 9},
                {"label": "Working", "url": "#views", "count": None},
            ],
            "pages": Paginator(range(120), 50).page(2),
            "moments": [NOW - timedelta(**past) for past in ({"minutes": 24}, {"days": 1}, {"days": 40})],
        },
    )
