"""What both teams have agreed on in the demo, and their reviews: two weekly ones closed, one to be held, and the
model review of the last month, which sales has still to sign."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from accounts.company_days import company_day
from accounts.models import User
from reports.models import Review
from reports.reviews import closing, days, deciding, disagreements, notes, preparing, proposals
from scoring import model_file, publishing, redrafting, written
from scoring.models import ModelVersion

from . import texts
from .logins import MANAGER, MARKETER

Later = tuple[datetime, Callable[[datetime], None]]

#: Reviews before the newest that both sides have closed.
CLOSED = 2


def meetings(*, start: datetime, now: datetime) -> Iterator[Later]:
    """What happens when, of the history from ``start`` to ``now``."""
    yield start + timedelta(days=16), _write_down
    for weeks in range(CLOSED, 0, -1):
        yield _prepared_at(now - timedelta(weeks=weeks)), partial(_hold, CLOSED - weeks)
    yield now - timedelta(minutes=50), _prepare_the_newest
    yield now, _look_at_the_rules  # not before the rules went live, which was as the demo was installed


def _people() -> tuple[User, User]:
    """Who speaks for marketing, and who for sales."""
    return User.objects.get(email=MARKETER), User.objects.get(email=MANAGER)


def _prepared_at(moment: datetime) -> datetime:
    """An hour before the review of the week before ``moment`` meets."""
    of = days.period(Review.Kind.WEEKLY, at=moment)
    return days.meets_at(Review.Kind.WEEKLY, of) - timedelta(hours=1)


def _write_down(at: datetime) -> None:
    marketer, manager = _people()
    words = written.propose(
        by=marketer, side="marketing", mql=texts.MQL, sql=texts.SQL, note=texts.WORDS_NOTE, at=at
    )
    written.sign(definition=words, by=manager, side="sales", at=at + timedelta(hours=3))


def _hold(number: int, at: datetime) -> None:
    """A review from beginning to end; most of its to-dos are done by the next one."""
    marketer, manager = _people()
    review = preparing.prepare(kind=Review.Kind.WEEKLY, at=at, by=marketer)
    _answer(review, marketer, at + timedelta(minutes=20), number)
    later = at + timedelta(hours=1, minutes=25)
    for text, owner in texts.DECIDED[number]:
        todo = deciding.add(
            review=review,
            text=text,
            owner=owner,
            due_on=company_day(at + timedelta(days=3)),
            by=manager,
            at=later,
        )
        if text not in texts.STILL_OPEN:
            deciding.tick_off(todo=todo, done=True, by=manager, at=later)
    _talk(review, marketer, manager, later)
    closing.sign_off(review=review, by=marketer, side="marketing", at=later)
    closing.sign_off(review=review, by=manager, side="sales", at=later + timedelta(minutes=1))
    notes.send_owed(at=later + timedelta(minutes=1))


def _answer(review: Review, by: User, at: datetime, number: int) -> None:
    """Marketing answers the commonest reasons and leaves the others."""
    lines = [line for line in review.figures["reasons"]["lines"] if line["count"]]
    for line in lines[:3]:
        said = texts.ANSWERED.get(line["code"])
        if said:
            text = said[number % len(said)]
            deciding.answer(review=review, about=line["code"], text=text, by=by, at=at)


def _talk(review: Review, marketer: User, manager: User, at: datetime) -> None:
    """The first lead of the manager's teams is settled."""
    for talk in review.talks.order_by("position"):
        if talk.pk not in disagreements.visible(review.talks.all(), manager):
            continue
        try:
            for by, side in ((marketer, "marketing"), (manager, "sales")):
                disagreements.say(talk=talk, by=by, side=side, said="no", at=at)
        except disagreements.Settled:
            continue  # on the list of disputed leads, meanwhile
        return


def _prepare_the_newest(at: datetime) -> None:
    """Marketing proposes a higher line, signs it, and answers what it can before the meeting."""
    marketer, _ = _people()
    version = _higher_line(marketer, at - timedelta(minutes=20))
    review = preparing.prepare(kind=Review.Kind.WEEKLY, at=at, by=marketer)
    proposal = review.proposals.get(version=version)
    proposals.sign(proposal=proposal, by=marketer, side="marketing", at=at + timedelta(minutes=5))
    _answer(review, marketer, at + timedelta(minutes=10), CLOSED)
    for text, owner in texts.DECIDED[CLOSED]:
        deciding.add(review=review, text=text, owner=owner, due_on=None, by=marketer, at=at)


def _look_at_the_rules(at: datetime) -> None:
    """Marketing has looked at the rules of the last month and signed for it."""
    marketer, _ = _people()
    review = preparing.prepare(kind=Review.Kind.MONTHLY, at=at, by=marketer)
    for model in review.figures["models"]:
        deciding.answer(review=review, about=model["key"], text=texts.STILL_RIGHT, by=marketer, at=at)
    closing.sign_off(review=review, by=marketer, side="marketing", at=at)


def _higher_line(by: User, at: datetime) -> ModelVersion:
    live = ModelVersion.objects.live()
    data = model_file.save(version=live)
    line = next(line for line in data["lines"] if line["stage"] == "sql")
    line["min"]["intent"] += 2
    draft = redrafting.draft_once(data=data, evidence=texts.HIGHER_LINE, based_on=live, by=by)
    ModelVersion.objects.filter(pk=draft.pk).update(created_at=at - timedelta(minutes=8))
    return publishing.check_draft(version=draft, by=by, at=at)
