"""Phone numbers that can be dialled from anywhere, so that the same number has the same digits."""

import phonenumbers


def normal(text: str, *, country: str = "") -> str:
    """ "040/555 123", of a lead in DE, as "+49 40 555123"; a number without a country's code is read as of
    ``country`` (two letters). What is no valid number, or has all its digits, stays as it was written. Done
    twice it changes nothing more."""
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    whole = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if "".join(char for char in text if char.isdigit()) == whole.removeprefix("+"):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
