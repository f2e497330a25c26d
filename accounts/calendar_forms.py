"""What managers type about a calendar. Forms check; ``calendars`` writes."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django import forms

from . import calendars
from .calendars import Hours
from .models import BusinessCalendar, OpeningHours
from .models.calendar import Weekday

#: A day may have a break: so many stretches of it can be written.
STRETCHES = 2


def zones() -> list[tuple[str, str]]:
    """Every time zone, as a select lists it."""
    return [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())]


class WeekForm(forms.Form):
    """A week of opening or working hours, two stretches a day at most."""

    def __init__(self, *args: Any, hours: Iterable[Hours] = (), **kwargs: Any) -> None:
        initial: dict[str, Any] = {}
        seen: dict[int, int] = {}
        for each in sorted(hours, key=lambda one: (one.weekday, one.opens)):
            number = seen[each.weekday] = seen.get(each.weekday, -1) + 1
            initial |= {f"opens_{each.weekday}_{number}": each.opens}
            initial |= {f"closes_{each.weekday}_{number}": each.closes}
        kwargs["initial"] = {**initial, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        for day in Weekday:
            for number in range(STRETCHES):
                again = " again" if number else ""
                for word in ("opens", "closes"):
                    self.fields[f"{word}_{day.value}_{number}"] = forms.TimeField(
                        label=f"{day.label} {word}{again}",
                        required=False,
                        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
                        error_messages={"invalid": f"{day.label}: write the time as 09:00."},
                    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for day in Weekday:
            for number in range(STRETCHES):
                opens, closes = f"opens_{day.value}_{number}", f"closes_{day.value}_{number}"
                if opens in self.errors or closes in self.errors:
                    continue
                if bool(given.get(opens)) != bool(given.get(closes)):
                    missing = closes if given.get(opens) else opens
                    self.add_error(missing, f"{day.label}: give both times, or neither.")
                elif given.get(opens) and given[closes] <= given[opens]:
                    self.add_error(closes, f"{day.label}: the end has to come after the beginning.")
        return given

    def hours(self) -> list[Hours]:
        """What was written, in the order of the week."""
        given = self.cleaned_data
        return [
            Hours(day.value, given[f"opens_{day.value}_{number}"], given[f"closes_{day.value}_{number}"])
            for day in Weekday
            for number in range(STRETCHES)
            if given.get(f"opens_{day.value}_{number}")
        ]

    @property
    def days(self) -> list[tuple[str, list[tuple[forms.BoundField, forms.BoundField]]]]:
        """Each day with its stretches, as the page lays them out."""
        return [
            (
                day.label,
                [
                    (self[f"opens_{day.value}_{number}"], self[f"closes_{day.value}_{number}"])
                    for number in range(STRETCHES)
                ],
            )
            for day in Weekday
        ]


class CalendarForm(WeekForm):
    """A calendar: what it is called, where it is, when it opens, whose holidays it keeps."""

    name = forms.CharField(max_length=80, error_messages={"required": "Give the calendar a name."})
    time_zone = forms.ChoiceField(label="Time zone", choices=zones)
    country = forms.ChoiceField(
        label="Public holidays of",
        required=False,
        choices=lambda: [("", "no country"), *calendars.countries().items()],
        help_text="Computed for every year by itself.",
    )
    subdivision = forms.CharField(
        label="State or region",
        required=False,
        max_length=10,
        widget=forms.TextInput({"list": "subdivisions", "autocomplete": "off"}),
        help_text="Its code, such as BY for Bavaria. Empty: the country’s own holidays only.",
    )

    def __init__(self, *args: Any, calendar: BusinessCalendar | None, **kwargs: Any) -> None:
        self.calendar = calendar or BusinessCalendar()
        initial = {
            "name": self.calendar.name,
            "time_zone": self.calendar.time_zone,
            "country": self.calendar.country,
            "subdivision": self.calendar.subdivision,
        }
        super().__init__(*args, hours=hours_of(self.calendar), initial=initial, **kwargs)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        others = BusinessCalendar.objects.filter(name__iexact=name).exclude(pk=self.calendar.pk)
        if others.exists():
            raise forms.ValidationError("Another calendar has this name.")
        return name

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        country = given.get("country", "")
        region = given["subdivision"] = str(given.get("subdivision", "")).strip().upper()
        if region and not country:
            self.add_error("subdivision", "Choose the country first.")
        elif region and region not in calendars.subdivisions(country):
            known = ", ".join(calendars.subdivisions(country)) or "none: its holidays are the same everywhere"
            self.add_error("subdivision", f"No such region. There is: {known}.")
        return given

    def read(self) -> BusinessCalendar:
        """The calendar as the form says, not saved."""
        for name in ("name", "time_zone", "country", "subdivision"):
            setattr(self.calendar, name, self.cleaned_data[name])
        return self.calendar


def hours_of(calendar: BusinessCalendar) -> list[Hours]:
    """When ``calendar`` opens. One query for one that is stored."""
    if not calendar.pk:
        return []
    return [_hours(each) for each in calendar.opening_hours.all()]


def _hours(each: OpeningHours) -> Hours:
    return Hours(each.weekday, each.opens, each.closes)


class DayForm(forms.Form):
    """A day of the company's own."""

    on = forms.DateField(
        label="Day",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Write the date as 2026-12-24."},
    )
    name = forms.CharField(
        label="What it is",
        max_length=80,
        widget=forms.TextInput({"placeholder": "Works outing", "autocomplete": "off"}),
        error_messages={"required": "Say what day it is."},
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on < self._today:
            raise forms.ValidationError("That day has passed; what was counted stays.")
        return on
