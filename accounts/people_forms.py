"""What admins and managers type about people. Forms check; the verbs write."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from .calendar_forms import zones
from .models import Absence, BusinessCalendar, Role, Team, User

#: A stretch is no leave but a departure.
LONGEST_ABSENCE_DAYS = 400


class PersonForm(forms.ModelForm[User]):
    """Somebody who works here."""

    teams = forms.ModelMultipleChoiceField(
        Team.objects.order_by("name", "id"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="A rep has one; a manager may lead several.",
    )
    time_zone = forms.ChoiceField(label="Time zone", choices=zones)

    class Meta:
        model = User
        fields = ("name", "role", "teams", "time_zone")
        error_messages = {"name": {"required": "Give the person a name."}}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("role") == Role.REP and len(given.get("teams") or ()) != 1:
            self.add_error("teams", "Choose the one team of the rep.")
        return given


class InvitationForm(PersonForm):
    """Somebody new, by the address they sign in with."""

    email = forms.EmailField(
        label="E-mail address",
        widget=forms.EmailInput({"autocomplete": "off"}),
        error_messages={"required": "Give the address they sign in with."},
    )
    field_order = ("email", "name", "role", "teams", "time_zone")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError("Somebody has this address already.")
        return email


class AbsenceForm(forms.Form):
    """When somebody is away, in their own time zone."""

    starts_at = forms.DateTimeField(
        label="From",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "Say from when.", "invalid": "Write the moment as 2026-08-03 08:00."},
    )
    ends_at = forms.DateTimeField(
        label="Until",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "Say until when.", "invalid": "Write the moment as 2026-08-14 18:00."},
    )
    reason = forms.CharField(
        required=False,
        max_length=120,
        widget=forms.TextInput({"placeholder": "On leave", "autocomplete": "off"}),
        help_text="Whoever reads the ledger sees it.",
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        zone = ZoneInfo(self.person.time_zone)
        for name in ("starts_at", "ends_at"):
            if given.get(name):
                given[name] = given[name].replace(tzinfo=zone)
        start: datetime | None = given.get("starts_at")
        end: datetime | None = given.get("ends_at")
        if start and end:
            if end <= start:
                self.add_error("ends_at", "The end has to come after the beginning.")
            elif end <= timezone.now():
                self.add_error("ends_at", "That has passed: it would change nothing.")
            elif (end - start).days > LONGEST_ABSENCE_DAYS:
                self.add_error("ends_at", "Longer than a year: hand on the work and switch the person off.")
        return given

    def save(self) -> Absence:
        return Absence.objects.create(user=self.person, **self.cleaned_data)


class TeamForm(forms.ModelForm[Team]):
    """A team: its name, and the calendar its clocks are counted in."""

    calendar = forms.ModelChoiceField(
        BusinessCalendar.objects.order_by("name", "id"),
        empty_label=None,
        help_text="Another one holds for clocks that start from now on.",
    )

    class Meta:
        model = Team
        fields = ("name", "calendar")
        error_messages = {
            "name": {"required": "Give the team a name.", "unique": "Another team has this name."}
        }
