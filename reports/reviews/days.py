"""Which days a review looks at, and when it meets. Pure, but for the settings."""

from datetime import date, datetime, time, timedelta

from django.conf import settings

from accounts.company_days import company_day, company_zone
from reports.models import Review
from reports.periods import Period, weeks_until

WEEK = timedelta(days=7)
#: How the settings name a day, in the order in which Python counts them.
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def last_month(*, at: datetime) -> Period:
    """The last whole month of the calendar at ``at``, in the company's zone."""
    last = company_day(at).replace(day=1) - timedelta(days=1)
    return Period(last.replace(day=1), last)


def period(kind: str, *, at: datetime) -> Period:
    """The last whole week of the company at ``at``, as its weeks begin, or the last whole month."""
    return weeks_until(at, 1)[0] if kind == Review.Kind.WEEKLY else last_month(at=at)


def meets_at(kind: str, of: Period) -> datetime:
    """When the review ``of`` these days meets: the first REVIEW_DAY after them, at REVIEW_HOUR."""
    following = of.last + timedelta(days=1)
    day = following + timedelta(days=(DAYS.index(settings.REVIEW_DAY) - following.weekday()) % 7)
    return datetime.combine(day, time(settings.REVIEW_HOUR), company_zone())


def is_due(kind: str, *, at: datetime) -> bool:
    """Whether its day has come: the review of the last whole week or month is prepared as that day begins."""
    day: date = meets_at(kind, period(kind, at=at)).date()
    return company_day(at) >= day


def say(day: date) -> str:
    """ "20 November 2026"."""
    return f"{day.day} {day:%B %Y}"


def name_of(kind: str, first: date) -> str:
    """What people call the days: "week 46" where weeks begin on a Monday, "week of 8 Nov", "October 2026"."""
    if kind == Review.Kind.MONTHLY:
        return f"{first:%B %Y}"
    if first.weekday() == 0:
        return f"week {first.isocalendar().week}"
    return f"week of {first.day} {first:%b}"
