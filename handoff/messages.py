"""Every sentence that notifications about handoffs say. Pure: what to say in, words out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from leads.models import Lead
from leads.signals import Signal
from notifications.models import Section

from .models import Handoff, Promise, Task, Verdict, Work

if TYPE_CHECKING:
    from .belongings import Belongings

MINUS = "\u2212"


def offered_title(*, lead: Lead, signals: Sequence[Signal]) -> str:
    """ "Marta Kowalczyk is yours: requested a demo"."""
    return f"{lead} is yours: {_what(signals)}"


def offered_body(*, handoff: Handoff, zone: str, instead_of: object | None = None) -> str:
    """Who it is, until when an answer is due, who had it before, and what marketing adds."""
    parts = [about(handoff.lead), f"Answer by {moment(handoff.due_at, zone)}."]
    if instead_of:
        due = f"An answer was due {moment(handoff.due_at, zone)}"
        parts[1] = f"{due}, and {instead_of} had not given it: please answer now."
    if handoff.offered_by and handoff.stage_change.note:
        parts.append(f"{handoff.offered_by}: “{handoff.stage_change.note}”")
    return "\n".join(part for part in parts if part)


def unassigned_title(*, lead: Lead, waits_for: str = "") -> str:
    return f"{lead} waits for {waits_for}" if waits_for else f"Nobody is available for {lead}"


def unassigned_body(*, handoff: Handoff, zone: str) -> str:
    where = f" of {handoff.pool}" if handoff.pool else ": no rule and no pool takes it"
    return (
        f"{about(handoff.lead)}\nThe lead waits in the unassigned queue{where}. Its clock runs: due "
        f"{moment(handoff.due_at, zone)}. Whoever accepts it first has it."
    ).strip()


def overdue_title(*, lead: Lead, rep: object | None, work: Work | None = None) -> str:
    if work is not None:
        return f"{_owed(work).capitalize()} with {lead} is overdue{f' with {rep}' if rep else ''}"
    return f"{lead} is overdue with {rep}" if rep else f"{lead} is overdue and nobody’s"


def overdue_body(*, handoff: Handoff, due_at: datetime, zone: str, work: Work | None = None) -> str:
    what = _owed(work).capitalize() if work else "An answer"
    return f"{about(handoff.lead)}\n{what} was due {moment(due_at, zone)}.".strip()


def reminder_title(*, lead: Lead, work: Work | None = None) -> str:
    return f"{lead} waits for {_owed(work) if work else 'your answer'}"


def reminder_body(*, handoff: Handoff, due_at: datetime, zone: str, work: Work | None = None) -> str:
    what = "Be in touch" if work else "Answer"
    return f"{about(handoff.lead)}\n{what} by {moment(due_at, zone)}.".strip()


def backup_title(*, handoff: Handoff) -> str:
    whose = f"{handoff.rep} has" if handoff.rep else "Nobody has"
    return f"{whose} not answered {handoff.lead}: can you?"


def backup_body(*, handoff: Handoff, zone: str) -> str:
    return (
        f"{about(handoff.lead)}\nYou are the backup: accept it and it is yours, or send it back. Due "
        f"{moment(handoff.due_at, zone)}."
    ).strip()


def escalated_title(*, lead: Lead, rep: object | None, work: Work | None = None) -> str:
    if work is not None:
        return f"{_owed(work).capitalize()} with {lead} is still missing{f', from {rep}' if rep else ''}"
    return f"{lead} has no answer yet from {rep}" if rep else f"{lead} has no answer yet, and nobody has it"


def escalated_body(*, handoff: Handoff, due_at: datetime, zone: str, work: Work | None = None) -> str:
    since = work.started_at if work else handoff.offered_at
    return (
        f"{about(handoff.lead)}\nWaiting since {moment(since, zone)}, due {moment(due_at, zone)}. You can "
        "answer it yourself, or hand it on."
    ).strip()


def taken_title(*, handoff: Handoff, of: object, to: object) -> str:
    whom = f"went on to {handoff.rep}" if handoff.rep else "is nobody’s now"
    whose = "" if of == to else f"{of} had not answered: "
    return f"{whose}{handoff.lead} {whom}"


def taken_body(*, handoff: Handoff, due_at: datetime, zone: str) -> str:
    where = "" if handoff.rep else " Nobody else could take it: it waits in the unassigned queue."
    return f"{about(handoff.lead)}\nAn answer was due {moment(due_at, zone)}.{where}".strip()


def _owed(work: Work) -> str:
    return "a first contact" if work.promise == Promise.CONTACT else "the next activity"


def handed_to_title(*, lead: Lead) -> str:
    return f"{lead} is yours to work on now"


def handed_to_body(*, lead: Lead, of: object | None, by: object, reason: str) -> str:
    had = f"{of} had accepted it; what is agreed and owed goes on." if of else ""
    return "\n".join(part for part in (about(lead), f"{by}: “{reason}”" if reason else "", had) if part)


def handed_on_title(*, of: object, leads: int, rest: "Belongings") -> str:
    """ "12 leads of Sol Seller are yours now", "1 account, 2 tasks of Sol Seller are yours now"."""
    if leads:
        return f"{leads} lead{'' if leads == 1 else 's'} of {of} {'is' if leads == 1 else 'are'} yours now"
    return f"{rest} of {of} {'is' if rest.count == 1 else 'are'} yours now"


def handed_on_body(*, by: object, reason: str, leads: int, rest: "Belongings") -> str:
    lines = [f"{by}: “{reason}”"]
    if leads:
        lines.append("What waits for an answer is in your queue; its clocks run as before.")
    if leads and rest:
        lines.append(f"With them come {rest}.")
    if rest.tasks:
        lines.append("The tasks stand under My tasks; you are told when each is due.")
    return "\n".join(lines)


def taken_back_title(*, count: int) -> str:
    """ "3 leads were taken back"."""
    return f"{count} lead{' was' if count == 1 else 's were'} taken back"


def taken_back_body(*, by: object) -> str:
    return f"The rules that handed them over were rolled back, and {by} took them back. You need not answer."


def recalled_title(*, lead: "Lead") -> str:
    """ "Ada Lovelace was taken back"."""
    return f"{lead} was taken back"


def recalled_body(*, by: object) -> str:
    return f"{by} took the handover back: marketing has the lead. You need not answer."


def merged_title(*, lead: "Lead") -> str:
    """ "Ada Lovelace was handed over twice"."""
    return f"{lead} was handed over twice"


def merged_body(*, by: object) -> str:
    return f"{by} merged two leads that were one person. Sales has the other one: you need not answer."


def evidence_voided_title(*, lead: Lead) -> str:
    """ "Marta Kowalczyk was taken back"."""
    return f"{lead} was taken back"


def evidence_voided_body(*, handoff: Handoff, to: object) -> str:
    """Why, and that nothing is asked of anybody."""
    whose = "you" if to == handoff.rep else str(handoff.rep or "nobody yet")
    said = [
        about(handoff.lead),
        f"It was with {whose}. What it was handed over for was voided: a bot's doing, a test or a mistake.",
        "You need not answer. Should the evidence be restored, it comes again.",
    ]
    return "\n".join(part for part in said if part)


def task_due_title(*, task: Task) -> str:
    """ "Due: call back, Marta Kowalczyk"."""
    return f"Due: {task.title}, {task.lead}"


def task_due_body(*, task: Task, zone: str) -> str:
    said = [about(task.lead), f"It was due {moment(task.due_at, zone)}."]
    if task.created_by_id != task.owner_id:
        said.append(f"Written down by {task.created_by}.")
    said.append("All of yours stand under My tasks.")
    return "\n".join(part for part in said if part)


def sent_back_title(*, verdict: Verdict) -> str:
    return f"{verdict.by} sent {verdict.handoff.lead} back: {lower(str(verdict.reason))}"


def sent_back_body(*, verdict: Verdict) -> str:
    parts = [f"“{verdict.note}”" if verdict.note else ""]
    if verdict.return_on:
        parts.append(f"With marketing until {verdict.return_on.day} {verdict.return_on:%b %Y}.")
    else:
        parts.append("The lead is closed.")
    return "\n".join(part for part in parts if part)


def already_decided(verdict: Verdict) -> str:
    """ "Sol Seller accepted this on Tue 17 Nov, 10:41"."""
    said = "accepted this" if verdict.kind == Verdict.Kind.ACCEPT else "sent this back"
    return f"{verdict.by} {said} on {moment(verdict.at, verdict.by.time_zone)}."


def about(lead: Lead) -> str:
    """Role and company: "Head of Operations, Nordwind Aufzüge"."""
    return ", ".join(part for part in (lead.title, str(lead.company or "")) if part)


def moment(at: datetime, zone: str) -> str:
    """ "Tue 17 Nov, 11:12" in ``zone``."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b, %H:%M}"


def reasons(explanation: Mapping[str, Any] | None, zone: str = "UTC") -> list[Section]:
    """The reasons of a score, as a message shows them: a heading per dimension, a line per rule with what
    earned it, when, and until when it counts. Days are those of ``zone``."""
    if explanation is None:
        return []
    return [
        Section(
            heading=_heading(dimension),
            rows=[
                (reason["label"], signed(reason["points"]), _note(reason, zone))
                for reason in dimension["reasons"]
            ],
        )
        for dimension in explanation["dimensions"]
        if dimension["reasons"]
    ]


def signed(points: float) -> str:
    """ "+25", "−3.6"."""
    digits = f"{abs(points):.1f}".removesuffix(".0")
    return f"{MINUS}{digits}" if points < 0 else f"+{digits}"


def lower(text: str) -> str:
    """``text`` as it stands within a sentence."""
    return text[:1].lower() + text[1:]


def _heading(dimension: Mapping[str, Any]) -> str:
    figure = dimension.get("grade") or signed(dimension["points"]).removeprefix("+")
    words = f"{dimension['key'].capitalize()} {figure}"
    if dimension["line"] is None:
        return words
    return f"{words}, line {dimension.get('line_grade') or dimension['line']}"


def _note(reason: Mapping[str, Any], zone: str) -> str:
    """ "Requested a demo on 17 November 2026; halves every 30 days, until 22 Jun 2027"."""
    fades = reason.get("fading", "")
    until = reason.get("counts_until")
    if until:
        fades += f"{', ' if fades else ''}until {_date(until, zone)}"
    return "; ".join(filter(None, (reason["evidence"].removesuffix("."), fades)))


def _date(iso: str, zone: str) -> str:
    local = datetime.fromisoformat(iso).astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y}"


def _what(signals: Sequence[Signal]) -> str:
    return lower(signals[0].label) if signals else "handed over"
