"""What the reports count by."""

from django.db.models import QuerySet

from leads.models import Lead, PassedMilestone
from scoring.intervals import Share, share

from .periods import Period

#: Of fewer leads or verdicts no rate is shown and no step is called slow: it would be chance.
ENOUGH = 20
#: A change of more per cent says nothing that the two numbers do not say better.
MOST_CHANGE = 999
#: Lines of a report shown by themselves; the rest is one.
MOST_LINES = 50


def share_of(part: int, of: int | None) -> Share | None:
    """``part`` of ``of`` with its interval; None of too few. More than all may have passed a step in a
    period, since they came to the one before earlier: that is no share either."""
    return share(part, of) if of is not None and part <= of >= ENOUGH else None


def passed(*, leads: QuerySet[Lead], period: Period, when: str = "at") -> QuerySet[PassedMilestone]:
    """The milestones of ``leads`` whose moment ``when`` lies in ``period``: when they were passed, or when
    their lead came (``lead__created_at``)."""
    rows = PassedMilestone.objects.filter(**{f"{when}__gte": period.start, f"{when}__lt": period.end})
    return rows.order_by().filter(lead__in=leads.values("pk")) if leads.query.where else rows.order_by()
