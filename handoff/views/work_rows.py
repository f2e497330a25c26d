"""Handoffs as rows of a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from handoff import working
from handoff.clocks import Clock, read_clocks
from handoff.models import Handoff, Look, Promise
from handoff.permissions import may_decide
from handoff.policies import hot_from
from leads.signals import newest
from scoring.dimensions import HUNDREDTHS

from .rows import AgreedLine, AgreedLines, about, leading_scores, why_now


@dataclass(frozen=True, slots=True)
class Mark:
    """A word about a row: "hot", "rising", "back from snooze"."""

    text: str
    kind: str
    icon: str


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
    paused: str
    paused_why: str
    state: str
    accept_url: str
    reject_url: str
    lead_id: str
    snooze_url: str
    snooze_preview_url: str
    wake_url: str
    marks: list[Mark]
    held: str
    choose: str


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
        self.owed = working.owed(handoffs=handoffs, at=at) if view == "working" else {}
        here = parameters.copy()
        for passing in ("lead", "reject", "snooze"):
            here.pop(passing, None)
        self.back = f"{path}?{here.urlencode()}"
        self.looks = Look.objects.filter(user=user, handoff__in=handoffs) if clocks else Look.objects.none()
        self.seen = {look.handoff_id: look for look in self.looks}
        self.hot_from = hot_from() if clocks else None
        self.chosen = parameters.get("lead", "")

    def rows(self, handoffs: Sequence[Handoff]) -> list[Row]:
        return [self._row(handoff) for handoff in handoffs]

    def _row(self, handoff: Handoff) -> Row:
        lead, owed = handoff.lead, self.owed.get(handoff.pk)
        clock = owed.clock if owed else self.clocks.get(handoff.pk)
        why = why_now(lead=lead, signals=self.signals.get(lead.pk, []), cycle=handoff.cycle)
        page = reverse("handoff:lead", args=[lead.public_id])
        origin = f"from={self.name}&view={self.view}"
        holder = handoff.holder(self.at) if handoff.rep_id is None else None
        decides = handoff.is_open and may_decide(self.user, handoff) and holder in (None, self.user)
        here = self.parameters.copy()
        here["lead"] = str(lead.public_id)
        preview = f"{self.path}?{here.urlencode()}"
        snooze = reverse("handoff:snooze", args=[handoff.public_id])
        note = why.note
        if self.name == "team" and handoff.rep is not None:
            note = " · ".join(filter(None, (f"With {handoff.rep}", note)))
        paused = clock.pause if clock else None
        if owed is not None:  # the clock stands where the stage would
            note = " · ".join(filter(None, (_state(handoff, working=True), note)))
        if paused:
            note = " · ".join(filter(None, (f"Paused: {paused.reason}", note)))
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
            due_at=(owed.due_at if owed else handoff.due_at) if clock and not paused else None,
            sla_total=clock.allowed if clock else handoff.allowed_minutes,
            sla_remaining=clock.remaining if clock else 0,
            paused=f"until {day_or_time(paused.until, self.at)}" if paused else "",
            paused_why=f"Paused until {moment(paused.until, self.at)}: {paused.reason}" if paused else "",
            state=_state(handoff, working=self.view == "working"),
            accept_url=reverse("handoff:acceptance", args=[handoff.public_id]) if decides else "",
            reject_url=f"{page}?{origin}&reject=1#reject" if decides else "",
            lead_id=str(lead.public_id),
            snooze_url=f"{snooze}?{urlencode({'next': self.back})}" if decides else "",
            snooze_preview_url=f"{preview}&snooze=1" if decides else "",
            wake_url=reverse("handoff:snooze-removal", args=[handoff.public_id])
            if decides and handoff.is_asleep(self.at)
            else "",
            marks=self._marks(handoff),
            held=held_words(handoff, self.user, self.at),
            choose=str(handoff.public_id) if handoff.is_open else "",
        )

    def _marks(self, handoff: Handoff) -> list[Mark]:
        """What has changed since the reader last looked, and what is above the most urgent line; of an
        accepted lead, what is owed."""
        if (owed := self.owed.get(handoff.pk)) is not None:
            return [Mark(_OWED[owed.promise], "", "phone")]
        if not handoff.is_open:
            return []
        marks = []
        if handoff.woke_at is not None:
            why = "new sign of intent" if handoff.woken_by == "intent" else "back from snooze"
            marks.append(Mark(why, "accent", "alarm-clock-check"))
        if handoff.is_asleep(self.at) and handoff.snoozed_until is not None:
            marks.append(Mark(f"until {moment(handoff.snoozed_until, self.at)}", "", "alarm-clock-plus"))
        score, look = self.scores.get(handoff.lead_id), self.seen.get(handoff.pk)
        if score and self.hot_from and score.intent >= self.hot_from * HUNDREDTHS:
            marks.append(Mark("hot", "warn", "flame"))
        since = look.at if look else handoff.offered_at
        asked = any(each.is_intent and each.at > since for each in self.signals.get(handoff.lead_id, []))
        if asked or (score and look and score.total > look.total):
            marks.append(Mark("rising", "good", "trending-up"))
        return marks


_OWED = {Promise.CONTACT: "first contact", Promise.ACTIVITY: "next activity"}


def held_words(handoff: Handoff, user: User, at: datetime) -> str:
    """ "Held for Sofia Reuter until 10:51", "Held for you until 10:51"; "" when nobody holds it."""
    holder = handoff.holder(at) if handoff.rep_id is None else None
    if holder is None or handoff.claimed_until is None:
        return ""
    return f"Held for {'you' if holder == user else holder} until {moment(handoff.claimed_until, at)}"


def moment(at: datetime, now: datetime) -> str:
    """ "10:51", "Mon 23 Nov, 09:00": in the reader's zone."""
    local = timezone.localtime(at)
    if local.date() == timezone.localtime(now).date():
        return f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b, %H:%M}"


def day_or_time(at: datetime, now: datetime) -> str:
    """ "10:51", or "23 Nov" for another day: in the reader's zone, where there is little room."""
    local = timezone.localtime(at)
    return f"{local:%H:%M}" if local.date() == timezone.localtime(now).date() else f"{local.day} {local:%b}"


def _state(handoff: Handoff, *, working: bool) -> str:
    if handoff.is_open:
        return ""
    return handoff.lead.get_stage_display() if working else handoff.get_status_display()


def row_id(handoff: Handoff) -> str:
    return f"handoff-{handoff.public_id}"
