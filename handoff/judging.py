"""Marketing's own judgement of a lead, whatever the rules say: an MQL, a lead again, or closed (S0-07)."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.permissions import may_hand_over
from leads import lifecycle
from leads.lifecycle import StageConflict
from leads.models import Lead, StageChange
from leads.stages import Stage

from . import returns
from .decisions import UNDO_WINDOW
from .holding import hold
from .models import ReturnAnswer
from .permissions import NotYours

if TYPE_CHECKING:
    from accounts.models import User

#: Reasons of the steps that a marketer takes.
JUDGED, CLOSED = "judged", "marketing"
#: Where an MQL that came back from sales goes by a judgement → the answer that this is.
ANSWERS = {Stage.CLOSED: ReturnAnswer.Kind.CLOSE, Stage.LEAD: ReturnAnswer.Kind.OTHER}
#: Stage → the steps that marketing may take from it.
STEPS: dict[Stage, frozenset[Stage]] = {
    Stage.LEAD: frozenset({Stage.MQL, Stage.CLOSED}),
    Stage.MQL: frozenset({Stage.LEAD, Stage.CLOSED}),
    Stage.CLOSED: frozenset({Stage.LEAD, Stage.MQL}),
}


class NoteNeeded(ValueError):
    """A judgement without a reason is none."""


class JudgementStands(Exception):
    """The step is not taken back any more; the message says why."""


@transaction.atomic
def judge(*, lead: Lead, to: Stage, by: "User", note: str, at: datetime) -> StageChange | None:
    """Move ``lead`` to ``to`` (MQL, lead or closed) by a marketer's judgement, because of ``note``. Whatever
    becomes of an MQL that came back from sales is marketing's answer as well. None when it stands there
    already: safe to repeat. Raises NotYours, NoteNeeded, and StageConflict when marketing has it no more."""
    if not may_hand_over(by):
        raise NotYours("Marketing judges its own leads.")
    if not note.strip():
        raise NoteNeeded("Say why, in a sentence: the rules did not.")
    held = hold(lead.pk)
    if held.stage == to:
        return None
    if to not in STEPS.get(Stage(held.stage), frozenset()):
        raise StageConflict(held, held.stage)
    said = note.strip()
    back = returns.latest_rejection(held.pk) if held.stage == Stage.MQL else None
    if back is not None:
        returns.note_answer(verdict=back, kind=ANSWERS[to], by=by, at=at, note=said)
    reason = CLOSED if to == Stage.CLOSED else JUDGED
    return lifecycle.move(
        lead=held, to=to, at=at, cause=StageChange.Cause.PERSON, by=by, reason=reason, note=said
    )


@transaction.atomic
def take_back(*, lead: Lead, by: "User", at: datetime, step: StageChange | None = None) -> StageChange:
    """Take one's own last judgement back, within ten minutes and while nothing moved the lead since; and with
    it the answer that it was. ``step`` is the one that is meant: where another is the last by now, it stands.
    Raises NotYours, JudgementStands."""
    if not may_hand_over(by):
        raise NotYours("Marketing judges its own leads.")
    held = hold(lead.pk)
    last = undoable(lead=held, by=by, at=at)
    if last is None:
        raise JudgementStands("There is no judgement of yours from the last 10 minutes to take back.")
    if step is not None and step.pk != last.pk:
        raise JudgementStands(f"{held} has gone on since.")
    change = lifecycle.move(
        lead=held,
        to=Stage(last.from_stage),
        at=at,
        cause=StageChange.Cause.UNDO,
        by=by,
        expect=last.to_stage,
    )
    before = held.stage_changes.filter(pk__lt=last.pk).order_by("-at", "-id").first()
    Lead.objects.filter(pk=held.pk).update(stage_reason=before.reason if before else "")
    given = ReturnAnswer.objects.filter(
        verdict__handoff__lead=held, kind__in=ANSWERS.values(), by=by, at=last.at, undone_at=None
    )
    if last.from_stage == Stage.MQL and (answer := given.first()) is not None:
        returns.withdraw_answer(answer, at=at)
    return change


def gave(answer: ReturnAnswer) -> StageChange | None:
    """The judgement by which ``answer`` was given, so that one is not taken back without the other; None for
    an answer of its own. One query."""
    steps = StageChange.objects.filter(
        lead=answer.verdict.handoff.lead_id,
        from_stage=Stage.MQL,
        to_stage__in=[to for to, kind in ANSWERS.items() if kind == answer.kind],
        cause=StageChange.Cause.PERSON,
        by=answer.by_id,
        at=answer.at,
    )
    return steps.order_by("-id").first()


def undoable(*, lead: Lead, by: "User", at: datetime) -> StageChange | None:
    """The judgement that ``by`` may take back at ``at``, None for none. One query."""
    last = lead.stage_changes.order_by("-at", "-id").first()
    if last is None or last.cause != StageChange.Cause.PERSON or last.reason not in (JUDGED, CLOSED):
        return None
    return (
        last if last.by_id == by.pk and last.to_stage == lead.stage and at - last.at <= UNDO_WINDOW else None
    )
