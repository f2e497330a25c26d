"""Find the lead that a message is about. Equal e-mail, whatever its case, is the same person (C-43)."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from .asking import ask
from .models import Lead

if TYPE_CHECKING:
    from collections.abc import Mapping


def normal_email(text: str) -> str:
    """``text`` as we store addresses: trimmed, lower-case. Raises ValueError with a sentence if it is not
    one address."""
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise ValueError(f"“{text.strip()[:80]}” is not an e-mail address.") from None
    return email


def by_email(*, emails: Iterable[str]) -> "dict[str, Lead]":
    """The known leads with these normal addresses, by address: their own, or one that a lead had which was
    merged into them. At most 2 queries."""
    of = holders(emails=emails).of
    leads = Lead.objects.in_bulk(set(of.values())) if of else {}
    return {email: leads[pk] for email, pk in of.items() if pk in leads}


class Holders(NamedTuple):
    """Whose addresses are: address → primary key; and which are ``old``, of a lead merged into that one."""

    of: dict[str, int]
    old: set[str]


def holders(*, emails: Iterable[str]) -> Holders:
    """The same by primary key, without reading the leads. One query."""
    rows = ask(_HOLDERS, {"emails": sorted(set(emails))})
    of = {email: pk for email, pk, _ in rows}
    return Holders(of, of.keys() - {email for email, _, is_old in rows if not is_old})


#: A lead's own address comes last, and so wins.
_HOLDERS = """
SELECT lower(email), lead_id, true FROM leads_alias WHERE lower(email) = ANY(%(emails)s)
UNION ALL
SELECT lower(email), id, false FROM leads_lead WHERE lower(email) = ANY(%(emails)s)
"""


def match_or_create_by_email(*, emails: Iterable[str], at: datetime, source: str) -> "Mapping[str, Lead]":
    """The leads with these normal addresses, by address; unknown ones are made, stage ``lead``. Safe to
    repeat and against the same address arriving twice at once. 2 queries when all are known, else 5."""
    wanted = set(emails)
    found = by_email(emails=wanted)
    if missing := sorted(wanted - found.keys()):
        Lead.objects.bulk_create(
            [Lead(email=email, source=source, created_at=at, stage_at=at, phase_at=at) for email in missing],
            ignore_conflicts=True,
        )
        found |= by_email(emails=missing)
    return found
