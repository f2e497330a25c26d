"""What people type about handoffs, scores, pools and people who leave; ``lead_forms`` has the lead page's
own. Forms check; the verbs write."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import QuerySet
from django.utils import timezone

from accounts.forms import LineField
from accounts.models import Team, User
from accounts.permissions import sees_all_routing
from leads.stages import Phase
from scoring.countries import code_of
from scoring.dimensions import MOST_POINTS, Dimension
from scoring.models import Adjustment

from . import leaving
from .fields import PersonField, WordsField
from .messages import lower
from .models import Pool, RejectReason


class RejectionForm(forms.Form):
    """Why a lead goes back. Whether the return date can be kept is for ``decisions`` to say."""

    reason = forms.ModelChoiceField(
        RejectReason.objects.in_use(),
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
    note = WordsField(label="What marketing should know", required=False, max_length=2000)

    def first_error(self) -> str:
        """What to say above the form: "Back to marketing until: choose a day after today."; "" when well."""
        for name, errors in self.errors.items():
            error = str(errors[0])
            return error if name == "reason" else f"{self[name].label}: {lower(error)}"
        return ""


class HandOverForm(forms.Form):
    """Marketing's own judgement that a lead is ready, with what sales should know."""

    note = WordsField(
        label="What should sales know?",
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "One sentence for sales, please: the rules did not say why."},
    )


class PhaseForm(forms.Form):
    """Another buying phase, forward or back."""

    phase = forms.ChoiceField(choices=Phase.choices)


class Boxes(forms.CheckboxSelectMultiple):
    """Check boxes of which the first one is where a link to the field leads."""

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return super().id_for_label(id_, index or "0")


class AdjustmentForm(forms.Form):
    """A word on the score of one lead. ``at`` is now."""

    #: How far ahead its end may lie, in days: what holds longer holds for good.
    LATEST_DAYS = 1830

    dimensions = forms.MultipleChoiceField(
        label="Of what",
        choices=Dimension.choices,
        widget=Boxes,
        error_messages={"required": "Tick what it is about: intent, fit or engagement."},
    )
    kind = forms.ChoiceField(
        label="What",
        choices=[(Adjustment.Kind.ADD, "Add"), (Adjustment.Kind.SET, "Set to")],
        help_text="“Set to” takes the place of what the rules say.",
    )
    points = forms.IntegerField(
        min_value=-MOST_POINTS,
        max_value=MOST_POINTS,
        help_text=f"Whole, −{MOST_POINTS} to {MOST_POINTS}.",
        error_messages={
            "required": "Say how many points.",
            "invalid": "Give a whole number.",
            "min_value": f"Take away at most {MOST_POINTS}.",
            "max_value": f"Give at most {MOST_POINTS}.",
        },
    )
    until = forms.DateField(
        label="Until",
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text="The last day on which it counts. Empty for good.",
        error_messages={"invalid": "Write the date as 2026-01-12."},
    )
    reason = LineField(
        label="Why?",
        max_length=200,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Everybody reads it beside the score.",
        error_messages={"required": "Say why: it stands beside the score."},
    )
    # When the form was made, so that sending it twice says one thing.
    began = forms.DateTimeField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        kwargs["initial"] = {"began": at.isoformat(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self._today = timezone.localtime(at).date()
        self.fields["until"].widget.attrs["min"] = (self._today + timedelta(days=1)).isoformat()

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until is not None and until <= self._today:
            raise forms.ValidationError("Choose a day after today.")
        if until is not None and until > self._today + timedelta(days=self.LATEST_DAYS):
            raise forms.ValidationError("Choose a day within five years, or leave it empty.")
        return until

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") == Adjustment.Kind.ADD and cleaned.get("points") == 0:
            self.add_error("points", "Adding nothing changes nothing.")
        return cleaned

    def said(self) -> dict[str, Any]:
        """What ``correcting.adjust`` takes."""
        given = dict(self.cleaned_data)
        until, began = given.pop("until"), given.pop("began")
        end = None
        if until is not None:  # with the end of that day, where the reader is
            zone = timezone.get_current_timezone()
            end = datetime.combine(until + timedelta(days=1), time.min, tzinfo=zone)
        return {**given, "until": end, "since": began}


class PoolForm(forms.ModelForm[Pool]):
    """A pool, on its page and in the admin. ``user`` sees the teams they lead, an admin all."""

    countries = SimpleArrayField(
        forms.CharField(max_length=2),
        required=False,
        label="Countries",
        help_text="Two letters each, with commas: DE, AT, CH. Empty takes every country.",
        error_messages={"item_invalid": "Country %(nth)s:"},
    )

    class Meta:
        model = Pool
        fields = ("name", "team", "countries", "method", "fallback", "position", "is_active")
        help_texts = {"fallback": "", "position": "Lower is asked first, where no rule decides."}
        labels = {"method": "Leads go", "fallback": "When nobody here can", "is_active": "Takes leads"}

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams, pools = Team.objects.order_by("name", "id"), Pool.objects.order_by("position", "id")
        if user is not None and not sees_all_routing(user):
            teams = teams.filter(members=user)
        _choose_from(self, "team", teams, "Choose a team…")
        others = pools.exclude(pk=self.instance.pk) if self.instance.pk else pools
        _choose_from(self, "fallback", others, "nobody: it waits here")

    def clean_countries(self) -> list[str]:
        """Codes in capitals; a name is read as its code, what names no country is refused."""
        found = []
        for named in self.cleaned_data["countries"]:
            code = code_of(named.strip())
            if code is None:
                said = f"There is no country “{named.strip()}”. Write two letters, such as DE."
                raise forms.ValidationError(said)
            found.append(code)
        return list(dict.fromkeys(found))


def _choose_from(form: forms.BaseForm, name: str, rows: QuerySet[Any], empty: str) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ModelChoiceField):
        field.queryset, field.empty_label = rows, empty


class LeavingForm(forms.Form):
    """What of the work of ``of`` goes, to whom, and why. ``by`` sees the people and pools they look after."""

    ALL, WAITING = "all", "waiting"

    what = forms.ChoiceField(
        choices=[(ALL, "Everything"), (WAITING, "Only what waits for an answer")], required=False, initial=ALL
    )
    to = PersonField(User.objects.none(), required=False, label="To one colleague", to_field_name="public_id")
    pool = forms.ModelChoiceField(
        Pool.objects.none(),
        required=False,
        label="Or through a pool, in turn",
        to_field_name="public_id",
        help_text="Who is away, paused or full is left out.",
    )
    reason = WordsField(
        label="Why",
        max_length=300,
        widget=forms.TextInput({"placeholder": "Leaves the company on 31 May"}),
        error_messages={"required": "Say why: it stands in the ledger of each lead."},
    )
    rest = forms.BooleanField(
        label="Their accounts, tasks and shared views go along", required=False, initial=True
    )
    pause = forms.BooleanField(label="No new leads for them from now on", required=False, initial=True)

    def __init__(self, *args: Any, of: User, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = leaving.takers(by, timezone.now()).exclude(pk=of.pk)
        pools = Pool.objects.visible_to(by).filter(is_active=True).order_by("position", "id")
        _choose_from(self, "to", people, "Choose somebody…")
        _choose_from(self, "pool", pools, "Choose a pool…")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if bool(given.get("to")) == bool(given.get("pool")) and not self.errors:
            self.add_error("to", "Choose either a colleague or a pool.")
        return given

    @property
    def only_waiting(self) -> bool:
        return bool(self["what"].value() == self.WAITING)
