"""When a team is open: the calendar that response times are counted in."""

import zoneinfo

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

    name = models.CharField(max_length=80, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])

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


class Holiday(models.Model):
    """A day on which the calendar stays closed: "Labour Day, 1 May 2026"."""

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="holidays")
    on = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "on"], name="accounts_holiday_once")]

    def __str__(self) -> str:
        return f"{self.name}, {self.on}"
