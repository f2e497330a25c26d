"""What marketers type about their leads. Forms check; the verbs write."""

import re
from typing import Any

from django import forms

from leads.stages import Stage

from .fields import WordsField
from .models import ReturnAnswer, Shortfall


class DayInput(forms.DateInput):
    """A calendar; what is no date stands there as it was typed, which a calendar would not show."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        shown = context["widget"]["value"]
        context["widget"]["type"] = "date" if not shown or _DAY.fullmatch(shown) else "text"
        return context


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(label: str) -> forms.DateField:
    said = {"invalid": "Write the date as 2027-01-12."}
    return forms.DateField(
        required=False,
        label=label,
        input_formats=["%Y-%m-%d"],
        error_messages=said,
        widget=DayInput(format="%Y-%m-%d"),
    )


class AnswerForm(forms.Form):
    """Marketing's answer to a lead that came back. What a kind needs is for ``answering`` to say."""

    kind = forms.ChoiceField(choices=ReturnAnswer.Kind.choices, label="Answer")
    warm_until = _day("Kept warm until")
    note = WordsField(
        required=False,
        max_length=2000,
        label="What is done, for sales to read",
        widget=forms.Textarea({"rows": 2}),
    )
    seen = forms.UUIDField(required=False, widget=forms.HiddenInput)


class ShortfallForm(forms.Form):
    """What an MQL falls short of."""

    kind = forms.ChoiceField(
        choices=Shortfall.Kind.choices,
        label="Falls short by",
        error_messages={"required": "Choose what it falls short by."},
    )
    note = WordsField(required=False, max_length=2000, label="Note", widget=forms.Textarea({"rows": 2}))


class JudgementForm(forms.Form):
    """A marketer's own judgement, with the reason."""

    to = forms.ChoiceField(
        choices=[(stage.value, stage.label) for stage in (Stage.MQL, Stage.LEAD, Stage.CLOSED)],
        label="Is from now on",
    )
    note = WordsField(
        max_length=2000,
        label="Why?",
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "Say why, in a sentence: the rules did not."},
    )


class SelectionForm(forms.Form):
    """What goes with one thing that is done with many leads. What it needs is for ``do`` to say."""

    note = WordsField(required=False, max_length=2000, label="Note")
    warm_until = _day("Kept warm until")
