"""What people type on the lead page and the company's. Forms check; the verbs write."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from leads.models import LossReason, Opportunity, OpportunityStage, Supplier

from . import pausing
from .contacts import KINDS
from .fields import AmountField, PersonField, WordsField
from .frameworks import Asked
from .messages import lower
from .models import UNKNOWN, Question
from .opportunities import CloseRefused, refuse_past


class QualificationForm(forms.Form):
    """Answers to ``questions`` (default: all) of the framework ``asked``. One that was not sent stays as it
    is, so an answer can be saved by itself."""

    def __init__(
        self, *args: Any, asked: Asked, questions: Sequence[Question] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.questions = asked.questions if questions is None else questions
        self.levels = asked.levels
        choices = [(level.value, level.label) for level in asked.levels]
        for question in self.questions:
            self.fields[question.key] = forms.TypedChoiceField(
                choices=choices, coerce=int, required=False, empty_value=None
            )
            self.fields[f"{question.key}_note"] = WordsField(
                label=f"{question.label} note", required=False, max_length=300
            )

    def typed(self) -> dict[str, tuple[int, str]]:
        """Level and note of each question as they were sent, right or wrong, for the form to come again."""
        known = {str(level.value): level.value for level in self.levels}
        return {
            question.key: (
                known.get(self.data.get(question.key, ""), UNKNOWN),
                self.data.get(f"{question.key}_note", ""),
            )
            for question in self.questions
            if {question.key, f"{question.key}_note"} & set(self.data)
        }

    def first_error(self) -> str:
        """ "Budget note: it has 345 characters…"; "" when well."""
        for name, errors in self.errors.items():
            return f"{self[name].label}: {lower(str(errors[0]))}"
        return ""

    def answers(self) -> dict[str, tuple[int, str]]:
        """Level and note of each question that was sent, and could be read."""
        return {
            question.key: (self.cleaned_data[question.key], self.cleaned_data.get(f"{question.key}_note", ""))
            for question in self.questions
            if self.cleaned_data.get(question.key) is not None
        }


class ContactForm(forms.Form):
    """A call, mail, meeting or note, written down in one step. ``selling_early``: the lead is an MQL, which
    marketing is still warming up, so contact needs a reason."""

    kind = forms.ChoiceField(
        choices=[
            ("call", "Call, reached"),
            ("no_answer", "No answer"),
            ("left_word", "Left word"),
            ("email", "E-mail"),
            ("meeting", "Meeting"),
            ("demo", "Demo"),
            ("note", "Note"),
        ],
        initial="call",
    )
    note = WordsField(
        label="What was said?", required=False, max_length=2000, widget=forms.Textarea({"rows": 2})
    )
    reason = WordsField(
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
        if self.selling_early and kind in KINDS and not cleaned.get("reason"):
            self.add_error("reason", "Say why: this lead is an MQL, not yet for sales.")
        return cleaned


class PauseForm(forms.Form):
    """Why a clock stands still, and until when: in the reader's time; empty for a while."""

    prefix = "pause"  # it stands beside other forms that ask for a reason

    reason = WordsField(
        label="Why?",
        max_length=300,
        widget=forms.TextInput({"placeholder": "Asked to be called in June", "autocomplete": "off"}),
        error_messages={"required": "Say why: it stands beside the clock."},
    )
    until = forms.DateTimeField(
        label="Until",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=f"Empty: for {pausing.OPEN_ENDED.days} days.",
        error_messages={"invalid": "Write the moment as 2026-06-01 09:00."},
    )


class ReassignForm(forms.Form):
    """To whom a lead goes, of ``people`` (as ``leaving.takers`` gives them). ``worked`` says how it stood
    when the form was made: one that was answered meanwhile is taken from nobody."""

    prefix = "give"  # it stands beside other forms that ask for a reason

    to = PersonField(
        User.objects.none(),
        label="Give to",
        to_field_name="public_id",
        empty_label="Choose…",
        error_messages={
            "required": "Choose who is to have it.",
            "invalid_choice": "Choose somebody of your teams who sells.",
        },
    )
    reason = WordsField(
        label="Why?", required=False, max_length=200, widget=forms.TextInput({"autocomplete": "off"})
    )
    worked = forms.BooleanField(required=False, widget=forms.HiddenInput)
    although_away = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to = self.fields["to"]
        if isinstance(to, forms.ModelChoiceField):
            to.queryset = people


class TaskForm(forms.Form):
    """Something to do, by somebody, by a moment where the reader is. Whether it lies ahead is for
    ``follow_ups`` to say."""

    title = forms.CharField(
        label="What is to do?",
        max_length=200,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": "Say what is to do."},
    )
    due_at = forms.DateTimeField(
        label="By when",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "Say by when.", "invalid": "Write the moment as 2026-01-12 10:30."},
    )
    owner = forms.ModelChoiceField(
        User.objects.none(), label="Who does it", to_field_name="public_id", empty_label=None
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "id_task_%s", **kwargs})
        owner = self.fields["owner"]
        if isinstance(owner, forms.ModelChoiceField):
            owner.queryset = people


class DueForm(forms.Form):
    """Another moment for a task, where the reader is."""

    due_at = forms.DateTimeField(
        label="By when instead",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "Say by when.", "invalid": "Write the moment as 2026-01-12 10:30."},
    )


class DealForm(forms.Form):
    """The figures of a deal; all may come later."""

    name = forms.CharField(label="Called", required=False, max_length=200)
    amount = AmountField(required=False)
    close_on = forms.DateField(
        label="Expected to close",
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write the date as 2026-01-12."},
    )

    def __init__(self, *args: Any, currency: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount, currency = self.fields["amount"], currency or settings.CURRENCY
        amount.label = f"Amount in {currency}"
        if isinstance(amount, AmountField):
            amount.currency = currency

    def clean_close_on(self) -> date | None:
        close_on: date | None = self.cleaned_data["close_on"]
        try:
            refuse_past(close_on, today=timezone.localdate(), stands=self.initial.get("close_on"))
        except CloseRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return close_on


class OpportunityForm(DealForm):
    """The first figures of a deal. ``override`` is the reason of a manager who goes on although something is
    missing."""

    override = WordsField(
        label="Why go on all the same?",
        required=False,
        max_length=500,
        help_text="Stands in the history with what was missing.",
    )
    field_order = ("amount", "close_on", "override")

    def __init__(self, *args: Any, may_override: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["name"]
        if not may_override:
            del self.fields["override"]


class StepForm(forms.Form):
    """Another stage of a deal."""

    stage = forms.ModelChoiceField(
        OpportunityStage.objects.none(),
        to_field_name="key",
        error_messages={
            "required": "Choose a stage.",
            "invalid_choice": "This stage is not in use. Choose another.",
        },
    )
    note = forms.CharField(required=False, max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stage = self.fields["stage"]
        if isinstance(stage, forms.ModelChoiceField):
            stage.queryset = OpportunityStage.objects.filter(is_active=True).order_by("position", "id")


class EndForm(forms.Form):
    """How a deal ended; one that was lost, why, and to whom."""

    outcome = forms.ChoiceField(
        choices=Opportunity.Outcome.choices, error_messages={"required": "Say whether it was won or lost."}
    )
    reason = forms.ModelChoiceField(
        LossReason.objects.none(),
        label="Why was it lost?",
        required=False,
        to_field_name="code",
        empty_label="Choose a reason…",
        error_messages={"invalid_choice": "This reason is not in use. Choose another."},
    )
    lost_to = forms.ModelChoiceField(
        Supplier.objects.none(), label="To whom?", required=False, empty_label="nobody we know"
    )
    note = WordsField(
        label="What is there to learn?", required=False, max_length=2000, widget=forms.Textarea({"rows": 2})
    )

    def __init__(self, *args: Any, suppliers: QuerySet[Supplier], **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "id_end_%s", **kwargs})
        reason, lost_to = self.fields["reason"], self.fields["lost_to"]
        if isinstance(reason, forms.ModelChoiceField) and isinstance(lost_to, forms.ModelChoiceField):
            reason.queryset = LossReason.objects.filter(is_active=True).order_by("position", "id")
            lost_to.queryset = suppliers

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("outcome") == Opportunity.Outcome.LOST and not given.get("reason") and not self.errors:
            self.add_error("reason", "Choose why it was lost.")
        return given


class SupplierForm(forms.Form):
    """Another supplier that the lead has or talks to."""

    name = forms.CharField(
        label="Other supplier",
        max_length=120,
        widget=forms.TextInput({"list": "suppliers-known", "autocomplete": "off"}),
        error_messages={"required": "Name the supplier."},
    )
    note = WordsField(
        label="What about them?",
        required=False,
        max_length=300,
        widget=forms.TextInput({"placeholder": "Contract until March"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "id_supplier_%s", **kwargs})


class RatingForm(forms.Form):
    """How good a handoff was."""

    score = forms.TypedChoiceField(
        choices=[(number, str(number)) for number in range(1, 6)],
        coerce=int,
        error_messages={"required": "Choose 1 to 5.", "invalid_choice": "Choose 1 to 5."},
    )
    note = WordsField(label="Why?", required=False, max_length=300)


class DisputeForm(forms.Form):
    """Why a lead that was sent back was an SQL."""

    note = WordsField(
        label="Why was it an SQL?",
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "One sentence, please: both sides will read it."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "id_dispute_%s", **kwargs})


class AccountOwnerForm(forms.Form):
    """Who has a company's account; nobody is an answer, too."""

    owner = forms.ModelChoiceField(
        User.objects.none(), label="Account owner", required=False, to_field_name="public_id",
        empty_label="nobody", error_messages={"invalid_choice": "Choose somebody who sells."},
    )  # fmt: skip

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        if isinstance(owner, forms.ModelChoiceField):
            owner.queryset = people


def first_due(at: datetime) -> datetime:
    """The moment a task form begins with: the same time tomorrow, on a quarter of an hour."""
    return (at + timedelta(days=1)).replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
