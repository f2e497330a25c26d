"""What an admin types about an endpoint, and what everybody chooses about their alerts."""

from typing import TYPE_CHECKING, Any

from django import forms

from . import addresses, kinds
from .event_types import EVENT_TYPES
from .models import AlertWishes, Endpoint

if TYPE_CHECKING:
    from accounts.models import User


class Ticks(forms.CheckboxSelectMultiple):
    """Several boxes; a link to what is wrong leads to all of them."""

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return super().id_for_label(id_, index) if index else id_


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    url = forms.CharField(
        label="Address",
        max_length=addresses.MOST_CHARACTERS,
        strip=True,
        widget=forms.URLInput({"autocomplete": "off", "spellcheck": "false"}),
        help_text="Where we post to. Public hosts only; WEBHOOK_ALLOW_NETS names exceptions.",
    )
    events = forms.MultipleChoiceField(
        choices=list(EVENT_TYPES.items()), widget=Ticks, label="What it hears of"
    )

    class Meta:
        model = Endpoint
        fields = ("name", "format", "url", "events")
        labels = {"format": "Form"}
        widgets = {"name": forms.TextInput({"autocomplete": "off"})}

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        try:
            addresses.read(url)
        except addresses.AddressRefused as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return url

    def save(self, commit: bool = True) -> Endpoint:
        self.instance.point_to(self.cleaned_data["url"])
        saved: Endpoint = super().save(commit)
        return saved


class WishesForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A choice for every kind of alert that ``person`` is ever told, named ``mail_<kind>``, and the rest."""

    class Meta:
        model = AlertWishes
        fields = (
            "push",
            "quiet_from",
            "quiet_to",
            "alarms_break_through",
            "digest_rhythm",
            "digest_weekday",
            "digest_at",
        )
        labels = {
            "push": "Also show alerts in the browsers below",
            "quiet_from": "Quiet from",
            "quiet_to": "Until",
            "alarms_break_through": "Overdue and unassigned leads break through",
            "digest_rhythm": "How often",
            "digest_weekday": "On",
            "digest_at": "At",
        }
        help_texts = dict.fromkeys(fields, "")
        widgets = {
            "quiet_from": forms.TimeInput({"type": "time"}, format="%H:%M"),
            "quiet_to": forms.TimeInput({"type": "time"}, format="%H:%M"),
            "digest_at": forms.TimeInput({"type": "time"}, format="%H:%M"),
            "digest_weekday": forms.Select(
                choices=list(
                    enumerate(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])
                )
            ),
        }

    def __init__(self, *args: Any, person: "User", **options: Any) -> None:
        super().__init__(*args, **options)
        self.kinds = kinds.of_role(person.role)
        for kind in self.kinds:
            self.fields[f"mail_{kind.key}"] = forms.ChoiceField(
                choices=AlertWishes.Mail.choices,
                label=kind.label,
                initial=self.instance.mail.get(kind.key) or (AlertWishes.Mail.NOW if kind.by_mail else "off"),
                widget=forms.RadioSelect,
                required=False,
            )

    def rows(self) -> list[tuple[kinds.Kind, Any]]:
        """Each kind with its field, as the page lists them."""
        return [(kind, self[f"mail_{kind.key}"]) for kind in self.kinds]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        start, end = cleaned.get("quiet_from"), cleaned.get("quiet_to")
        if "quiet_from" in cleaned and "quiet_to" in cleaned:
            if start is None and end is not None:
                self.add_error("quiet_from", "Say from when, or leave both ends empty.")
            elif end is None and start is not None:
                self.add_error("quiet_to", "Say until when, or leave both ends empty.")
            elif start is not None and start == end:
                self.add_error("quiet_to", "Quiet hours need two different ends.")
        return cleaned

    def save(self, commit: bool = True) -> AlertWishes:
        """What is as usual anyway is not kept, so that it follows the product when that changes."""
        chosen = {kind.key: self.cleaned_data.get(f"mail_{kind.key}") for kind in self.kinds}
        usual = {kind.key: "now" if kind.by_mail else "" for kind in self.kinds}
        named = {
            key: choice for key, choice in chosen.items() if choice and choice != usual[key]
            and not (choice == "off" and not usual[key])
        }  # fmt: skip
        others = {key: choice for key, choice in self.instance.mail.items() if key not in chosen}
        self.instance.mail = {**others, **named}
        saved: AlertWishes = super().save(commit)
        return saved
