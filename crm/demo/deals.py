"""What becomes of a handoff in the demo: the answer, the calls, the four questions, the deal and its end."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from accounts.models import User
from handoff import contacts, decisions, frameworks, opportunities, qualification
from handoff.models import Handoff, RejectReason
from leads.models import ConsentEvent, Lead, LossReason, Opportunity

from . import aftermath, texts
from .cast import Fate, Happening, Person, at_work

if TYPE_CHECKING:
    from .play import Stage

#: What follows an answer, and when.
Later = tuple[datetime, Callable[[datetime], None]]

_LETTERS = {
    "newsletter_signup",
    "ebook_download",
    "content_download",
    "comparison_guide_download",
    "webinar_registered",
}
_TALKS = {"demo_request", "contact_sales", "quote_request", "trial_signup"}
_AGREED = "I agree that Fieldline writes to me about its products. I can take this back at any time."
_CALL_ME = "Please call me about my question."
#: A licence per technician and year, in euros.
PRICE = 39 * 12


def answer(*, handoff: Handoff, fate: Fate, at: datetime, stage: "Stage") -> Iterator[Later]:
    """Let the rep answer ``handoff`` as ``fate`` says. Yields what follows."""
    by, lead, rng = handoff.rep, handoff.lead, stage.rng
    if by is None:
        return
    if fate.verdict == "reject":
        reason = RejectReason.objects.get(code=fate.reason)
        decisions.reject(handoff=handoff, by=by, reason=reason, at=at, note=fate.note)
        yield from aftermath.of_rejection(handoff=handoff, by=by, at=at)
        return
    decisions.accept(handoff=handoff, by=by, at=at, answers=_first_contact(lead, rng))
    yield from aftermath.of_acceptance(handoff=handoff, by=by, at=at)
    called = at_work(at + timedelta(minutes=rng.uniform(12, 170)), by.time_zone)
    note = rng.choice(texts.CALLS)
    yield called, partial(_talk, lead, by, "call", note, rng)
    questions = [question.key for question in frameworks.asked_of(lead).questions]
    asked = rng.sample(questions, rng.randint(1, 3)) if fate.then == "working" else questions
    for number, question in enumerate(asked):
        level = rng.choice((1, 2, 2, 3)) if fate.then == "working" else rng.choice((2, 3, 3))
        moment = called + timedelta(minutes=3 + number, days=0.4 * number if fate.then != "working" else 0)
        yield moment, partial(_ask, lead, question, level, by, rng)
    if fate.then == "working":
        return
    met = at_work(called + timedelta(days=rng.uniform(2.4, 6.2)), by.time_zone)
    yield met, partial(_talk, lead, by, "meeting", "Showed them their own week on the board.", rng)
    person = stage.people[lead.pk]
    yield met + timedelta(hours=1), partial(_convert, lead, person, by, rng)
    made = met + timedelta(hours=1)
    yield from aftermath.of_deal(lead=lead, by=by, at=made, goes_on=fate.then == "opportunity")
    if fate.then != "opportunity":
        end = at_work(met + timedelta(days=rng.uniform(6, 17)), by.time_zone)
        yield end, partial(_close, lead, fate.then, by, rng)


def _first_contact(lead: Lead, rng: Random) -> dict[str, tuple[int, str]]:
    """What the first contact told, where the company asks for it before acceptance: question → level, note."""
    levels = {question: rng.choice((2, 3, 3)) for question in qualification.to_ask_first(lead=lead)}
    return {
        question: (level, rng.choice(texts.ANSWERS[question][level])) for question, level in levels.items()
    }


def _talk(lead: Lead, by: User, kind: str, note: str, rng: Random, at: datetime) -> None:
    contacts.log(lead=lead, by=by, kind=kind, key=UUID(int=rng.getrandbits(128), version=4), at=at, note=note)


def _ask(lead: Lead, question: str, level: int, by: User, rng: Random, at: datetime) -> None:
    note = rng.choice(texts.ANSWERS[question][level])
    qualification.answer(lead=lead, question=question, level=level, note=note, by=by, at=at)


def _convert(lead: Lead, person: Person, by: User, rng: Random, at: datetime) -> None:
    lead.refresh_from_db()
    licences = person.firm.technicians
    qualification.convert(
        lead=lead,
        by=by,
        at=at,
        name=f"{person.firm.name}: {licences} technicians",
        amount=Decimal(licences * PRICE),
        close_on=(at + timedelta(days=rng.randint(20, 70))).date(),
    )


def _close(lead: Lead, outcome: str, by: User, rng: Random, at: datetime) -> None:
    deal = Opportunity.objects.open().get(lead=lead)
    if outcome != "lost":
        opportunities.win(opportunity=deal, by=by, at=at)
        return
    code = rng.choice(list(texts.LOST))
    reason, to = LossReason.objects.get(code=code), None
    if code == "competitor":
        to = opportunities.note_supplier(lead=lead, name=texts.SUPPLIERS[0], by=by, at=at).supplier
    opportunities.lose(opportunity=deal, reason=reason, by=by, at=at, note=texts.LOST[code], to=to)


def note_consent(*, happened: Iterable[tuple[Person, Happening]], leads: Mapping[str, Lead]) -> None:
    """Forms ask for consent and letters can be unsubscribed from: write down what these people said."""
    said = []
    for person, happening in happened:
        source = str(happening.properties.get("path", "link in a letter"))
        for channel, granted, text in _consents(happening):
            said.append(
                ConsentEvent(
                    lead=leads[person.email],
                    channel=channel,
                    granted=granted,
                    at=happening.at,
                    source=source,
                    text=text,
                )
            )
    ConsentEvent.objects.bulk_create(said, ignore_conflicts=True)


def _consents(happening: Happening) -> Iterator[tuple[str, bool, str]]:
    """Channel, granted or withdrawn, and the words agreed to."""
    if happening.type in _LETTERS or happening.type in _TALKS:
        yield ConsentEvent.Channel.EMAIL, True, _AGREED
    if happening.type in _TALKS:
        yield ConsentEvent.Channel.PHONE, True, _CALL_ME
    if happening.type == "unsubscribed":
        yield ConsentEvent.Channel.EMAIL, False, ""
