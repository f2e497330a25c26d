"""What people type on the two queues and the lead page. Forms check; the verbs write."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms

from leads.stages import Phase

from .messages import lower
from .models import Qualification, RejectReason


class RejectionForm(forms.Form):
    """Why a lead goes back. Whether the return date can be kept is for ``decisions`` to say."""

    reason = forms.ModelChoiceField(
        RejectReason.objects.filter(is_active=True).order_by("key"),
        to_field_name="code",
        error_messages={
            "required": "Choose a reason: marketing needs it.",
            "invalid_choice": "This reason is not in use. Choose another.",
        },
    )
    return_on = forms.DateField(
        required=False,
        label="Back to marketing until",
        error_messages={"invalid": "Write the date as 2026-01-12."},
    )
    note = forms.CharField(required=False, max_length=2000, strip=True)

    def first_error(self) -> str:
        """What to say above the form: "Back to marketing until: choose a day after today."; "" when well."""
        for name, errors in self.errors.items():
            error = str(errors[0])
            return error if name == "reason" else f"{self[name].label}: {lower(error)}"
        return ""


class QualificationForm(forms.Form):
    """Answers to ``questions``. One that was not sent stays as it is, so an answer can be saved by itself."""

    def __init__(self, *args: Any, questions: Sequence[str] = Qualification.QUESTIONS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            self.fields[question] = forms.TypedChoiceField(
                choices=Qualification.Level.choices, coerce=int, required=False, empty_value=None
            )
            self.fields[f"{question}_note"] = forms.CharField(required=False, max_length=300)

    def answers(self) -> dict[str, tuple[int, str]]:
        """Level and note of each question that was sent, and could be read."""
        return {
            question: (self.cleaned_data[question], self.cleaned_data.get(f"{question}_note", ""))
            for question in self.questions
            if self.cleaned_data.get(question) is not None
        }


class ContactForm(forms.Form):
    """A call, mail, meeting or note, written down in one step. ``selling_early``: the lead is an MQL, which
    marketing is still warming up, so contact needs a reason."""

    kind = forms.ChoiceField(
        choices=[
            ("call", "Call"),
            ("no_answer", "Call, no answer"),
            ("email", "E-mail"),
            ("meeting", "Meeting"),
            ("note", "Note"),
        ],
        initial="call",
    )
    note = forms.CharField(
        label="What was said?", required=False, max_length=2000, widget=forms.Textarea({"rows": 2})
    )
    reason = forms.CharField(
        label="Why contact an MQL?",
        required=False,
        max_length=300,
        help_text="Marketing is still warming this lead up. Your reason is kept with the contact.",
    )
    # Made with the form, so that sending it twice records one contact.
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, selling_early: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.selling_early = selling_early
        if not selling_early:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind = cleaned.get("kind")
        if kind == "note" and not cleaned.get("note"):
            self.add_error("note", "A note needs some words.")
        if self.selling_early and kind != "note" and not cleaned.get("reason"):
            self.add_error("reason", "Say why: this lead is an MQL, not yet for sales.")
        return cleaned


class OpportunityForm(forms.Form):
    """The first figures of a deal; all may come later."""

    amount = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=2)
    close_on = forms.DateField(
        label="Expected to close", required=False, widget=forms.DateInput({"type": "date"})
    )


class HandOverForm(forms.Form):
    """Marketing's own judgement that a lead is ready, with what sales should know."""

    note = forms.CharField(
        label="What should sales know?",
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "One sentence for sales, please: the rules did not say why."},
    )


class PhaseForm(forms.Form):
    """Another buying phase, forward or back."""

    phase = forms.ChoiceField(choices=Phase.choices)
