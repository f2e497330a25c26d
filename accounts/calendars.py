"""Calendars of teams: weekly hours, and the public holidays of a country, computed some years ahead.

Holidays are rows, so that any query can ask them and what was counted yesterday is counted the same tomorrow:
the library is asked only for the years to come, and never rewrites a day that has passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays
from babel import Locale
from django.db import transaction

from .models import BusinessCalendar, Holiday, OpeningHours, User
from .permissions import may_set_calendars

#: How many years after this one are computed: further than any clock runs.
YEARS_AHEAD = 2


class CalendarRefused(Exception):
    """The calendar stays as it was; the message says why."""


@dataclass(frozen=True, slots=True)
class Hours:
    """One stretch of one weekday (Monday is 0), in the calendar's own time."""

    weekday: int
    opens: time
    closes: time


# Countries


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """Code → name of every country whose holidays are known, by name."""
    names = Locale("en").territories
    known = holidays.list_supported_countries(include_aliases=False)
    found = {code: str(names.get(code, code)) for code in known if len(code) == 2}
    return dict(sorted(found.items(), key=lambda each: each[1]))


def subdivisions(country: str) -> dict[str, str]:
    """Code → name of the states or regions of ``country`` whose holidays differ."""
    if country not in countries():
        return {}
    known = holidays.country_holidays(country)
    names: dict[str, str] = {}
    for name, code in known.subdivisions_aliases.items():
        names.setdefault(code, name)
    return {code: names.get(code, code) for code in known.subdivisions}


def public_holidays(*, country: str, subdivision: str, year: int) -> dict[date, str]:
    """The days of ``year`` with their names, in English where the library knows them so."""
    known = holidays.country_holidays(
        country, subdiv=subdivision or None, years=year, expand=False, language="en_US"
    )
    return {day: name[:80] for day, name in sorted(known.items())}


# Verbs


@transaction.atomic
def save(*, calendar: BusinessCalendar, hours: Sequence[Hours], by: User, at: datetime) -> BusinessCalendar:
    """Keep ``calendar`` with these weekly ``hours``; none at all: round the clock. Another country brings its
    holidays from today on. Due times that are set stay where they are (C-35). Raises CalendarRefused."""
    _check(by)
    _check_hours(hours)
    before = BusinessCalendar.objects.filter(pk=calendar.pk).values_list("country", "subdivision").first()
    calendar.save()
    OpeningHours.objects.filter(calendar=calendar).delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(calendar=calendar, weekday=each.weekday, opens=each.opens, closes=each.closes)
        for each in hours
    )
    if before != (calendar.country, calendar.subdivision):
        today = today_of(calendar, at)
        Holiday.objects.filter(calendar=calendar, on__gte=today).exclude(kind=Holiday.Kind.OWN).delete()
    fill(calendar=calendar, at=at)
    return calendar


def fill(*, calendar: BusinessCalendar, at: datetime) -> int:
    """Write down the public holidays of this year and the next ones that are not there yet. Days that have
    passed, own days and days that are open all the same stay. Safe to repeat. Returns how many were added."""
    if not calendar.country:
        return 0
    today = today_of(calendar, at)
    days = {
        day: name
        for year in range(today.year, today.year + YEARS_AHEAD + 1)
        for day, name in public_holidays(
            country=calendar.country, subdivision=calendar.subdivision, year=year
        ).items()
        if day >= today
    }
    there = set(Holiday.objects.filter(calendar=calendar, on__gte=today).values_list("on", flat=True))
    new = [
        Holiday(calendar=calendar, on=day, name=name, kind=Holiday.Kind.COUNTRY)
        for day, name in days.items()
        if day not in there
    ]
    Holiday.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def fill_all(*, at: datetime) -> int:
    """Every calendar's; beat asks once a day. Returns how many days were added."""
    return sum(fill(calendar=calendar, at=at) for calendar in BusinessCalendar.objects.order_by("id"))


def close(*, calendar: BusinessCalendar, on: date, name: str, by: User) -> Holiday:
    """A day of the company's own on which the calendar stays closed. Raises CalendarRefused when it is
    closed that day already."""
    _check(by)
    day, is_new = Holiday.objects.get_or_create(
        calendar=calendar, on=on, defaults={"name": name[:80], "kind": Holiday.Kind.OWN}
    )
    if not is_new and day.kind != Holiday.Kind.OPEN:
        raise CalendarRefused(f"{day.on.day} {day.on:%b %Y} is a holiday already: {day.name}.")
    if not is_new:
        day.kind, day.name = Holiday.Kind.OWN, name[:80] or day.name
        day.save(update_fields=["kind", "name"])
    return day


def switch(*, holiday: Holiday, by: User) -> Holiday | None:
    """Open on a public holiday all the same, or keep it again; an own day goes. Returns what is left."""
    _check(by)
    if holiday.kind == Holiday.Kind.OWN:
        holiday.delete()
        return None
    kept = holiday.kind == Holiday.Kind.OPEN
    holiday.kind = Holiday.Kind.COUNTRY if kept else Holiday.Kind.OPEN
    holiday.save(update_fields=["kind"])
    return holiday


def today_of(calendar: BusinessCalendar, at: datetime) -> date:
    """The calendar's own day at ``at``."""
    return at.astimezone(ZoneInfo(calendar.time_zone)).date()


def shared_holidays(*, first: date, last: date) -> set[date]:
    """The days from ``first`` to ``last`` on which every calendar that a team works by is closed: the
    company's holidays. None where no team has a calendar with holidays. 2 queries."""
    used = set(BusinessCalendar.objects.filter(teams__isnull=False).values_list("pk", flat=True))
    closed = Holiday.objects.closed().filter(calendar__in=used, on__range=(first, last))
    by_day: dict[date, set[int]] = {}
    for day, calendar in closed.values_list("on", "calendar"):
        by_day.setdefault(day, set()).add(calendar)
    return {day for day, keeping in by_day.items() if keeping == used}


def in_words(hours: Sequence[Hours]) -> str:
    """ "Mon–Fri 09:00–17:00"; days of the same hours together."""
    spans: dict[str, list[int]] = {}
    for each in sorted(hours, key=lambda one: (one.weekday, one.opens)):
        spans.setdefault(f"{each.opens:%H:%M}–{each.closes:%H:%M}", []).append(each.weekday)
    said = []
    for span, days in spans.items():
        whole = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
        names = f"{_DAYS[days[0]]}–{_DAYS[days[-1]]}" if whole else ", ".join(_DAYS[day] for day in days)
        said.append(f"{names} {span}")
    return "; ".join(said) or "never closes"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _check(by: User) -> None:
    if not may_set_calendars(by):
        raise CalendarRefused("Managers and admins set calendars.")


def _check_hours(hours: Sequence[Hours]) -> None:
    for each in hours:
        if each.closes <= each.opens:
            raise CalendarRefused(f"{_DAYS[each.weekday]}: it has to open before it closes.")
    by_day = sorted(hours, key=lambda one: (one.weekday, one.opens))
    for first, second in pairwise(by_day):
        if first.weekday == second.weekday and second.opens < first.closes:
            raise CalendarRefused(f"{_DAYS[first.weekday]}: these hours overlap.")
