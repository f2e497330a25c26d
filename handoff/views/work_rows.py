"""Handoffs as rows of a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from handoff.clocks import Clock, read_clocks
from handoff.models import Handoff, Pause
from handoff.permissions import may_decide
from leads.signals import newest

from .rows import AgreedLine, AgreedLines, about, leading_scores, why_now


@dataclass(frozen=True, slots=True)
class Row:
    """One handoff as the lists show it; the names are those of parts/row.html."""

    id: str
    url: str
    preview_url: str
    reject_preview_url: str
    name: str
    about: str
    why: str
    why_at: datetime | None
    why_rest: str
    why_note: str
    fit: int
    engagement: int
    intent: int
    total: int
    lines: dict[str, int | None]
    ceilings: dict[str, int]
    graded: bool
    current: bool
    at: datetime
    due_at: datetime | None
    sla_total: int
    sla_remaining: int
    state: str
    accept_url: str
    reject_url: str
    lead_id: str


class Drawing:
    """Handoffs into rows; what all of them need is asked for once."""

    def __init__(
        self,
        user: User,
        name: str,
        path: str,
        parameters: QueryDict,
        line: AgreedLine,
        at: datetime,
        handoffs: Sequence[Handoff],
        view: str,
        clocks: bool,
    ) -> None:
        ids = [handoff.lead_id for handoff in handoffs]
        self.user, self.name, self.path, self.parameters = user, name, path, parameters
        self.line, self.at, self.view = line, at, view
        self.scores = leading_scores(ids)
        self.lines = AgreedLines(line, self.scores.values())
        self.signals = newest(lead_ids=ids, at=at)
        self.clocks: dict[int, Clock] = read_clocks(handoffs=handoffs, at=at) if clocks else {}
        self.chosen = parameters.get("lead", "")

    def rows(self, handoffs: Sequence[Handoff]) -> list[Row]:
        return [self._row(handoff) for handoff in handoffs]

    def _row(self, handoff: Handoff) -> Row:
        lead, clock = handoff.lead, self.clocks.get(handoff.pk)
        why = why_now(lead=lead, signals=self.signals.get(lead.pk, []), cycle=handoff.cycle)
        page = reverse("handoff:lead", args=[lead.public_id])
        origin = f"from={self.name}&view={self.view}"
        decides = handoff.is_open and may_decide(self.user, handoff)
        here = self.parameters.copy()
        here["lead"] = str(lead.public_id)
        preview = f"{self.path}?{here.urlencode()}"
        note = why.note
        if self.name == "team" and handoff.rep is not None:
            note = " · ".join(filter(None, (f"With {handoff.rep}", note)))
        paused = clock.pause if clock else None
        return Row(
            id=row_id(handoff),
            url=f"{page}?{origin}",
            preview_url=preview,
            reject_preview_url=f"{preview}&reject=1" if decides else "",
            name=str(lead),
            about=about(lead),
            why=why.what,
            why_at=why.at,
            why_rest=why.rest,
            why_note=note,
            **self.lines.measured(self.scores.get(lead.pk)),
            current=str(lead.public_id) == self.chosen,
            at=self.at,
            due_at=handoff.due_at if clock and not paused else None,
            sla_total=handoff.allowed_minutes,
            sla_remaining=clock.remaining if clock else 0,
            state=said_paused(paused) if paused else _state(handoff, working=self.view == "working"),
            accept_url=reverse("handoff:acceptance", args=[handoff.public_id]) if decides else "",
            reject_url=f"{page}?{origin}&reject=1#reject" if decides else "",
            lead_id=str(lead.public_id),
        )


def _state(handoff: Handoff, *, working: bool) -> str:
    if handoff.is_open:
        return ""
    return handoff.lead.get_stage_display() if working else handoff.get_status_display()


def said_paused(pause: Pause) -> str:
    """ "Paused until 1 Jun: asked to be called then"."""
    until = timezone.localtime(pause.until)
    return f"Paused until {until.day} {until:%b}: {pause.reason}"


def row_id(handoff: Handoff) -> str:
    return f"handoff-{handoff.public_id}"
