"""What a marketer types and chooses about a hook."""

import json
from typing import Any

from django import forms

from leads.models import ActivityType

from .hooks import arranging, paths, payloads, pointing, presets
from .hooks.pointing import Pointed
from .models import Hook

#: Ways of signing that one may choose for "Something else".
GENERAL = (Hook.Signing.NONE, Hook.Signing.HMAC, Hook.Signing.STANDARD, Hook.Signing.BASIC)
MOST_CHARACTERS = 200_000
_SECRET = forms.Textarea({"rows": 2, "autocomplete": "off", "spellcheck": "false"})


class NewHookForm(forms.Form):
    name = forms.CharField(max_length=80, widget=forms.TextInput({"autocomplete": "off"}))
    preset = forms.ChoiceField(label="What posts here", required=False)
    signing = forms.ChoiceField(
        label="How posts are signed",
        required=False,
        choices=[("", "As the known service signs"), *((way.value, way.label) for way in GENERAL)],
        help_text="Not signed: whoever knows the address may post.",
    )
    signature_header = forms.CharField(
        label="Header with the signature",
        max_length=80,
        required=False,
        help_text="Of HMAC-SHA256 only: X-Signature, say. Hexadecimal or base64.",
    )
    timestamp_header = forms.CharField(
        label="Header with the moment",
        max_length=80,
        required=False,
        help_text="Only when it is signed, too: before the body, with a dot between.",
    )
    secret = forms.CharField(
        label="Their secret",
        max_length=8_000,
        required=False,
        widget=_SECRET,
        help_text="Where the service gives you one. Else we make one and show it once. "
        "Of Amazon: the topic's ARN and below it the certificate.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = [(preset.key, preset.name) for preset in presets.every().values()]
        self.fields["preset"] = forms.ChoiceField(
            label="What posts here", required=False, choices=[("", "Something else"), *known]
        )
        self.order_fields(["preset", "name", "signing", "signature_header", "timestamp_header", "secret"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        preset = presets.of(cleaned.get("preset", ""))
        signing = cleaned.get("signing") or (preset.signing if preset else "")
        if not signing and "signing" in cleaned:
            self.add_error("signing", "Say how posts are signed, or “Not signed” if the tool cannot.")
        if signing == Hook.Signing.HMAC and not cleaned.get("signature_header"):
            self.add_error("signature_header", "Say which header holds the signature.")
        secret = cleaned.get("secret", "").strip()
        if signing in arranging.THEIRS and not secret:
            self.add_error("secret", "This service gives you a secret: paste it here.")
        elif secret and (wrong := arranging.wrong_secret(signing, secret)):
            self.add_error("secret", wrong)
        return {**cleaned, "signing": signing, "secret": secret}


class SecretForm(forms.Form):
    """The next secret; empty for one of ours, where the service takes one."""

    secret = forms.CharField(label="Their new secret", max_length=8_000, required=False, widget=_SECRET)

    def __init__(self, *args: Any, hook: Hook, **options: Any) -> None:
        super().__init__(*args, **options)
        self.signing = hook.signing

    def clean_secret(self) -> str:
        secret = str(self.cleaned_data["secret"]).strip()
        if self.signing in arranging.THEIRS and not secret:
            raise forms.ValidationError("Paste the secret that the service gives you.")
        if secret and (wrong := arranging.wrong_secret(self.signing, secret)):
            raise forms.ValidationError(wrong)
        return secret


class PointingForm(forms.Form):
    """The mapping screen: a sample, and which of its fields is what. The lists offer the sample's fields."""

    sample = forms.CharField(
        label="A sample",
        max_length=MOST_CHARACTERS,
        strip=False,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false"}),
        help_text="JSON, or the fields of a form. Take one that arrived, or paste one.",
    )
    events = forms.ChoiceField(label="Events are", required=False)
    when_1 = forms.ChoiceField(
        label="Only when, as in the sample", required=False, help_text="The field that says what happened."
    )
    when_2 = forms.ChoiceField(label="and when, as in the sample", required=False)
    type = forms.ChoiceField(label="Becomes", required=False)
    email = forms.ChoiceField(label="E-mail address", required=False)
    external_id = forms.ChoiceField(label="Id in that system", required=False)
    occurred_at = forms.ChoiceField(label="When it happened", required=False)
    event_id = forms.ChoiceField(label="Id of the event", required=False)
    person = forms.ChoiceField(label="Name, or first name", required=False)
    family = forms.ChoiceField(label="and family name", required=False)
    title = forms.ChoiceField(label="Job title", required=False)
    phone = forms.ChoiceField(label="Phone", required=False)
    company = forms.ChoiceField(label="Company", required=False)
    mail = forms.ChoiceField(
        label="E-mail from now on",
        required=False,
        choices=[("", "As it was"), ("off", "Do not mail any more"), ("on", "May be mailed")],
    )
    known_only = forms.BooleanField(label="Only for leads we know", required=False)

    #: Those whose lists are fields of the sample, with the words for none.
    PATHS = {
        "when_1": "always",
        "when_2": "no more",
        "email": "not in here",
        "external_id": "not in here",
        "occurred_at": "when it arrives",
        "event_id": "none: made of the whole post",
        "person": "not in here",
        "family": "in the name already",
        "title": "not in here",
        "phone": "not in here",
        "company": "not in here",
    }

    def __init__(self, *args: Any, hook: Hook, **options: Any) -> None:
        super().__init__(*args, **options)
        self.hook = hook
        self.body: Any = None
        self.event: Any = None
        self.problem = ""
        types = ActivityType.objects.order_by("category", "label").values_list("key", "label")
        self.labels = dict(types)
        self._offer("type", [("", "No activity, kept all the same"), *types])
        self._read(str(self["sample"].value() or ""))

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        shown = self.fields[name]
        if isinstance(shown, forms.ChoiceField):
            shown.choices = choices

    def _read(self, sample: str) -> None:
        places, fields = [("", "the whole body")], []
        if sample.strip():
            try:
                self.body = payloads.read(sample, "")
            except payloads.NotReadable as problem:
                self.problem = str(problem)
        if self.body is not None:
            places = pointing.places(self.body)
            chosen = str(self["events"].value() or "")
            self.event = pointing.event_of(
                self.hook.mapping, self.body, chosen if chosen in dict(places) else ""
            )
            fields = pointing.offered(self.event, self.body)
        self._offer("events", places)
        known = [(one.path, f"{one.path}  =  {one.shown[:60]}") for one in fields]
        for name, none in self.PATHS.items():
            self._offer(name, [("", none), *known])
        if not self.is_bound:
            self._guess(fields)

    def _guess(self, fields: list[paths.Field]) -> None:
        """Choose what is plain to see; whatever was chosen of these fields stays."""
        guesses = pointing.guessed(fields)
        offered = {one.path for one in fields}
        guesses["when_1"], guesses["person"] = guesses.pop("when"), guesses.pop("name", "")
        for name in self.PATHS:
            chosen = self.initial.get(name)
            if chosen is None or (chosen and chosen not in offered):
                self.initial[name] = guesses.get(name, "")

    @property
    def tree(self) -> list[paths.Field]:
        """The payload as it is shown."""
        return paths.fields(self.body) if self.body is not None else []

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.problem:
            self.add_error("sample", self.problem)
        elif self.body is not None and self.event is None:
            self.add_error("events", "The sample holds no event there.")
        return cleaned

    def kind(self) -> dict[str, Any]:
        """The kind of event that was pointed at. Of a valid form."""
        chosen = self.cleaned_data
        label = self.labels[chosen["type"]] if chosen["type"] else "Kept"
        pointed = Pointed(
            events=chosen["events"],
            when=[path for path in (chosen["when_1"], chosen["when_2"]) if path],
            type=chosen["type"],
            email=chosen["email"],
            occurred_at=chosen["occurred_at"],
            event_id=chosen["event_id"],
            external_id=chosen["external_id"],
            name=chosen["person"],
            family=chosen["family"],
            title=chosen["title"],
            phone=chosen["phone"],
            company=chosen["company"],
            mail=chosen["mail"],
            known_only=chosen["known_only"],
        )
        return pointing.kind(pointed, event=self.event, body=self.body, label=label)


class MappingTextForm(forms.Form):
    """The whole mapping, as text."""

    mapping = forms.CharField(
        label="The mapping as JSON",
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea({"rows": 14, "spellcheck": "false"}),
    )

    def clean_mapping(self) -> Any:
        try:
            return json.loads(self.cleaned_data["mapping"])
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(f"This is not JSON: {error}.") from None
