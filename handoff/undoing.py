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
    """Public ids of the leads that ``by`` did something with at ``moment`` that is not taken back. Up to 7
    queries."""
    ids: set[int] = set()
    ids |= set(_handed(by, moment).values_list("lead", flat=True))
    ids |= {step.lead_id for step in _judged(StageChange.objects.all(), by, moment)}
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
    for step in _judged(lead.stage_changes.all(), by, moment):
        judging.take_back(lead=lead, by=by, at=at, step=step)
    for answer in _answered(by, moment).filter(verdict__handoff__lead=lead):
        answering.undo(answer=answer, by=by, at=at)
    for shortfall in _noted(by, moment).filter(lead=lead):
        shortfalls.take_back(shortfall=shortfall, by=by, at=at)
    for change in _placed(by, moment).filter(lead=lead):
        phasing.take_back(change=change, by=by, at=at)


def _handed(by: "User", moment: datetime) -> "QuerySet[Handoff]":
    made = Handoff.objects.filter(offered_by=by, offered_at=moment)
    return made.exclude(status=Handoff.Status.WITHDRAWN)


def _judged(changes: "QuerySet[StageChange]", by: "User", moment: datetime) -> list[StageChange]:
    """The steps stay in the history when they are taken back, so what came since says which were."""
    made = list(
        changes.filter(
            by=by,
            at=moment,
            cause=StageChange.Cause.PERSON,
            to_stage__in=judging.STEPS,
            reason__in=(judging.JUDGED, judging.CLOSED),
        )
    )
    since = changes.filter(lead__in={step.lead_id for step in made}, at__gte=moment)
    gone = lifecycle.taken_back(since)
    return [step for step in made if step.pk not in gone]


def _answered(by: "User", moment: datetime) -> "QuerySet[ReturnAnswer]":
    return ReturnAnswer.objects.filter(by=by, at=moment, undone_at=None)


def _noted(by: "User", moment: datetime) -> "QuerySet[Shortfall]":
    return Shortfall.objects.filter(by=by, at=moment, undone_at=None)


def _placed(by: "User", moment: datetime) -> "QuerySet[PhaseChange]":
    return PhaseChange.objects.filter(by=by, at=moment, cause=PhaseChange.Cause.PERSON)
