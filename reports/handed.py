"""What sales was offered, and what it said: the rows that every report about handoffs counts."""

from django.db.models import F, QuerySet

from handoff.models import Handoff, Verdict
from leads.models import Lead

from .periods import Period


def handoffs_of(leads: QuerySet[Lead], handoffs: QuerySet[Handoff] | None = None) -> QuerySet[Handoff]:
    """``handoffs``, or all those of ``leads``. Filters by team, rep and rules narrow handoffs themselves: of
    a lead that two teams had, each counts its own."""
    if handoffs is not None:
        return handoffs
    return Handoff.objects.filter(lead__in=leads.values("pk")) if leads.query.where else Handoff.objects.all()


def offered(*, handoffs: QuerySet[Handoff], period: Period, when: str = "offered_at") -> QuerySet[Handoff]:
    """Those offered in ``period``, or with another moment in it, that were not taken back."""
    rows = handoffs.filter(**{f"{when}__gte": period.start, f"{when}__lt": period.end})
    return rows.exclude(status=Handoff.Status.WITHDRAWN).order_by()


def verdicts(*, handoffs: QuerySet[Handoff], period: Period | None = None) -> QuerySet[Verdict]:
    """What sales said of ``handoffs`` (in ``period``) and did not undo."""
    said = Verdict.objects.filter(undone_by=None).exclude(kind=Verdict.Kind.UNDO).order_by()
    if period is not None:
        said = said.filter(at__gte=period.start, at__lt=period.end)
    return said.filter(handoff__in=handoffs.values("pk")) if handoffs.query.where else said


def handoffs_said(said: QuerySet[Verdict]) -> QuerySet[Handoff]:
    """The handoffs that these verdicts are of, with ``passed_at``: when it was said. A lead that was decided
    twice is there twice, as it counts."""
    return Handoff.objects.filter(verdicts__in=said.values("pk")).annotate(passed_at=F("verdicts__at"))


def handoffs_made(rows: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """These handoffs with ``passed_at``: when they were offered."""
    return Handoff.objects.filter(pk__in=rows.values("pk")).annotate(passed_at=F("offered_at"))
