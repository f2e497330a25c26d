"""The form that a visitor fills in: which questions, as which inputs, and whether an answer can be kept."""

from collections.abc import Callable, Collection, Sequence
from functools import cache, partial
from typing import Any

from babel import Locale
from django import forms
from django.core.exceptions import ValidationError

from capture import cleaning, companies, countries
from capture.cleaning import Refused
from capture.models import ConsentWording, Submission, WebForm, WebFormField
from leads.models import Visitor

Fills, Kind, Shown = WebFormField.Fills, WebFormField.Kind, WebFormField.Shown
#: People do not see it; robots fill it in. Named like what they look for.
HONEYPOT = "contact_website"
CONSENT = "consent"
#: Keys that no attribute of a form may have.
TAKEN_KEYS = frozenset({HONEYPOT, CONSENT, *Fills.values})
LONGEST, LONGEST_TEXT = 200, 5_000
_AUTOCOMPLETE = {
    Fills.EMAIL: "email",
    Fills.NAME: "name",
    Fills.TITLE: "organization-title",
    Fills.PHONE: "tel",
    Fills.COMPANY: "organization",
    Fills.DOMAIN: "off",
    Fills.COUNTRY: "country",
    Fills.CITY: "address-level2",
}
_MOST = {Fills.NAME: 200, Fills.TITLE: 200, Fills.PHONE: 40, Fills.CITY: 120, Fills.INDUSTRY: 120}


def questions(form: WebForm, *, anonymous_id: str = "") -> list[WebFormField]:
    """What to ask in this browser: all that is always asked, what it has not answered yet, and for each
    question that it has answered the next one that waits. What it has answered is what was sent from it
    before by the person whom it belongs to, and not what we know of that person: whoever claims to be
    somebody else learns nothing. 1 query, 2 more for a browser that has an id."""
    every = _with_address(form)
    answered = _answered(anonymous_id) if anonymous_id else set()
    known = [one for one in every if one.shown == Shown.ONCE and one.key in answered]
    waiting = [one for one in every if one.shown == Shown.NEXT and one.key not in answered]
    instead = waiting[: len(known)]
    return [
        one
        for one in every
        if one.shown in (Shown.ALWAYS, Shown.HIDDEN)
        or (one.shown == Shown.ONCE and one not in known)
        or one in instead
    ]


def _answered(anonymous_id: str) -> set[str]:
    visitor = Visitor.objects.filter(anonymous_id=anonymous_id, lead__isnull=False).first()
    if visitor is None:
        return set()
    sent = Submission.objects.filter(anonymous_id=anonymous_id, lead=visitor.lead_id).order_by("-id")[:100]
    return {
        key for answers in sent.values_list("answers", flat=True) for key, said in answers.items() if said
    }


def asks_by_and_by(form: WebForm) -> bool:
    """Whether what is asked depends on the browser. Uses prefetched fields."""
    return any(one.shown in (Shown.ONCE, Shown.NEXT) for one in form.fields.all())


class AnswerForm(forms.Form):
    """The inputs of ``asked``, a consent when there is a ``wording``, and one that people do not see. Hidden
    fields with a fixed value are not among them: their value is ours."""

    def __init__(
        self,
        *args: Any,
        asked: Sequence[WebFormField],
        wording: ConsentWording | None,
        consent_required: bool = False,
        **options: Any,
    ) -> None:
        options.setdefault("auto_id", "q_%s")
        super().__init__(*args, **options)
        self.asked = asked
        self.label_suffix = ""
        self.use_required_attribute = True
        for one in asked:
            if one.shown == Shown.HIDDEN:
                if one.parameter:
                    self.fields[one.key] = _Unseen(one)
            else:
                self.fields[one.key] = _input(one)
        if wording is not None:
            self.fields[CONSENT] = forms.BooleanField(label=wording.text, required=consent_required)
        self.fields[HONEYPOT] = forms.CharField(
            required=False,
            label="Leave this empty",
            widget=forms.TextInput({"tabindex": "-1", "autocomplete": "off"}),
        )

    @property
    def shown(self) -> list[forms.BoundField]:
        return [self[one.key] for one in self.asked if one.shown != Shown.HIDDEN]

    @property
    def unseen(self) -> list[forms.BoundField]:
        return [self[one.key] for one in self.asked if one.shown == Shown.HIDDEN and one.parameter]

    @property
    def agreement(self) -> forms.BoundField | None:
        return self[CONSENT] if CONSENT in self.fields else None

    @property
    def trap(self) -> forms.BoundField:
        return self[HONEYPOT]

    @property
    def answers(self) -> dict[str, Any]:
        """What was answered, by key; fixed values included."""
        found: dict[str, Any] = {}
        for one in self.asked:
            ours = one.shown == Shown.HIDDEN and not one.parameter
            said = _Unseen(one).clean(one.value) if ours else self.cleaned_data[one.key]
            if said is not None and said is not False and said != "":  # 0 is an answer
                found[one.key] = said
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            cleaning.json_object({key: said for key, said in cleaned.items() if key != CONSENT}, field="")
        except Refused as refused:
            raise ValidationError(refused.reason) from None
        return cleaned


def fixed(one: WebFormField) -> Any:
    """The value of a hidden field as it is kept: "Germany" is DE. Raises ValidationError where it does not
    fit what it fills."""
    return _kept(one).clean(one.value)


def fitting(one: WebFormField, choice: str) -> Any:
    """The same of one of its choices."""
    return choice if one.fills == Fills.OWN else _typed(one, {}).clean(choice)


def _input(one: WebFormField) -> forms.Field:
    common: dict[str, Any] = {"label": one.label, "help_text": one.help, "required": one.required}
    if one.choices and one.fills not in (Fills.EMAIL, Fills.COUNTRY):
        listed = [("", "Choose…"), *((choice, choice) for choice in one.choices)]
        return forms.TypedChoiceField(choices=listed, coerce=partial(fitting, one), **common)
    return _typed(one, common)


def _typed(one: WebFormField, common: dict[str, Any]) -> forms.Field:
    look = {"autocomplete": _AUTOCOMPLETE.get(Fills(one.fills), "on")}
    if one.fills == Fills.EMAIL:
        widget = forms.EmailInput({**look, "inputmode": "email", "spellcheck": "false"})
        return _Checked(cleaning.email, key=one.key, most=254, widget=widget, **{**common, "required": True})
    if one.fills == Fills.COUNTRY:
        return forms.ChoiceField(choices=_countries, widget=forms.Select(look), **common)
    if one.fills == Fills.EMPLOYEES or (one.fills == Fills.OWN and one.kind == Kind.NUMBER):
        most = companies.MOST_EMPLOYEES
        least = 0 if one.fills == Fills.EMPLOYEES else -most
        return forms.IntegerField(min_value=least, max_value=most, **common)
    if one.fills == Fills.OWN and one.kind == Kind.TICK:
        return forms.BooleanField(**common)
    if one.fills == Fills.MESSAGE or (one.fills == Fills.OWN and one.kind == Kind.LONG):
        return forms.CharField(max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 4}), **common)
    check: Callable[..., str] = _line
    if one.fills == Fills.DOMAIN:
        check = companies.domain
    elif one.fills == Fills.PHONE:
        check = _phone
    kind = forms.TextInput({**look, "type": "tel"}) if one.fills == Fills.PHONE else forms.TextInput(look)
    return _Checked(check, key=one.key, most=_MOST.get(Fills(one.fills), LONGEST), widget=kind, **common)


def _kept(one: WebFormField) -> forms.Field:
    """What checks a value that nobody typed."""
    if one.fills == Fills.COUNTRY:
        return _Checked(countries.code, key=one.key, most=LONGEST, required=False)
    found = _input(one)
    found.required = False
    return found


class _Unseen(forms.Field):
    """Not typed by anybody, so nobody could mend it: what does not fit is left out, and text cut."""

    def __init__(self, one: WebFormField) -> None:
        look = {"data-parameter": one.parameter, "autocomplete": "off"}
        super().__init__(required=False, widget=forms.HiddenInput(look))
        self.kept = _kept(one)

    def clean(self, value: Any) -> Any:
        text = cleaning.storable(str(value or ""))
        if isinstance(self.kept, forms.CharField) and getattr(self.kept, "check", _line) is _line:
            text = text[: self.kept.max_length]
        try:
            return self.kept.clean(text)
        except ValidationError:
            return ""


class _Checked(forms.CharField):
    """A line of text that ``check`` takes or refuses with a sentence."""

    def __init__(self, check: Callable[..., str], *, key: str, most: int, **options: Any) -> None:
        super().__init__(max_length=most, **options)
        self.check, self.key, self.most = check, key, most

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return ""
        try:
            return self.check(cleaning.line(text, field=self.key, most=self.most), field=self.key)
        except Refused as refused:
            raise ValidationError(refused.reason) from None


def _line(text: str, *, field: str) -> str:
    return text


def _phone(text: str, *, field: str) -> str:
    return cleaning.phone(text, field=field)


@cache
def _countries() -> list[tuple[str, str]]:
    named = [(str(code), str(name)) for code, name in Locale("en").territories.items()]
    found = [one for one in named if len(one[0]) == 2 and one[0].isalpha() and one[0] not in _NO_COUNTRIES]
    return [("", "Choose…"), *sorted(found, key=lambda one: one[1])]


_NO_COUNTRIES = frozenset({"EU", "UN", "ZZ", "XA", "XB", "EZ", "QO"})


def asked_again(form: WebForm, keys: Collection[str]) -> list[WebFormField]:
    """The questions that a page asked, as they are by now. One query."""
    return [one for one in _with_address(form) if one.key in keys or one.fills == Fills.EMAIL]


def _with_address(form: WebForm) -> list[WebFormField]:
    """The fields of ``form``, with one for an e-mail address whatever somebody did in the administration."""
    every = [one for one in form.fields.all() if one.fills != Fills.EMAIL]
    address = next((one for one in form.fields.all() if one.fills == Fills.EMAIL), None)
    if address is None:
        return [*every, WebFormField(web_form=form, fills=Fills.EMAIL, key="email", label="E-mail")]
    address.key, address.shown = "email", Shown.ALWAYS
    return [one if one.fills != Fills.EMAIL else address for one in form.fields.all()]
