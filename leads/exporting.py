"""Lists as files that can come in again: the columns that an import recognises."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import F, Func, QuerySet, TextField

from leads.cells import own_cell
from leads.models import Company, ConsentEvent, Lead

#: Stands before the name of a field of one's own in a heading. An import takes such a column as that field.
OWN_FIELD = "attributes."
#: A heading that only our own files have: in them an empty cell is empty, and "none" is a name.
LINK = "Open in Handoff"

_COMPANY = (
    "Company Name",
    "Company Domain",
    "Number of Employees",
    "Annual Revenue",
    "Industry",
)
LEAD_COLUMNS = (
    "Email", "Full Name", "Job Title", "Phone", *_COMPANY, "Country", "City", "Source", "Campaign",
    "Created At", "Email Consent", "Do Not Call",
)  # fmt: skip
COMPANY_COLUMNS = (*_COMPANY, "Country", "City")


def own_fields(rows: QuerySet[Any]) -> list[str]:
    """The names of the attributes that any of ``rows``, leads or companies, has. One query, which reads all
    of them."""
    name = Func(F("attributes"), function="jsonb_object_keys", output_field=TextField())
    return sorted(rows.order_by().values_list(name, flat=True).distinct())


def lead_cells(leads: Sequence[Lead], own: Iterable[str]) -> list[list[str]]:
    """For each lead, with its company, what stands under ``LEAD_COLUMNS`` and then under ``own``. One
    query."""
    own, allowed = list(own), _allowed(leads)
    return [
        [
            lead.email or "", lead.name, lead.title, lead.phone, *_firm(lead.company), lead.country,
            lead.city, lead.source, lead.campaign, lead.created_at.isoformat(),
            {True: "granted", False: "withdrawn", None: ""}[allowed.get((lead.pk, "email"))],
            "yes" if allowed.get((lead.pk, "phone")) is False else "",
            *(own_cell(lead.attributes.get(name)) for name in own),
        ]
        for lead in leads
    ]  # fmt: skip


def company_cells(companies: Iterable[Company], own: Iterable[str]) -> list[list[str]]:
    """For each company what stands under ``COMPANY_COLUMNS`` and then under ``own``. No query."""
    own = list(own)
    return [
        [
            *_firm(company),
            company.country,
            company.city,
            *(own_cell(company.attributes.get(name)) for name in own),
        ]
        for company in companies
    ]


def _firm(company: Company | None) -> list[str]:
    if company is None:
        return [""] * len(_COMPANY)
    staff = "" if company.employees is None else str(company.employees)
    return [company.name, company.domain or "", staff, _amount(company.revenue), company.industry]


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:f}"


def _allowed(leads: Sequence[Lead]) -> dict[tuple[int, str], bool]:
    """What holds for each lead and channel that was ever asked about; of one moment a withdrawal."""
    events = ConsentEvent.objects.filter(lead__in=[lead.pk for lead in leads])
    said = events.order_by("at", "-granted", "id").values_list("lead_id", "channel", "granted")
    return {(lead, channel): granted for lead, channel, granted in said}
