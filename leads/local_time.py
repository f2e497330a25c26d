"""What time it is where a lead is, from the phone number or the country. Pure: the moment is passed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from babel.core import get_global
from phonenumbers import timezone as number_zones

#: When somebody is likely to take a call, as a rule of thumb: Monday to Friday, in their own time.
OPENS, CLOSES = time(9), time(17)
_FIRST_OF_WEEKEND = 5


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A moment as the clocks on a lead's wall show it."""

    at: datetime

    @property
    def is_office_hours(self) -> bool:
        return self.at.weekday() < _FIRST_OF_WEEKEND and OPENS <= self.at.time() < CLOSES

    def words(self, *, here: datetime) -> str:
        """ "10:36 there, office hours", "Sat 02:14 there, outside office hours": with the day where it is
        another one than ``here``, the reader's own time."""
        day = "" if self.at.date() == here.date() else f"{self.at:%a} "
        hours = "office hours" if self.is_office_hours else "outside office hours"
        return f"{day}{self.at:%H:%M} there, {hours}"


def local_time(*, phone: str, country: str, at: datetime) -> LocalTime | None:
    """``at`` where the number ``phone`` (as people type it) is, else in ``country`` (two letters). None when
    neither says: no number and no country, or zones whose clocks differ at that moment. A number that belongs
    to several zones of its country is settled by none of them."""
    of_country = zones_of_country(country)
    of_phone = zones_of_phone(phone, country)
    for zones in (of_phone & of_country or of_phone, of_country):
        if zones:
            return _agreed(zones, at)
    return None


def zones_of_phone(phone: str, country: str) -> frozenset[str]:
    """The zones in which ``phone`` may ring; one without a country's code is read as of ``country``. Empty
    for what is no number."""
    try:
        number = phonenumbers.parse(phone, country.upper() or None)
    except phonenumbers.NumberParseException:
        return frozenset()
    if not phonenumbers.is_possible_number(number):
        return frozenset()
    return frozenset(number_zones.time_zones_for_number(number)) - {number_zones.UNKNOWN_TIMEZONE}


def zones_of_country(country: str) -> frozenset[str]:
    """The zones of a country, two letters; empty for none and for one that nobody knows."""
    return frozenset(get_global("territory_zones").get(country.upper(), ()))


def _agreed(zones: Iterable[str], at: datetime) -> LocalTime | None:
    """What all clocks of ``zones`` show at ``at``; None where they differ, or one is not known."""
    try:
        shown = {at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for zone in zones}
    except (ZoneInfoNotFoundError, ValueError):
        return None
    return LocalTime(shown.pop()) if len(shown) == 1 else None
