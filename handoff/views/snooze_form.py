"""Until when a lead is put off: one of the usual moments, or one's own."""

from datetime import datetime
from typing import Any

from django import forms

from handoff import snoozing
from handoff.fields import WordsField
from handoff.messages import lower
from handoff.models import Handoff


class SnoozeForm(forms.Form):
    """``preset`` is the button that was pressed; own words count where none was. Times are the reader's."""

    preset = forms.CharField(required=False)
    until = forms.DateTimeField(
        label="Until",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        error_messages={"invalid": "Write the moment as 2026-11-23 09:00."},
    )
    reason = WordsField(
        label="Why", required=False, max_length=120, widget=forms.TextInput({"placeholder": "In a meeting"})
    )

    def __init__(self, *args: Any, handoff: Handoff, zone: str, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.presets = snoozing.presets(handoff=handoff, zone=zone, at=at)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = next((each for each in self.presets if each.key == cleaned.get("preset")), None)
        if chosen is not None:
            cleaned["until"] = chosen.until
            self.errors.pop("until", None)
        elif not cleaned.get("until") and "until" not in self.errors:
            self.add_error("until", "Choose a moment.")
        return cleaned

    def first_error(self) -> str:
        """What to say above the form; "" when well."""
        if "reason" in self.errors:
            return f"{self['reason'].label}: {lower(str(self.errors['reason'][0]))}"
        return str(self.errors["until"][0]) if "until" in self.errors else ""

    @property
    def chosen(self) -> datetime:
        moment: datetime = self.cleaned_data["until"]
        return moment
