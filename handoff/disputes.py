"""Rejections that somebody holds were wrong: put on the weekly review, and settled by both sides."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from accounts import sides
from accounts.models import Role
from accounts.permissions import may_hand_over, may_sign_for
from accounts.sides import Side
from leads import lifecycle
from leads.models import Lead
from leads.stages import Stage

from . import returns
from .models import Dispute, DisputeWord, Handoff, ReturnAnswer, Verdict
from .permissions import NotYours, may_dispute

if TYPE_CHECKING:
    from accounts.models import User


class NothingToDispute(Exception):
    """Only a rejection that stands can be disputed."""


class AlreadySettled(Exception):
    """Both sides have said the same of it, or sales took its verdict back."""


def rejection_of(handoff: Handoff) -> Verdict:
    """The rejection of ``handoff`` that stands. Raises NothingToDispute. One query."""
    sent_back = handoff.verdicts.filter(kind=Verdict.Kind.REJECT, undone_by=None)
    verdict = sent_back.order_by("-at", "-id").first()
    if verdict is None:
        raise NothingToDispute("This lead was not sent back, or the verdict was taken back since.")
    return verdict


@transaction.atomic
def dispute(*, verdict: Verdict, by: "User", note: str, at: datetime, answers: bool = True) -> Dispute:
    """Hold that the lead of ``verdict`` was an SQL, because of ``note``. Disputed before: gives the one that
    is there. A marketer's is marketing's answer as well, unless it is raised to talk about it only
    (``answers`` False). Raises NotYours, NothingToDispute."""
    lead = Lead.objects.select_for_update(no_key=True).get(pk=verdict.handoff.lead_id)
    if not may_dispute(by) or not Lead.objects.visible_to(by).filter(pk=lead.pk).exists():
        raise NotYours("Marketing, and who leads sales, disputes a rejection.")
    held = Verdict.objects.get(pk=verdict.pk)
    if held.kind != Verdict.Kind.REJECT or Verdict.objects.filter(undoes=held).exists():
        raise NothingToDispute("This lead was not sent back, or the verdict was taken back since.")
    made, is_new = Dispute.objects.get_or_create(verdict=held, defaults={"by": by, "at": at, "note": note})
    if answers and is_new and may_hand_over(by) and lead.stage == Stage.MQL:
        returns.note_answer(verdict=held, kind=ReturnAnswer.Kind.DISPUTE, by=by, at=at, note=note)
    return made


def sides_of(user: "User", dispute: Dispute) -> list[Side]:
    """For which sides ``user`` may speak now: a marketer for marketing, a manager for sales, an admin for
    either; whoever has spoken for one side does not speak for the other. Reads ``dispute.words``."""
    if dispute.settled_at is not None or dispute.verdict.kind != Verdict.Kind.REJECT:
        return []
    return sides.of(user, {word.side: word.by_id for word in latest_words(dispute).values()})


def latest_words(dispute: Dispute) -> dict[str, DisputeWord]:
    """What each side said last. Reads ``dispute.words``."""
    words = sorted(dispute.words.all(), key=lambda word: (word.at, word.pk))
    return {word.side: word for word in words}


def is_contradicted(dispute: Dispute) -> bool:
    """Whether whoever raised it held that it was an SQL. Who only gave their word on a lead that was talked
    about (``answers`` False) may have said in the same moment that it was none. Reads ``dispute.words``."""
    own = (word for word in dispute.words.all() if (word.by_id, word.at) == (dispute.by_id, dispute.at))
    return all(word.was_sql for word in own)


@transaction.atomic
def say(*, dispute: Dispute, by: "User", side: str, was_sql: bool, at: datetime) -> Dispute:
    """One side's word on a dispute. When both have said the same, it is settled and the outcome a fact; until
    then a side may change its mind. The same word again changes nothing. Raises NotYours, AlreadySettled."""
    held = Dispute.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "verdict__stage_change"
    )
    found = held.get(pk=dispute.pk)
    if not Dispute.objects.visible_to(by).filter(pk=found.pk).exists():
        raise NotYours("This lead is with another team.")
    if found.settled_at is not None:
        outcome = "it was an SQL" if found.was_sql else "it was none"
        raise AlreadySettled(f"Both sides have said that {outcome}.")
    if Verdict.objects.filter(undoes=found.verdict_id).exists():
        raise AlreadySettled("Sales took the verdict back.")
    if side not in sides_of(by, found):
        raise NotYours(_refusal(by, side))
    words = latest_words(found)
    if side not in words or words[side].was_sql != was_sql:
        DisputeWord.objects.create(dispute=found, side=side, was_sql=was_sql, by=by, at=at)
    other = words.get(Side.SALES if side == Side.MARKETING else Side.MARKETING)
    if other is not None and other.was_sql == was_sql:
        found.settled_at, found.was_sql = at, was_sql
        found.save(update_fields=["settled_at", "was_sql"])
        lifecycle.settle(change=found.verdict.stage_change, was_sql=was_sql, at=at)
    return found


def has_said(dispute: Dispute, *, by: "User", side: str, was_sql: bool) -> bool:
    """Whether this is ``by``'s own word, which stands: sent again, it is no news. One query."""
    newest = DisputeWord.objects.filter(dispute=dispute, side=side).order_by("-at", "-id").first()
    return newest is not None and (newest.by_id, newest.was_sql) == (by.pk, was_sql)


def _refusal(by: "User", side: str) -> str:
    if by.role == Role.ADMIN or may_sign_for(by, side):
        return "Nobody speaks for both sides."
    return "Marketing speaks through marketers, sales through its managers."
