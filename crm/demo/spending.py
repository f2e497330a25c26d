"""What the demo company's campaigns cost in its ninety days."""

from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import User
from leads import costs

from .stories import HISTORY

#: Source, campaign, from so many days ago, for so many days, how much: on each day, or together.
_EACH_DAY = (
    ("paid_search", "technician-scheduling", HISTORY.days, HISTORY.days, 68),
    ("paid_search", "leave-the-spreadsheet", HISTORY.days, HISTORY.days, 44),
    ("paid_search", "winter-peak", 40, 40, 18),
    ("paid_social", "heads-of-service", HISTORY.days, HISTORY.days, 20),
    ("paid_social", "whiteboard-is-full", 45, 45, 20),
)
_TOGETHER = (
    ("newsletter", "fieldline-letter", HISTORY.days, HISTORY.days, 2_900),
    ("webinar", "winter-peak", 75, 14, 1_200),
    ("trade_fair", "liftdays-2026", 60, 3, 6_400),
)


def spend(*, now: datetime, by: User) -> None:
    """Write down what was spent until yesterday."""
    said = []
    for plans, verb in ((_EACH_DAY, costs.a_day), (_TOGETHER, costs.in_total)):
        for source, campaign, ago, days, amount in plans:
            first = (now - timedelta(days=ago)).date()
            last = first + timedelta(days=days - 1)
            said += verb(source=source, campaign=campaign, first=first, last=last, amount=Decimal(amount))
    costs.record(costs=said, by=by, at=now)
