"""When a team is open: the calendar that response times are counted in."""

import uuid
import zoneinfo

from django.contrib.postgres.functions import RandomUUID
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


def validate_time_zone(value: str) -> None:
    """Refuse names that the time zone database does not know, such as "Berlin"."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"“{value}” is not a time zone; write one like Europe/Berlin.")


class BusinessCalendar(models.Model):
    """The hours in which a response clock runs: "DACH, Monday to Friday 9 to 17, Europe/Berlin".
    A calendar without opening hours never closes."""

    public_id = models.UUIDField(
        default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False
    )  # the database's own, too: calendars that were there before get one each
    name = models.CharField(max_length=80, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    country = models.CharField(
        max_length=2, blank=True, help_text="Two letters: whose public holidays it keeps. Empty: none."
    )
    subdivision = models.CharField(max_length=10, blank=True, help_text="State or region, such as BY.")

    def __str__(self) -> str:
        return self.name


class OpeningHours(models.Model):
    """One stretch of one weekday, in the calendar's own time: "Monday 9:00 to 17:00"."""

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="opening_hours")
    weekday = models.SmallIntegerField(choices=Weekday.choices)
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        verbose_name_plural = "opening hours"
        constraints = [
            models.UniqueConstraint(fields=["calendar", "weekday", "opens"], name="accounts_opening_once"),
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="accounts_opening_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class HolidayQuerySet(models.QuerySet["Holiday"]):
    def closed(self) -> "HolidayQuerySet":
        """Days that the calendar does not open."""
        return self.exclude(kind=Holiday.Kind.OPEN)


class Holiday(models.Model):
    """A day on which the calendar stays closed: "Labour Day, 1 May 2026"; or one of its country's holidays
    on which it opens all the same. The country's are computed, some years ahead; see ``calendars``."""

    class Kind(models.TextChoices):
        COUNTRY = "country", "public holiday"
        OWN = "own", "own day"
        OPEN = "open", "open all the same"

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="holidays")
    on = models.DateField()
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.OWN)

    objects = HolidayQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "on"], name="accounts_holiday_once")]

    def __str__(self) -> str:
        return f"{self.name}, {self.on}"
