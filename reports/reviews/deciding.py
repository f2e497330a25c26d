"""What people write down in a review: answers and to-dos."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.models import Role
from accounts.permissions import may_see_reports
from reports.models import Review, ReviewAnswer, Todo

from . import days
from .holding import Refused, hold

#: How far ahead of the days of a review something is to be done.
FURTHEST = timedelta(days=366)

if TYPE_CHECKING:
    from accounts.models import User


class NotYours(Refused):
    """Somebody in another role writes that."""


class NoDay(Refused):
    """By no such day can anything be done."""


class SaidMeanwhile(Refused):
    """Somebody else answered since the page was read; ``answer`` is theirs."""

    def __init__(self, answer: ReviewAnswer) -> None:
        super().__init__(f"{answer.by} answered meanwhile: “{answer.text}”. Yours was not saved.")
        self.answer = answer


def may_answer(user: "User", kind: str) -> bool:
    """What is done about reasons marketing says; what is seen of a model, both sides."""
    if kind == Review.Kind.WEEKLY:
        return user.role in (Role.MARKETER, Role.ADMIN)
    return may_see_reports(user)


@transaction.atomic
def answer(
    *, review: Review, about: str, text: str, by: "User", at: datetime, instead_of: str = ""
) -> ReviewAnswer | None:
    """Write down what follows from a reason or a model of ``review``; empty takes the answer back. It takes
    the place of ``instead_of``, which the page showed. Raises Closed, NotYours, SaidMeanwhile. Safe to
    repeat."""
    held = hold(review)
    if not may_answer(by, held.kind):
        raise NotYours("Marketing says what it does about the reasons.")
    if about not in subjects(held):
        raise Refused("This is not on the review.")
    text = " ".join(text.split())
    there = held.answers.select_related("by").filter(about=about).first()
    if there is not None and there.text == text:
        return there
    if there is not None and there.text != instead_of:
        raise SaidMeanwhile(there)
    if not text:
        held.answers.filter(about=about).delete()
        return None
    written, _ = ReviewAnswer.objects.update_or_create(
        review=held, about=about, defaults={"text": text, "by": by, "at": at}
    )
    return written


def subjects(review: Review) -> set[str]:
    """What an answer may be about: the reasons, or the models, that ``review`` counted."""
    if review.is_weekly:
        return {line["code"] for line in review.figures["reasons"]["lines"]}
    return {model["key"] for model in review.figures["models"]}


@transaction.atomic
def add(*, review: Review, text: str, owner: str, due_on: date | None, by: "User", at: datetime) -> Todo:
    """Write down a decision, or what is to be done, whose and by when. While it is open, the same words again
    are no second one. Raises Closed, NotYours, NoDay."""
    held = hold(review)
    if not may_see_reports(by):
        raise NotYours("Marketing, managers and admins hold the reviews.")
    if due_on is not None and not held.last < due_on <= held.last + FURTHEST:
        raise NoDay(f"Say a day after {days.say(held.last)} and within a year.")
    words = " ".join(text.split())
    # done, written again and then opened again: there may be two
    there = Todo.objects.filter(review=held, text=words, done_at=None).order_by("at", "id").first()
    return there or Todo.objects.create(review=held, text=words, owner=owner, due_on=due_on, by=by, at=at)


@transaction.atomic
def tick_off(*, todo: Todo, done: bool, by: "User", at: datetime) -> Todo:
    """It is done, or is not after all. Also between reviews: those that are closed stay as they were. Raises
    NotYours. Safe to repeat."""
    if not may_see_reports(by):
        raise NotYours("Marketing, managers and admins hold the reviews.")
    rows = Todo.objects.filter(pk=todo.pk)
    if done:
        rows.filter(done_at=None).update(done_at=at, done_by=by)
    else:
        rows.update(done_at=None, done_by=None)
    return rows.get()
