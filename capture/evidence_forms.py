"""What is typed about evidence that is not to count."""

import ipaddress
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from leads.models import Suspicion

from .models import EvidenceRules, Treatment
from .models.evidence_rules import USUAL

MOST_LINES = 200
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}")
_LOCAL = re.compile(r"[^\s@]{1,64}")
#: What each signal means, in a few words.
MEANS = {
    Suspicion.Signal.OWN_ADDRESS: "names an address or a domain above",
    Suspicion.Signal.OWN_NETWORK: "came from a network above",
    Suspicion.Signal.OWN_BROWSER: "from a browser that opened the link above",
    Suspicion.Signal.CRAWLER: "calls itself a crawler: 1,500 are known",
    Suspicion.Signal.MAIL_PROXY: "Apple or Yahoo fetched the pictures before anybody looked",
    Suspicion.Signal.TOO_SOON: "opened or clicked within 5 s of delivery, or before it",
    Suspicion.Signal.EVERY_LINK: "3 links of one mail within 3 s",
    Suspicion.Signal.HIDDEN_LINK: "followed a link that no person can see",
    Suspicion.Signal.BURST: "more than 20 pages or clicks in 10 s, or 60 in a minute",
}


class _Lines(forms.CharField):
    def __init__(self, **more: Any) -> None:
        super().__init__(
            required=False,
            widget=forms.Textarea({"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
            **more,
        )


class _OwnLines(forms.Form):
    """What is ours, line by line, and what is wrong with a line."""

    own_addresses = _Lines(
        label="E-mail of your own people",
        help_text="A domain or an address on each line: fieldline.example, tester@gmail.com.",
    )
    own_networks = _Lines(
        label="Your own networks",
        help_text="One on each line: 203.0.113.0/24, 2001:db8::/32, or a single address.",
    )
    hidden_links = _Lines(
        label="Hidden links",
        help_text="Paths you put where no person sees them, in mails and pages: /not-for-you.",
    )

    def clean_own_addresses(self) -> list[str]:
        found = []
        for line in self._lines("own_addresses"):
            said = line.lower().removeprefix("@")
            local, at, domain = said.rpartition("@")
            if not _DOMAIN.fullmatch(domain) or (at and not _LOCAL.fullmatch(local)):
                raise ValidationError(f"“{line[:80]}” is neither a domain nor an address.")
            found.append(said)
        return found

    def clean_own_networks(self) -> list[str]:
        found = []
        for line in self._lines("own_networks"):
            try:
                network = ipaddress.ip_network(line, strict=False)
            except ValueError:
                raise ValidationError(f"“{line[:80]}” is no network. Write 203.0.113.0/24.") from None
            if network.num_addresses > 2 ** (24 if network.version == 4 else 112):
                raise ValidationError(f"“{line[:80]}” is too much of the internet to be yours.")
            found.append(str(network))
        return found

    def clean_hidden_links(self) -> list[str]:
        found = []
        for line in self._lines("hidden_links"):
            if not line.startswith("/") or any(char.isspace() for char in line) or len(line) > 300:
                raise ValidationError(f"“{line[:80]}” is no path. Begin with /, as in /not-for-you.")
            if not line.strip("/*"):
                raise ValidationError(f"“{line}” is every page there is.")
            found.append(line)
        return found

    def _lines(self, name: str) -> list[str]:
        lines = [line.strip() for line in str(self.cleaned_data[name]).splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError(f"{MOST_LINES} lines at most.")
        return list(dict.fromkeys(lines))


class EvidenceRulesForm(_OwnLines):
    """That, and what happens to what each signal names."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for signal in USUAL:
            self.fields[f"treat_{signal}"] = forms.ChoiceField(
                choices=Treatment.choices,
                label=str(Suspicion.Signal(signal).label),
                help_text=MEANS[Suspicion.Signal(signal)],
            )

    @classmethod
    def of(cls, rules: EvidenceRules, typed: Any = None) -> "EvidenceRulesForm":
        initial = {
            name: "\n".join(getattr(rules, name))
            for name in ("own_addresses", "own_networks", "hidden_links")
        }
        treated = {f"treat_{signal}": rules.treatment(signal).value for signal in USUAL}
        return cls(typed, initial={**initial, **treated})

    def put_into(self, rules: EvidenceRules) -> None:
        for name in ("own_addresses", "own_networks", "hidden_links"):
            setattr(rules, name, self.cleaned_data[name])
        rules.treatments = {signal: self.cleaned_data[f"treat_{signal}"] for signal in USUAL}

    def only_to_read(self) -> None:
        """What is long can still be scrolled and copied."""
        for field in self.fields.values():
            if isinstance(field, _Lines):
                field.widget.attrs["readonly"] = True
            else:
                field.disabled = True

    @property
    def treatments(self) -> list[forms.BoundField]:
        return [self[f"treat_{signal}"] for signal in USUAL]


class EvidenceRulesAdminForm(_OwnLines, forms.ModelForm[EvidenceRules]):
    """The same refusals in the administration."""

    class Meta:
        model = EvidenceRules
        fields = ("own_addresses", "own_networks", "hidden_links", "treatments")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name in ("own_addresses", "own_networks", "hidden_links"):
            self.initial[name] = "\n".join(getattr(self.instance, name))

    def clean_treatments(self) -> dict[str, str]:
        said = self.cleaned_data["treatments"] or {}
        if not isinstance(said, dict) or any(
            signal not in USUAL or treatment not in Treatment.values for signal, treatment in said.items()
        ):
            raise ValidationError("Write each signal with “void”, “mark” or “ignore”.")
        return said
