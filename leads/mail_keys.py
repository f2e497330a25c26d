"""Keys for links in mails to leads: who opens such a link shows our script whose browser it is."""

from uuid import UUID

from django.core import signing

from .models import Lead

#: Of the address that carries a key: https://www.firm.example/guide?handoff_mail=KEY
PARAMETER = "handoff_mail"
#: Of signs that no mail tool writes otherwise in an address.
_signer = signing.Signer(sep=".", salt="leads.mail_keys")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class NoKey(ValueError):
    """The text is no key that we made."""


def mail_key(lead: Lead) -> str:
    """What a link in a mail to ``lead`` carries; empty for a lead without an address. The same each time, so
    that a mail tool can keep it. Nobody can make one or change it; it names no address, and all that it lets
    somebody do is to add visits to the lead, as whoever knows the address can."""
    return _signer.sign(f"{lead.public_id.hex}.{_mark(lead.email)}") if lead.email else ""


def lead_behind(key: str) -> UUID:
    """The public id of the lead whose key it is, since a merge perhaps an old one. Raises NoKey."""
    try:
        return UUID(hex=_signer.unsign(key).partition(".")[0])
    except (signing.BadSignature, ValueError):
        raise NoKey from None


def _mark(email: str) -> str:
    """The sum over an address by which tracking.js tells one person at a computer from another: it stands
    in the key, so that a mail to who is known there already changes nothing."""
    total = 7
    for sign in email.strip().lower():
        total = (total * 31 + int.from_bytes(sign.encode("utf-16-be")[:2])) & 0xFFFFFFFF
    signed = total - (1 << 32) if total >> 31 else total
    digits, rest = "", abs(signed)
    while rest:
        rest, digit = divmod(rest, 36)
        digits = _DIGITS[digit] + digits
    return ("-" if signed < 0 else "") + (digits or "0")
