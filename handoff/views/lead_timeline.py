"""What the lead page's timeline tells beside activities and stage changes: verdicts, disputes, deals and
tasks that were done; and the chips that narrow it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse

from handoff.messages import lower
from handoff.models import Handoff, Task, Verdict
from leads import timeline
from leads.models import LossReason, OpportunityStep, StageChange
from leads.stages import Stage, sql_stages

#: Stage changes that a verdict's, or a deal's, own entry tells better.
TOLD_ELSEWHERE = (StageChange.Cause.VERDICT, StageChange.Cause.UNDO)
LABELS = {"web": "Web", "mail": "E-mail", "people": "Sales and events", "steps": "Steps", "voided": "Voided"}


@dataclass(frozen=True, slots=True)
class KindChip:
    """A kind the timeline can be narrowed to: a link that puts it in or takes it out."""

    label: str
    url: str
    on: bool


def kinds_in(parameters: QueryDict) -> list[str]:
    """The kinds named in the address, each once; what is no kind is left out."""
    return [kind for kind in LABELS if kind in parameters.getlist("t")]


def kind_chips(path: str, origin: dict[str, str], chosen: Sequence[str]) -> list[KindChip]:
    """All, and each kind: several may be on at once. ``origin`` is kept in each address."""
    found = [KindChip("All", address(path, origin, ()), on=not chosen)]
    for kind, label in LABELS.items():
        others = [each for each in LABELS if (each in chosen) != (each == kind)]
        found.append(KindChip(label, address(path, origin, others), on=kind in chosen))
    return found


def address(path: str, origin: dict[str, str], kinds: Collection[str], after: str = "") -> str:
    query = QueryDict(mutable=True)
    query.update(origin)
    query.setlist("t", list(kinds))
    if after:
        query["after"] = after
    return f"{path}?{query.urlencode()}#timeline" if query else f"{path}#timeline"


def entries_of(
    *,
    handoffs: Sequence[Handoff],
    undoes: Verdict | None,
    steps: Iterable[OpportunityStep],
    tasks: Iterable[Task],
    reasons: Iterable[LossReason],
) -> list[timeline.Entry]:
    """Verdicts and disputes of ``handoffs``, the ``steps`` of deals, and ``tasks`` that were done."""
    entries: list[timeline.Entry] = []
    for handoff in handoffs:
        for verdict in handoff.verdicts.all():
            entries.append(_verdict(verdict, undo=undoes is not None and verdict.pk == undoes.pk))
            if hasattr(verdict, "dispute"):
                entries += _dispute(verdict)
    words = {reason.code: reason.label for reason in reasons}
    entries += [_step(step, words) for step in steps]
    entries += [_done(task, task.done_at) for task in tasks if task.done_at is not None]
    return entries


def _verdict(verdict: Verdict, *, undo: bool) -> timeline.Entry:
    said = {
        Verdict.Kind.ACCEPT: (
            "check",
            "accepted",
            "" if Stage.HANDED_OVER in sql_stages() else ": an SQL now",
        ),
        Verdict.Kind.REJECT: ("undo-2", "sent it back", ""),
        Verdict.Kind.UNDO: ("corner-up-left", "took the verdict back", ""),
    }
    icon, title, text = said[Verdict.Kind(verdict.kind)]
    entry = timeline.Entry(at=verdict.at, icon=icon, lead_in=str(verdict.by), title=title, text=text)
    if verdict.reason is not None:
        entry["text"] = f": {lower(verdict.reason.label)}"
        if verdict.return_on:
            entry["note"] = f"With marketing until {verdict.return_on.day} {verdict.return_on:%b %Y}"
    if verdict.note:
        entry["quote"] = verdict.note
    if undo:
        entry["undo_url"] = reverse("handoff:undo", args=[verdict.handoff.public_id])
    return entry


def _dispute(verdict: Verdict) -> list[timeline.Entry]:
    dispute = verdict.dispute
    entry = timeline.Entry(
        at=dispute.at, icon="circle-question-mark", lead_in=str(dispute.by), title="disputed that", text=""
    )
    entry["quote"] = dispute.note
    if dispute.settled_at is None:
        return [entry]
    text = ": it was an SQL" if dispute.was_sql else ": it was no SQL"
    settled = timeline.Entry(at=dispute.settled_at, icon="handshake", title="Both sides agreed", text=text)
    return [entry, settled]


_STEPS = {
    OpportunityStep.Kind.CREATED: ("layers", "made it an opportunity"),
    OpportunityStep.Kind.MOVED: ("arrow-right", "moved the deal"),
    OpportunityStep.Kind.WON: ("circle-check-big", "won the deal"),
    OpportunityStep.Kind.LOST: ("ban", "lost the deal"),
    OpportunityStep.Kind.REOPENED: ("corner-up-left", "reopened the deal"),
}


def _step(step: OpportunityStep, reasons: dict[str, str]) -> timeline.Entry:
    icon, title = _STEPS[OpportunityStep.Kind(step.kind)]
    text = f" to {step.to_stage}" if step.kind == OpportunityStep.Kind.MOVED else ""
    if step.reason:
        text = f": {lower(reasons.get(step.reason, step.reason))}"
    entry = timeline.Entry(at=step.at, icon=icon, lead_in=str(step.by or ""), title=title, text=text)
    if step.note:
        entry["quote"] = step.note
    return entry


def _done(task: Task, at: datetime) -> timeline.Entry:
    return timeline.Entry(
        at=at, icon="circle-check", lead_in=str(task.done_by), title="did", text=f": {task.title}"
    )
