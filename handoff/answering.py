"""Marketing's answer to a lead that sales sent back: keep it warm, hand it over again, close it, dispute the
rejection, or say what else is done."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.company_days import company_day
from accounts.permissions import may_hand_over
from leads.models import Lead
from leads.retrying import begins_again
from leads.stages import Stage

from . import disputes, judging, messages, pipeline, recalling, returns
from .decisions import LATEST_RETURN_DAYS, UNDO_WINDOW
from .holding import hold
from .models import ReturnAnswer, Verdict
from .permissions import NotYours
from .returns import answered_in_time as answered_in_time

if TYPE_CHECKING:
    from accounts.models import User

Kind = ReturnAnswer.Kind
#: What needs no note: the date says it.
WITHOUT_NOTE = frozenset({Kind.KEEP_WARM})
#: These are answers wherever they are done, so what does them writes them down.
NOTED_BY_THE_DEED = frozenset({Kind.HAND_OVER, Kind.CLOSE, Kind.DISPUTE})


class NothingToAnswer(Exception):
    """The lead did not come back, or is not marketing's any more."""


class AnswerRefused(ValueError):
    """Something is missing from the answer, or wrong with it: the message says what, ``field`` where."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


class AlreadyAnswered(Exception):
    """A colleague was faster: ``answer`` is what they said."""

    def __init__(self, answer: ReturnAnswer) -> None:
        moment = messages.moment(answer.at, answer.by.time_zone)
        super().__init__(f"{answer.by} answered this on {moment}: {answer.get_kind_display().lower()}.")
        self.answer = answer


class AnswerStands(Exception):
    """The answer is not taken back any more; the message says why."""


@begins_again
def answer(
    *,
    verdict: Verdict,
    by: "User",
    kind: str,
    at: datetime,
    note: str = "",
    warm_until: date | None = None,
    instead_of: ReturnAnswer | None = None,
) -> ReturnAnswer:
    """Say what marketing does with the lead that ``verdict`` sent back, and do it. The same again gives what
    is there; another answer takes the place of ``instead_of``, the one that was seen. Raises NotYours,
    NothingToAnswer, AnswerRefused, and AlreadyAnswered when a colleague was faster."""
    if not may_hand_over(by):
        raise NotYours("Marketing answers what sales sent back.")
    wanted, note = Kind(kind), note.strip()
    lead = hold(verdict.handoff.lead_id)
    if not Lead.objects.visible_to(by).filter(pk=lead.pk).exists():
        raise NotYours("This lead is with another team.")
    standing = ReturnAnswer.objects.holding().filter(verdict=verdict).select_related("by", "verdict").first()
    if standing is not None:
        if (standing.kind, standing.by_id) == (wanted, by.pk) and (
            standing.note,
            standing.warm_until,
        ) == (note, warm_until):
            return standing
        if standing != instead_of and not is_over(standing, at):
            raise AlreadyAnswered(standing)
    if lead.stage != Stage.MQL or returns.latest_rejection(lead.pk) != verdict:
        raise NothingToAnswer(f"{lead} did not come back from sales, or has gone on since.")
    warm_until = _checked(wanted, note, warm_until, at)
    if wanted == Kind.HAND_OVER:
        pipeline.hand_over(lead=lead, by=by, note=note, at=at)
    if wanted == Kind.CLOSE:
        judging.judge(lead=lead, to=Stage.CLOSED, by=by, note=note, at=at)
    if wanted == Kind.DISPUTE:
        disputes.dispute(verdict=verdict, by=by, note=note, at=at)
    if wanted in NOTED_BY_THE_DEED:
        held = ReturnAnswer.objects.holding().filter(verdict=verdict, kind=wanted).first()
        if held is not None:
            return held
    return returns.note_answer(verdict=verdict, kind=wanted, by=by, at=at, note=note, warm_until=warm_until)


def is_over(answer: ReturnAnswer, at: datetime) -> bool:
    """Whether the day has come until which the lead was kept warm: it is asked again."""
    return answer.warm_until is not None and answer.warm_until <= company_day(at)


@transaction.atomic
def undo(*, answer: ReturnAnswer, by: "User", at: datetime) -> None:
    """Take one's own answer back within ten minutes; what was closed, or a lead again, is an MQL, and what
    was said before holds again. What was handed over comes back while nobody in sales is on it; a dispute
    stays. Safe to repeat. Raises NotYours, AnswerStands."""
    if not may_hand_over(by):
        raise NotYours("Marketing answers what sales sent back.")
    lead = hold(answer.verdict.handoff.lead_id)
    held = ReturnAnswer.objects.select_related("by").get(pk=answer.pk)
    if held.undone_at is not None:
        return
    if why := _stands(held, by, at):
        raise AnswerStands(why)
    if held.kind == Kind.HAND_OVER and (handed := recalling.made_by(lead=lead, by=by, at=at)) is not None:
        recalling.recall(handoff=handed, by=by, at=at)
        return
    if (step := judging.gave(held)) is not None:
        try:
            judging.take_back(lead=lead, by=by, at=at, step=step)
        except judging.JudgementStands as stands:
            raise AnswerStands(f"{lead} has gone on since.") from stands
    returns.withdraw_answer(held, at=at)


def may_undo(answer: ReturnAnswer, by: "User", at: datetime) -> bool:
    """Whether ``undo`` would take it back, as far as the answer itself says."""
    return answer.undone_at is None and not _stands(answer, by, at)


def _stands(answer: ReturnAnswer, by: "User", at: datetime) -> str:
    if answer.by_id != by.pk:
        return f"{answer.by} answered this, so only {answer.by} can take it back."
    if at - answer.at > UNDO_WINDOW:
        return "An answer can be taken back for 10 minutes; they are over."
    if answer.kind == Kind.HAND_OVER:
        handed = recalling.made_by(lead=answer.verdict.handoff.lead, by=by, at=at)
        if handed is None or handed.offered_at != answer.at:
            return "Sales has the lead: ask its rep to send it back."
    if answer.kind == Kind.DISPUTE:
        return "A dispute is settled by both sides."
    return "" if answer.holds else "Another answer holds by now."


def _checked(kind: Kind, note: str, warm_until: date | None, at: datetime) -> date | None:
    """The day until which it is kept warm; None for other kinds."""
    if kind not in WITHOUT_NOTE and not note.strip():
        raise AnswerRefused("note", "Say in a sentence what is done: sales will read it.")
    if kind != Kind.KEEP_WARM:
        return None
    today = company_day(at)
    if warm_until is None or warm_until <= today:
        raise AnswerRefused("warm_until", "Choose a day after today, until which it is kept warm.")
    latest = today + timedelta(days=LATEST_RETURN_DAYS)
    if warm_until > latest:
        raise AnswerRefused("warm_until", f"The latest day is {latest.day} {latest:%b %Y}.")
    return warm_until
