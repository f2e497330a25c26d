"""What a marketer did last, taken back: all that one press did, to one lead or to many, has one moment."""

from datetime import datetime
from typing import TYPE_CHECKING

from leads import lifecycle
from leads.models import Lead, PhaseChange, StageChange
from leads.retrying import begins_again

from . import answering, judging, phasing, recalling, shortfalls
from .models import Handoff, ReturnAnswer, Shortfall

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

    from accounts.models import User

#: What is said when it is not taken back.
REFUSALS = (
    answering.AnswerStands,
    judging.JudgementStands,
    phasing.PhaseStands,
    recalling.HandoverStands,
    shortfalls.ShortfallStands,
)


def leads_of(*, by: "User", moment: datetime) -> "list[UUID]":
    """Public ids of the leads that ``by`` did something with at ``moment``. 6 queries."""
    ids: set[int] = set()
    ids |= set(_handed(by, moment).values_list("lead", flat=True))
    ids |= set(_judged(by, moment).values_list("lead", flat=True))
    ids |= set(_answered(by, moment).values_list("verdict__handoff__lead", flat=True))
    ids |= set(_noted(by, moment).values_list("lead", flat=True))
    ids |= set(_placed(by, moment).values_list("lead", flat=True))
    return list(Lead.objects.visible_to(by).filter(pk__in=ids).values_list("public_id", flat=True))


@begins_again
def take_back(*, lead: Lead, by: "User", moment: datetime, at: datetime) -> None:
    """Take back what ``by`` did with ``lead`` at ``moment``, each thing by its own verb, which says whether
    it still can be. Safe to repeat. Raises NotYours, and what is in ``REFUSALS``."""
    for handoff in _handed(by, moment).filter(lead=lead):
        recalling.recall(handoff=handoff, by=by, at=at)
    step = _judged(by, moment).filter(lead=lead).first()
    if step is not None and step.pk not in lifecycle.taken_back(lead.stage_changes.all()):
        judging.take_back(lead=lead, by=by, at=at)
    for answer in _answered(by, moment).filter(verdict__handoff__lead=lead):
        answering.undo(answer=answer, by=by, at=at)
    for shortfall in _noted(by, moment).filter(lead=lead):
        shortfalls.take_back(shortfall=shortfall, by=by, at=at)
    for change in _placed(by, moment).filter(lead=lead):
        phasing.take_back(change=change, by=by, at=at)


def _handed(by: "User", moment: datetime) -> "QuerySet[Handoff]":
    made = Handoff.objects.filter(offered_by=by, offered_at=moment)
    return made.exclude(status=Handoff.Status.WITHDRAWN)


def _judged(by: "User", moment: datetime) -> "QuerySet[StageChange]":
    return StageChange.objects.filter(by=by, at=moment, cause=StageChange.Cause.PERSON).filter(
        to_stage__in=judging.STEPS, reason__in=(judging.JUDGED, judging.CLOSED)
    )


def _answered(by: "User", moment: datetime) -> "QuerySet[ReturnAnswer]":
    return ReturnAnswer.objects.filter(by=by, at=moment, undone_at=None)


def _noted(by: "User", moment: datetime) -> "QuerySet[Shortfall]":
    return Shortfall.objects.filter(by=by, at=moment, undone_at=None)


def _placed(by: "User", moment: datetime) -> "QuerySet[PhaseChange]":
    return PhaseChange.objects.filter(by=by, at=moment, cause=PhaseChange.Cause.PERSON)
