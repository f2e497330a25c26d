"""How good sales finds the handoffs it gets, and how that goes over time (S4-14)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db.models import Avg, Case, Count, IntegerField, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from leads.spelling import SOURCE, MostOften, folded

from .models import Handoff, Rating
from .permissions import NotYours, may_rate

if TYPE_CHECKING:
    from accounts.models import User

#: The trend covers so many weeks; the newer half is compared with the older.
WEEKS = 12
#: A rating up to here says that something is wrong.
POOR = 2
#: Below so many ratings in a half, a difference is chance.
ENOUGH = 5


def rate(*, handoff: Handoff, by: "User", score: int, at: datetime, note: str = "") -> Rating:
    """Say how good ``handoff`` was, from 1 to 5; said again, the newest word holds, and a note that is not
    given again stays. Raises NotYours, ValueError."""
    held = Handoff.objects.visible_to(by).filter(pk=handoff.pk).first()  # as it is now
    if held is None or not may_rate(by, held):
        raise NotYours("Whoever had the lead says how good the handoff was, once it is decided.")
    if not 1 <= score <= 5:
        raise ValueError("Rate from 1 to 5.")
    said = {"score": score, "by": by, "at": at, **({"note": note} if note else {})}
    return Rating.objects.update_or_create(handoff=held, defaults=said)[0]


@dataclass(frozen=True, slots=True)
class Trend:
    """The ratings of one source or model: how many, the average, the share that was poor (per cent), and the
    averages of the older and the newer half (None where there are none)."""

    name: str
    count: int
    average: float
    poor: int
    before: float | None
    now: float | None
    sure: bool

    @property
    def change(self) -> float | None:
        """Points up or down; None where either half says too little."""
        if self.before is None or self.now is None or not self.sure:
            return None
        return round(self.now - self.before, 1)


@dataclass(frozen=True, slots=True)
class Week:
    """One week of ratings: ``average`` is None where nobody rated."""

    start: datetime
    count: int
    average: float | None


def trends(*, user: "User", by: str, at: datetime) -> list[Trend]:
    """Of the ratings ``user`` may see in the last 12 weeks, by "source" or "model", the most rated first. A
    source is one however it is spelled. One query."""
    name = "handoff__lead__source" if by == SOURCE else "handoff__version__model__name"
    half = at - timedelta(weeks=WEEKS // 2)
    old, new = Q(at__lte=half), Q(at__gt=half)
    rows = (
        _rated(user, at)
        .annotate(group=folded(name, by))
        .values("group")
        .annotate(
            name=Coalesce(MostOften(name), Value(""), output_field=TextField()),
            count=Count("id"),
            average=Avg("score"),
            poor=Count("id", filter=Q(score__lte=POOR)),
            before=Avg("score", filter=old),
            now=Avg("score", filter=new),
            older=Count("id", filter=old),
            newer=Count("id", filter=new),
        )
        .order_by("-count", "group")[:50]
    )
    return [
        Trend(
            name=row["name"],
            count=row["count"],
            average=round(row["average"], 1),
            poor=round(100 * row["poor"] / row["count"]),
            before=row["before"],
            now=row["now"],
            sure=min(row["older"], row["newer"]) >= ENOUGH,
        )
        for row in rows
    ]


def weeks(*, user: "User", at: datetime) -> list[Week]:
    """The last 12 weeks, oldest first, each from a Monday's midnight of the reader's zone to the next; the
    last one is the week of ``at``. One query."""
    monday = timezone.localtime(at).date() - timedelta(days=timezone.localtime(at).weekday())
    days = [monday - timedelta(weeks=number) for number in range(WEEKS - 1, -1, -1)]
    starts = [datetime.combine(day, time(), timezone.get_current_timezone()) for day in days]
    rated = _rated(user, at).filter(at__gte=starts[0])
    whens = [When(at__gt=start, then=Value(number)) for number, start in reversed(list(enumerate(starts)))]
    number = Case(*whens, default=Value(0), output_field=IntegerField())
    rows = (
        rated.annotate(week=number)
        .values("week")
        .annotate(count=Count("id"), average=Avg("score"))
        .order_by("week")
    )
    found = {row["week"]: row for row in rows}
    return [
        Week(start, found[number]["count"], round(found[number]["average"], 1))
        if number in found
        else Week(start, 0, None)
        for number, start in enumerate(starts)
    ]


def poor_ones(*, user: "User", at: datetime, limit: int = 20) -> list[Rating]:
    """The newest poor ratings, with their words: what to talk about. One query."""
    rows = _rated(user, at).filter(score__lte=POOR).select_related("handoff__lead__company", "by")
    return list(rows.order_by("-at", "-id")[:limit])


def _rated(user: "User", at: datetime) -> QuerySet[Rating]:
    handoffs = Handoff.objects.visible_to(user)
    return Rating.objects.filter(handoff__in=handoffs, at__gt=at - timedelta(weeks=WEEKS), at__lte=at)
