"""From every figure on a page that has a link to the rows behind it, as a reader would check it."""

import csv
import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

#: An address → its text.
Get = Callable[[str], str]
Row = dict[str, str]


def pages(days: str) -> list[str]:
    """Every report, of ``days`` as an address has them."""
    return [
        f"/dashboard/?{days}",
        f"/reports/conversion/?{days}",
        f"/reports/conversion/?{days}&count=cohort&by=month",
        f"/reports/sources/?{days}",
        f"/reports/sources/?{days}&by=campaign&touch=last",
        f"/reports/speed/?{days}",
        f"/reports/response/?{days}&by=source",
        f"/reports/sent-back/?{days}",
        f"/reports/sent-back/?{days}&by=rule",
        f"/reports/gaps/?{days}",
        f"/reports/mqls/?{days}",
        f"/reports/deals/?{days}&by=reason",
        "/reports/forecast/",
        f"/reports/rules/?{days}",
    ]


_LINK = re.compile(r'<a [^>]*href="(/(?:dashboard|reports)/[^"]*leads/\?[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_HIDDEN = re.compile(r'<span class="vh">.*?</span>', re.DOTALL)
_COUNT, _LAST = re.compile(r"[\d,]+"), re.compile(r"[\d,]+$")
#: Money, shares and stretches of time.
_OTHER = re.compile(r"[€%×]|^[\d.]+ (s|min|h|days?)$")


@dataclass(frozen=True, slots=True)
class Linked:
    """A figure as the page shows it, and the address behind it."""

    page: str
    address: str
    text: str

    @property
    def count(self) -> int | None:
        """The number with which the text begins or ends; None where it is an amount, a share or a time."""
        if _OTHER.search(self.text):
            return None
        said = _COUNT.match(self.text) or _LAST.search(self.text)
        return int(said.group().replace(",", "")) if said else None

    @property
    def file(self) -> str:
        return self.address.replace("/leads/?", "/leads/file/?")


def linked(page: str, get: Get) -> list[Linked]:
    text = get(page)
    return [
        Linked(page, html.unescape(address), " ".join(re.sub(r"<[^>]+>", "", _HIDDEN.sub("", inner)).split()))
        for address, inner in _LINK.findall(text)
    ]


def rows_of(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def accepted_percent(rows: list[Row]) -> str:
    """Of decisions."""
    said = [row["Verdict"] for row in rows]
    return f"{round(100 * said.count('Accepted') / len(said))}%"


def half_touched(rows: list[Row]) -> float:
    """Business minutes."""
    return median(float(row["First touch after, business minutes"]) for row in rows)


def amount(rows: list[Row], currency: str) -> Decimal:
    return sum(
        (Decimal(row["Amount"]) for row in rows if row["Amount"] and row["Currency"] == currency), Decimal()
    )
