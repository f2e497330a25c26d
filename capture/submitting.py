"""Check one lead as another system submits it. Raises Refused with the path of the field."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from leads.models import ConsentEvent

from . import cleaning, companies, countries
from .cleaning import OddNumber, Refused
from .companies import IncomingCompany
from .upserting import LINES, IncomingLead

#: How long something may be as it is written, where that is longer than what is stored of it.
_WRITTEN = {"country": 80}
FIELDS = frozenset({"email", "attributes", "company", "consent", *LINES})
COMPANY_FIELDS = frozenset({"domain", "employees", "revenue", "attributes", *companies.LINES})


@dataclass(frozen=True, slots=True)
class Submitted:
    """A checked lead, and what it allowed by channel."""

    lead: IncomingLead
    consent: dict[str, bool]


def read(body: object) -> Submitted:
    """Check ``body``, the JSON of one lead."""
    data = _object(body, "", FIELDS)
    email = cleaning.email(data.get("email"))
    lead = read_facts(data)
    lead.email = email
    return Submitted(lead, _consent(data.get("consent")))


def read_facts(data: Mapping[str, Any]) -> IncomingLead:
    """Check what ``data`` says about a lead and its company; who it is stays open."""
    lead = IncomingLead(
        lines=_lines(data, LINES, ""),
        attributes=cleaning.json_object(data.get("attributes"), field="attributes"),
    )
    if data.get("company") is not None:
        lead.company = read_company(data["company"])
    return lead


def read_company(value: object) -> IncomingCompany | None:
    """Check the company of a lead; None when nothing about it is known."""
    data = _object(value, "company", COMPANY_FIELDS)
    lines = _lines(data, companies.LINES, "company.")
    site = cleaning.line(data.get("domain"), field="company.domain", most=300)
    company = IncomingCompany(
        name=lines.pop("name", ""),
        domain=companies.domain(site, field="company.domain") if site else None,
        facts={
            **lines,
            **whole(data.get("employees"), "employees", "company.employees", companies.MOST_EMPLOYEES),
            **money(data.get("revenue"), "revenue", "company.revenue", companies.MOST_REVENUE),
        },
        attributes=cleaning.json_object(data.get("attributes"), field="company.attributes"),
    )
    if not (company.name or company.domain):
        if company.facts or company.attributes:
            raise Refused("company.name", "Say which company: send its name or its domain.")
        return None
    return company


def country(text: str, *, field: str) -> str:
    """``text`` as a two-letter code. Raises Refused."""
    if not _is_code(text):
        raise Refused(field, "Must be a country code of two letters, such as DE.")
    return text.upper()


def _is_code(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalpha()


def whole(value: object, name: str, field: str, most: int) -> dict[str, int]:
    """``{name: value}`` for a whole number from 0 to ``most``, {} when there is none. Raises Refused."""
    if value is None or value == "":
        return {}
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Refused(field, f"Must be a whole number from 0 to {most:,}.")
    return {name: value}


def money(value: object, name: str, field: str, most: Decimal) -> dict[str, Decimal]:
    """The same for an amount, kept to hundredths."""
    if value is None or value == "":
        return {}
    if isinstance(value, bool | OddNumber) or not isinstance(value, int | float):
        raise Refused(field, "Must be a number.")
    amount = Decimal(str(value))
    if not (amount.is_finite() and 0 <= amount < most):
        raise Refused(field, f"Must be a number from 0 to {most:,}.")
    return {name: amount.quantize(Decimal("0.01"))}


def _object(value: object, field: str, known: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Refused(field, "Must be an object.")
    for name in value:
        if name not in known:
            shown = name[:64].encode(errors="replace").decode()
            raise Refused(f"{field}.{shown}" if field else shown, "Is not a field one may send.")
    return value


def _lines(data: Mapping[str, Any], names: Mapping[str, int], prefix: str) -> dict[str, str]:
    lines = {
        name: text
        for name, most in names.items()
        if (text := cleaning.line(data.get(name), field=f"{prefix}{name}", most=_WRITTEN.get(name, most)))
    }
    if "country" in lines:
        read = country if _is_code(lines["country"]) else countries.code
        lines["country"] = read(lines["country"], field=f"{prefix}country")
    if "phone" in lines:
        cleaning.phone(lines["phone"], field=f"{prefix}phone")
    return lines


def _consent(value: object) -> dict[str, bool]:
    if value is None:
        return {}
    data = _object(value, "consent", frozenset(ConsentEvent.Channel.values))
    given: dict[str, bool] = {}
    for channel, granted in data.items():
        if not isinstance(granted, bool):
            raise Refused(f"consent.{channel}", "Must be true or false.")
        given[channel] = granted
    return given
