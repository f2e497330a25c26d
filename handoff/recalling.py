"""Marketing takes a lead back that it has just handed over, while nobody in sales is on it."""

from datetime import datetime
from typing import TYPE_CHECKING

from accounts.permissions import may_hand_over
from leads import lifecycle
from leads.models import Lead, StageChange
from leads.retrying import begins_again
from leads.stages import Stage

from . import alerts, returns
from .decisions import UNDO_WINDOW
from .holding import hold
from .models import Handoff, ReturnAnswer
from .permissions import NotYours

if TYPE_CHECKING:
    from accounts.models import User

NOTE = "Marketing took the handover back."


class HandoverStands(Exception):
    """Sales has the lead by now; the message says why."""


@begins_again
def recall(*, handoff: Handoff, by: "User", at: datetime) -> None:
    """Withdraw ``handoff``, which ``by`` made within the last ten minutes, and put its lead back where it
    was, as if it had not been; the answer that it was, too. Its rep is told. Safe to repeat. Raises NotYours,
    HandoverStands."""
    if not may_hand_over(by):
        raise NotYours("Marketing takes back what it handed over.")
    lead = hold(handoff.lead_id)
    held = Handoff.objects.select_related("rep", "pool", "stage_change").get(pk=handoff.pk)
    if held.status == Handoff.Status.WITHDRAWN:
        return
    if why := stands(held, by, at):
        raise HandoverStands(why)
    lifecycle.move(
        lead=lead,
        to=Stage(held.stage_change.from_stage),
        at=at,
        cause=StageChange.Cause.PERSON,
        by=by,
        reason=StageChange.TAKEN_BACK,
        note=NOTE,
        expect=Stage.HANDED_OVER,
    )
    before = lead.stage_changes.filter(pk__lt=held.stage_change_id).order_by("-at", "-id").first()
    Lead.objects.filter(pk=lead.pk).update(stage_reason=before.reason if before else "")
    Handoff.objects.filter(pk=held.pk).update(status=Handoff.Status.WITHDRAWN, decided_at=at)
    answers = ReturnAnswer.objects.filter(
        verdict__handoff__lead=lead, kind=ReturnAnswer.Kind.HAND_OVER, by=by, at=held.offered_at
    )
    if (answer := answers.filter(undone_at=None).first()) is not None:
        returns.withdraw_answer(answer, at=at)
    held.lead = lead
    alerts.recalled(handoff=held, by=by, at=at)


def stands(handoff: Handoff, by: "User", at: datetime) -> str:
    """Why ``by`` cannot take ``handoff`` back any more; "" when they can."""
    if handoff.offered_by_id != by.pk:
        return "Only who handed it over can take it back."
    if at - handoff.offered_at > UNDO_WINDOW:
        return "A handover can be taken back for 10 minutes; they are over."
    if not handoff.is_open:
        return "Sales has answered by now."
    if handoff.first_touch_at is not None or handoff.holder(at) is not None:
        return "Sales is on it: ask its rep to send it back."
    return ""


def made_by(*, lead: Lead, by: "User", at: datetime) -> Handoff | None:
    """The handover of ``lead`` that ``by`` can still take back at ``at``. One query."""
    last = Handoff.objects.open().filter(lead=lead, offered_by=by, crossing=None).order_by("-cycle").first()
    return None if last is None or stands(last, by, at) else last
