"""The panel beside a list: enough about one lead to decide without opening its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, QueryDict
from django.urls import reverse

from accounts.models import User
from handoff import claiming, frameworks, looking, qualification
from handoff.clocks import Clock, read_clocks
from handoff.models import Handoff, RejectReason
from handoff.permissions import NotYours, may_decide
from leads import consent, timeline
from leads.signals import active_colleagues, newest
from scoring.explanation import explain

from .lead_verdicts import taken_back
from .rows import AgreedLine, Why, by_activity, leading_line, said_about, time_there, why_now
from .snooze_form import SnoozeForm
from .work_rows import Row, held_words, row_id
from .worklists import FIRST_VIEW


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything the panel shows of one handoff."""

    handoff: Handoff
    url: str
    here_url: str
    close_url: str
    reject_url: str
    why: Why
    said: str
    colleagues: int
    clock: Clock | None
    score: dict[str, Any]
    explanation: dict[str, Any]
    consent: dict[str, Any]
    answers: list[frameworks.Answer]
    latest: list[timeline.Entry]
    decides: bool
    reasons: list[RejectReason]
    rejection: dict[str, Any]
    row: str
    snooze: SnoozeForm | None
    wake_url: str
    held: str
    holds: bool
    may_hold: bool
    there: str

    @property
    def lead(self) -> Any:
        return self.handoff.lead

    @property
    def confirmed(self) -> int:
        return sum(answer.is_top for answer in self.answers)


def preview(
    *,
    user: User,
    name: str,
    parameters: QueryDict,
    at: datetime,
    line: AgreedLine | None = None,
    otherwise: Sequence[Row] = (),
) -> Preview | None:
    """The lead that ``?lead=`` names, else the first of ``otherwise`` that ``user`` may decide, or the first;
    None when there is neither. Raises Http404 for a lead that ``user`` may not see."""
    first = next((row for row in otherwise if row.accept_url), otherwise[0] if otherwise else None)
    asked = parameters.get("lead") or (first.lead_id if first else "")
    if not asked:
        return None
    handoff = _newest_handoff(user, asked)
    lead = handoff.lead
    line = leading_line(lead, line)
    signals = newest(lead_ids=[lead.pk], at=at).get(lead.pk, [])
    explanation = explain(lead=lead, at=at, version=line.version).as_json()
    if parameters.get("reject") or parameters.get("snooze"):
        try_to_hold(handoff, user, at)  # who fills in a form about it is working on it
    holder = handoff.holder(at) if handoff.rep_id is None else None
    decides = handoff.is_open and may_decide(user, handoff) and holder in (None, user)
    looking.note(handoff=handoff, by=user, at=at)
    here = parameters.copy()
    for passing in ("lead", "reject", "snooze"):
        here.pop(passing, None)
    path, view = reverse(f"handoff:{name}"), here.get("view") or FIRST_VIEW[name]
    return Preview(
        handoff=handoff,
        url=f"{reverse('handoff:lead', args=[lead.public_id])}?from={name}&view={view}",
        here_url=f"{path}?{here.urlencode()}&lead={lead.public_id}",
        close_url=f"{path}?{here.urlencode()}",
        reject_url=reverse("handoff:rejection", args=[handoff.public_id]),
        why=why_now(lead=lead, signals=signals, cycle=handoff.cycle),
        said=said_about(signals),
        colleagues=active_colleagues(
            lead_id=lead.pk, company_id=lead.company_id, since=at - timedelta(days=7)
        ),
        clock=_clock(handoff, otherwise, at) if handoff.is_open else None,
        score=line.explained(explanation),
        explanation=explanation,
        consent=consent.current(lead=lead),
        answers=frameworks.asked_of(lead).answers(qualification.known_of(lead)),
        latest=timeline.latest(lead=lead, points=by_activity(explanation)),
        decides=decides,
        reasons=reasons_in_use() if decides and parameters.get("reject") else [],
        rejection=taken_back(handoff, user) if decides and parameters.get("reject") else {},
        row=row_id(handoff),
        snooze=SnoozeForm(handoff=handoff, zone=user.time_zone, at=at)
        if decides and parameters.get("snooze")
        else None,
        wake_url=reverse("handoff:snooze-removal", args=[handoff.public_id])
        if decides and handoff.is_asleep(at)
        else "",
        held=held_words(handoff, user, at),
        holds=holder == user,
        may_hold=decides and handoff.rep_id is None and holder is None,
        there=time_there(lead, at),
    )


def try_to_hold(handoff: Handoff, user: User, at: datetime) -> None:
    """Hold ``handoff`` for who works on it; where it is somebody else's already, the page says whose."""
    try:
        claiming.claim(handoff=handoff, by=user, at=at)
    except NotYours:
        handoff.refresh_from_db(fields=["claimed_by", "claimed_until"])


def _clock(handoff: Handoff, rows: Sequence[Row], at: datetime) -> Clock:
    """From the list beside it, when the lead is in there; else 3 queries."""
    for row in rows:
        if row.id == row_id(handoff) and row.due_at:
            return Clock(row.sla_total, row.sla_remaining)
    return read_clocks(handoffs=[handoff], at=at)[handoff.pk]


def reasons_in_use() -> list[RejectReason]:
    """In the order in which they are offered. One query."""
    return list(RejectReason.objects.in_use())


def _newest_handoff(user: User, lead_id: str) -> Handoff:
    try:
        wanted = UUID(lead_id)
    except ValueError:
        raise Http404("No such lead.") from None
    handoffs = Handoff.objects.visible_to(user).filter(lead__public_id=wanted)
    handoff = (
        handoffs.select_related("lead__company", "lead__owner", "rep", "pool", "claimed_by")
        .order_by("-cycle")
        .first()
    )
    if handoff is None:
        raise Http404("No such lead.")
    return handoff
