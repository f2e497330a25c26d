"""Days and weeks as the company counts them, whoever reads: both teams look at the same figures."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

#: Weeks begin on it: the company's setting → days after Monday.
FIRST_DAYS = {"monday": 0, "saturday": 5, "sunday": 6}


def company_zone() -> ZoneInfo:
    """Where a day of the company begins."""
    return ZoneInfo(settings.COMPANY_TIME_ZONE)


def company_day(at: datetime) -> date:
    """The company's own day at ``at``."""
    return at.astimezone(company_zone()).date()


def midnight(day: date) -> datetime:
    """The moment with which ``day`` begins."""
    return datetime.combine(day, time(), company_zone())


def week_of(day: date) -> date:
    """The first day of the week that ``day`` is in."""
    return day - timedelta(days=(day.weekday() - FIRST_DAYS[settings.WEEK_STARTS_ON]) % 7)
