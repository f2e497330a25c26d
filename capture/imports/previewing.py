"""The first rows of a file as they would be stored, with what is wrong in each cell."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.utils import timezone

from capture.models import Import

from .recognising import TARGETS
from .rows import Prepared, Rejected
from .running import Counts, job_of, read, take, taken_back
from .working import reader_of, table_of

ROWS = 20
#: What of a row is shown, by what its column is.
_PARTS = {
    "first_name": "name", "last_name": "name", "consent": "consent", "opt_out": "consent",
    "phone_opt_out": "consent",
}  # fmt: skip


@dataclass(slots=True)
class Cell:
    """One cell of the preview: what would be stored, and what is wrong with what stands there."""

    text: str = ""
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Line:
    """One row of the file; ``became`` is what would happen to it, ``problems`` all that is wrong with it:
    of a wide file the cell itself may be far to the right."""

    number: int
    cells: list[Cell]
    became: str
    problems: list[str]


@dataclass(frozen=True, slots=True)
class Preview:
    heads: list[str]
    lines: list[Line]


def preview(one: Import) -> Preview:
    """The first rows. Nothing is kept of the try. Raises MappingError and FileError."""
    parts = _parts(one)
    heads = dict(parts)
    column_of = {choice["column"]: _PARTS.get(choice["as"], choice["as"]) for choice in one.choices}
    window = list(islice(read(table_of(one), reader_of(one)), ROWS))
    became: dict[int, str] = {}
    refused: dict[int, str] = {}
    for row in window:
        if isinstance(row, Rejected):
            became[row.line] = "rejected"
    with taken_back():
        for row in window:
            if isinstance(row, Prepared):
                counts = Counts()
                turned_away = take([row], job_of(one.mapping, at=timezone.now()), live=False, counts=counts)
                for each in turned_away:
                    refused[each.line] = each.reason
                became[row.line] = next(
                    name for name in ("created", "updated", "skipped", "rejected") if getattr(counts, name)
                )
    lines = []
    for row in window:
        told = row if isinstance(row, Prepared) else row.told
        cells = {part: Cell(_said(told, part) if told else "") for part, _ in parts}
        rest = [refused[row.line]] if row.line in refused else []
        for column, what in row.problems if isinstance(row, Rejected) else ():
            part = _part(column, column_of)
            if part in cells:
                cells[part].text = _raw(one, row.cells, column)
                cells[part].problems.append(what)
                rest.append(f"{heads[part]}: {what}")
            else:
                rest.append(f"{column}: {what}" if column else what)
        if isinstance(row, Rejected) and not row.problems:
            rest.append(row.reason)
        lines.append(Line(row.line, list(cells.values()), became[row.line], rest))
    return Preview([head for _, head in parts], lines)


def _parts(one: Import) -> list[tuple[str, str]]:
    """What of a row is shown, and its heading."""
    found: dict[str, str] = {}
    for choice in one.choices:
        target = choice["as"]
        if target == "skip":
            continue
        if target == "attribute":
            found[f"attributes.{choice['key']}"] = choice["key"]
        elif target in ("activity_at", "activity_times"):
            found["activities"] = "Activities"
        else:
            part = _PARTS.get(target, target)
            found.setdefault(part, {"name": "Full name", "consent": "Consent"}.get(part, TARGETS[target]))
    if one.kind == Import.Kind.ACTIVITIES:
        found.setdefault("activity_type", TARGETS["activity_type"])
    return list(found.items())


def _part(column: str, column_of: dict[str, str]) -> str:
    for name in (column, *column.split(" + ")):
        if name in column_of:
            return column_of[name]
    return {"external_id": "external_id", "domain": "domain"}.get(column, "")


def _raw(one: Import, cells: list[str], column: str) -> str:
    names = [each["name"] for each in one.looked["columns"]]
    return cells[names.index(column)][:200] if column in names and len(cells) > names.index(column) else ""


def _said(told: Prepared, part: str) -> str:
    lead, company = told.lead, told.lead.company or told.company
    if part in lead.lines:
        return lead.lines[part]
    if part.startswith("attributes."):
        name = part.removeprefix("attributes.")
        held = company.attributes if company and name in company.attributes else lead.attributes
        return _text(held.get(name))
    if part == "company":
        return company.name if company else ""
    if part == "domain":
        return (company.domain or "") if company else ""
    if part in ("employees", "revenue", "industry", "country", "city"):
        return _text(company.facts.get(part)) if company else ""
    if part in ("email", "external_id"):
        return getattr(lead, part) or ""
    if part == "created_at":
        return f"{lead.created_at:%d %b %Y %H:%M}" if lead.created_at else ""
    if part == "consent":
        return ", ".join(f"{channel}: {'yes' if on else 'no'}" for channel, on in told.consent.items())
    if part == "status":
        return "MQL" if told.stage else told.outcome.outcome.capitalize() if told.outcome else ""
    return _of_activities(told, part) or _of_deal(told, part)


def _of_activities(told: Prepared, part: str) -> str:
    if part == "activities":
        kinds = [each.type for each in told.activities]
        return ", ".join(f"{kind} × {kinds.count(kind)}" for kind in dict.fromkeys(kinds))
    if part == "activity_type":
        return told.activities[0].type if told.activities else ""
    if part == "happened_at" and told.activities and (at := told.activities[0].at):
        return f"{at:%d %b %Y %H:%M}"
    return ""


def _of_deal(told: Prepared, part: str) -> str:
    deal = told.outcome
    if deal is None:
        return ""
    values: Iterable[tuple[str, Any]] = (
        ("closed_at", deal.at and f"{deal.at:%d %b %Y}"), ("deal_id", deal.external_id), ("deal_name",
            deal.name),
        ("amount", deal.amount), ("lost_reason", deal.reason),
    )  # fmt: skip
    return _text(dict(values).get(part))


def _text(value: Any) -> str:
    return "" if value is None else str(value)
