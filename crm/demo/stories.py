"""What people do on their way, from a first look to a question that sales should hear."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from . import texts
from .cast import Fate, Happening, Person, any_moment, working_moment
from .texts import Page

#: The day before which nothing happened.
HISTORY = timedelta(days=90)
#: The share of later visits that something brings.
COMES_BACK = 0.12
#: The generated crowd leaves the last hours to the people written by hand.
QUIET_HOURS = timedelta(hours=6)

#: kind → share of the crowd.
KINDS = {"passer": 45, "reader": 23, "evaluator": 12, "hopeful": 4, "buyer": 10, "leaner": 6}
#: What a rep makes of a buyer, as shares; the closed reasons and "back" (recycled, then accepted).
OUTCOMES = {"working": 44, "opportunity": 24, "lost": 13, "won": 15, "closed": 13, "back": 11}
#: How long ago one must have asked for that to have come of it.
TAKES_DAYS = {"won": 30, "lost": 24, "opportunity": 9, "back": 40}
_CLOSED_REASONS = ("not_a_buyer", "duplicate_or_customer", "wrong_industry")
#: What a rep makes of somebody who only just crossed, as shares.
LEANING = {"closed": 68, "working": 24, "opportunity": 8}
_LOOKED_ON = ("not_a_buyer", "duplicate_or_customer")
_RECYCLED_REASONS = ("timing", "no_budget", "unreachable", "no_authority", "too_small", "locked_in")


def tell(person: Person, kind: str, rng: Random, now: datetime) -> None:
    """Give ``person`` a history of ``kind`` that ends before the quiet hours, and the fates it leads to."""
    until = now - QUIET_HOURS
    if kind == "buyer":
        _buyer(person, rng, now, until)
        return
    if kind == "leaner":
        _leaner(person, rng, now, until)
        return
    start = until - HISTORY * rng.random() ** 0.9
    span = (until - start) * min(1.0, rng.expovariate(2.2))
    steps = {"passer": _passer, "reader": _reader, "evaluator": _evaluator, "hopeful": _hopeful}[kind](rng)
    person.happenings = list(_spread(person, list(steps), rng, start, start + span, until))


def _buyer(person: Person, rng: Random, now: datetime, until: datetime) -> None:
    age = 87 * rng.random() ** 1.3
    possible = [outcome for outcome in OUTCOMES if age >= TAKES_DAYS.get(outcome, 0)]
    outcome = rng.choices(possible, [OUTCOMES[outcome] for outcome in possible])[0]
    asked_on = now - timedelta(days=age)
    start = max(now - HISTORY, asked_on - timedelta(days=rng.uniform(0.5, 38)))
    steps = [*_look(rng), *rng.choice((_reader, _evaluator))(rng)]
    person.happenings = list(_spread(person, steps, rng, start, asked_on - timedelta(hours=8), until))
    person.happenings += _ask(person, rng, min(working_moment(rng, asked_on, person.firm.land), until))
    minutes = round(rng.lognormvariate(3.3, 0.7))
    if outcome == "back":
        reason = rng.choice(_RECYCLED_REASONS)
        person.fates = [Fate("reject", minutes, reason, _note(rng, reason)), Fate("accept", 40)]
        again = asked_on + timedelta(days=rng.uniform(21, 36))
        person.happenings += _ask(person, rng, min(working_moment(rng, again, person.firm.land), until))
    elif outcome == "closed":
        reason = rng.choice(_CLOSED_REASONS)
        person.fates = [Fate("reject", minutes, reason, _note(rng, reason))]
    else:
        person.fates = [Fate("accept", minutes, then=outcome)]  # type: ignore[arg-type]


def _leaner(person: Person, rng: Random, now: datetime, until: datetime) -> None:
    """Comes to 20 to 22 points of intent without a question: the guide, and then the prices. Just over the
    line, where customers and students are twice as many as buyers."""
    crossed_on = now - timedelta(days=1 + 86 * rng.random() ** 1.3)
    at = min(working_moment(rng, crossed_on, person.firm.land), until)
    guided = at - timedelta(days=rng.uniform(1, 8))
    start = max(now - HISTORY, guided - timedelta(days=rng.uniform(0.5, 12)))
    person.happenings = list(_spread(person, list(_look(rng)), rng, start, guided, until))
    guide = {"title": texts.GUIDE.title, "path": texts.GUIDE.path}
    person.happenings.append(Happening(guided, "comparison_guide_download", guide))
    if rng.random() < 0.4:
        reply = mail(rng, text=rng.choice(texts.REPLIES).format(n=person.firm.technicians))
        person.happenings.append(Happening(at - timedelta(hours=rng.uniform(1, 20)), "email_replied", reply))
        looks = 1
    else:
        looks = 3
    for left in range(looks - 1, -1, -1):
        moment = at - timedelta(minutes=left * rng.uniform(2, 12))
        person.happenings.append(
            Happening(moment, "pricing_page_view", view(texts.PRICING, rng), hot=left == 0)
        )
    minutes, outcome = (
        round(rng.lognormvariate(3.6, 0.7)),
        rng.choices(list(LEANING), list(LEANING.values()))[0],
    )
    if outcome == "closed":
        reason = rng.choice(_LOOKED_ON)
        person.fates = [Fate("reject", minutes, reason, _note(rng, reason))]
    else:
        person.fates = [Fate("accept", minutes, then=outcome)]  # type: ignore[arg-type]


def _ask(person: Person, rng: Random, at: datetime) -> list[Happening]:
    """The hour in which somebody looks at prices and then asks sales something."""
    looks = rng.randrange(0, 3)
    what = rng.choices(list(texts.ASKS), [60, 14, 16, 10])[0]
    happenings = [
        Happening(at - timedelta(minutes=rng.uniform(3, 55)), "pricing_page_view", view(texts.PRICING, rng))
        for _ in range(looks)
    ]
    if rng.random() < 0.3:
        happenings.append(
            Happening(
                at - timedelta(minutes=rng.uniform(2, 9)),
                "case_study_view",
                view(rng.choice(texts.CASES), rng),
            )
        )
    form = {"path": "/" + what.split("_", maxsplit=1)[0], "message": ask(what, person, rng)}
    return [*happenings, Happening(at, what, form, hot=True)]


def ask(what: str, person: Person, rng: Random) -> str:
    """What ``person`` writes into the form, in their language."""
    technicians = person.firm.technicians
    asked = rng.choice(texts.ASKS[what][person.firm.land.language])
    return asked.format(n=technicians, d=2 + technicians // 25)


def view(page: Page, rng: Random, **more: Any) -> dict[str, Any]:
    return {"path": page.path, "title": page.title, "seconds": round(rng.lognormvariate(4.2, 0.8)), **more}


def mail(rng: Random, **more: Any) -> dict[str, Any]:
    return {"subject": rng.choice(texts.MAILS), **more}


Step = tuple[str, dict[str, Any]]


def _look(rng: Random) -> Iterator[Step]:
    for _ in range(rng.choice((1, 1, 2, 3))):
        yield "page_view", view(rng.choice((texts.HOME, *texts.BLOG)), rng)


def _passer(rng: Random) -> Iterator[Step]:
    yield from _look(rng)
    roll = rng.random()
    if roll < 0.16:
        yield "product_page_view", view(rng.choice(texts.PRODUCT), rng)
    elif roll < 0.24:
        yield "careers_page_view", view(Page("/careers", "Work with us"), rng)
    elif roll < 0.32:
        yield "social_interaction", {"title": "Liked “Nine signs that the whiteboard is full”"}


def _reader(rng: Random) -> Iterator[Step]:
    yield from _look(rng)
    for _ in range(rng.choice((1, 1, 2))):
        roll = rng.random()
        if roll < 0.3:
            yield "newsletter_signup", {"path": "/letter"}
        elif roll < 0.75:
            page = rng.choice(texts.DOWNLOADS)
            yield (
                ("ebook_download" if page is texts.DOWNLOADS[0] else "content_download"),
                {"title": page.title, "path": page.path},
            )
        else:
            title, minutes = rng.choice(texts.WEBINARS)
            yield "webinar_registered", {"title": title}
            if rng.random() < 0.7:
                yield (
                    "webinar_attended",
                    {"title": title, "minutes": rng.randint(12, minutes), "of_minutes": minutes},
                )
    for _ in range(rng.randrange(0, 5)):
        sent = mail(rng)
        yield "email_opened", sent
        if rng.random() < 0.35:
            yield "email_clicked", {**sent, "link": rng.choice(texts.LINKS)}
    if rng.random() < 0.05:
        yield "unsubscribed", {"subject": texts.MAILS[-2]}


def _evaluator(rng: Random) -> Iterator[Step]:
    """Stays just under the line: at most 18 points of intent, less what has faded."""
    yield from _reader(rng)
    for page in rng.sample(texts.PRODUCT, rng.randint(1, 3)):
        yield "product_page_view", view(page, rng)
    if rng.random() < 0.6:
        yield "case_study_view", view(rng.choice(texts.CASES), rng)
    roll = rng.random()
    if roll < 0.4:
        yield "comparison_guide_download", {"title": texts.GUIDE.title, "path": texts.GUIDE.path}
    elif roll < 0.5:
        yield "email_replied", mail(rng, text=rng.choice(texts.REPLIES).format(n=rng.randint(8, 60)))
    for _ in range(rng.choice((0, 1, 2, 2))):
        yield "pricing_page_view", view(texts.PRICING, rng)


def _hopeful(rng: Random) -> Iterator[Step]:
    """Asks for a demo without being a firm that Fieldline is made for."""
    yield from _look(rng)
    yield "demo_request", {"path": "/demo", "message": "We would like to see it, please."}


def _spread(
    person: Person, steps: list[Step], rng: Random, start: datetime, end: datetime, until: datetime
) -> Iterator[Happening]:
    """``steps`` in their order between ``start`` and ``end``; the first carries where the person came from,
    some later visits what brought them back."""
    share, land = sorted(rng.random() for _ in steps), person.firm.land
    share[0] = 0.0
    moments = sorted(min(any_moment(rng, start + (end - start) * part, land), until) for part in share)
    origin = rng.choice(texts.CAMPAIGNS[person.source])
    back = Random(person.email)
    for index, ((kind, properties), at) in enumerate(zip(steps, moments, strict=True)):
        # Two steps of one moment would have no order.
        brought = origin if index == 0 else {}
        if index and kind.endswith("_view") and back.random() < COMES_BACK:
            brought = back.choice(texts.RETURNS)
        yield Happening(at + timedelta(seconds=index), kind, {**properties, **brought})


def _note(rng: Random, reason: str) -> str:
    return rng.choice(texts.REJECTIONS[reason])
