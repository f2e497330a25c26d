"""What a marketer types about a website."""

from django import forms
from django.core.exceptions import ValidationError

from leads.models import ActivityType

from . import sites
from .collecting import KEPT_FOR_OURSELVES


class SiteForm(forms.Form):
    name = forms.CharField(
        max_length=80,
        label="Name",
        help_text="As the timeline says it: “Website”.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    origins = forms.CharField(
        label="Addresses",
        help_text="One on each line: www.example.com, or *.example.com for every host below.",
        widget=forms.Textarea({"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )
    waits_for_consent = forms.BooleanField(
        required=False, label="Wait until the visitor agreed", initial=True
    )

    def clean_origins(self) -> list[str]:
        found = read_origins(self.cleaned_data["origins"])
        if not found:
            raise ValidationError("Name at least one address.")
        return found


def read_origins(text: str) -> list[str]:
    """The origins on the lines of ``text``, each once. Raises ValidationError with what is wrong on each."""
    found: list[str] = []
    problems = []
    for line in text.splitlines():
        if line.strip():
            try:
                found.append(sites.origin(line))
            except sites.OriginRefused as refusal:
                problems.append(str(refusal))
    if problems:
        raise ValidationError(problems)
    found = list(dict.fromkeys(found))
    if len(found) > sites.MOST_ORIGINS:
        raise ValidationError(f"There may be {sites.MOST_ORIGINS} addresses at most.")
    return found


class PageRuleForm(forms.Form):
    pattern = forms.CharField(
        max_length=200,
        label="Pages",
        help_text="A path; * stands for anything: /pricing*, /files/*.pdf",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    type = forms.ModelChoiceField(
        ActivityType.objects.exclude(category__in=KEPT_FOR_OURSELVES).order_by("category", "label"),
        to_field_name="key",
        label="Stand for",
        empty_label="Choose…",
    )

    def clean_pattern(self) -> str:
        pattern = str(self.cleaned_data["pattern"])
        if "://" in pattern:
            raise ValidationError("Leave the address of the site away; begin with the path, as in /pricing*.")
        if not pattern.startswith(("/", "*")):
            raise ValidationError("A path begins with /, as in /pricing*.")
        if any(char.isspace() for char in pattern):
            raise ValidationError("A path has no spaces; write %20 or *.")
        return pattern
