"""A review ends when both sides have signed it: what was said is kept, and everybody has the notes."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from accounts import sides
from accounts.permissions import may_sign_for
from accounts.sides import Side
from leads.ticks import tick
from reports.models import Review, ReviewSignOff
from scoring import reviewing
from scoring.models import ScoringModel

from . import minutes
from .holding import Closed, Refused, hold

if TYPE_CHECKING:
    from accounts.models import User


class NotYours(Refused):
    """The other side signs that."""


class AlreadySigned(Refused):
    """The side has signed, or the person has signed for the other one."""


class Unanswered(Refused):
    """A model review says of each model what follows."""


@transaction.atomic
def sign_off(*, review: Review, by: "User", side: str, at: datetime) -> Review:
    """``by`` holds the meeting done, for ``side``; each side once, nobody for both. The second signature
    closes it: nothing on it changes any more, the models of a model review count as looked at, and the notes
    are owed (``notes.send_owed``). Raises Closed, NotYours, AlreadySigned, Unanswered. Safe to repeat."""
    if not may_sign_for(by, side):
        raise NotYours(sides.whose(side))
    try:
        held = hold(review)
    except Closed:
        if ReviewSignOff.objects.filter(review=review, by=by, side=side).exists():
            return Review.objects.get(pk=review.pk)  # the click came twice
        raise
    signed = {one.side: one for one in held.sign_offs.select_related("by")}
    if side in signed and signed[side].by_id == by.pk:
        return held
    if against := sides.why_not(by, side, {key: one.by for key, one in signed.items()}):
        raise AlreadySigned(against)
    if not held.is_weekly:
        _must_be_answered(held)
    ReviewSignOff.objects.create(review=held, side=side, by=by, at=at)
    if len(signed) + 1 == len(Side):
        _close(held, by=by, at=at)
    return held


def _close(held: Review, *, by: "User", at: datetime) -> None:
    if not held.is_weekly:
        _record(held, by=by, at=at)
    held.minutes, held.closed_at, held.closed_by = minutes.read(held), at, by
    held.save(update_fields=["minutes", "closed_at", "closed_by"])
    tick("reviews")


def _must_be_answered(held: Review) -> None:
    answered = set(held.answers.values_list("about", flat=True))
    for model in held.figures["models"]:
        if model["key"] not in answered:
            raise Unanswered(f"Say what follows for {model['name']} first: “still right” is enough.")


def _record(held: Review, *, by: "User", at: datetime) -> None:
    """The models count as looked at: the monthly reminder starts to count from here."""
    answers = {answer.about: answer for answer in held.answers.select_related("by")}
    for model in ScoringModel.objects.filter(key__in=answers):
        try:
            reviewing.record(model=model, by=answers[model.key].by, note=answers[model.key].text, at=at)
        except reviewing.NothingLive:
            continue  # nothing of it is live any more: there is nothing to look at
