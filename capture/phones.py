"""Phone numbers in one spelling, so that the same number is the same text."""

import phonenumbers


def normal(text: str, *, country: str = "") -> str:
    """ "0040/555 123", of a lead in DE, as "+49 40 555123"; a number without a country's code is read as of
    ``country`` (two letters). What is no valid number stays as it was written. Done twice it changes
    nothing more."""
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
