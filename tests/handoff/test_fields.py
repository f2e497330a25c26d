"""Amounts as people write them, and words that are not cut."""

from decimal import Decimal

import pytest
from django import forms

from handoff.fields import AmountField, WordsField, read_amount


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("48000", "48000"),
        ("48.000", "48000"),
        ("48,000", "48000"),
        ("48 000", "48000"),
        ("48\u00a0000", "48000"),
        ("48'000", "48000"),
        ("48’000.50", "48000.50"),
        ("12.500,50", "12500.50"),
        ("12,500.50", "12500.50"),
        ("12 500,50", "12500.50"),
        ("1.234.567", "1234567"),
        ("12,00,000", "1200000"),
        ("12,5", "12.5"),
        ("12.50", "12.50"),
        ("0.500", "0.500"),
        ("48k", "48000"),
        ("1,5 K", "1500"),
        (" €48.000 ", "48000"),
        ("48.000,00 EUR", "48000"),
        ("0", "0"),
    ],
)
def test_an_amount_is_read_as_it_is_usually_written(typed: str, amount: str) -> None:
    assert read_amount(typed, currency="EUR") == Decimal(amount)


@pytest.mark.parametrize(
    "typed", ["48.000k", "1.234,5.6", "1,23,4", "48 00", "$48", "1e5", "about 5", "NaN", "٤٨", "."]
)
def test_what_is_no_amount_or_two_is_refused_in_words(typed: str) -> None:
    with pytest.raises(forms.ValidationError) as refused:
        read_amount(typed, currency="EUR")
    assert f"“{typed}”" in str(refused.value)


def test_both_readings_of_a_doubtful_amount_are_named() -> None:
    with pytest.raises(forms.ValidationError) as refused:
        read_amount("48.000k")
    assert "can be read as 48,000.000 or 48,000,000. Write it in full." in str(refused.value)


class _Form(forms.Form):
    amount = AmountField(required=False, currency="EUR")
    note = WordsField(max_length=20, widget=forms.Textarea)


@pytest.mark.parametrize(
    ("typed", "said"), [("-5", "less than nothing"), ("1234.567", "two decimals"), ("9" * 15, "too much")]
)
def test_an_amount_has_its_limits(typed: str, said: str) -> None:
    assert said in str(_Form({"amount": typed, "note": "x"}).errors["amount"])


def test_an_amount_is_shown_so_that_it_is_read_the_same_again() -> None:
    shown = str(_Form(initial={"amount": Decimal("12500.50")})["amount"])
    assert 'value="12,500.50"' in shown
    assert 'type="text"' in shown, "a number field refuses 12.500,50 before anybody can read it"


def test_words_that_are_too_long_are_counted_and_not_cut() -> None:
    form = _Form({"note": "x" * 21})
    assert "It has 21 characters, 20 at most." in str(form.errors["note"])
    assert "maxlength" not in str(form["note"])
    assert "x" * 21 in str(form["note"])
