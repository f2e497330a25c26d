"""Leads that sales sent back to marketing: which of them wait for an answer, and until when.

Both sides agreed that marketing answers within two working days: Monday to Friday, where the company is, less
the days on which every team is closed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.calendars import shared_holidays
from accounts.company_days import company_day, company_zone
from leads import milestones
from leads.stages import Stage

from .models import Handoff, ReturnAnswer, Verdict

if TYPE_CHECKING:
    from accounts.models import User

WORKING_DAYS = 2
#: No stretch of holidays is longer; how far ahead they are read.
_LONGEST_WAIT = timedelta(days=30)


def rejections() -> "QuerySet[Verdict]":
    """Rejections that stand and that sent the lead back to marketing."""
    return Verdict.objects.filter(kind=Verdict.Kind.REJECT, undone_by=None, stage_change__to_stage=Stage.MQL)


def _counted() -> QuerySet[Handoff]:
    """Without those that marketing made and took back: they are as if they had not been."""
    return Handoff.objects.exclude(status=Handoff.Status.WITHDRAWN, offered_by__isnull=False)


def is_last(handoff: Handoff) -> bool:
    """Whether nothing that counts was handed over after ``handoff``. One query."""
    return not _counted().filter(lead=handoff.lead_id, cycle__gt=handoff.cycle).exists()


def returned(user: "User", at: datetime) -> QuerySet[Handoff]:
    """The last handoff of each MQL that sales sent back: until the day it may come again, and again once the
    day is over until which marketing kept it warm. ``answered`` says whether marketing's answer stands."""
    today = company_day(at)
    later = _counted().filter(lead=OuterRef("lead"), cycle__gt=OuterRef("cycle"))
    of_this = rejections().filter(handoff=OuterRef("pk"))
    over = ReturnAnswer.objects.holding().filter(verdict__handoff=OuterRef("pk"), warm_until__lte=today)
    return (
        Handoff.objects.visible_to(user)
        .filter(~Exists(later), status=Handoff.Status.REJECTED, lead__stage=Stage.MQL)
        .filter(Exists(of_this.filter(return_on__gt=today)) | Exists(over))
        .annotate(answered=Exists(_standing(at)))
    )


def _standing(at: datetime) -> "QuerySet[ReturnAnswer]":
    """The answer to the handoff of the outer query; one whose day is over asks again."""
    over = Q(warm_until__lte=company_day(at), warm_until__isnull=False)
    return ReturnAnswer.objects.holding().filter(~over, verdict__handoff=OuterRef("pk"))


def to_answer(user: "User", at: datetime) -> QuerySet[Handoff]:
    """Those of them that wait for an answer."""
    waiting: QuerySet[Handoff] = returned(user, at).exclude(Exists(_standing(at)))
    return waiting


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The company's working days: Monday to Friday less ``holidays``."""

    holidays: Collection[date]
    zone: ZoneInfo

    @classmethod
    def around(cls, first: datetime, last: datetime) -> "WorkingDays":
        """As they are between the two moments and some weeks on. Up to 2 queries."""
        zone = company_zone()
        start, end = first.astimezone(zone).date(), (last + _LONGEST_WAIT).astimezone(zone).date()
        return cls(shared_holidays(first=start, last=end), zone)

    def works(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays

    def due_at(self, back_at: datetime, days: int = WORKING_DAYS) -> datetime:
        """The end of the second working day after the one on which the lead came back."""
        day, left = back_at.astimezone(self.zone).date(), days
        while left:
            day += timedelta(days=1)
            left -= self.works(day)
        return datetime.combine(day + timedelta(days=1), time(), self.zone)


def answered_in_time(
    since: datetime,
    until: datetime,
    *,
    at: datetime | None = None,
    among: QuerySet[Verdict] | None = None,
) -> tuple[int, int]:
    """Of the leads that came back from ``since`` on and before ``until``: how many marketing answered within
    two working days, and how many were to be answered by now (``at``). As ``judged``."""
    found = judged(since, until, at=at, among=among)
    return sum(found.values()), len(found)


def judged(
    since: datetime,
    until: datetime,
    *,
    at: datetime | None = None,
    among: QuerySet[Verdict] | None = None,
) -> dict[int, bool]:
    """Rejection (its id) → whether marketing answered it within two working days, of those from ``since`` on
    and before ``until``; only ``among`` some, if asked. Those still within their time and unanswered are not
    there, nor those that went on by themselves before it was over. Answers that were taken back are as if
    they had not been. 2 queries, and up to 2 for the holidays."""
    at = at or timezone.now()
    days = WorkingDays.around(since, until)
    told = rejections() if among is None else among
    back = list(told.filter(at__gte=since, at__lt=until).values_list("pk", "at", "handoff__lead"))
    first = _first_answers([pk for pk, _, _ in back])
    went_on = _went_on([(pk, lead, moment) for pk, moment, lead in back if pk not in first])
    found: dict[int, bool] = {}
    for pk, moment, _ in back:
        limit, answer = days.due_at(moment), first.get(pk)
        if answer is None and (limit > at or went_on.get(pk, limit) < limit):
            continue
        found[pk] = answer is not None and answer < limit
    return found


def _first_answers(verdict_ids: Collection[int]) -> dict[int, datetime]:
    found = ReturnAnswer.objects.filter(verdict__in=verdict_ids, undone_at=None).order_by("-at", "-id")
    return dict(found.values_list("verdict", "at"))


def _went_on(unanswered: Collection[tuple[int, int, datetime]]) -> dict[int, datetime]:
    """Verdict → when its lead left marketing without an answer, by a step that stands. One query, none for
    none."""
    if not unanswered:
        return {}
    moments: dict[int, list[datetime]] = {}
    for lead, moment in milestones.left({lead for _, lead, _ in unanswered}, Stage.MQL):
        moments.setdefault(lead, []).append(moment)
    found: dict[int, datetime] = {}
    for pk, lead, back_at in unanswered:
        after = [moment for moment in moments.get(lead, []) if moment >= back_at]
        if after:
            found[pk] = after[0]
    return found


def latest_rejection(lead_id: int) -> Verdict | None:
    """The rejection that ``lead_id`` came back with, if it stands and is of its last handoff. One query."""
    later = _counted().filter(lead=OuterRef("handoff__lead"), cycle__gt=OuterRef("handoff__cycle"))
    found = rejections().filter(~Exists(later), handoff__lead=lead_id)
    return found.select_related("handoff", "reason", "by").order_by("-at", "-id").first()


def note_answer(
    *,
    verdict: Verdict,
    kind: str,
    by: "User",
    at: datetime,
    note: str = "",
    warm_until: date | None = None,
) -> ReturnAnswer:
    """Write down what marketing does with a lead that came back; it holds instead of what was said before.
    The caller holds the lead."""
    ReturnAnswer.objects.filter(verdict=verdict, holds=True).update(holds=False)
    return ReturnAnswer.objects.create(
        verdict=verdict, kind=ReturnAnswer.Kind(kind), note=note, warm_until=warm_until, by=by, at=at
    )


def withdraw_answer(answer: ReturnAnswer, *, at: datetime) -> None:
    """As if ``answer`` had not been: what was said before it holds again. The caller holds the lead. Safe to
    repeat."""
    taken = ReturnAnswer.objects.filter(pk=answer.pk, undone_at=None).update(undone_at=at, holds=False)
    if not taken:
        return
    left = ReturnAnswer.objects.filter(verdict=answer.verdict_id, undone_at=None).order_by("-at", "-id")
    if (before := left.first()) is not None:
        ReturnAnswer.objects.filter(pk=before.pk).update(holds=True)
