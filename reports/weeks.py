"""Weeks as the company counts them."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import DateField, Func
from django.db.models.functions import TruncDate

from accounts.company_days import FIRST_DAYS, company_zone, week_of

from .periods import NoPeriod, Period


class WeekOf(Func):
    """The first day of the week that a moment is in, in the company's time zone."""

    template = "(date_trunc('week', (%(expressions)s + %(later)s)::timestamp)::date - %(later)s)"
    output_field = DateField()

    def __init__(self, moment: Any) -> None:
        later = (7 - FIRST_DAYS[settings.WEEK_STARTS_ON]) % 7
        super().__init__(TruncDate(moment, tzinfo=company_zone()), later=later)


def starts(period: Period) -> list[date]:
    """The first day of every week that has a day in ``period``; the first may lie before it."""
    first = week_of(period.first)
    return [first + timedelta(weeks=number) for number in range((period.last - first).days // 7 + 1)]


def of_week(period: Period, said: str) -> Period:
    """The days of ``period`` in the week ``said`` by its first day, as in "2026-03-02". Raises NoPeriod when
    there are none, or no such day."""
    try:
        first = date.fromisoformat(said)
        last = first + timedelta(days=6)
    except (ValueError, OverflowError):
        raise NoPeriod("There is no such week.") from None
    return Period(max(first, period.first), min(last, period.last))
