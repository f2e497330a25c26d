"""What sales writes down in the demo beside verdicts and talks: ratings, tasks, suppliers, stages of deals; and
what marketing disputes."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

from accounts.company_days import company_day
from accounts.models import Role, User
from accounts.sides import Side
from handoff import answering, disputes, follow_ups, judging, opportunities, quality, shortfalls
from handoff.models import Handoff, ReturnAnswer, Shortfall, Task, Verdict
from leads.models import Lead, Opportunity
from leads.stages import Stage as LeadStage

from . import texts
from .cast import at_work

Later = tuple[datetime, Callable[[datetime], None]]

#: Ratings are kinder after an acceptance.
_SCORES = {"accepted": (3, 4, 4, 5, 5), "rejected": (1, 2, 2, 3)}
_HALF_AN_HOUR = timedelta(minutes=30)


def _rng(lead: Lead, what: str) -> Random:
    """One's own for each lead and matter: what is added here moves nothing else in the demo."""
    return Random(f"{what}:{lead.email}")


def of_acceptance(*, handoff: Handoff, by: User, at: datetime) -> Iterator[Later]:
    """A rating most times, a task as a rule, another supplier now and then."""
    lead, rng = handoff.lead, _rng(handoff.lead, "accepted")
    if rng.random() < 0.7:
        yield at + timedelta(minutes=2), partial(_rate, handoff, by, rng.choice(_SCORES["accepted"]))
    if rng.random() < 0.6:
        due = at_work(at + timedelta(days=rng.choice((1, 2, 3, 5, 8))), by.time_zone)
        key = UUID(int=rng.getrandbits(128), version=4)
        yield at + _HALF_AN_HOUR, partial(_plan, lead, by, rng.choice(texts.TASKS), due, key)
        if rng.random() < 0.9:
            done = at_work(due - timedelta(hours=rng.uniform(1, 20)), by.time_zone)
            yield max(done, at + 2 * _HALF_AN_HOUR), partial(_finish, key, by)
    if rng.random() < 0.35:
        name, note = rng.choice(texts.SUPPLIERS), rng.choice(texts.ABOUT_SUPPLIERS)
        yield at + 2 * _HALF_AN_HOUR, partial(_supplier, lead, name, note, by)


def of_rejection(*, handoff: Handoff, by: User, at: datetime) -> Iterator[Later]:
    """A rating half the time; some marketers hold that it was an SQL, and both sides settle it a week later."""
    rng = _rng(handoff.lead, f"rejected {handoff.cycle}")
    if rng.random() < 0.5:
        yield at + timedelta(minutes=1), partial(_rate, handoff, by, rng.choice(_SCORES["rejected"]))
    handoff.lead.refresh_from_db(fields=["stage"])
    if rng.random() < 0.25 and handoff.lead.stage == LeadStage.MQL:
        yield at + timedelta(hours=5), partial(_dispute, handoff)
        if rng.random() < 0.6:
            yield at + timedelta(days=7), partial(_settle, handoff, rng.random() < 0.5)
    answers = _rng(handoff.lead, f"answered {handoff.cycle}")
    if handoff.lead.stage == LeadStage.MQL and answers.random() < 0.7:
        yield (
            at_work(at + timedelta(hours=answers.uniform(3, 60)), "Europe/Vienna"),
            partial(_answer, handoff),
        )


def of_deal(*, lead: Lead, by: User, at: datetime, goes_on: bool) -> Iterator[Later]:
    """The deal moves on, every few days, as far as it gets."""
    rng, moment = _rng(lead, "deal"), at
    for stage in opportunities.stages()[1 : rng.randint(2, 5)]:
        moment += timedelta(days=rng.uniform(1, 4 if goes_on else 1.5))
        moment = at_work(moment, by.time_zone)
        yield moment, partial(_advance, lead, stage.key, by)


def _rate(handoff: Handoff, by: User, score: int, at: datetime) -> None:
    handoff.refresh_from_db(fields=["status"])
    quality.rate(handoff=handoff, by=by, score=score, note=texts.RATED[score], at=at)


def _plan(lead: Lead, by: User, title: str, due: datetime, key: UUID, at: datetime) -> None:
    follow_ups.add(lead=lead, by=by, owner=by, title=title, due_at=due, key=key, at=at)


def _finish(key: UUID, by: User, at: datetime) -> None:
    follow_ups.finish(task=Task.objects.get(key=key), by=by, at=at)


def _supplier(lead: Lead, name: str, note: str, by: User, at: datetime) -> None:
    opportunities.note_supplier(lead=lead, name=name, note=note, by=by, at=at)


def _advance(lead: Lead, stage: str, by: User, at: datetime) -> None:
    deal = Opportunity.objects.open().filter(lead=lead).first()
    if deal is not None:
        to = next(each for each in opportunities.stages() if each.key == stage)
        opportunities.move(opportunity=deal, to=to, by=by, at=at)


def _dispute(handoff: Handoff, at: datetime) -> None:
    verdict = _rejection(handoff)
    marketer = _marketer()
    if verdict is not None and marketer is not None:
        note = _rng(handoff.lead, "disputed").choice(texts.DISPUTED)
        disputes.dispute(verdict=verdict, by=marketer, note=note, at=at)


def _answer(handoff: Handoff, at: datetime) -> None:
    """Marketing says what it does with a lead that came back, and what it falls short of."""
    verdict, by = _rejection(handoff), _marketer()
    if verdict is None or by is None:
        return
    rng = _rng(handoff.lead, f"says {handoff.cycle}")
    kind = rng.choices(list(texts.RETURNED), weights=[8, 3])[0]
    warm_until = company_day(at) + timedelta(days=rng.choice((30, 60, 90)))
    try:
        answering.answer(
            verdict=verdict,
            by=by,
            kind=kind,
            note=rng.choice(texts.RETURNED[kind]),
            warm_until=warm_until if kind == ReturnAnswer.Kind.KEEP_WARM else None,
            at=at,
        )
    except (answering.AlreadyAnswered, answering.NothingToAnswer):
        return  # it was disputed, or has gone on by itself
    short = _FALLS_SHORT.get(verdict.reason.code) if verdict.reason else None
    if short is not None:
        shortfalls.record(lead=handoff.lead, kind=short, by=by, at=at, note=verdict.note)


_FALLS_SHORT = {"timing": Shortfall.Kind.LONG_CYCLE, "budget": Shortfall.Kind.NO_MONEY}


def judge(*, at: datetime) -> None:
    """What marketing has noted of MQLs nobody handed over, and whom it has made an MQL at a fair."""
    by = _marketer()
    if by is None:
        return
    mqls = Lead.objects.filter(stage=LeadStage.MQL, handoffs=None).order_by("pk")
    for lead in mqls:
        rng = _rng(lead, "short")
        if rng.random() < 0.15:
            kind = rng.choice(list(texts.SHORT))
            moment = max(lead.stage_at, at - timedelta(days=rng.uniform(0.2, 20)))
            shortfalls.record(lead=lead, kind=kind, by=by, at=moment, note=texts.SHORT[kind])
    met = Lead.objects.filter(stage=LeadStage.LEAD).exclude(name="").order_by("-created_at", "pk")[:3]
    for lead, note in zip(met, texts.MET, strict=False):
        moment = max(lead.stage_at, at - timedelta(hours=20))
        judging.judge(lead=lead, to=LeadStage.MQL, by=by, note=note, at=moment)


def _marketer() -> User | None:
    return User.objects.filter(role=Role.MARKETER).order_by("pk").first()


def _settle(handoff: Handoff, was_sql: bool, at: datetime) -> None:
    verdict = _rejection(handoff)
    if verdict is None or verdict.dispute.settled_at is not None:  # a weekly review was faster
        return
    teams = handoff.pool.team.members.filter(role=Role.MANAGER).order_by("pk") if handoff.pool else None
    manager, marketer = teams.first() if teams else None, verdict.dispute.by
    for side, by in ((Side.MARKETING, marketer), (Side.SALES, manager)):
        if by is not None:
            disputes.say(dispute=verdict.dispute, by=by, side=side, was_sql=was_sql, at=at)


def _rejection(handoff: Handoff) -> Verdict | None:
    return Verdict.objects.filter(handoff=handoff, kind=Verdict.Kind.REJECT, undone_by=None).first()
