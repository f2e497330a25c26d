"""Costs out of a CSV file, as advertising tools and people write them: day, source, campaign, amount.

All or nothing. A file with a line that cannot be read is refused whole, with the line's number and why: what
is there already is not changed by half a file, and once it is mended, sending all of it again is safe.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from leads.costs import MOST_AMOUNT, Cost, NoCost

from . import cleaning, values
from .cleaning import Refused
from .imports.columns import formats
from .imports.reading import FileError, Row, look_at, rows
from .imports.recognising import fold
from .imports.spreadsheets import is_spreadsheet
from .imports.uploading import day_first

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 20_000
#: So many bad lines are named; there may be more.
MOST_NAMED = 20
#: field → headings, without case and signs, that advertising tools and people give it.
HEADINGS = {
    "day": ("day", "date", "datum", "tag", "startdate", "startdateinutc", "reportingstarts", "timeperiod"),
    "source": ("source", "channel", "quelle", "kanal", "utmsource", "network", "platform", "publisher"),
    "campaign": ("campaign", "campaignname", "kampagne", "kampagnenname", "utmcampaign", "adcampaign"),
    "amount": (
        "amount", "cost", "costs", "spend", "spent", "amountspent", "totalspent", "kosten", "betrag",
        "ausgaben",
    ),
    "currency": ("currency", "currencycode", "wahrung", "wahrungscode"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BadLine:
    number: int
    reason: str


class BadLines(ValueError):
    """Lines that cannot be read, the first ``MOST_NAMED`` of ``count``."""

    def __init__(self, lines: list[BadLine], count: int) -> None:
        super().__init__(f"{count} lines cannot be read.")
        self.lines = lines
        self.count = count


def read(*, upload: "UploadedFile[Any]", source: str, currency: str) -> list[Cost]:
    """The costs that the file says; ``source`` and ``currency`` are those of lines that name none. Raises
    FileError when it is no such file, BadLines."""
    if (upload.size or 0) > MOST_BYTES:
        raise FileError(f"The file has more than {MOST_BYTES // 1024**2} MB.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "costs.csv"
        with path.open("wb") as stream:
            for chunk in upload.chunks():
                stream.write(chunk)
        if is_spreadsheet(path, upload.name or ""):
            raise FileError("This is a spreadsheet. Save it as CSV and send that.")
        table = look_at(path, wanted=[name for names in HEADINGS.values() for name in names])
        if table.rows > MOST_ROWS:
            raise FileError(f"The file has {table.rows:,} lines; at most {MOST_ROWS:,} at a time.")
        places = _places(table.header)
        if missing := {"day", "amount"} - places.keys():
            wanted = " and ".join(sorted(missing))
            raise FileError(f"No column is the {wanted}: name it so in the first line.")
        if "source" not in places and not source:
            raise FileError("No column is the source: name one so, or say below which source it is.")
        lines = list(rows(table))
    if not lines:
        raise FileError("The file has no lines below its first one.")
    return _all(lines, _Reader(places, lines, source, currency))


def _places(header: list[str]) -> dict[str, int]:
    """Field → where its column stands. A heading may say more: "Amount spent (EUR)"."""
    found: dict[str, int] = {}
    for place, heading in enumerate(header):
        folded = fold(heading.split("(")[0])
        for field, names in HEADINGS.items():
            if folded in names or fold(heading) in names:
                found.setdefault(field, place)
    return found


class _Reader:
    """Reads lines of one file: its columns, and how it writes days."""

    def __init__(self, places: Mapping[str, int], lines: list[Row], source: str, currency: str) -> None:
        self.places = places
        self.otherwise = {"source": source, "campaign": "", "currency": currency or settings.CURRENCY}
        slashed = (row.cells[places["day"]].strip() for row in lines if not row.problem)
        first = day_first(date for date in slashed if "/" in date[:3])
        written = {"column": "day", "formats": formats(day_first=bool(first))}
        where = values.Columns({"day": places["day"]}, frozenset(), ZoneInfo("UTC"))
        self.moment = values.moment(written, where)

    def cost(self, row: Row) -> Cost:
        """Raises Refused, NoCost."""
        if row.problem:
            raise Refused("", row.problem)
        at = self.moment(row.cells)
        if at is None:
            raise Refused("day", "Is empty.")
        amount = self._text(row, "amount", 100)
        if not amount:
            raise Refused("amount", "Is empty.")
        return Cost(
            day=at.date(),
            source=self._text(row, "source", 64),
            campaign=self._text(row, "campaign", 120),
            amount=values.amount(amount, "amount", MOST_AMOUNT),
            currency=self._text(row, "currency", 3).upper(),
        )

    def _text(self, row: Row, field: str, most: int) -> str:
        place = self.places.get(field)
        found = "" if place is None else cleaning.line(row.cells[place], field=field, most=most)
        return found or self.otherwise.get(field, "")


def _all(lines: list[Row], reader: _Reader) -> list[Cost]:
    bad: list[BadLine] = []
    found: list[Cost] = []
    seen: dict[tuple[Any, ...], int] = {}
    for row in lines:
        try:
            cost = reader.cost(row)
            key = (cost.day, cost.source.lower(), cost.campaign.lower(), cost.currency)
            if (first := seen.setdefault(key, row.line)) != row.line:
                raise Refused("", f"Says the day of line {first} again: add the two up to one line.")
        except Refused as refusal:
            bad.append(BadLine(row.line, _said(refusal.field, refusal.reason)))
        except NoCost as refusal:
            bad.append(BadLine(row.line, _said(refusal.field, str(refusal))))
        else:
            found.append(cost)
    if bad:
        raise BadLines(bad[:MOST_NAMED], len(bad))
    return found


def _said(field: str, reason: str) -> str:
    return f"{field}: {reason}" if field else reason


def total(costs: list[Cost]) -> Iterator[tuple[str, Decimal]]:
    """(currency, its sum), for a sentence."""
    sums: dict[str, Decimal] = {}
    for cost in costs:
        sums[cost.currency] = sums.get(cost.currency, Decimal()) + cost.amount
    yield from sorted(sums.items())
