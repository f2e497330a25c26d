"""What people type on a review."""

from django import forms

from accounts.sides import Side
from reports.models import Todo


class AnswerForm(forms.Form):
    """What follows from a reason, or from a model."""

    about = forms.CharField(max_length=64)
    text = forms.CharField(max_length=500, required=False)
    instead_of = forms.CharField(max_length=500, required=False, strip=False)


class TodoForm(forms.Form):
    """A decision, or something to do."""

    text = forms.CharField(
        label="Decision or to-do", max_length=300, error_messages={"required": "Say what was decided."}
    )
    owner = forms.ChoiceField(label="Whose", choices=Todo.Owner.choices, initial=Todo.Owner.BOTH)
    due_on = forms.DateField(label="By", required=False, widget=forms.DateInput({"type": "date"}))


class NotYetForm(forms.Form):
    """Why one side does not agree yet."""

    side = forms.ChoiceField(choices=Side.choices)
    note = forms.CharField(
        label="Why not yet?", max_length=500, error_messages={"required": "Say why not yet."}
    )
