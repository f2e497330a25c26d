"""The rows of the gallery: somebody in every state a list knows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

#: The gallery has its own clock, so that it looks the same every day.
NOW = datetime(2026, 11, 17, 10, 36, tzinfo=UTC)
LINES: dict[str, int | None] = {"intent": 20, "fit": 20, "engagement": 5}
CEILINGS = {"intent": 35, "fit": 45, "engagement": 20}


@dataclass(frozen=True)
class Person:
    """Somebody in a list, as a queue would pass a row."""

    id: str
    name: str
    about: str
    why: str
    why_rest: str
    why_note: str
    scores: tuple[int, int, int]
    remaining: int
    sla_total: int = 60
    current: bool = False
    held: str = ""
    theirs: bool = False
    paused: str = ""
    marks: tuple[SimpleNamespace, ...] = ()

    @property
    def row(self) -> dict[str, Any]:
        intent, fit, engagement = self.scores
        return {
            "id": self.id,
            "name": self.name,
            "about": self.about,
            "why": self.why,
            "why_rest": self.why_rest,
            "why_note": self.why_note,
            "intent": intent * 100,
            "fit": fit * 100,
            "engagement": engagement * 100,
            "total": (intent + fit + engagement) * 100,
            "lines": LINES,
            "ceilings": CEILINGS,
            "current": self.current,
            "url": "#rows",
            "at": NOW,
            "due_at": None if self.paused else NOW + timedelta(minutes=self.remaining),
            "sla_total": self.sla_total,
            "sla_remaining": self.remaining,
            "accept_url": "" if self.theirs else "#rows",
            "reject_url": "#reject",
            "held": self.held,
            "paused": self.paused,
            "paused_why": f"Paused {self.paused}: in hospital, asked us to wait",
            "marks": self.marks,
        }


PEOPLE = (
    Person(
        "handoff-1",
        "Inês Carvalho",
        "Service Director · Elevare Serviços",
        "Asked for a quote",
        " today at 09:18",
        "Watched 31 of 34 min of the dispatch webinar · 320 staff",
        (28, 38, 18),
        -18,
    ),
    Person(
        "handoff-2",
        "Marta Kowalczyk",
        "Head of Operations · Nordwind Aufzüge",
        "Requested a demo",
        " 24 min ago, after 4 pricing views",
        "2 colleagues active this week · 240 staff",
        (35, 45, 11),
        36,
        current=True,
    ),
    Person(
        "handoff-3",
        "Tobias Lindqvist",
        "COO · Fjällvärme",
        "Compared plans twice",
        ", then read about security",
        "Third visit in 5 days · 180 staff",
        (30, 41, 17),
        11,
    ),
    Person(
        "handoff-4",
        "Pádraig Nolan",
        "Managing Director · Shannon Fire & Safety",
        "Attended Q&A live",
        " and asked about integrations",
        "Small for us (70 staff), very active",
        (24, 28, 20),
        151,
        sla_total=240,
    ),
)


def _mark(text: str, kind: str, icon: str) -> SimpleNamespace:
    return SimpleNamespace(text=text, kind=kind, icon=icon)


#: Rows that wait for something else than their clock: a colleague, a moment, a word of the customer.
WAITING = (
    Person(
        "handoff-5",
        "Daniel Okafor",
        "Field Ops Manager · Brightline Facilities",
        "Replied to nurture email 4",
        ": “who do I talk to?”",
        "410 staff",
        (29, 38, 15),
        29,
        held="Held for you until 10:51",
    ),
    Person(
        "handoff-6",
        "Sophie Marchand",
        "Directrice des opérations · Clim’Ouest",
        "Used the ROI calculator",
        ": 14 technicians, 2 depots",
        "95 staff",
        (28, 36, 16),
        52,
        held="Held for Sofia Reuter until 10:44",
        theirs=True,
    ),
    Person(
        "handoff-7",
        "Jonas Bächtold",
        "Leiter Kundendienst · Alpin Haustechnik",
        "Opened pricing",
        " twice this morning",
        "Downloaded the guide on Monday · 130 staff",
        (27, 34, 16),
        100,
        marks=(_mark("until Wed 18 Nov, 09:00", "", "alarm-clock-plus"),),
    ),
    Person(
        "handoff-8",
        "Anneke de Graaf",
        "Operations Manager · Waterweg Installatie",
        "Invited a colleague",
        " to the sandbox",
        "Paused: in hospital, asked us to wait · 160 staff",
        (26, 32, 16),
        125,
        paused="until 25 Nov",
    ),
    Person(
        "handoff-9",
        "Giulia Ferraro",
        "IT Lead · Termoidraulica Lombarda",
        "Read the API docs",
        " for 22 min",
        "210 staff",
        (30, 40, 1),
        192,
        sla_total=240,
        marks=(
            _mark("new sign of intent", "accent", "alarm-clock-check"),
            _mark("hot", "warn", "flame"),
            _mark("rising", "good", "trending-up"),
        ),
    ),
)
