"""Lists as files that can come in again: columns an import recognises, and no cell that is a formula."""

import csv
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import F, Func, QuerySet, TextField

from leads.models import Company, ConsentEvent, Lead

#: What makes a spreadsheet take a cell for a formula or break out of it, also in full width.
_BEGINS = tuple("=+-@\t\r\n\0＝＋－＠")
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


def safe_cell(text: str) -> str:
    """``text`` so that no spreadsheet runs it: with an apostrophe before, which they hide (B7)."""
    return f"'{text}" if text.lstrip(" ").startswith(_BEGINS) or text.startswith("'") else text


def plain_cell(text: str) -> str:
    """The cell that ``safe_cell`` made safe, as it was."""
    return text[1:] if text.startswith("'") and safe_cell(text[1:]) == text else text


class _Echo:
    """Where the csv module writes to; what it wrote it also gives back."""

    def write(self, text: str) -> str:
        return text


_WRITER = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
#: Begins a file that Excel is to read as UTF-8.
BYTE_ORDER_MARK = "\ufeff"


def as_csv(rows: Iterable[Iterable[str]]) -> str:
    """Lines of a file, every cell in quotes and safe."""
    return "".join(_WRITER.writerow([safe_cell(cell) for cell in row]) for row in rows)


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


def own_cell(value: Any) -> str:
    """An attribute as a cell: text as it is, what is no text as JSON, and text that would be read as JSON
    in quotes. ``of_own_cell`` reads it back."""
    if value is None:
        return ""
    if isinstance(value, str) and _is_plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """Whether a cell with ``text`` is read as that text: an import trims cells."""
    is_line = bool(text) and text == text.strip() and text.isprintable()
    return is_line and not text.startswith('"') and of_own_cell(text) == text


def of_own_cell(cell: str) -> Any:
    """The value that ``own_cell`` wrote; any other text is itself."""
    try:
        return json.loads(cell, parse_constant=_no_number)
    except ValueError:
        return cell


def _no_number(word: str) -> Any:
    raise ValueError(word)


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
