"""Find the lead that a message is about. Equal e-mail, whatever its case, is the same person (C-43)."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models.functions import Lower

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
    """The known leads with these normal addresses, by address. One query."""
    leads = Lead.objects.alias(address=Lower("email")).filter(address__in=set(emails))
    return {lead.email.lower(): lead for lead in leads if lead.email}


def match_or_create_by_email(*, emails: Iterable[str], at: datetime, source: str) -> "Mapping[str, Lead]":
    """The leads with these normal addresses, by address; unknown ones are made, stage ``lead``. Safe to
    repeat and against the same address arriving twice at once. 1 query when all are known, else 3."""
    wanted = set(emails)
    found = by_email(emails=wanted)
    if missing := sorted(wanted - found.keys()):
        Lead.objects.bulk_create(
            [Lead(email=email, source=source, created_at=at, stage_at=at, phase_at=at) for email in missing],
            ignore_conflicts=True,
        )
        found |= by_email(emails=missing)
    return found
