"""Counts that take long are kept, say when they were made, and are made anew in the background.

What is counted quickly is counted whenever somebody asks: a small company never sees an old figure. What took
longer than a reader's patience is kept as a row; who asks next gets it at once, with its time. When it is no
longer fresh, the row says that somebody wants it, and a worker counts again. Each count is made once at a
time, and once it was made by workers alone, at most a twentieth of the time: a storm of readers costs the
database no more than one of them (P-7, P-8). The first of all, and the first after an upgrade, wait.
"""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from time import monotonic
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts import release
from accounts.company_days import company_day

from .models import KeptCount

Found = TypeVar("Found")
#: What a page adds to what the URL asks: plain values by name.
How = Mapping[str, Any]
#: Who asked is written down no more often than this.
SAID_AGAIN = timedelta(minutes=10)
#: Rows that nobody asked for are dropped, and all beyond so many.
FORGOTTEN_AFTER = timedelta(days=14)
MOST_ROWS = 1_000
#: What comes of reading an answer whose form is no longer known.
UNREADABLE = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    TypeError,
    ValueError,
)
#: Of the advisory locks of the database, those of first counts.
LOCK = 2_020
#: A worker that died lets go of its row by then: no task runs longer.
CLAIM = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)


@dataclass(frozen=True, slots=True)
class Question:
    """``count`` names what counts, ``query`` is what the URL asks, ``how`` what the page adds; ``asker`` is
    the user's id where the answer is theirs alone. What was counted by other ``beside`` is no answer: what
    was agreed, say."""

    count: str
    query: str
    how: How
    asker: int | None = None
    beside: str = ""

    @property
    def key(self) -> str:
        return _digest(self.count, self.query, sorted(self.how.items()), self.asker)

    @property
    def given(self) -> str:
        return _digest(
            self.beside,
            release.digest(),
            settings.COMPANY_TIME_ZONE,
            settings.WEEK_STARTS_ON,
            settings.CURRENCY,
            settings.HANDED_OVER_IS_SQL,
        )


#: A question and what was found; None when nothing counts it any more.
Counted = tuple[Question, Any] | None


@dataclass(frozen=True, slots=True)
class Answer(Generic[Found]):
    """``found`` as of ``counted_at``; what is not fresh will be counted anew."""

    found: Found
    counted_at: datetime
    is_fresh: bool = True


def answer(question: Question, count: Callable[[], Found], *, at: datetime) -> Answer[Found]:
    """What was kept on this day of the company's, or else what ``count`` finds as of ``at``: that is kept if
    it took long. Who asks while somebody else counts what took long before waits for that. One query beside
    those of the count, up to three more where something is written down. Safe to repeat."""
    row = KeptCount.objects.filter(key=question.key).first()
    if row is None:
        return _count(question, count, at)
    if (kept := _kept(row, question, at)) is not None:
        return kept
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, row.pk])
        row = KeptCount.objects.filter(key=question.key).first()
        return (row and _kept(row, question, at)) or _count(question, count, at)


def count_due(again: Callable[[KeptCount], Counted], *, seconds: float) -> int:
    """Count what is due ``again``, for about so many ``seconds`` and at least one; returns how many.
    ``again`` gives the question of a row and what is found now, None for what is counted no more: that row is
    dropped, as is one whose question means another by now (its team is gone), or that takes no patience any
    more. Safe beside itself and to repeat: a row is one worker's until it is written or ``CLAIM`` is over."""
    done, until = 0, monotonic() + seconds
    while monotonic() < until and (row := _claim()) is not None:
        at, began = timezone.now(), monotonic()
        told = _beside_others(again, row)
        took = monotonic() - began
        if told is None or told[0].key != row.key or took < settings.REPORT_PATIENCE_SECONDS:
            row.delete()
        else:
            _write(told[0], told[1], at=at, seconds=took)
        done += 1
    return done


def forget(*, at: datetime) -> int:
    """Drop what nobody asked for lately, and the oldest beyond ``MOST_ROWS``; returns how many."""
    cut = at - FORGOTTEN_AFTER
    newest = KeptCount.objects.order_by("-asked_at").values_list("asked_at", flat=True)
    for most in newest[MOST_ROWS - 1 : MOST_ROWS]:
        cut = max(cut, most)
    dropped, _ = KeptCount.objects.filter(asked_at__lt=cut).delete()
    return dropped


def _kept(row: KeptCount, question: Question, at: datetime) -> Answer[Any] | None:
    """What the row answers; None where that is of another day, by other means, or cannot be read."""
    if row.day != company_day(at) or row.given != question.given or (kept := _read(row)) is None:
        return None
    is_fresh = row.is_fresh(at)
    if at - row.asked_at > SAID_AGAIN or not (is_fresh or row.is_wanted):
        KeptCount.objects.filter(pk=row.pk).update(asked_at=at, is_wanted=row.is_wanted or not is_fresh)
    return Answer(kept[0], row.counted_at, is_fresh)


def _count(question: Question, count: Callable[[], Found], at: datetime) -> Answer[Found]:
    began = monotonic()
    found = count()
    seconds = monotonic() - began
    if seconds >= settings.REPORT_PATIENCE_SECONDS:
        _write(question, found, at=at, seconds=seconds, asked_at=at)
    return Answer(found, at)


def _beside_others(again: Callable[[KeptCount], Counted], row: KeptCount) -> Counted:
    """Nobody waits for it, so it takes one core at most: the others hand leads over."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        return again(row)


def _claim() -> KeptCount | None:
    while True:
        at = timezone.now()
        due = KeptCount.objects.due(today=company_day(at), at=at)
        row = due.first()
        if row is None or due.filter(pk=row.pk).update(claimed_until=at + CLAIM):
            return row


def _write(
    question: Question, found: Any, *, at: datetime, seconds: float, asked_at: datetime | None = None
) -> None:
    """Nothing newer is written over. A worker, who gives no ``asked_at``, makes no row that is gone."""
    said: dict[str, Any] = {
        "given": question.given,
        "day": company_day(at),
        "counted_at": at,
        "seconds": seconds,
        "is_wanted": False,
        "claimed_until": None,
        "answer": pickle.dumps((found,)),
        **({"asked_at": asked_at} if asked_at else {}),
    }
    row = KeptCount.objects.filter(key=question.key)
    if row.filter(counted_at__lte=at).update(**said) or asked_at is None:
        return
    first = KeptCount(
        key=question.key,
        count=question.count,
        query=question.query,
        how=dict(question.how),
        asker_id=question.asker,
        **said,
    )
    KeptCount.objects.bulk_create([first], ignore_conflicts=True)


def _read(row: KeptCount) -> tuple[Any] | None:
    """What was found; None for what cannot be read any more."""
    try:
        found: tuple[Any] = pickle.loads(row.answer)  # noqa: S301 — nobody else writes these rows
    except UNREADABLE:
        return None
    return found


def _digest(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()
