"""What a marketer types and chooses about a form of theirs: its settings, and a row for each field."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.http import QueryDict

from leads.models import ActivityType

from . import sites
from .collecting import KEPT_FOR_OURSELVES
from .forms import read_origins
from .models import ConsentWording, WebForm, WebFormField
from .webforms import arranging, asking, starters

Fills, Kind, Shown = WebFormField.Fills, WebFormField.Kind, WebFormField.Shown
MOST_CHOICES = 60
_PLAIN = {"autocomplete": "off"}
#: What a new field of each kind is called until somebody says otherwise.
_LABELS = {
    question.fills: question.label for starter in starters.STARTERS.values() for question in starter.questions
}


class WebAddress(forms.URLField):
    """Where a visitor may be led: a page of the web, and nothing that a browser would run."""

    default_validators = [URLValidator(schemes=["http", "https"])]

    def clean(self, value: Any) -> str:
        address: str = super().clean(value)
        if address:
            try:
                sites.origin(address)
            except sites.OriginRefused as refusal:
                raise ValidationError(str(refusal)) from None
        return address


class NewWebFormForm(forms.Form):
    starter = forms.ChoiceField(
        label="Begin with",
        choices=[(each.key, each.name) for each in (*starters.STARTERS.values(), starters.BLANK)],
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        max_length=80,
        required=False,
        label="Name",
        help_text="As the timeline says it. Left empty: as the starter is called.",
        widget=forms.TextInput(_PLAIN),
    )


class WebFormSettings(forms.Form):
    name = forms.CharField(max_length=80, label="Name", widget=forms.TextInput(_PLAIN))
    type = forms.ModelChoiceField(
        ActivityType.objects.exclude(category__in=KEPT_FOR_OURSELVES).order_by("category", "label"),
        to_field_name="key",
        label="Sending it stands for",
        empty_label=None,
    )
    heading = forms.CharField(max_length=120, required=False, label="Heading", widget=forms.TextInput(_PLAIN))
    intro = forms.CharField(
        max_length=1_000, required=False, label="Text above the fields", widget=forms.Textarea({"rows": 2})
    )
    button = forms.CharField(max_length=40, label="Button", widget=forms.TextInput(_PLAIN))
    consent = forms.CharField(
        max_length=2_000,
        required=False,
        label="Consent to mail",
        help_text="Words beside a box that is not ticked. Who ticks it keeps the words they saw.",
        widget=forms.Textarea({"rows": 3}),
    )
    consent_required = forms.BooleanField(required=False, label="The box has to be ticked")
    confirms = forms.BooleanField(required=False, label="Confirm by a link in a mail (double opt-in)")
    offer_name = forms.CharField(
        max_length=120,
        required=False,
        label="Offer",
        help_text="A guide, a recording: what it is called.",
        widget=forms.TextInput(_PLAIN),
    )
    offer_url = WebAddress(
        max_length=500,
        required=False,
        label="Its address",
        assume_scheme="https",
        widget=forms.URLInput({**_PLAIN, "placeholder": "https://"}),
    )
    after = forms.ChoiceField(label="After sending", choices=WebForm.After.choices)
    thanks = forms.CharField(
        max_length=1_000, required=False, label="Thank-you text", widget=forms.Textarea({"rows": 2})
    )
    redirect_url = WebAddress(
        max_length=500,
        required=False,
        label="Page of yours",
        assume_scheme="https",
        help_text="Visitors only ever go to this address.",
        widget=forms.URLInput({**_PLAIN, "placeholder": "https://"}),
    )
    origins = forms.CharField(
        required=False,
        label="Pages that may carry it",
        help_text="One address on each line: www.example.com, or *.example.com.",
        widget=forms.Textarea({"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_origins(self) -> list[str]:
        return read_origins(self.cleaned_data["origins"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        after = cleaned.get("after")
        if after == WebForm.After.OFFER:
            self._need("offer_url", "Say where the offer is, or show the thank-you text.")
        if after == WebForm.After.ADDRESS:
            self._need("redirect_url", "Say which page, or show the thank-you text.")
        if cleaned.get("offer_name"):
            self._need("offer_url", "Say where the offer is.")
        if cleaned.get("confirms") or cleaned.get("consent_required"):
            self._need("consent", "Write what one agrees to, or take away the ticks below.")
        return cleaned

    def _need(self, name: str, otherwise: str) -> None:
        if not self.cleaned_data.get(name) and name not in self.errors:
            self.add_error(name, otherwise)


class FieldForm(forms.Form):
    """One row; ``key`` stays once it is made, so that answers of before and after are the same question's."""

    label = forms.CharField(max_length=120, label="Label", widget=forms.TextInput(_PLAIN))
    fills = forms.ChoiceField(label="Fills", choices=Fills.choices)
    shown = forms.ChoiceField(label="Asked", choices=Shown.choices)
    required = forms.BooleanField(required=False, label="Must be answered")
    help = forms.CharField(
        max_length=200, required=False, label="Help below it", widget=forms.TextInput(_PLAIN)
    )
    choices = forms.CharField(
        required=False,
        label="Choices",
        help_text="One on each line; none: one types the answer.",
        widget=forms.Textarea({"rows": 2, "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label="Input", choices=Kind.choices, help_text="Of an attribute of your own.")
    value = forms.CharField(
        max_length=200, required=False, label="Always this", widget=forms.TextInput(_PLAIN)
    )
    parameter = forms.CharField(
        max_length=60,
        required=False,
        label="Or this parameter of the page’s address",
        help_text="utm_campaign, say.",
        widget=forms.TextInput(_PLAIN),
    )
    key = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def clean_choices(self) -> list[str]:
        lines = [" ".join(line.split()) for line in str(self.cleaned_data["choices"]).splitlines()]
        found = list(dict.fromkeys(line for line in lines if line))
        if len(found) > MOST_CHOICES:
            raise ValidationError(f"At most {MOST_CHOICES} choices.")
        if any(len(choice) > 120 for choice in found):
            raise ValidationError("A choice may have 120 characters at most.")
        return found

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        fills, shown = cleaned.get("fills"), cleaned.get("shown")
        if fills == Fills.EMAIL:
            cleaned |= {"required": True, "shown": Shown.ALWAYS, "choices": []}
        elif shown == Shown.HIDDEN:
            cleaned["required"] = False
            if not (cleaned.get("value") or cleaned.get("parameter")):
                self.add_error("value", "A hidden field needs a value, or a parameter to take it from.")
            if cleaned.get("value") and cleaned.get("parameter"):
                self.add_error("parameter", "Either a value or a parameter.")
        if not self.errors:
            self._fit(cleaned)
        return cleaned

    def _fit(self, said: dict[str, Any]) -> None:
        """A visitor could not mend what does not fit the field it fills."""
        one = WebFormField(**{**said, "key": said["key"] or "own"})
        try:
            name = "value"
            if one.shown == Shown.HIDDEN and one.value:
                asking.fixed(one)
            name = "choices"
            for choice in one.choices:
                asking.fitting(one, choice)
        except ValidationError as problem:
            self.add_error(name, problem)

    @property
    def is_open(self) -> bool:
        """Whether what stands under "More" is worth seeing at once."""
        return any(self[name].errors for name in ("help", "choices", "kind", "value", "parameter"))

    @property
    def name(self) -> str:
        return str(self["label"].value() or "New field")


class Builder:
    """All that one edits of a form at once. ``data`` is what was typed; without it, the form as it stands. Of
    what is ``unfinished`` nothing is called wrong yet."""

    def __init__(self, form: WebForm, data: QueryDict | None = None, *, unfinished: bool = False) -> None:
        self.form = form
        self.problem = ""
        if data is None:
            self.settings = WebFormSettings(initial=_settings(form))
            self.rows = [
                FieldForm(prefix=f"f{number}", initial=_row(one))
                for number, one in enumerate(form.fields.all())
            ]
        elif unfinished:
            self.settings = WebFormSettings(
                initial={name: data.get(name) for name in WebFormSettings.base_fields}
            )
            self.rows = [
                FieldForm(prefix=f"f{number}", initial=_of_row(data, number))
                for number in range(_count(data))
            ]
        else:
            self.settings = WebFormSettings(data)
            self.rows = [FieldForm(data, prefix=f"f{number}") for number in range(_count(data))]
        for each in (self.settings, *self.rows):
            each.label_suffix = ""
            each.use_required_attribute = False

    def is_valid(self) -> bool:
        valid = [each.is_valid() for each in (self.settings, *self.rows)]
        fills = [row.cleaned_data.get("fills") for row in self.rows]
        if fills.count(Fills.EMAIL) != 1:
            self.problem = "A form asks for an e-mail address, once."
        seen: set[object] = set()
        for row, one in zip(self.rows, fills, strict=True):
            if one and one != Fills.OWN:
                if one in seen and one != Fills.EMAIL:
                    row.add_error("fills", "Is filled by another field already.")
                seen.add(one)
        return all(valid) and not self.problem and not any(row.errors for row in self.rows)

    @property
    def has_errors(self) -> bool:
        return bool(self.problem or self.settings.errors or any(row.errors for row in self.rows))

    @property
    def faults(self) -> Iterator[tuple[str, str]]:
        """Id and label of every input to mend."""
        for number, each in enumerate((self.settings, *self.rows)):
            for bound in each:
                if bound.errors:
                    where = f"{each.name}: " if isinstance(each, FieldForm) and number else ""
                    yield bound.id_for_label, f"{where}{bound.label}"

    def fields(self) -> list[WebFormField]:
        """The fields as they are to be saved. Call it when all is valid."""
        taken = {row.cleaned_data["key"] for row in self.rows} | asking.TAKEN_KEYS
        return [self._field(row.cleaned_data, taken) for row in self.rows]

    def _field(self, said: dict[str, Any], taken: set[str]) -> WebFormField:
        key = said["fills"]
        if said["fills"] == Fills.OWN:
            known = {one.key for one in self.form.fields.all() if one.fills == Fills.OWN}
            key = said["key"] if said["key"] in known else arranging.own_key(said["label"], taken)
            taken.add(key)
        return WebFormField(**{**said, "key": key})

    def preview(self) -> tuple[WebForm, asking.AnswerForm]:
        """What a visitor would see who was never there before, as far as it can be said yet."""
        said = {name: self.settings[name].value() for name in ("heading", "intro", "button", "consent")}
        form = WebForm(heading=said["heading"], intro=said["intro"], button=said["button"] or "Send")
        fields = [
            WebFormField(
                fills=_one_of(row["fills"].value(), Fills.values, Fills.OWN),
                kind=_one_of(row["kind"].value(), Kind.values, Kind.TEXT),
                key=f"p{number}",
                label=row["label"].value() or "…",
                help=row["help"].value() or "",
                required=bool(row["required"].value()) or row["fills"].value() == Fills.EMAIL,
                choices=[line for line in str(row["choices"].value() or "").splitlines() if line.strip()],
            )
            for number, row in enumerate(self.rows)
            if row["shown"].value() in (Shown.ALWAYS, Shown.ONCE)
        ]
        words = str(said["consent"] or "").strip()
        wording = ConsentWording(text=words) if words else None
        answers = asking.AnswerForm(
            asked=fields,
            wording=wording,
            consent_required=bool(self.settings["consent_required"].value()),
            auto_id="p_%s",
        )
        answers.use_required_attribute = False
        return form, answers


def rearranged(data: QueryDict, action: str) -> QueryDict:
    """What was typed, after "add", "remove 2", "up 2" or "down 2"; anything else changes nothing."""
    verb, _, place = action.partition(" ")
    rows = [_of_row(data, number) for number in range(_count(data))]
    number = int(place) if place.isdecimal() and len(place) < 4 else -1
    if verb == "add" and len(rows) < arranging.MOST_FIELDS:
        fills = _one_of(data.get("add", ""), Fills.values, Fills.OWN)
        label = _LABELS.get(fills) or ("" if fills == Fills.OWN else Fills(fills).label)
        rows.append({"fills": fills, "label": label, "shown": Shown.ALWAYS, "kind": Kind.TEXT})
    elif verb == "remove" and number in range(len(rows)):
        del rows[number]
    elif verb == "up" and number in range(1, len(rows)):
        rows[number - 1], rows[number] = rows[number], rows[number - 1]
    elif verb == "down" and number in range(len(rows) - 1):
        rows[number + 1], rows[number] = rows[number], rows[number + 1]
    new = data.copy()
    for number, row in enumerate(rows):
        for name in FieldForm.base_fields:
            new.pop(f"f{number}-{name}", None)
            if row.get(name):
                new[f"f{number}-{name}"] = row[name]
    new["rows"] = str(len(rows))
    return new


def _of_row(data: QueryDict, number: int) -> dict[str, str]:
    return {name: data.get(f"f{number}-{name}", "") for name in FieldForm.base_fields}


def _count(data: QueryDict) -> int:
    said = data.get("rows", "")
    return min(int(said), arranging.MOST_FIELDS) if said.isdecimal() and len(said) < 4 else 0


def _one_of(said: object, known: list[str], otherwise: str) -> str:
    return said if isinstance(said, str) and said in known else otherwise


def _settings(form: WebForm) -> dict[str, Any]:
    names = [name for name in arranging.SETTINGS if name not in ("origins", "type")]
    return {
        "name": form.source.name,
        "type": form.type.key,
        "consent": arranging.wording(form),
        "origins": "\n".join(form.origins),
        **{name: getattr(form, name) for name in names},
    }


def _row(one: WebFormField) -> dict[str, Any]:
    names = ("fills", "key", "label", "help", "kind", "required", "shown", "value", "parameter")
    return {**{name: getattr(one, name) for name in names}, "choices": "\n".join(one.choices)}
