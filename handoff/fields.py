"""Fields of the forms about leads and deals: words that are never cut, and amounts as people write them."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.numbers import NumberFormatError, parse_decimal
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils import timezone

from accounts import availability
from accounts.models import User
from leads.money import SIGNS

#: One language for each way to write 1,234.50 that our markets know: 1.234,50, 1 234,50, 1’234.50, 1,23,456.
_WAYS = ("en", "de", "fr", "de_CH", "en_IN")
_FIGURES = re.compile(r"-?[0-9](?:[0-9.,’\u202f]*[0-9])?")
#: "48.000", "48,000": nobody writes thousandths of money.
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}[.,][0-9]{3}")
_HOW = "Write it as 12,500.50, 12.500,50 or 48k."


class WordsField(forms.CharField):
    """Text of at most ``max_length`` characters. The browser is not told: it would cut what is pasted, and
    say nothing. What is longer is refused with its length, and stays in the form."""

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)
        for validator in self.validators:
            if isinstance(validator, MaxLengthValidator):
                validator.message = (
                    f"It has %(show_value)d characters, {max_length:,} at most. Nothing was cut: shorten it."
                )

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {name: said for name, said in super().widget_attrs(widget).items() if name != "maxlength"}


class PersonField(forms.ModelChoiceField[User]):
    """A choice of ``leaving.takers``: who is away says so."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} ({away})" if (away := away_of(obj)) else str(obj)


def away_of(taker: User) -> str:
    """Until when one of ``leaving.takers`` is away, where the reader is; "" for here."""
    until: datetime | None = getattr(taker, "away_until", None)
    return availability.away_words(until, zone=timezone.get_current_timezone_name()) if until else ""


class AmountField(forms.DecimalField):
    """An amount of money in any of the usual ways of writing: 1,234.50, 1.234,50, 48 000, 48'000, 48k. Three
    digits after the only mark are thousands: "48.000" is forty-eight thousand. What can be read in two ways
    is refused. ``currency`` (three letters) or its sign may stand beside it."""

    widget = forms.TextInput

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        kwargs["error_messages"] = {
            "invalid": f"This is no amount. {_HOW}",
            "max_decimal_places": f"An amount has two decimals at most. {_HOW}",
            "max_digits": "This is too much.",
            "max_whole_digits": "This is too much.",
            "min_value": "An amount cannot be less than nothing.",
            **kwargs.get("error_messages", {}),
        }
        super().__init__(**{"max_digits": 14, "decimal_places": 2, "min_value": Decimal(0), **kwargs})
        self.currency = currency

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # the stubs say int
        said = str(value or "").strip()
        return read_amount(said, currency=self.currency) if said else None

    def prepare_value(self, value: Any) -> Any:
        return f"{value:,.2f}".removesuffix(".00") if isinstance(value, Decimal) else value


def read_amount(typed: str, *, currency: str = "") -> Decimal:
    """The amount that ``typed`` names. Raises ValidationError where it names none, or two."""
    said = re.sub(r"[\s\u00a0\u202f]+", " ", typed.replace("'", "’").replace("\u2212", "-")).strip()
    for mark in filter(None, (currency, SIGNS.get(currency, ""))):
        said = said.upper().removeprefix(mark).removesuffix(mark).strip()
    thousands = said[-1:] in ("k", "K")
    figures = said[:-1].rstrip() if thousands else said
    readings = _readings(figures.replace(" ", "\u202f"))
    if len(readings) > 1 and _THOUSANDS.fullmatch(figures) and not thousands:
        readings = {max(readings, key=abs)}
    if not readings:
        raise ValidationError(f"“{typed[:40]}” is no amount. {_HOW}", code="invalid")
    if len(readings) > 1:
        both = " or ".join(f"{each * 1000 if thousands else each:,f}" for each in sorted(readings))
        raise ValidationError(f"“{typed[:40]}” can be read as {both}. Write it in full.", code="ambiguous")
    amount = readings.pop()
    return amount * 1000 if thousands else amount


def _readings(figures: str) -> set[Decimal]:
    if not _FIGURES.fullmatch(figures):
        return set()
    found = set()
    for way in _WAYS:
        try:
            found.add(parse_decimal(figures, locale=way, strict=True))
        except NumberFormatError:
            continue
    return found
