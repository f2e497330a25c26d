"""What a marketer says about costs: of a day or a stretch of days, of one day again, and which to look at."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from leads import costs
from leads.costs import MOST_AMOUNT, Cost, NoCost
from leads.models.opportunity import workspace_currency

from . import cleaning, values
from .cleaning import Refused

#: How a stretch of days is meant → the verb that makes days of it.
WAYS: dict[str, Callable[..., list[Cost]]] = {"day": costs.a_day, "total": costs.in_total}


def _day(label: str, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **more)


def _yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)


def _cleaned(take: Callable[[], Any]) -> Any:
    try:
        return take()
    except Refused as refusal:
        raise forms.ValidationError(refusal.reason) from None


class AmountForm(forms.Form):
    """An amount as people write it: 20, 1,234.50 or 1.234,50."""

    amount = forms.CharField(label="Amount", max_length=40, widget=forms.TextInput({"inputmode": "decimal"}))

    def clean_amount(self) -> Decimal:
        text = str(self.cleaned_data["amount"])
        found: Decimal = _cleaned(lambda: values.amount(text, "amount", MOST_AMOUNT))
        return found


class CostForm(AmountForm):
    source = forms.CharField(
        label="Source",
        max_length=64,
        widget=forms.TextInput({"list": "cost-sources", "autocomplete": "off"}),
        help_text="As leads have it, such as paid_social; capital letters make no difference.",
    )
    campaign = forms.CharField(
        label="Campaign",
        max_length=120,
        required=False,
        widget=forms.TextInput({"list": "cost-campaigns", "autocomplete": "off"}),
        help_text="Empty: the source as a whole.",
    )
    first = _day("First day", initial=_yesterday)
    last = _day("Last day", required=False, help_text="Empty: that one day.")
    way = forms.ChoiceField(
        label="The amount is", choices=[("day", "for each day"), ("total", "for all days together")]
    )
    currency = forms.CharField(label="Currency", max_length=3, min_length=3, initial=workspace_currency)

    field_order = ("source", "campaign", "first", "last", "amount", "way", "currency")

    def clean_source(self) -> str:
        return self._line("source", 64)

    def clean_campaign(self) -> str:
        return self._line("campaign", 120)

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if not self.errors:
            try:
                said["costs"] = WAYS[said["way"]](
                    source=said["source"],
                    campaign=said["campaign"],
                    first=said["first"],
                    last=said["last"] or said["first"],
                    amount=said["amount"],
                    currency=said["currency"],
                )
            except NoCost as refusal:
                self.add_error(refusal.field if refusal.field in self.fields else "first", str(refusal))
        return said

    def _line(self, name: str, most: int) -> str:
        text = self.cleaned_data[name]
        found: str = _cleaned(lambda: cleaning.line(text, field=name, most=most))
        return found


class CostFileForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        help_text="Its first line names the columns: day, amount, and source, campaign, currency where there"
        " are any. 5 MB and 20,000 lines at most.",
        error_messages={"required": "Choose a CSV file.", "empty": "This file is empty."},
    )
    source = forms.CharField(
        label="Source of lines that name none",
        max_length=64,
        required=False,
        widget=forms.TextInput({"list": "cost-sources", "autocomplete": "off"}),
    )

    def clean_source(self) -> str:
        text = self.cleaned_data["source"]
        found: str = _cleaned(lambda: cleaning.line(text, field="source", most=64))
        return found


class SpanForm(forms.Form):
    """Which costs the page lists: of a stretch of days, of a source, of a campaign. What makes no sense is
    not asked."""

    first = _day("From", required=False)
    last = _day("To", required=False)
    source = forms.CharField(label="Source", max_length=64, required=False)
    campaign = forms.CharField(label="Campaign", max_length=120, required=False)

    def asked(self) -> dict[str, date | str]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
