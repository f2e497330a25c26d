"""Forms of people: a line of text, one's profile, working hours, an absence, an API token."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db import transaction

from .models import Absence, User, WorkingHours
from .models.calendar import Weekday
from .models.token import Scope

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: They turn around whatever is written after them, ours too, and nobody sees them. The marks U+200E, U+200F
#: and U+061C stay: Hebrew and Arabic need them.
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
#: Stretches of work on one day that the form offers.
STRETCHES = 2
#: How far ahead an absence may end, in days.
LATEST_ABSENCE_DAYS = 730


class LineField(forms.CharField):
    """One line of text, without what changes the direction of the text after it. Control characters, which
    would break a mail header or a table, are refused in words."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        found = [one for one in self.validators if not isinstance(one, ProhibitNullCharactersValidator)]
        self.validators = [*found, refuse_control]

    def to_python(self, value: Any) -> Any:
        return super().to_python(_TURNS.sub("", value) if isinstance(value, str) else value)


def refuse_control(value: str) -> None:
    """Raises ValidationError for line breaks and other control characters."""
    if _CONTROL.search(value):
        raise ValidationError("It may not hold line breaks or other control characters. Type it anew.")


# One's own profile


def _zones() -> list[tuple[str, str]]:
    return [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())]


class ProfileForm(forms.ModelForm[User]):
    """What everybody says of themselves."""

    name = LineField(
        max_length=120, label="Name", error_messages={"required": "Say what you are called: others read it."}
    )
    theme = forms.ChoiceField(
        choices=[("", "As the system"), ("light", "Light"), ("dark", "Dark")],
        required=False,
        label="Appearance",
    )
    time_zone = forms.ChoiceField(
        choices=_zones,
        label="Time zone",
        help_text="Times on every page are shown in it, and your working hours are meant in it.",
    )
    keys_enabled = forms.BooleanField(required=False, label="Single keys: J, K, A, R and the others")

    class Meta:
        model = User
        fields = ("name", "theme", "time_zone", "keys_enabled")


# Working hours


@dataclass(frozen=True, slots=True)
class Day:
    """One weekday in the form: its name, its stretches as pairs of bound fields."""

    label: str
    stretches: list[tuple[forms.BoundField, forms.BoundField]]


class WorkingHoursForm(forms.Form):
    """When ``person`` takes leads: some stretches on each weekday, in their own time zone. All empty is at
    any time. More stretches than two are shown where they are stored already."""

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        stored: dict[int, list[WorkingHours]] = {}
        for row in WorkingHours.objects.filter(user=person).order_by("weekday", "starts", "id"):
            stored.setdefault(row.weekday, []).append(row)
        self._most = max([STRETCHES, *(len(rows) for rows in stored.values())])
        for day in Weekday:
            rows = stored.get(day, [])
            for n in range(self._most):
                times = (rows[n].starts, rows[n].ends) if n < len(rows) else (None, None)
                again = f", stretch {n + 1}" if n else ""
                for end, initial in zip(("from", "to"), times, strict=True):
                    self.fields[f"d{day.value}-{n}-{end}"] = forms.TimeField(
                        required=False,
                        initial=initial,
                        label=f"{day.label}{again}, {end}",
                        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
                        error_messages={"invalid": "Write a time as 9:00."},
                    )

    def days(self) -> Iterator[Day]:
        for day in Weekday:
            names = [f"d{day.value}-{n}" for n in range(self._most)]
            yield Day(day.label, [(self[f"{name}-from"], self[f"{name}-to"]) for name in names])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for day in Weekday:
            until: time | None = None
            for n, start, end in self._said(cleaned, day):
                name = f"d{day.value}-{n}"
                if start is None or end is None:
                    missing = "to" if end is None else "from"
                    if f"{name}-{missing}" not in self.errors:
                        self.add_error(f"{name}-{missing}", "Give both times, or neither.")
                elif end <= start:
                    self.add_error(f"{name}-to", "It ends after it begins; at midnight is 23:59.")
                elif until is not None and start < until:
                    self.add_error(f"{name}-from", f"It begins before the one above ends, at {until:%H:%M}.")
                else:
                    until = end
        return cleaned

    def _said(self, cleaned: dict[str, Any], day: Weekday) -> Iterator[tuple[int, time | None, time | None]]:
        for n in range(self._most):
            start, end = (cleaned.get(f"d{day.value}-{n}-{end}") for end in ("from", "to"))
            if start is not None or end is not None:
                yield n, start, end

    def save(self) -> None:
        """Safe to repeat. In place of all that was there."""
        rows = [
            WorkingHours(user=self.person, weekday=day, starts=start, ends=end)
            for day in Weekday
            for _, start, end in self._said(self.cleaned_data, day)
            if start is not None and end is not None
        ]
        with transaction.atomic():
            User.objects.select_for_update().get(pk=self.person.pk)  # two saves at once would keep both
            WorkingHours.objects.filter(user=self.person).delete()
            WorkingHours.objects.bulk_create(rows)


# Absences


class AbsenceForm(forms.Form):
    """Days on which ``person`` takes no leads, in their own time zone; ``at`` is now."""

    first = forms.DateField(
        label="First day",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Say from which day.", "invalid": "Write the date as 2026-08-03."},
    )
    last = forms.DateField(
        label="Last day",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Say until which day.", "invalid": "Write the date as 2026-08-14."},
    )
    starts = forms.TimeField(
        required=False,
        label="From, on the first day",
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        error_messages={"invalid": "Write a time as 9:00."},
    )
    ends = forms.TimeField(
        required=False,
        label="To, on the last day",
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        error_messages={"invalid": "Write a time as 17:00."},
    )
    reason = LineField(
        required=False,
        max_length=120,
        label="Why",
        help_text="Your team reads it: “On leave”, “At the fair”.",
    )

    def __init__(self, *args: Any, person: User, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person, self.at = person, at
        self._zone = ZoneInfo(person.time_zone)
        today = at.astimezone(self._zone).date()
        self._latest = today + timedelta(days=LATEST_ABSENCE_DAYS)
        for name in ("first", "last"):
            self.fields[name].widget.attrs["max"] = self._latest.isoformat()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first: date | None = cleaned.get("first")
        last: date | None = cleaned.get("last")
        if first is None or last is None or self.errors:
            return cleaned
        if last < first:
            self.add_error("last", "The last day lies before the first.")
        elif last > self._latest:
            self.add_error("last", "Choose a day within two years.")
        elif first.year < 2000:
            self.add_error("first", "Choose a day that is not so long ago.")
        else:
            starts_at, ends_at = self._stretch(first, last, cleaned.get("starts"), cleaned.get("ends"))
            if ends_at <= starts_at:
                self.add_error("ends", "It ends after it begins.")
            elif ends_at <= self.at:
                self.add_error("last", "That is over already.")
            elif there := self._overlapping(starts_at, ends_at):
                self.add_error("first", f"You are away then already: {said(there, self._zone)}.")
            cleaned |= {"starts_at": starts_at, "ends_at": ends_at}
        return cleaned

    def _stretch(
        self, first: date, last: date, starts: time | None, ends: time | None
    ) -> tuple[datetime, datetime]:
        """Whole days where no time is given: to the end of the last one, where the person is."""
        begin = datetime.combine(first, starts or time.min, tzinfo=self._zone)
        end = datetime.combine(last, ends, tzinfo=self._zone) if ends else None
        return begin, end or datetime.combine(last + timedelta(days=1), time.min, tzinfo=self._zone)

    def _overlapping(self, starts_at: datetime, ends_at: datetime) -> Absence | None:
        found = Absence.objects.filter(user=self.person, starts_at__lt=ends_at, ends_at__gt=starts_at)
        same = {"starts_at": starts_at, "ends_at": ends_at}  # sent twice, it says one thing
        return found.exclude(**same).order_by("starts_at", "id").first()

    def save(self) -> Absence:
        """Safe to repeat: the same stretch is one absence."""
        stretch = {name: self.cleaned_data[name] for name in ("starts_at", "ends_at")}
        with transaction.atomic():
            User.objects.select_for_update().get(pk=self.person.pk)
            made, _ = Absence.objects.update_or_create(
                user=self.person, **stretch, defaults={"reason": self.cleaned_data["reason"]}
            )
        return made


def said(absence: Absence, zone: ZoneInfo) -> str:
    """ "3 Aug to 14 Aug 2026": its days in ``zone``; with times where it does not fill them."""
    start, end = absence.starts_at.astimezone(zone), absence.ends_at.astimezone(zone)
    if start.time() == end.time() == time.min:
        last = end - timedelta(days=1)
        days = f"{start.day} {start:%b}" + (f" to {last.day} {last:%b}" if last.date() > start.date() else "")
        return f"{days} {last.year}"
    return f"{start.day} {start:%b}, {start:%H:%M} to {end.day} {end:%b} {end.year}, {end:%H:%M}"


# API tokens


class TokenForm(forms.Form):
    """A new API token of ``person``."""

    name = LineField(
        max_length=64,
        label="Name",
        help_text="What will use it. Events that come in with it carry the name as their source.",
        error_messages={"required": "Give it a name: it tells tokens apart."},
    )
    scope = forms.ChoiceField(
        label="What it may do",
        choices=Scope.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Say what it may do.",
            "invalid_choice": "Choose one of what it may do.",
        },
    )
